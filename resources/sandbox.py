"""Runs generated tests where they can do little harm: own directory, limits, no network, no environment."""

import atexit
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from agentskiller_assets.core.records import Model

LAUNCHER = Path(__file__).with_name("sandbox_launcher.py")
SHORT = 600
_NOTE, _OUTPUT, _RESULTS = ".sandbox.json", ".output.txt", ".results.xml"
_NO_TESTS, _BY_SIGNAL = 5, 128
_LAST_S = 5
"""That a process has to end by itself."""
LOADED = (
    *("anyio._backends._asyncio", "jsonschema", "jsonschema_rs", "mcp", "mcp.server.lowlevel", "mcp.server.stdio"),
    *("pydantic.root_model", "sqlglot.dialects.sqlite", "sqlite3", "unittest"),
)
"""What generated tests import that others have written; what is to be tested is never loaded beforehand."""
_INI = "[pytest]\n"
_NOT_NEEDED = ("cacheprovider", "logging", "threadexception", "unraisableexception")
"""Plugins for what nobody reads: caches, logs, and warnings, for which all garbage would be looked for five times."""


class TestFailure(Model):
    """One test that did not pass, or the whole run if it did not come to its end."""

    __test__ = False

    test: str
    message: str


class SandboxReport(Model):
    """What came of a test run. Nothing in it depends on how long it took."""

    collected: int
    passed: int
    failed: int
    errors: int
    failures: tuple[TestFailure, ...]
    timed_out: bool
    network_isolated: bool
    """Whether the kernel let the run have no network; a property of the machine, not of the tests."""
    processes_isolated: bool = False
    """Whether it let the run have processes of its own, so that none outlives it."""

    @property
    def ok(self) -> bool:
        """Whether there were tests and all passed."""
        return self.passed > 0 and self.passed == self.collected and not self.failures


def run_pytest(files: Mapping[str, bytes | str], *, timeout_s: float = 60, memory_mb: int = 2048) -> SandboxReport:
    """Write the files to a new directory and run the tests in them."""
    with tempfile.TemporaryDirectory(prefix="sandbox-") as name:
        folder = Path(name).resolve()
        for file, content in {"pytest.ini": _INI, **files}.items():
            path = (folder / file).resolve()
            if not path.is_relative_to(folder):
                raise ValueError(f"{file!r} lies outside of the sandbox")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        code = _run(folder, timeout_s, memory_mb)
        return _report(folder, code)


def get_ready() -> None:
    """Starts the process that a run is forked from, so that it has loaded what it needs by then; returns at once."""
    _IDLE.append(_idle() or _Launcher())


def _run(folder: Path, timeout_s: float, memory_mb: int) -> int | None:
    """The exit code; None when the time was up and the whole process group was killed."""
    request = {
        "folder": str(folder),
        "output": _OUTPUT,
        "note": _NOTE,
        "arguments": ["-q", *(f"-pno:{name}" for name in _NOT_NEEDED), f"--junitxml={_RESULTS}", "."],
        "cpu_s": max(1, int(timeout_s) + 1),
        "memory_mb": memory_mb,
    }
    launcher = _idle() or _Launcher()
    code = launcher.run(request, timeout_s)
    _IDLE.append(launcher)
    return code


