"""A call is paid for once: whoever asks again, at the same time, in another process, or after a kill."""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agentskiller_assets.errors import StorageError
from agentskiller_assets.llm import background
from agentskiller_assets.llm.calls import CALLS, Call, CallStore
from agentskiller_assets.llm.cassette import Cassette, RecordedLLM
from agentskiller_assets.llm.errors import (
    EmptyAnswerError,
    LLMError,
    NotRecordedError,
    RefusalError,
    TruncatedError,
)
from agentskiller_assets.llm.keys import HIDDEN
from agentskiller_assets.llm.models import Completion, Request
from agentskiller_assets.llm.opening import open_llm
from agentskiller_assets.llm.protocol import LLM
from agentskiller_assets.llm.scripted import ScriptedLLM
from agentskiller_assets.llm.settings import Settings
from tests.llm.kit import KEY, MODEL, VARIABLE, request
from tests.llm.server import ModelServer, Reply, completion, refusal


@pytest.fixture
def store(tmp_path: Path) -> CallStore:
    return CallStore(tmp_path / CALLS)


def files(store: CallStore) -> list[Path]:
    return sorted(path for path in store.folder.rglob("*") if path.is_file())


def asked(llm: LLM, *requests: Request) -> list[Any]:
    async def all_of_them() -> list[Any]:
        return await asyncio.gather(*(llm.complete(each) for each in requests), return_exceptions=True)

    return asyncio.run(all_of_them())


def test_a_call_is_made_once_and_its_answer_stands(store: CallStore):
    inner = ScriptedLLM(lambda each: f"answer {len(inner.requests)}")
    first = asked(Cassette(store, inner), request())[0]
    again = asked(Cassette(store, inner), request(prompt="another", asset="a"))[0]
    offline = asked(RecordedLLM(store), request())[0]
    assert (first.content, first.cached) == ("answer 1", False)
    assert again == offline == first.model_copy(update={"cached": True})
    assert len(inner.requests) == 1


def test_a_call_is_a_file_that_says_everything(store: CallStore):
    made = request(asset="blueprints", partition="clinic", seed=3)
    answer = asked(Cassette(store, ScriptedLLM(lambda _: "Green.")), made)[0]
    path = store.path(made.call_id)
    assert files(store) == [path]
    assert path.parent.name == made.call_id.removeprefix("call_")[:2]
    stored = Call.model_validate_json(path.read_text(encoding="utf-8"))
    assert (stored.call_id, stored.request, stored.completion, stored.fault) == (made.call_id, made, answer, None)


def test_what_is_asked_twice_at_once_is_one_call_and_goes_on_when_one_stops_waiting(store: CallStore):
    asked_for: list[Request] = []

    class Slow:
        async def complete(self, request: Request) -> Completion:
            asked_for.append(request)
            await asyncio.sleep(0.02)
            return Completion(call_id=request.call_id, model=MODEL, answered_by=MODEL, content="Green.")

    async def story() -> list[Any]:
        llm = Cassette(store, Slow())
        waiting = [asyncio.create_task(llm.complete(request())) for _ in range(3)]
        await asyncio.sleep(0.001)
        waiting[0].cancel()
        return await asyncio.gather(*waiting, return_exceptions=True)

    found = asyncio.run(story())
    assert isinstance(found[0], asyncio.CancelledError)
    assert [(each.content, each.cached) for each in found[1:]] == [("Green.", True)] * 2
    assert len(asked_for) == 1


def test_what_another_process_stored_meanwhile_stands(store: CallStore):
    other = Cassette(store, ScriptedLLM(lambda _: "theirs"))

    class Late:
        async def complete(self, request: Request) -> Completion:
            await other.complete(request)
            return Completion(call_id=request.call_id, model=MODEL, answered_by=MODEL, content="ours")

    assert [each.content for each in asked(Cassette(store, Late()), request())] == ["theirs"]
    assert len(files(store)) == 1


@pytest.mark.parametrize(
    ("values", "error"),
    [({"content": "Gre", "finish_reason": "length"}, TruncatedError), ({"refusal": "No."}, RefusalError)],
)
def test_a_models_own_fault_is_kept_and_is_the_same_error_again(store: CallStore, values, error):
    answer = Completion(call_id="", model=MODEL, answered_by=MODEL, **values)
    inner = ScriptedLLM(lambda _: answer)
    found = [*asked(Cassette(store, inner), request()), *asked(RecordedLLM(store), request())]
    assert [type(each) for each in found] == [error, error]
    assert [str(each) for each in found] == [str(found[0])] * 2
    assert f"to ask the same again, delete {store.path(request().call_id)}" in str(found[0])
    assert len(inner.requests) == 1


