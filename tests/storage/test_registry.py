"""The registry decides which domains there are, and says where it is wrong."""

import subprocess
import sys
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from agentskiller_assets.errors import RegistryError
from agentskiller_assets.partitions import (
    domain_partitions,
    pair_partitions,
    register_domains,
    register_pairs,
    reload_code_location,
)
from agentskiller_assets.registry import Registry, read_registry, write_registry


def test_a_registry_comes_back_in_its_order(tmp_path: Path) -> None:
    registry = Registry(domains=("music_school", "clinic_appointments", "no", "on"))
    write_registry(tmp_path, registry)
    assert read_registry(tmp_path) == registry
    assert [path.name for path in tmp_path.iterdir()] == ["registry.yaml"]


def test_a_warehouse_without_one_uses_the_packaged_registry(tmp_path: Path) -> None:
    assert isinstance(read_registry(tmp_path), Registry)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "domains:\n  - fine\n  - Not Fine\n",
            "registry.yaml, line 3: 'Not Fine' cannot be the name of a domain",
        ),
        ("domains:\n  - fine\n  - fine\n", "registry.yaml, line 3: 'fine' is there twice"),
        ("domains:\n  - all\n", "line 2: 'all' cannot be"),
        ("domains:\n  - [a]\n", "line 2: a domain is not a name"),
        ("domains: clinic\n", "line 1: `domains` is not a list"),
        ("domain: []\n", "line 1: holds no list of domains"),
        ("", "holds no list of domains"),
        ("domains:\n  - a\n - b\n", "line 3: is not YAML"),
        ("domains:\n- a\n- b\npairs:\n- b--a\n", "line 5: 'b--a' cannot be the key of a pair"),
        ("domains:\n- a\n- b\npairs:\n- a--a\n", "line 5: 'a--a' cannot be the key of a pair"),
        ("domains:\n- a\n- b\npairs:\n- a\n", "line 5: 'a' cannot be the key of a pair"),
        ("domains:\n- a\npairs:\n- a--b\n", "line 4: 'a--b' needs the domain 'b', which is not registered"),
        ("domains:\n- a\n- b\npairs:\n- a--b\n- a--b\n", "line 6: 'a--b' is there twice"),
        ("domains:\n- a\npairs: a--b\n", "line 3: `pairs` is not a list"),
        ("domains:\n- a\npairs:\n- [a]\n", "line 4: a pair is not a name"),
        ("domains:\n- a\ngroups: []\n", "line 1: holds no list of domains"),
        ("domains: [\x00]", "cannot be read"),
    ],
)
def test_a_malformed_registry_is_named_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "registry.yaml").write_text(text)
    with pytest.raises(RegistryError, match=fault.replace("[", r"\[")):
        read_registry(tmp_path)


def test_a_bad_name_is_not_written(tmp_path: Path) -> None:
    write_registry(tmp_path, Registry(domains=("good",)))
    with pytest.raises(RegistryError, match="'a--b' cannot be the name of a domain"):
        write_registry(tmp_path, Registry(domains=("a--b",)))
    (tmp_path / "file").write_text("")
    with pytest.raises(RegistryError, match="cannot be written"):
        write_registry(tmp_path / "file", Registry())
    assert read_registry(tmp_path).domains == ("good",)


def test_partitions_are_the_registered_domains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTSKILLER_WAREHOUSE", str(tmp_path))
    write_registry(tmp_path, Registry(domains=("b", "a")))
    assert domain_partitions().get_partition_keys() == ["b", "a"]


def test_pairs_come_back_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTSKILLER_WAREHOUSE", str(tmp_path))
    registry = Registry(domains=("c", "a", "b"), pairs=("b--c", "a--c"))
    write_registry(tmp_path, registry)
    assert read_registry(tmp_path) == registry
    assert pair_partitions().get_partition_keys() == ["b--c", "a--c"]


def test_a_registry_without_pairs_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTSKILLER_WAREHOUSE", str(tmp_path))
    write_registry(tmp_path, Registry(domains=("a",)))
    assert "pairs:" not in (tmp_path / "registry.yaml").read_text()
    assert pair_partitions().get_partition_keys() == []


def test_growing_never_moves_or_drops_a_domain_or_a_pair(tmp_path: Path) -> None:
    write_registry(tmp_path, Registry(domains=("c", "a"), pairs=("a--c",)))
    assert register_domains(tmp_path, ["a", "b", "b"]) == ["b"]
    assert register_pairs(tmp_path, ["b--c", "a--c", "b--c"]) == ["b--c"]
    assert read_registry(tmp_path) == Registry(domains=("c", "a", "b"), pairs=("a--c", "b--c"))
    assert register_pairs(tmp_path, ["a--c"]) == []


def test_processes_that_register_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    write_registry(tmp_path, Registry())
    code = (
        "import sys; from pathlib import Path; from agentskiller_assets.partitions import register_domains\n"
        "print('ready', flush=True); sys.stdin.read()\n"
        "for number in range(30): register_domains(Path(sys.argv[1]), [f'{sys.argv[2]}_{number}'])"
    )
    names = ("one", "other")
    commands = [[sys.executable, "-c", code, str(tmp_path), name] for name in names]
    with ExitStack() as ended:
        started = [
            ended.enter_context(subprocess.Popen(each, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            for each in commands
        ]
        assert [process.stdout and process.stdout.readline() for process in started] == ["ready\n", "ready\n"]
        for process in started:
            assert process.stdin
            process.stdin.close()
    assert set(read_registry(tmp_path).domains) == {f"{name}_{number}" for name in names for number in range(30)}


def test_a_registry_that_has_all_of_them_is_not_touched(tmp_path: Path) -> None:
    write_registry(tmp_path, Registry(domains=("a", "b")))
    assert register_domains(tmp_path, ["b"]) == []
    assert [path.name for path in tmp_path.iterdir()] == ["registry.yaml"]


def test_a_pair_of_a_domain_that_is_not_registered_is_not_added(tmp_path: Path) -> None:
    write_registry(tmp_path, Registry(domains=("a",)))
    with pytest.raises(RegistryError, match="needs the domain 'b', which is not registered"):
        register_pairs(tmp_path, ["a--b"])
    assert read_registry(tmp_path).pairs == ()


@pytest.mark.parametrize(
    ("answer", "reloaded"),
    [
        ('{"data": {"reloadWorkspace": {"__typename": "Workspace", "locationEntries": []}}}', True),
        ('{"data": {"reloadWorkspace": {"__typename": "PythonError", "message": "broken"}}}', False),
        ('{"errors": [{"message": "broken"}]}', False),
        ("[]", False),
    ],
)
def test_a_reload_reports_what_the_webserver_said(monkeypatch: pytest.MonkeyPatch, answer: str, reloaded: bool) -> None:
    class Webserver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Webserver) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        monkeypatch.setenv("AGENTSKILLER_WEBSERVER_URL", f"http://127.0.0.1:{server.server_port}")
        assert reload_code_location() is reloaded


def test_a_webserver_that_is_not_there_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for address in ("http://127.0.0.1:9", "file:///etc", "nonsense"):
        monkeypatch.setenv("AGENTSKILLER_WEBSERVER_URL", address)
        assert reload_code_location() is False
        assert address in caplog.text
    monkeypatch.delenv("AGENTSKILLER_WEBSERVER_URL")
    assert reload_code_location() is True
