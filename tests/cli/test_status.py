"""With hundreds of domains `status` counts them, and names only what went wrong."""

import pytest

from agentskiller_assets.cli.status import MOST_SHOWN, _summarize
from resources.freshness import Freshness, State


def _domain(*found: tuple[str, Freshness, str]) -> list[State]:
    return [
        State(asset=asset, partition="any", freshness=freshness, reasons=(reason,) if reason else ())
        for asset, freshness, reason in found
    ]


def test_many_domains_are_counted_by_their_worst_state_with_the_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    fresh = _domain(("policies", "fresh", ""), ("queries", "fresh", ""))
    begun = _domain(("policies", "fresh", ""), ("queries", "missing", ""))
    stale = _domain(("policies", "stale", "code changed"), ("queries", "stale", "upstream policies[any] changed"))
    half = _domain(("policies", "fresh", ""), ("queries", "unfinished", ""))
    _summarize("domains", [fresh, fresh, begun, stale, stale, half], ["bakery"])
    assert capsys.readouterr().out.splitlines() == [
        "6 domains: 1 unfinished, 2 stale, 1 not made, 2 fresh; last run failed of 1",
        "  2: policies code changed",
        "  1: queries unfinished",
    ]


def test_one_reason_of_many_domains_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    states = [_domain(("entities", "stale", f"upstream domain_topics[{name}] changed")) for name in ("bakery", "zoo")]
    _summarize("domains", states, [])
    assert capsys.readouterr().out.splitlines()[1:] == ["  2: entities upstream domain_topics changed"]


def test_reasons_that_differ_are_not_told_without_end(capsys: pytest.CaptureFixture[str]) -> None:
    states = [_domain(("domain_topics", "stale", f"its pack is broken: line {number}")) for number in range(100)]
    _summarize("domains", states, [])
    said = capsys.readouterr().out.splitlines()
    assert len(said) == MOST_SHOWN + 2
    assert said[-1] == "  70: other reasons; give --domains or --pairs to see them"
