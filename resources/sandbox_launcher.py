"""Narrows what this process may do, then becomes the command that it was given. Run by `sandbox.py`, never imported.

Usage: `python -I -S sandbox_launcher.py '{"cpu_s": ..., "memory_mb": ...}' NOTE COMMAND...`; what could be isolated
is written to the file NOTE. It uses nothing but the standard library, and starts in milliseconds.
"""

import ctypes
import json
import os
import resource
import sys
from pathlib import Path

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
FILE_BYTES = 64 * 1024 * 1024
OPEN_FILES = 256
PROCESSES = 1024


def leave_network() -> bool:
    """Move to an empty network namespace, as root or inside a user namespace; False where the kernel refuses."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        return any(libc.unshare(flags) == 0 for flags in (NEW_NETWORK, NEW_USER | NEW_NETWORK))
    except (OSError, AttributeError):
        return False


def limit(cpu_s: int, memory_mb: int) -> None:
    """Hard limits on processor time, address space, file size, open files, processes and core dumps."""
    for what, most in (
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_AS, memory_mb * 1024 * 1024),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_NPROC, PROCESSES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (allowed, allowed))


def main() -> None:
    """Isolate, limit, become the command."""
    settings, note, *command = sys.argv[1:]
    Path(note).write_text(json.dumps({"network_isolated": leave_network()}), encoding="utf-8")
    limit(**json.loads(settings))
    os.execv(command[0], command)  # noqa: S606 - the command of the caller, without a shell


if __name__ == "__main__":
    main()
