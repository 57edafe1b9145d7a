"""How many calls at once, how much money, and for whom."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from agentskiller_assets.llm import background
from agentskiller_assets.llm.budget import Budget, Budgeted
from agentskiller_assets.llm.clock import SystemClock
from agentskiller_assets.llm.errors import BudgetError, RefusalError, SettingsError
from agentskiller_assets.llm.limiter import Limiter
from agentskiller_assets.llm.meter import Meter, totals
from agentskiller_assets.llm.models import Completion, Request
from agentskiller_assets.llm.prices import Price, Prices
from agentskiller_assets.llm.scripted import ScriptedLLM
from agentskiller_assets.llm.settings import Settings
from tests.llm.kit import MODEL, PRICES, StillClock, model, request
from tests.llm.server import ModelServer, Reply, completion, refusal

CALLS, AT_ONCE, LATENCY_S, FIRST_S = 500, 64, 0.05, 2.0


def test_as_many_calls_as_allowed_are_under_way_at_once_and_no_more():
    async def calls(url: str) -> list[Completion]:
        llm = model(url, SystemClock(), concurrency=AT_ONCE)
        return await asyncio.gather(*(llm.complete(request(str(n))) for n in range(CALLS)))

    def answer(number: int, body: dict[str, Any]) -> Reply:
        """The first ones wait for the last of them to come, however slow the machine is."""
        return Reply(completion(body, "Yes."), delay_s=FIRST_S if number < AT_ONCE else LATENCY_S)

    with ModelServer(answer) as server:
        started = time.monotonic()
        found = background.run(calls(server.url))
        took = time.monotonic() - started
    assert len(found) == len(server.requests) == CALLS
    assert server.most_at_once == AT_ONCE
    assert took < FIRST_S + CALLS * LATENCY_S / 2, "one after the other would take twice as long"


def test_each_model_has_room_of_its_own():
    async def calls(url: str) -> None:
        llm = model(url, SystemClock(), concurrency=2)
        await asyncio.gather(*(llm.complete(request(str(n), model=m)) for n in range(10) for m in ("one", "two")))

    with ModelServer(lambda n, body: Reply(completion(body, "Yes."), delay_s=0.5 if n < 4 else 0.02)) as server:
        background.run(calls(server.url))
    assert server.most_at_once == 4


def test_the_limit_halves_with_complaints_and_comes_back_with_success():
    clock = StillClock()
    limiter = Limiter(16, clock)
    started = clock.monotonic()
    clock.time += 1
    limiter.too_much(started, None)
    limiter.too_much(started, None)
    assert limiter.limit == 8, "complaints about calls of before the halving are none about what holds since"
    clock.time += 1
    for _ in range(9):
        clock.time += 1
        limiter.too_much(clock.monotonic(), None)
    assert limiter.limit == 1
    for _ in range(200):
        limiter.went_well()
    assert limiter.limit == 16


def test_an_endpoint_that_takes_few_at_a_time_gets_few_and_everything_is_answered():
    taken = {"now": 0, "refused": 0}

    async def calls(url: str) -> int:
        llm = model(url, concurrency=32)
        found = await asyncio.gather(*(llm.complete(request(str(n))) for n in range(100)), return_exceptions=True)
        return sum(isinstance(each, Completion) for each in found)

    def strict(number: int, body: dict[str, Any]) -> Any:
        if server.at_once > 6:
            taken["refused"] += 1
            return refusal(429)
        return Reply(completion(body, "Yes."), delay_s=0.01)

    with ModelServer(strict) as server:
        assert background.run(calls(server.url)) == 100
    assert taken["refused"] < 100


def test_who_stops_waiting_gives_the_place_back():
    async def story() -> int:
        limiter = Limiter(1, StillClock())

        async def hold(seconds: float) -> None:
            async with limiter.slot():
                await asyncio.sleep(seconds)

        holder, waiting = asyncio.create_task(hold(0.02)), [asyncio.create_task(hold(0)) for _ in range(5)]
        await asyncio.sleep(0)
        for task in waiting[:3]:
            task.cancel()
        await asyncio.gather(holder, *waiting, return_exceptions=True)
        return limiter.running

    assert asyncio.run(story()) == 0


def paid(tokens: int, **others: Any) -> ScriptedLLM:
    """Every answer takes so many tokens."""
    values = {"content": "Yes.", "completion_tokens": tokens, **others}
    return ScriptedLLM(lambda asked: Completion(call_id="", model=asked.model, answered_by=MODEL, **values))


def spend(llm: Budgeted, calls: int, **others: Any) -> list[Any]:
    async def all_of_them() -> list[Any]:
        asked = (llm.complete(request(str(n), **others)) for n in range(calls))
        return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(all_of_them())


def test_a_budget_of_tokens_is_never_exceeded_and_says_what_was_spent():
    inner = paid(100)
    budget = Budget(most_tokens=1000, prices=PRICES)
    found = spend(Budgeted(inner, budget), 30, max_tokens=100)
    errors = [each for each in found if isinstance(each, BudgetError)]
    assert (budget.spent.tokens, len(inner.requests), len(errors)) == (900, 9, 21)
    told = str(errors[-1])
    assert "prompt 'tests/colour', model small-model: the next call may take" in told
    assert "of 1,000 tokens spent are 9 calls, 900 tokens, $0.0018" in told
    assert "what is paid for is kept" in told


def test_a_budget_of_money_needs_prices_and_goes_by_them():
    budget = Budget(most_cost=0.01, prices=PRICES)
    inner = paid(1000)
    spend(Budgeted(inner, budget), 30, max_tokens=1000)
    assert len(inner.requests) == 4
    assert budget.spent.cost == pytest.approx(0.008)
    unknown = spend(Budgeted(inner, budget), 1, model="unknown")
    assert isinstance(unknown[0], BudgetError)
    assert "no price of the model is known. Name its price in a file of AGENTSKILLER_PRICES" in str(unknown[0])
    assert spend(Budgeted(inner, Budget(prices=PRICES)), 1, model="unknown")[0].content == "Yes."


def test_answers_that_cannot_be_used_are_paid_for_as_well():
    budget = Budget(most_tokens=1000, prices=PRICES)
    found = spend(Budgeted(paid(400, refusal="No."), budget), 9, max_tokens=400)
    assert [type(each) for each in found] == [RefusalError] * 2 + [BudgetError] * 7
    assert budget.spent.tokens == 800


def test_prices_are_packaged_go_by_name_and_the_users_own_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    packaged = Prices.load()
    assert packaged.of("gpt-4o-mini-2024-07-18") == packaged.of("gpt-4o-mini") == Price(input=0.15, output=0.60)
    assert packaged.cost("my-own", 1, 1) is None
    own = tmp_path / "prices.yaml"
    own.write_text("my-own: {input: 0, output: 0}\ngpt-4o-mini: {input: 1, output: 1}\n")
    monkeypatch.setenv("AGENTSKILLER_PRICES", str(own))
    assert Prices.load().cost("my-own", 10, 10) == 0
    assert Prices.load().cost("gpt-4o-mini", 500_000, 500_000) == 1
    for text in ("gpt: 3", "gpt: {input: -1, output: 0}", "- a", "gpt: {input: 1}"):
        own.write_text(text)
        with pytest.raises(SettingsError, match="Write one line per model"):
            Prices.load()
    monkeypatch.setenv("AGENTSKILLER_PRICES", str(tmp_path / "missing.yaml"))
    with pytest.raises(SettingsError, match=r"missing\.yaml"):
        Prices.load()


def test_a_meter_counts_for_one_asset_and_partition_from_any_thread_and_loop():
    told: list[str] = []
    clock = StillClock()

    def answer(asked: Request) -> Completion:
        clock.time += 6
        refused = "No." if asked.messages[0]["content"] == "3" else None
        return Completion(
            call_id="", model=MODEL, answered_by=MODEL, content="Yes.", refusal=refused, prompt_tokens=5, cost=0.5
        )

    inner = ScriptedLLM(answer)
    meter = Meter(inner, "blueprints", "clinic", told.append, clock)
    for number in range(3):
        background.run(meter.complete(request(str(number))))
    with pytest.raises(RefusalError, match=r"prompt 'tests/colour' of blueprints\[clinic\], model small-model"):
        asyncio.run(meter.complete(request("3")))
    assert {(each.asset, each.partition) for each in inner.requests} == {("blueprints", "clinic")}
    assert meter.call_ids == tuple(sorted(each.call_id for each in inner.requests))
    assert totals([meter]) == {
        "llm_calls": 4,
        "llm_calls_from_cassette": 0,
        "llm_prompt_tokens": 20,
        "llm_completion_tokens": 0,
        "llm_cost_usd": 2.0,
    }
    assert told == [
        "2 model calls, 0 of them from the cassette, 10 tokens, $1.0000",
        "4 model calls, 0 of them from the cassette, 20 tokens, $2.0000",
    ]


def test_settings_come_from_the_environment_unless_they_are_named(monkeypatch: pytest.MonkeyPatch):
    for name in ("TEXTUAL_MODEL", "CODING_MODEL", "BASE_URL", "KEY_VARIABLE", "BUDGET_TOKENS", "BUDGET_USD"):
        monkeypatch.delenv(f"AGENTSKILLER_{name}", raising=False)
    assert Settings.load().is_empty
    monkeypatch.setenv("AGENTSKILLER_TEXTUAL_MODEL", "words")
    monkeypatch.setenv("AGENTSKILLER_BUDGET_TOKENS", "1,000_000")
    monkeypatch.setenv("AGENTSKILLER_BUDGET_USD", "2.5")
    monkeypatch.setenv("AGENTSKILLER_OFFLINE", "1")
    found = Settings.load(base_url="http://x/v1")
    assert (found.textual_model, found.coding_model, found.endpoint.base_url) == ("words", "words", "http://x/v1")
    assert (found.most_tokens, found.most_cost, found.offline) == (1_000_000, 2.5, True)
    assert not found.is_empty
    assert Settings.load(coding_model="sql", most_tokens=5).coding_model == "sql"
    for wrong in ("much", "-1", "inf"):
        monkeypatch.setenv("AGENTSKILLER_BUDGET_USD", wrong)
        with pytest.raises(SettingsError, match=r"AGENTSKILLER_BUDGET_USD: .* is not a number"):
            Settings.load()
