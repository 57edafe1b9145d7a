"""One exchange with an endpoint, by OpenAI's client: what was answered, or why nothing was."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from agentskiller_assets.llm.errors import CredentialsError, SettingsError, shortened
from agentskiller_assets.llm.keys import HIDDEN, SHORTEST_SECRET, read_key, without_key

_CONNECT_S = 10.0
_NO_KEY = "none"
"""Sent where none is set, since servers that need none take any."""


class UnreachableError(Exception):
    """No answer came, or not the whole of it."""


@dataclass(frozen=True)
class Exchange:
    """An answer, whatever it says."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether it says that it is what was asked for."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


class Transport:
    """Sends bodies to one endpoint. Used within one event loop."""

    def __init__(self, base_url: str, key_variable: str, timeout_s: float) -> None:
        self._key = read_key(key_variable)
        self._variable = key_variable
        self._timeout_s = timeout_s
        self._base_url = base_url
        if not self._key and not base_url:
            fix = f"Set {key_variable}, or AGENTSKILLER_BASE_URL to a server that needs no key."
            raise CredentialsError(key_variable, "there is no key", fix)
        if base_url and not _is_address(base_url):
            fix = "Set AGENTSKILLER_BASE_URL to an address such as http://127.0.0.1:8000/v1."
            raise SettingsError(f"base URL {address_of(base_url)}", "it is no http(s) address", fix)
        self._client: Any = None

    async def send(self, body: Mapping[str, Any]) -> Exchange:
        """The answer to a chat completion with this body; `UnreachableError` if there is none in time."""
        found = await self._attempt(body)
        if isinstance(found, str):  # raised here, so that the exception drags no request and no headers along
            raise UnreachableError(found)
        return found

    async def close(self) -> None:
        """End all connections, on the loop that they belong to."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _attempt(self, body: Mapping[str, Any]) -> Exchange | str:
        """The answer, or what was wrong on the way."""
        import openai  # noqa: PLC0415 - takes a second, and most runs ask no model

        create = self._opened().chat.completions.with_raw_response.create
        try:
            # a server that sends a byte now and then is cut off as well
            async with asyncio.timeout(self._timeout_s):
                # as `extra_body` it goes out as it is: the client walks through typed messages for a millisecond a call
                raw = await create(model=body["model"], messages=[], extra_body=body)
            answer = raw.http_response
        except openai.APIStatusError as error:
            answer = error.response
        except (TimeoutError, openai.APITimeoutError):
            return f"no answer within {self._timeout_s:g} s"
        except openai.OpenAIError as error:
            cause = error.__cause__ or error
            return f"{type(cause).__name__}: {shortened(without_key(str(cause), self._variable))}"
        return Exchange(answer.status_code, answer.headers, self._without_key(answer.content))

    def _opened(self) -> Any:
        if self._client is None:
            import openai  # noqa: PLC0415

            self._client = openai.AsyncOpenAI(
                api_key=self._key or _NO_KEY,
                base_url=self._base_url or None,
                timeout=openai.Timeout(self._timeout_s, connect=min(_CONNECT_S, self._timeout_s)),
                max_retries=0,
            )
        return self._client

    def _without_key(self, body: bytes) -> bytes:
        """Nothing that is kept or shown holds the key, even if the server repeats it."""
        if len(self._key) < SHORTEST_SECRET:
            return body
        return body.replace(self._key.encode(), HIDDEN.encode())


def address_of(base_url: str) -> str:
    """The endpoint's address for messages: without user, password and parameters."""
    if not base_url:
        return "OpenAI"
    try:
        parts = urlsplit(base_url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    except ValueError:
        return "(not an address)"


def _is_address(base_url: str) -> bool:
    try:
        parts = urlsplit(base_url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
