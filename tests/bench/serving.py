"""What it costs to call tools, to open sessions, and to serve many of them over HTTP."""

import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agentskiller_assets.runtime import Environment, build_image
from agentskiller_assets.serving import SessionHost
from agentskiller_assets.serving.host import Limits
from agentskiller_assets.tasks.models import ValidatedTask
from tests.bench.planning import SEED, Domain, make_domain
from tests.serving.kit import TOKEN, HttpServer, server_folder

DOMAIN, TASKS = "pharmacy_orders", 200
"""The demo domain with 1,500 rows."""
SESSIONS, SECONDS, PAUSE_S = 200, 10.0, 1.0
HEADERS = {"content-type": "application/json", "accept": "application/json, text/event-stream"}


def measure_sessions() -> dict[str, Any]:
    """Microseconds of calls and of opening, forking and resetting sessions; memory of idle ones."""
    made = make_domain(DOMAIN, TASKS)
    return {
        "domain": DOMAIN,
        "rows": sum(map(len, made.rows.rows.values())),
        "call_us": _calls(made),
        **_openings(made),
        "memory_per_idle_session_kb": _memory(made),
    }


def measure_http() -> dict[str, Any]:
    """Many agents that think between calls, and the same that do not."""
    made = make_domain(DOMAIN, TASKS)
    with tempfile.TemporaryDirectory() as folder:
        module = server_folder(Path(folder), made.environment)
        with HttpServer(module) as server:
            thinking = asyncio.run(_load(server, made.tasks, PAUSE_S))
            pressing = asyncio.run(_load(server, made.tasks, 0.0))
    return {"sessions": SESSIONS, f"pause_of_{PAUSE_S}_s": thinking, "no_pause": pressing}


def _calls(made: Domain) -> dict[str, float]:
    """The gold calls of all tasks, each in its session; what was read before is not remembered."""
    taken: dict[str, list[float]] = {"read": [], "write": []}
    environment = Environment(made.environment.spec, made.environment.image)
    for task in made.tasks:
        with environment.fork() as session:
            for step in task.instance.steps:
                access = environment.spec.tool(step.tool).access
                environment.forget_reads()
                taken[access].append(_once(lambda step=step, s=session: s.call(step.tool, step.values())))
    everything = [each for times in taken.values() for each in times]
    named = {**taken, "all": everything}
    return {name: round(statistics.median(times) * 1e6, 1) for name, times in named.items()}


def _openings(made: Domain) -> dict[str, float]:
    """Opening a session on a new connection and on one that another session left, forking, resetting."""
    spec, rows = made.environment.spec, made.rows.rows
    environment = Environment(spec, build_image(spec, rows))
    host = SessionHost(environment, Limits(most_sessions=10_000))
    new = [_once(host.create) for _ in range(200)]
    task = next(task for task in made.tasks if task.task_kind == "fulfil")
    changed, resets, forks = host.create(), [], []
    for _ in range(200):
        session = host.session(changed)
        for step in task.instance.steps:
            session.call(step.tool, step.values())
        forks.append(_once(lambda: host.fork(changed)))
        resets.append(_once(lambda: host.reset(changed)))
    used = []
    for _ in range(200):
        environment.fork().close()
        used.append(_once(environment.fork))
    times = {"create_us": new, "create_pooled_us": used, "fork_us": forks, "reset_us": resets}
    return {name: round(statistics.median(each) * 1e6, 1) for name, each in times.items()}


def _memory(made: Domain, count: int = 300) -> float:
    """Kilobytes that a session takes in which a task was done."""
    host = SessionHost(made.environment, Limits(most_sessions=count))
    before = _resident()
    for number in range(count):
        session = host.session(host.create())
        for step in made.tasks[number % len(made.tasks)].instance.steps:
            session.call(step.tool, step.values())
    return round((_resident() - before) / count / 1024, 1)


def _resident() -> int:
    """Bytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * 4096


def _once(function: Callable[[], Any]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


async def _load(server: HttpServer, tasks: list[ValidatedTask], pause_s: float) -> dict[str, Any]:
    """Every session does one task again and again; its state must be what that task's gold leaves, whatever the
    others do."""
    taken: list[float] = []
    ends = time.perf_counter() + SECONDS
    agents = [
        _Agent(await _Line.to(server.port), f"load-{int(pause_s * 1000)}-{n}", tasks[n % len(tasks)], n, taken)
        for n in range(SESSIONS)
    ]
    done = sum(await asyncio.gather(*(agent.work(pause_s, ends) for agent in agents)))
    taken.sort()
    return {
        "calls_per_second": round(len(taken) / SECONDS, 1),
        "call_ms_median": round(statistics.median(taken) * 1e3, 2),
        "call_ms_p95": round(taken[int(len(taken) * 0.95)] * 1e3, 2),
        "tasks_with_the_right_state": done,
    }


class _Line:
    """A connection that is kept open. HTTP clients with pools take longer than the server on two cores."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def to(cls, port: int) -> "_Line":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        content = b"" if body is None else json.dumps(body).encode()
        lines = {"host": "127.0.0.1", "content-length": str(len(content)), **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
        status, length = answer.split(" ", 2)[1], answer.partition("content-length: ")[2].partition("\r")[0]
        text = await self._reader.readexactly(int(length or 0))
        if not status.startswith("2"):
            raise RuntimeError(f"{method} {path}: {status} {text.decode()}")
        return json.loads(text) if text else None

    def close(self) -> None:
        self._writer.close()


class _Agent:
    """Does the gold calls of one task in one session."""

    def __init__(self, line: _Line, name: str, task: ValidatedTask, number: int, taken: list[float]) -> None:
        self._line, self._name, self._task, self._taken = line, name, task, taken
        self._draw = random.Random(SEED + number)

    async def work(self, pause_s: float, ends: float) -> int:
        """How often the task was done before the time was up; an error if its state was ever another."""
        await self._admin("POST", "", {"name": self._name})
        await asyncio.sleep(self._draw.random() * pause_s)
        done = 0
        while True:
            for step in self._task.instance.steps:
                if time.perf_counter() > ends:
                    await self._admin("DELETE", f"/{self._name}")
                    self._line.close()
                    return done
                await self._call(step.tool, step.values())
                await asyncio.sleep(self._draw.uniform(0.5, 1.5) * pause_s)
            digest = (await self._admin("GET", f"/{self._name}/state"))["digest"]
            if digest != self._task.gold_digest:
                raise AssertionError(f"{self._name}: {self._task.id} left another state")
            await self._admin("POST", f"/{self._name}/reset")
            done += 1

    async def _call(self, tool: str, arguments: dict[str, Any]) -> None:
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
        started = time.perf_counter()
        await self._line.send("POST", f"/sessions/{self._name}/mcp", message, HEADERS)
        self._taken.append(time.perf_counter() - started)

    async def _admin(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
        return await self._line.send(method, f"/admin/sessions{path}", body, headers)
