"""Which failures pass, and how long to wait before the next attempt."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

_PASSING = frozenset({408, 409, 429})
_SERVER_ERROR = 500


def passes(status: int) -> bool:
    """Whether a later attempt may well succeed."""
    return status in _PASSING or status >= _SERVER_ERROR


@dataclass(frozen=True)
class Patience:
    """How often and how long."""

    attempts: int = 5
    """In all, the first included."""
    first_s: float = 0.5
    most_s: float = 30.0
    longest_wait_s: float = 120.0
    """A server that asks for more is not waited for."""

    def pause(self, attempt: int, draw: float) -> float:
        """Seconds to wait after the n-th attempt: twice as long each time, less up to a half by chance."""
        return min(self.most_s, self.first_s * 2 ** (attempt - 1)) * (0.5 + draw / 2)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that the server asks to wait, whether it names them or a date."""
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    if (seconds := _number(value)) is not None:
        return seconds
    if value is None:
        return None
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now)


def _number(text: str | None) -> float | None:
    try:
        found = float(text) if text is not None else None
    except ValueError:
        return None
    return found if found is not None and 0 <= found < float("inf") else None
