"""Seeded randomness: one integer setting, and a path of names that says what the draw is for."""

import hashlib
import random


def rng(seed: int, *path: str | int) -> random.Random:
    """A generator that depends on the seed and the path alone.

    Draws for one purpose never shift those for another, so that adding a domain, a table or a task leaves all
    others as they were.
    """
    text = "\x1f".join(str(part) for part in (seed, *path))
    return random.Random(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))  # noqa: S311
