"""`run` makes a pair as soon as its domains are made, and whatever else fails."""

from concurrent.futures import Future
from pathlib import Path
from typing import Any, cast

import pytest

from agentskiller_assets.cli import pipeline
from agentskiller_assets.cli.pipeline import Piece, make_pieces
from agentskiller_assets.cli.plan import Pipeline, Work, to_make
from agentskiller_assets.cli.runs import RunResult
from agentskiller_assets.cli.settings import RunSettings
from agentskiller_assets.cli.workers import Workers
from agentskiller_assets.definitions import defs
from agentskiller_assets.errors import StorageError
from agentskiller_assets.partitions import register_domains
from resources.freshness import Freshness, State
from resources.storage.warehouse import Warehouse


class _Workers(Workers):
    """Ends one run for each time that somebody waits, in the order given; a run fails if its name says so."""

    def __init__(self, order: list[str]) -> None:
        self.begun: list[str] = []
        self.begun_before: dict[str, list[str]] = {}
        self._order = order
        self._futures: dict[str, Future[RunResult]] = {}

    def submit(self, job: str, partition: str | None, assets: list[str], run_config: dict[str, Any]) -> Any:
        self.begun.append(f"{job} {partition} {' '.join(assets)}")
        future = self._futures[str(partition)] = Future[RunResult]()
        return future

    def wait(self, futures: Any, **_options: Any) -> None:
        assert futures, "nobody waits for nothing"
        partition = self._order.pop(0)
        self.begun_before[partition] = list(self.begun)
        failures = ("it broke",) if "broken" in partition else ()
        result = RunResult(partition=partition, run_id="", success=not failures, failures=failures)
        self._futures[partition].set_result(result)


def _domain(name: str, stale: tuple[str, ...] = ("queries",)) -> Piece:
    return Piece(name, "domain_pipeline", lambda: Work(list(stale), list(stale)))


def _pair(first: str, second: str) -> Piece:
    return Piece(f"{first}--{second}", "fusion", lambda: Work(["fused_queries"], ["fused_queries"]), (first, second))


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def make(pieces: list[Piece], ending: list[str], jobs: int = 9) -> tuple[_Workers, dict[str, tuple[str, ...]]]:
        workers = _Workers(ending)
        workers.jobs = jobs
        monkeypatch.setattr(pipeline, "wait", workers.wait)
        settings = RunSettings(seed=7, target_domains=1)
        return workers, make_pieces(Warehouse(tmp_path), settings, pieces, workers)

    return make


def test_a_pair_begins_when_its_own_domains_are_made_and_not_before(made: Any) -> None:
    pieces = [*map(_domain, "abc"), _pair("a", "b"), _pair("b", "c")]
    workers, failed = made(pieces, ["b", "a", "a--b", "c", "b--c"])
    domains = [f"domain_pipeline {name} queries" for name in "abc"]
    assert not failed
    assert workers.begun == [*domains, "fusion a--b fused_queries", "fusion b--c fused_queries"]
    assert workers.begun_before["a"] == domains, "b alone is not enough"
    assert "fusion a--b fused_queries" in workers.begun_before["c"], "nor does it wait for a domain of others"


def test_a_pair_of_fresh_domains_begins_at_once(made: Any, capsys: pytest.CaptureFixture[str]) -> None:
    workers, failed = made([_domain("a", ()), _domain("b", ()), _domain("c"), _pair("a", "b")], ["c", "a--b"])
    assert not failed
    assert workers.begun == ["domain_pipeline c queries", "fusion a--b fused_queries"]
    assert "fusion a--b fused_queries" in workers.begun_before["c"]
    assert "Fresh already: a, b\n" in capsys.readouterr().out


def test_who_needs_a_domain_that_failed_is_not_begun_and_all_others_are(made: Any) -> None:
    pieces = [_domain("a"), _domain("broken"), _domain("c"), _pair("a", "broken"), _pair("a", "c")]
    workers, failed = made(pieces, ["broken", "a", "c", "a--c"])
    assert failed == {"broken": ("it broke",), "a--broken": ("its domain broken failed",)}
    assert workers.begun[-1] == "fusion a--c fused_queries"


