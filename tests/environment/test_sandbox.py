"""The sandbox: whatever the tests in it do, there is a report, in time, and nothing gets out."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agentskiller_assets.environment.server_module import write_server_module
from resources import sandbox
from resources.sandbox import SandboxReport, run_pytest
from tests.dagster.small import eventually
from tests.scenario import LIBRARY, library


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
    name = f"endless-child-of-{os.getpid()}"  # other runs of this test may be under way
    body = (
        "import subprocess, sys\n"
        "def test_one():\n"
        f"    subprocess.run([sys.executable, '-c', 'while True: pass', '{name}'])\n"
    )
    started = time.monotonic()
    report = run(body, timeout_s=3)
    assert time.monotonic() - started < 30, "unless it is stopped it never ends"
    assert (report.ok, report.timed_out) == (False, True)
    assert only_message(report) == "The time was up; the run was stopped."
    eventually("the child is gone", lambda: not _running(name), seconds=10)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _running(name: str) -> list[Path]:
    return [path for path in Path("/proc").glob("[0-9]*/cmdline") if name.encode() in _bytes(path)]


def test_no_process_outlives_the_run_even_if_it_detaches_itself():
    name = f"detached-child-of-{os.getpid()}"  # other runs of this test may be under way
    body = (
        "import os, subprocess, sys, time\n"
        "def test_one():\n"
        f"    command = [sys.executable, '-c', 'import time; time.sleep(60)', '{name}']\n"
        "    subprocess.Popen(command, start_new_session=True)\n"
        "    time.sleep(0.2)\n"
        "{last}"
    )
    for last, limits in (("", {}), ("    while True: pass\n", {"timeout_s": 3})):
        report = run(body.format(last=last), **limits)
        assert report.ok is (not limits)
        if report.processes_isolated:
            eventually("the detached child is gone", lambda: not _running(name), seconds=11)


def test_processes_are_limited_in_number():
    body = (
        "import os, signal, time\n"
        "def test_one():\n"
        "    children = []\n"
        "    try:\n"
        "        for _ in range(4000):\n"
        "            child = os.fork()\n"
        "            if child == 0:\n"
        "                time.sleep(30)\n"
        "                os._exit(0)\n"
        "            children.append(child)\n"
        "    finally:\n"
        "        for child in children:\n"
        "            os.kill(child, signal.SIGKILL)\n"
    )
    report = run(body, timeout_s=30)
    assert "BlockingIOError" in only_message(report)


def test_a_run_at_its_limit_of_processes_leaves_the_next_run_alone():
    if os.geteuid() != 0:
        pytest.skip("a user's sandbox runs as that user, whose processes are counted together")
    name = f"all-processes-taken-by-{os.getpid()}"
    body = (
        "import os, sys, time\n"
        "def test_one():\n"
        "    children = []\n"
        "    while True:\n"
        "        try:\n"
        "            child = os.fork()\n"
        "        except BlockingIOError:\n"
        "            break\n"
        "        if child == 0:\n"
        "            time.sleep(60)\n"
        "            os._exit(0)\n"
        "        children.append(child)\n"
        "    os.kill(children[0], 9)\n"
        "    os.waitpid(children[0], 0)\n"
        f"    os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, '-c', 'import time; time.sleep(60)', '{name}'])\n"
        "    time.sleep(60)\n"
    )
    with ThreadPoolExecutor(1) as pool:
        greedy = pool.submit(run, body, timeout_s=12)
        eventually("the first run has all its processes", lambda: _running(name), seconds=20)
        assert run("def test_one(): pass\n").ok
        assert greedy.result().timed_out


def test_nothing_can_be_written_outside_of_its_own_folder_by_root(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("a user's sandbox runs as that user")
    tmp_path.chmod(0o755)
    places = [str(tmp_path), str(Path(__file__).parent), "/etc", str(Path.home())]
    body = (
        "import os, pathlib, pytest\n"
        f"@pytest.mark.parametrize('place', {places})\n"
        "def test_one(place):\n"
        "    with pytest.raises(PermissionError):\n"
        "        (pathlib.Path(place) / 'written').write_text('x')\n"
        "    pathlib.Path('own').write_text('x')\n"
        "def test_rights():\n"
        "    with pytest.raises(PermissionError):\n"
        "        os.setuid(0)\n"
        "    with pytest.raises(PermissionError):\n"
        "        os.chown('own', 0, 0)\n"
    )
    assert run(body).ok


def test_memory_is_limited():
    report = run("def test_one(): bytearray(4 << 30)\n", memory_mb=512)
    assert only_message(report) == "MemoryError"


def test_files_are_limited_in_size():
    report = run("def test_one():\n    with open('big', 'wb') as f:\n        f.truncate(10 << 30)\n")
    assert "File too large" in only_message(report)


def test_a_module_that_opens_sqlite_by_itself_is_limited_by_the_sandbox():
    body = (
        "import pytest, sqlite3\n"
        "def test_size():\n"
        "    with pytest.raises(sqlite3.Error):\n"
        "        sqlite3.connect('big.db').execute('CREATE TABLE t AS SELECT zeroblob(900000000) AS x')\n"
        "def test_time():\n"
        "    endless = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT MAX(x) FROM c'\n"
        "    sqlite3.connect(':memory:').execute(endless).fetchall()\n"
    )
    report = run(body, timeout_s=4, memory_mb=512)
    assert (report.ok, report.timed_out) == (False, True)


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


def test_runs_share_what_others_have_written_and_nothing_that_a_test_did():
    body = (
        "import builtins, sys\n"
        "LOADED = set(sys.modules)\n"
        "def test_one():\n"
        "    assert 'mcp' in LOADED\n"
        "    assert not [name for name in LOADED if name.partition('.')[0] in ('agentskiller_assets', 'resources')]\n"
        "    assert not hasattr(builtins, 'stain')\n"
        "    builtins.stain = True\n"
    )
    assert run(body).ok
    assert run(body).ok


def test_a_launcher_that_was_killed_is_replaced():
    assert run("def test_one(): pass\n").ok
    for launcher in sandbox._IDLE:
        launcher.process.kill()
        launcher.process.wait()
    assert run("def test_one(): pass\n").ok


def test_files_stay_in_the_sandbox():
    with pytest.raises(ValueError, match="outside"):
        run_pytest({"../escape.py": ""})


def test_two_runs_give_equal_reports():
    body = "def test_one():\n    import pathlib\n    assert pathlib.Path.cwd() == 1\n"
    assert run(body) == run(body)


ATTACKS = [
    "ATTACH DATABASE 'stolen.db' AS other",
    "PRAGMA writable_schema = ON",
    "PRAGMA foreign_keys = OFF",
    "PRAGMA temp_store_directory = '/tmp'",
    "VACUUM INTO 'stolen.db'",
    "SELECT load_extension('evil')",
    "SELECT readfile('/etc/passwd')",
    "SELECT writefile('stolen', 'x')",
    "SELECT sql FROM sqlite_schema",
    "SELECT * FROM pragma_database_list",
    "DELETE FROM loan",
]


def test_a_generated_module_reaches_nothing_but_its_tables_through_a_session():
    body = (
        "import pathlib, pytest, server\n"
        "from agentskiller_assets.errors import SpecError\n"
        "ENVIRONMENT = server.build_environment(server.IMAGE.read_bytes())\n"
        "FILES = sorted(path.name for path in pathlib.Path().iterdir())\n"
        f"@pytest.mark.parametrize('sql', {ATTACKS})\n"
        "def test_query(sql):\n"
        "    with ENVIRONMENT.fork() as session:\n"
        "        with pytest.raises(SpecError, match='query: it cannot be run'):\n"
        "            session.query(sql)\n"
        "        assert session.diff() == {'inserted': {}, 'updated': {}, 'deleted': {}}\n"
        "        assert session.query('SELECT COUNT(*) FROM loan') == [(10,)]\n"
        f"@pytest.mark.parametrize('sql', {ATTACKS[:-1]})\n"
        "def test_effect(sql):\n"
        "    tool = server.SPEC.tool('update_contact_phone').model_copy(update={'effects': (sql,)})\n"
        "    with pytest.raises(SpecError, match='tool update_contact_phone: '):\n"
        "        type(ENVIRONMENT)(server.SPEC.model_copy(update={'tools': (tool,)}), ENVIRONMENT.image)\n"
        "def test_no_file_was_written():\n"
        "    assert sorted(path.name for path in pathlib.Path().iterdir()) == FILES\n"
    )
    files = {
        "server.py": write_server_module(LIBRARY, "Policy"),
        "image.sqlite": library().image,
        "test_attack.py": body,
    }
    report = run_pytest(files)
    assert report.failures == ()
    assert report.passed == 2 * len(ATTACKS)