def test_a_servers_fault_is_on_record_and_is_asked_again(store: CallStore):
    empty = Completion(call_id="", model=MODEL, answered_by=MODEL, content="", prompt_tokens=9)
    left = [empty, empty.model_copy(update={"prompt_tokens": 8}), "Green."]
    llm = Cassette(store, ScriptedLLM(lambda _: left.pop(0)))
    found = [asked(llm, request())[0] for _ in range(3)]
    assert [type(each) for each in found] == [EmptyAnswerError, EmptyAnswerError, Completion]
    assert sorted(json.loads(path.read_text())["completion"]["prompt_tokens"] for path in files(store)) == [0, 8, 9]
    assert asked(RecordedLLM(store), request())[0].content == "Green."


def test_offline_a_call_that_was_never_made_names_its_prompt(store: CallStore):
    found = asked(RecordedLLM(store), request(asset="blueprints", partition="clinic"))[0]
    assert isinstance(found, NotRecordedError)
    assert "prompt 'tests/colour' of blueprints[clinic], model small-model: it was never asked" in str(found)
    assert "Unset AGENTSKILLER_OFFLINE" in str(found)


def test_a_call_that_cannot_be_stored_or_read_is_an_error_and_nothing_is_thrown_away(store: CallStore):
    path = store.path(request().call_id)
    path.parent.mkdir(parents=True)
    path.write_text('{"call_id": "from another version"}')
    inner = ScriptedLLM(lambda _: "Green.")
    with pytest.raises(StorageError, match="It was paid for, so it is not replaced by itself"):
        raise asked(Cassette(store, inner), request())[0]
    assert (path.read_text(), inner.requests) == ('{"call_id": "from another version"}', [])
    blocked = CallStore(path / "no folder")
    with pytest.raises(StorageError, match=r"cannot be (read|written)"):
        raise asked(Cassette(blocked, inner), request())[0]


def test_a_process_that_is_killed_pays_for_nothing_twice(tmp_path: Path):
    known, count = 10, 25
    holds = True

    def answer(number: int, body: dict[str, Any]) -> Reply:
        said = completion(body, f"You said {body['messages'][0]['content']}.")
        return Reply(said, delay_s=60 if holds and number >= known else 0)

    with ModelServer(answer) as server:
        command = [sys.executable, "-m", "tests.llm.many_calls", server.url, str(tmp_path), str(count)]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        store = CallStore(tmp_path / CALLS)
        child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
        ends = time.monotonic() + 60
        while len(list(store.folder.glob("*/[!.]*.json"))) < known or len(server.requests) < known + 4:
            assert time.monotonic() < ends
            time.sleep(0.01)
        os.kill(child.pid, signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
        holds = False
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
        paid = Counter(body["messages"][0]["content"] for body in server.answered)
        again = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
        assert len(server.answered) == count, "the second run asked nothing"
    assert paid == {f"number {n}": 1 for n in range(count)}
    assert done.stdout.splitlines() == [f"You said number {n}." for n in range(count)]
    offline = {**environment, "AGENTSKILLER_OFFLINE": "1"}
    last = subprocess.run(command, env=offline, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == again.stdout == last.stdout


def test_the_key_is_in_no_file_log_or_error(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """Servers that repeat it in errors, answers and thinking."""
    caplog.set_level(logging.DEBUG)
    replies = {
        "refused": refusal(401, f"bad key {KEY}"),
        "busy": refusal(400, f"too much for {KEY}"),
        "said": f"Your key is {KEY}.",
        "thought": {"content": "Green.", "reasoning_content": f"The key {KEY}"},
        "declined": {"refusal": f"Not with {KEY}."},
    }

    def answer(number: int, body: dict[str, Any]) -> Any:
        return replies[body["messages"][0]["content"]]

    async def all_of_them(url: str) -> list[Any]:
        llm = open_llm(Settings.load(base_url=url, key_variable=VARIABLE), tmp_path)
        return await asyncio.gather(*(llm.complete(request(each)) for each in replies), return_exceptions=True)

    with ModelServer(answer) as server:
        found = background.run(all_of_them(server.url))
    assert server.keys == {KEY}
    assert sum(isinstance(each, LLMError) for each in found) == 3
    assert found[2].content == f"Your key is {HIDDEN}."
    assert not any(KEY in f"{each!r} {each} {vars(each)}" for each in found)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) == 3
    assert not any(KEY.encode() in path.read_bytes() for path in written)
    assert KEY not in caplog.text
