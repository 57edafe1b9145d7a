"""A server that speaks OpenAI's chat completions over real sockets, and fails as a test tells it to."""

import asyncio
import json
import socket
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reply:
    """What is sent back, and how."""

    body: bytes | Mapping[str, Any] = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    sent: int | None = None
    """Bytes, head included, that are sent before the connection ends, never the last; all of them if it is None."""
    reset: bool = False
    """Whether a connection that ends early does so as if the machine had died."""


Answer = Callable[[int, dict[str, Any]], Reply | str | Mapping[str, Any]]
"""From the number of the request (0 for the first) and its body: a reply, or the text or message of a completion."""


def completion(body: Mapping[str, Any], message: str | Mapping[str, Any], **others: Any) -> dict[str, Any]:
    """A chat completion with this message."""
    said = {"content": message} if isinstance(message, str) else dict(message)
    reason = said.pop("finish_reason", "tool_calls" if said.get("tool_calls") else "stop")
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [{"index": 0, "finish_reason": reason, "message": {"role": "assistant", "content": None, **said}}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16},
        **others,
    }


def refusal(status: int, message: str = "no", headers: Mapping[str, str] | None = None, **others: Any) -> Reply:
    """An error as OpenAI words them."""
    return Reply({"error": {"message": message, "type": "error", **others}}, status, headers or {})


class ModelServer:
    """Runs on loopback as long as the block does.

    `requests` are the bodies that came, in order; `answered` those whose reply went out whole with status 200, which is
    what somebody would pay for.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.requests: list[dict[str, Any]] = []
        self.answered: list[dict[str, Any]] = []
        self.keys: set[str] = set()
        self.most_at_once = self.at_once = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._stop = asyncio.Event()
        self.url = ""

    def __enter__(self) -> "ModelServer":
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0, backlog=1024)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        self._ready.set()
        await self._stop.wait()
        server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass  # the client has gone, or the test has ended
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its reply; whether the connection is still good."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        self.requests.append(body)
        self.keys.add(headers.get("authorization", "").removeprefix("Bearer "))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            found = self._answer(len(self.requests) - 1, body)
            reply = found if isinstance(found, Reply) else Reply(completion(body, found))
            await asyncio.sleep(reply.delay_s)
        finally:
            self.at_once -= 1
        whole = await _send(writer, reply)
        if whole and reply.status == 200:
            self.answered.append(body)
        return whole


async def _send(writer: asyncio.StreamWriter, reply: Reply) -> bool:
    data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
    lines = {"content-type": "application/json", "content-length": str(len(data)), **reply.headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    whole = f"HTTP/1.1 {reply.status} Told\r\n{head}\r\n".encode() + data
    # never the last byte: on a connection with a whole answer a client may ask again, and this server never hears of it
    writer.write(whole if reply.sent is None else whole[:-1][: reply.sent])
    await writer.drain()
    if reply.sent is not None and reply.reset:
        kept: socket.socket = writer.get_extra_info("socket")
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    return reply.sent is None


def main() -> None:
    """Serves until its input ends, each answer after so many seconds; prints the base URL."""
    latency = float(sys.argv[1])
    with ModelServer(lambda _, body: Reply(completion(body, "Yes."), delay_s=latency)) as server:
        print(server.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
