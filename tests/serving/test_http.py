"""The HTTP door as a process: sessions are paths, operators have a token, agents have nothing but their session."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenario import AMELIA, GIULIA, NOOR
from tests.serving.kit import TOKEN, HttpServer, server_folder

IDENTIFY = {"tool": "authorize_member", "arguments": AMELIA}
JSON = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
LIST_TOOLS = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}})
NOTHING = {"inserted": {}, "updated": {}, "deleted": {}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return server_folder(tmp_path_factory.mktemp("served")).parent


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[HttpServer]:
    with HttpServer(folder / "server.py") as running:
        yield running


def test_a_default_session_is_open_from_the_start_and_its_address_is_printed(server: HttpServer) -> None:
    assert server.sessions == [server.url("default")]
    assert server.call("default", "get_member_profile", {}) == (
        "error",
        "NOT_AUTHORIZED: The caller must be identified first.",
    )


def test_operators_create_fork_look_at_reset_and_close_sessions(server: HttpServer) -> None:
    name = server.open(name="amelia", calls=[IDENTIFY])
    assert name == "amelia"
    assert server.call(name, "renew_loan", {"loan_id": "LOA-401"})[0] == "ok"
    status, fork = server.admin("POST", f"/{name}/fork", {"name": "twin"})
    assert (status, fork) == (201, {"session": "twin", "path": "/sessions/twin/mcp"})

    states = [server.admin("GET", f"/{each}/state")[1] for each in (name, "twin")]
    assert states[0]["diff"]["updated"]["loan"][0]["changes"]["renewals"] == [0, 1]
    assert states[0]["digest"] == states[1]["digest"]
    assert (states[0]["calls"], states[0]["identified"]) == (1, "MEM-201")

    assert server.admin("POST", f"/{name}/reset") == (204, None)
    assert server.admin("GET", f"/{name}/state")[1]["diff"] == NOTHING
    assert server.admin("GET", "/twin/state")[1]["digest"] == states[1]["digest"]
    assert server.admin("GET")[1]["sessions"] == ["amelia", "default", "twin"]
    assert [server.admin("DELETE", f"/{each}") for each in (name, "twin")] == [(204, None)] * 2
    assert server.admin("GET", f"/{name}/state")[0] == 404


def test_wrong_requests_of_operators_are_told_what_is_wrong(server: HttpServer) -> None:
    server.open(name="taken")
    answers = {
        "name twice": server.admin("POST", "", {"name": "taken"}),
        "name": server.admin("POST", "", {"name": "../x"}),
        "calls": server.admin("POST", "", {"calls": [{"tool": "renew_loan", "arguments": {"loan_id": "LOA-401"}}]}),
        "field": server.admin("POST", "", {"nam": "x"}),
        "unknown": server.admin("POST", "/nobody/reset"),
    }
    server.admin("DELETE", "/taken")
    assert {key: status for key, (status, _) in answers.items()} == {
        "name twice": 409,
        "name": 409,
        "calls": 409,
        "field": 422,
        "unknown": 404,
    }
    assert "call 1 (renew_loan) came to" in answers["calls"][1]["error"]
    assert all(set(answer) <= {"error", "details"} for _, answer in answers.values())


def test_no_session_reaches_the_rows_of_another(server: HttpServer) -> None:
    amelia, noor = server.open(calls=[IDENTIFY]), server.open()
    assert server.call(noor, "authorize_member", NOOR)[0] == "ok"
    before = server.admin("GET", f"/{noor}/state")[1]["digest"]

    assert server.call(amelia, "renew_loan", {"loan_id": "LOA-401"})[0] == "ok"
    assert server.call(amelia, "renew_loan", {"loan_id": "LOA-404"}) == (
        "error",
        "LOAN_NOT_FOUND: Members renew their own loans only.",
    )
    assert server.admin("GET", f"/{noor}/state")[1]["digest"] == before
    loans = server.call(noor, "list_my_loans", {})[1]["results"]
    assert {loan["loan_id"] for loan in loans} == {"LOA-404", "LOA-405", "LOA-406"}


@pytest.mark.parametrize(
    "path",
    [
        "/sessions/nobody/mcp",
        "/sessions//mcp",
        "/sessions/default/../../admin/sessions/mcp",
        "/sessions/..%2f..%2fadmin%2fsessions/mcp",
        "/sessions/*/mcp",
        "/sessions/default/state",
        "/sessions",
        "/",
        "/mcp",
    ],
)
def test_no_other_address_leads_anywhere(server: HttpServer, path: str) -> None:
    status, text = server.request("POST", path, LIST_TOOLS, JSON)
    assert status == 404
    assert "tools" not in text


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN],
)
@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("POST", ""), ("GET", "/default/state"), ("DELETE", "/default")]
)
def test_without_the_token_the_operators_path_tells_nothing(
    server: HttpServer, method: str, path: str, authorization: str | None
) -> None:
    headers = {"authorization": authorization} if authorization is not None else {}
    status, text = server.request(method, f"/admin/sessions{path}", None, headers)
    assert (status, json.loads(text)) == (401, {"error": "The admin token is missing or wrong."})
    assert server.call("default", "get_member_profile", {})[0] == "error", "the session is still there"


def test_agents_are_not_told_of_operators_and_other_sessions(server: HttpServer) -> None:
    told = []
    for method in ("tools/list", "resources/list", "prompts/list", "initialize", "resources/templates/list"):
        params = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params if method == "initialize" else {}}
        told.append(server.request("POST", "/sessions/default/mcp", json.dumps(message), JSON)[1])
    text = "".join(told)
    assert "borrow_book" in text
    assert [word for word in ("admin", "token", "gold", "certificate", "sessions/", TOKEN) if word in text] == []


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "policy://elsewhere", "policy://../admin", "image.sqlite"])
def test_only_the_policy_can_be_read(server: HttpServer, uri: str) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": {"uri": uri}}
    _, text = server.request("POST", "/sessions/default/mcp", json.dumps(message), JSON)
    assert json.loads(text)["error"]["message"] == "There is no such resource."


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "evil.example:8765"}, 421),
        ({"host": "127.0.0.1.evil.example"}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://localhost.evil.example:80"}, 403),
        ({"origin": "http://localhost:3000"}, 200),
    ],
)
@pytest.mark.parametrize("path", ["/health", "/sessions/default/mcp", "/admin/sessions"])
def test_foreign_hosts_and_origins_are_refused_everywhere(
    server: HttpServer, path: str, headers: dict[str, str], status: int
) -> None:
    if path.startswith("/sessions"):
        found = server.request("POST", path, LIST_TOOLS, {**JSON, **headers})
    else:
        found = server.request("GET", path, None, {**headers, "authorization": f"Bearer {TOKEN}"})
    assert found[0] == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ("", 400),
        ("[" * 5000, 400),
        ('{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": 7}}', 200),
        (json.dumps({"jsonrpc": "2.0", "id": 1, "method": "no/such/method", "params": {}}), 200),
        ('"' + "x" * (1 << 20) + '"', 413),
    ],
)
def test_requests_of_any_shape_get_an_answer_that_shows_nothing_of_the_inside(
    server: HttpServer, body: str, status: int
) -> None:
    found, text = server.request("POST", "/sessions/default/mcp", body, JSON)
    assert found == status, text
    assert [word for word in ("Traceback", "sqlite", 'File "', "agentskiller") if word in text] == []
    assert server.call("default", "get_member_profile", {})[0] == "error"


def test_whatever_agents_write_the_files_stay_as_they_are(server: HttpServer, folder: Path) -> None:
    before = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    for person, tool, arguments in (
        (AMELIA, "renew_loan", {"loan_id": "LOA-401"}),
        (AMELIA, "update_contact_phone", {"phone": "'; ATTACH 'stolen.db' AS x; --"}),
        (GIULIA, "cancel_reservation", {"reservation_id": "RES-501"}),
    ):
        session = server.open(calls=[{"tool": "authorize_member", "arguments": person}])
        server.call(session, tool, arguments)
    after = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    assert after == before


def test_a_server_without_a_token_has_no_operators_path(folder: Path) -> None:
    with HttpServer(folder / "server.py", token=None) as running:
        assert running.request("GET", "/admin/sessions", None, {"authorization": "Bearer "})[0] == 404
        assert running.call("default", "get_member_profile", {})[0] == "error"
        assert running.stop() in (0, -15)


def test_limits_seeds_and_names_are_options(folder: Path, tmp_path: Path) -> None:
    calls = tmp_path / "calls.json"
    calls.write_text(json.dumps([IDENTIFY]), encoding="utf-8")
    options = [
        "--seed-session",
        "a",
        "--seed-session",
        f"b={calls}",
        "--max-sessions",
        "3",
        "--allow-host",
        "agents.test",
    ]
    with HttpServer(folder / "server.py", *options) as running:
        assert running.sessions == [running.url("a"), running.url("b")]
        assert running.call("b", "get_member_profile", {})[0] == "ok"
        assert running.call("a", "get_member_profile", {})[0] == "error"
        running.open()
        assert running.admin("POST", "", {"name": "c"}) == (
            503,
            {"error": "server: all 3 sessions are in use. Close sessions, or start the server with more."},
        )
        assert running.request("GET", "/health", None, {"host": "agents.test"}) == (200, '{"status":"ok"}')
