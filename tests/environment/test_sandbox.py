"""The sandbox: whatever the tests in it do, there is a report, in time, and nothing gets out."""

import os
import time
from pathlib import Path

import pytest

from resources.sandbox import SandboxReport, run_pytest


def run(body: str, **limits: float) -> SandboxReport:
    """The report of one test file."""
    return run_pytest({"test_it.py": body}, **limits)  # type: ignore[arg-type]


def only_message(report: SandboxReport) -> str:
    """The one failure's message."""
    (failure,) = report.failures
    return failure.message


def test_passing_tests_are_counted_and_leave_nothing_behind():
    report = run("def test_one(): pass\ndef test_two(): pass\n")
    assert report.ok
    assert (report.collected, report.passed, report.failed, report.errors, report.failures) == (2, 2, 0, 0, ())


def test_a_failure_names_the_test_and_says_why():
    report = run("def test_one(): pass\ndef test_two(): assert 1 + 1 == 3, 'sums'\n")
    assert (report.ok, report.passed, report.failed) == (False, 1, 1)
    assert report.failures[0].test == "test_two"
    assert only_message(report).startswith("AssertionError: sums")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("def test(:\n", "SyntaxError"),
        ("import no_such_module\n", "No module named 'no_such_module'"),
        ("1 / 0\n", "ZeroDivisionError"),
    ],
)
def test_a_file_that_cannot_be_collected_is_a_failure(body, told):
    report = run(body)
    assert not report.ok
    assert report.errors == 1
    assert told in only_message(report)


@pytest.mark.parametrize(
    "body", ["x = 1\n", "import pytest\n@pytest.mark.skip\ndef test_one(): pass\n", "import os\nos._exit(0)\n"]
)
def test_no_test_that_ran_is_a_failure(body):
    report = run(body)
    assert not report.ok
    assert len(report.failures) == 1


def test_an_endless_test_is_stopped_with_all_its_processes():
    body = (
        "import subprocess, sys\n"
        "def test_one():\n"
        "    subprocess.run([sys.executable, '-c', 'while True: pass', 'endless-child-of-the-sandbox'])\n"
    )
    started = time.monotonic()
    report = run(body, timeout_s=3)
    assert time.monotonic() - started < 6
    assert (report.ok, report.timed_out) == (False, True)
    assert only_message(report) == "The time was up; the run was stopped."
    assert not [path for path in Path("/proc").glob("[0-9]*/cmdline") if b"endless-child-of" in _bytes(path)]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_memory_is_limited():
    report = run("def test_one(): bytearray(4 << 30)\n", memory_mb=512)
    assert only_message(report) == "MemoryError"


def test_files_are_limited_in_size():
    report = run("def test_one():\n    with open('big', 'wb') as f:\n        f.truncate(10 << 30)\n")
    assert not report.ok


def test_a_crash_is_reported_with_its_signal():
    report = run("import os, signal\ndef test_one(): os.kill(os.getpid(), signal.SIGSEGV)\n")
    assert "SIGSEGV" in only_message(report)


def test_no_keys_and_no_settings_are_passed_on(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    body = (
        "import os, sys\n"
        "def test_one():\n"
        "    assert 'OPENAI_API_KEY' not in os.environ\n"
        "    assert os.environ['PYTHONHASHSEED'] == '0'\n"
        "    assert os.getcwd() not in sys.path[:1] or __file__.startswith(os.getcwd())\n"
    )
    assert os.environ["OPENAI_API_KEY"]
    assert run(body).ok


def test_the_network_is_out_of_reach_where_the_kernel_allows():
    body = (
        "import socket\n"
        "def test_one():\n"
        "    with socket.socket() as s:\n"
        "        s.bind(('127.0.0.1', 0))\n"
        "        s.listen()\n"
        "        socket.create_connection(s.getsockname(), 1)\n"
    )
    report = run(body)
    assert report.ok is not report.network_isolated


def test_the_installed_package_is_found_and_not_a_folder_of_the_same_name():
    body = "import agentskiller_assets, resources\ndef test_one(): assert 'sandbox-' not in resources.__file__\n"
    files = {"tests/test_it.py": body, "resources/__init__.py": "", "agentskiller_assets/__init__.py": ""}
    assert run_pytest(files).ok


def test_files_stay_in_the_sandbox():
    with pytest.raises(ValueError, match="outside"):
        run_pytest({"../escape.py": ""})


def test_two_runs_give_equal_reports():
    body = "def test_one():\n    import pathlib\n    assert pathlib.Path.cwd() == 1\n"
    assert run(body) == run(body)
