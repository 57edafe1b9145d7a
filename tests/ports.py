"""Ports of loopback for servers that tests start."""

import random
import socket
from contextlib import suppress

BELOW_EPHEMERAL = range(20_000, 32_000)
"""The system gives these to nobody who asks for any port, as other tests do all the time."""


def free_port() -> int:
    """One that nobody listens on now."""
    for port in random.SystemRandom().sample(BELOW_EPHEMERAL, 100):
        with socket.socket() as free, suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port
    raise OSError("no port is free")
