"""What to write instead of a name that nothing has."""

from collections.abc import Sequence
from difflib import get_close_matches

from agentskiller_assets.core.language import join_words

__all__ = ["choose_from"]

_MOST_LISTED, _CLOSEST = 20, 3


def choose_from(name: str, known: Sequence[str], listing: str) -> str:
    """All names that there are, or of many the closest and the command that lists all."""
    if not known:
        return "There is none."
    if len(known) <= _MOST_LISTED:
        return f"Choose from: {', '.join(known)}."
    closest = join_words(get_close_matches(name, known, _CLOSEST, cutoff=0))
    return f"The closest are {closest}; `{listing}` lists all {len(known)}."
