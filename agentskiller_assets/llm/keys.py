"""The key: read when it is needed, and taken out of every text that is kept or shown."""

import os

from agentskiller_assets.llm.errors import CredentialsError

SHORTEST_SECRET = 8
"""What is shorter stands in for a key where none is needed (`none`, `EMPTY`), and may well be a word of a text."""
HIDDEN = "***"


def read_key(variable: str) -> str:
    """The key in this environment variable, or an empty string."""
    key = os.environ.get(variable, "").strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        fix = f"Set {variable} to the key alone, without quotation marks, spaces or line breaks."
        raise CredentialsError(variable, "it holds characters that no key has", fix)
    return key


def without_key(text: str, variable: str) -> str:
    """The text with the key blotted out; some servers repeat it in errors."""
    key = os.environ.get(variable, "").strip()
    return text.replace(key, HIDDEN) if len(key) >= SHORTEST_SECRET else text