def test_a_piece_whose_state_cannot_be_told_fails_alone(made: Any) -> None:
    def unreadable() -> Work:
        raise StorageError("queries of a", "cannot be read", "Make it again")

    workers, failed = made([Piece("a", "domain_pipeline", unreadable), _domain("b"), _pair("a", "b")], ["b"])
    assert list(failed) == ["a", "a--b"]
    assert "queries of a" in failed["a"][0]
    assert workers.begun == ["domain_pipeline b queries"]


def _unsure(name: str, *asked: Work) -> Piece:
    """Answers one after the other, as the content of what was made says."""
    answers = list(asked)
    return Piece(name, "domain_pipeline", lambda: answers.pop(0))


def test_no_run_is_begun_before_there_is_a_worker_for_it(made: Any) -> None:
    """After an interrupt, what is under way is waited for: it must not be more than the workers have in hand."""
    workers, _ = made([_domain("a"), _domain("b"), _domain("c"), _pair("a", "b")], ["a", "c", "b", "a--b"], jobs=2)
    of = "domain_pipeline {} queries".format
    assert workers.begun_before == {
        "a": [of("a"), of("b")],
        "c": [of("a"), of("b"), of("c")],
        "b": [of("a"), of("b"), of("c")],
        "a--b": [of("a"), of("b"), of("c"), "fusion a--b fused_queries"],
    }


TOPIC = Work(["domain_topics"], ["domain_topics", "entities", "queries"])


def test_content_that_came_out_the_same_leaves_everything_downstream_alone(
    made: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    workers, failed = made([_unsure("a", TOPIC, Work([], [])), _domain("b"), _pair("a", "b")], ["a", "b", "a--b"])
    assert not failed
    domains = ["domain_pipeline a domain_topics", "domain_pipeline b queries"]
    assert workers.begun == [*domains, "fusion a--b fused_queries"]
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("a:")] == [
        "a: 0 of 1 assets after 0 s"
    ]


def test_content_that_changed_has_everything_downstream_made_by_one_more_run(
    made: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = Work(["entities"], ["entities", "queries"])
    workers, failed = made([_unsure("a", TOPIC, changed), _domain("b", ()), _pair("a", "b")], ["a", "a", "a--b"])
    assert not failed
    runs = ["domain_pipeline a domain_topics", "domain_pipeline a entities queries"]
    assert workers.begun == [*runs, "fusion a--b fused_queries"], "the pair waits for the second run"
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("a:")] == [
        "a: 0 of 3 assets after 0 s"
    ]


def test_a_run_that_failed_is_not_followed_by_another(made: Any) -> None:
    workers, failed = made([_unsure("broken", TOPIC)], ["broken"])
    assert failed == {"broken": ("it broke",)}
    assert workers.begun == ["domain_pipeline broken domain_topics"]


def test_the_dataset_is_made_of_domains_that_were_registered_since_the_definitions_were_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENTSKILLER_WAREHOUSE", str(tmp_path))
    register_domains(tmp_path, ["zoo_visits"])
    assert ("rollouts", "zoo_visits") in Pipeline(defs).wanted("dataset_selection", None, None).upstream


class _Line(Pipeline):
    """Topic, entities, graph, queries: each is made from the one before."""

    def __init__(self) -> None:
        self.of_domain, self.of_pair, self.of_all = ["topic", "entities", "graph", "queries"], [], []
        self.parents = {"topic": ["catalog"], "entities": ["topic"], "graph": ["entities"], "queries": ["graph"]}


@pytest.mark.parametrize(
    ("states", "now"),
    [
        ("missing missing missing missing", "topic entities graph queries"),
        ("fresh missing missing missing", "entities graph queries"),
        ("stale fresh fresh fresh", "topic"),
        ("fresh fresh unfinished stale", "graph queries"),
        ("stale fresh stale missing", "topic"),
        ("fresh fresh fresh fresh", ""),
    ],
)
def test_what_may_stay_fresh_waits_and_so_does_what_is_made_of_it(states: str, now: str) -> None:
    kinds = cast(list[Freshness], states.split())
    line = _Line()
    found = [State(asset=each, partition="a", freshness=kind) for each, kind in zip(line.of_domain, kinds, strict=True)]
    work = to_make(line, found)
    assert work.now == now.split()
    assert work.all == (line.of_domain[line.of_domain.index(work.now[0]) :] if now else [])