class _Launcher:
    """A process that has loaded what tests need and forks for every run; it serves one run at a time."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.process = subprocess.Popen(
            [sys.executable, "-P", str(LAUNCHER), *LOADED],
            cwd="/",
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
        assert self.process.stdin
        assert self.process.stdout
        self._requests, self._answers = self.process.stdin, self.process.stdout

    def run(self, request: Mapping[str, Any], timeout_s: float) -> int | None:
        """The exit code of one run, negative for a signal; None when the time was up and all of it was killed."""
        self._requests.write(f"{json.dumps(request)}\n".encode())
        fork = self._answer()
        in_time, _, _ = select.select([self._answers], [], [], timeout_s)
        if not in_time:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(fork, signal.SIGKILL)
        code = self._answer()
        if not in_time:
            return None
        return _BY_SIGNAL - code if code > _BY_SIGNAL else code

    def _answer(self) -> int:
        line = self._answers.readline()
        if not line:
            raise ChildProcessError("the process that the sandbox is forked from has ended")
        return int(line)

    def end(self) -> None:
        """Ends it; it ends by itself with whoever started it, too."""
        self._requests.close()
        try:
            self.process.wait(_LAST_S)
        except subprocess.TimeoutExpired:  # a child of this process holds the other end of its input
            self.process.kill()
            self.process.wait()
        self._answers.close()


_IDLE: list[_Launcher] = []


def _idle() -> _Launcher | None:
    """A launcher of this very process that has nothing to do."""
    while _IDLE:
        with contextlib.suppress(IndexError):  # another thread has taken it
            launcher = _IDLE.pop()
            if launcher.owner == os.getpid() and launcher.process.poll() is None:
                return launcher
    return None


@atexit.register
def _end_idle() -> None:
    while (launcher := _idle()) is not None:
        launcher.end()


def _environment() -> dict[str, str]:
    """Nothing of the caller's environment: no keys, no settings."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }


def _report(folder: Path, code: int | None) -> SandboxReport:
    cases = list(_cases(folder / _RESULTS))
    counts = {kind: sum(found == kind for found, _ in cases) for kind in ("passed", "failure", "error")}
    failures = [failure for _, failure in cases if failure is not None]
    if code is None:
        failures.append(TestFailure(test="all", message="The time was up; the run was stopped."))
    elif code == _NO_TESTS or (code == 0 and not cases):
        failures.append(TestFailure(test="all", message="No tests were found."))
    elif code != 0 and not failures:
        failures.append(TestFailure(test="all", message=_ending(folder, code)))
    elif code == 0 and counts["passed"] != len(cases):
        failures.append(TestFailure(test="all", message="Some tests were skipped."))
    return SandboxReport(
        collected=len(cases),
        passed=counts["passed"],
        failed=counts["failure"],
        errors=counts["error"],
        failures=tuple(TestFailure(test=f.test, message=_clean(f.message, folder)) for f in failures),
        timed_out=code is None,
        **_isolated(folder / _NOTE),
    )


def _cases(results: Path) -> Iterator[tuple[str, TestFailure | None]]:
    """Kind and failure of every test in pytest's own report; none if it did not get that far."""
    try:
        root = ET.parse(results).getroot()  # noqa: S314 - expat bounds entities, and the file's size is limited
    except (OSError, ET.ParseError):
        return
    for case in root.iter("testcase"):
        kind = next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
        if kind in ("failure", "error"):
            found = case.find(kind)
            assert found is not None
            name = case.get("name") or case.get("classname") or "collection"
            yield kind, TestFailure(test=name, message=_reason(found))
        else:
            yield kind, None


def _reason(found: ET.Element) -> str:
    """What went wrong, without the way that led there."""
    lines = (found.text or "").splitlines()
    errors = [line[1:].strip() for line in lines if line.startswith("E ")]
    return "\n".join(errors) or found.get("message") or ""


def _ending(folder: Path, code: int) -> str:
    said = (folder / _OUTPUT).read_bytes()[-SHORT:].decode("utf-8", "replace").strip()
    how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    return f"The run ended with {how}. {said}"


def _clean(message: str, folder: Path) -> str:
    """Short, and the same whatever the directory was called."""
    return message.replace(str(folder), ".")[:SHORT]


def _isolated(note: Path) -> dict[str, bool]:
    try:
        told = json.loads(note.read_text(encoding="utf-8"))
        return {name: told[name] is True for name in ("network_isolated", "processes_isolated")}
    except (OSError, ValueError, KeyError, TypeError):
        return {"network_isolated": False, "processes_isolated": False}
