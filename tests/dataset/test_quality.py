"""Figures of variety: counted as their definitions say, and right where they are easy to know."""

import math
from collections import Counter
from statistics import fmean

import pytest

from agentskiller_assets.dataset.quality import (
    DRAWN,
    Tokens,
    distinct,
    evenly,
    measure_quality,
    self_bleu,
    shared_phrasing,
    tokens_of,
)
from tests.dataset.kit import evaluated, examples
from tests.world import DOMAIN, clinic

TEXTS = [
    "I'd like to book a guided ride on Monday, please.",
    "I'd like to cancel a guided ride on Monday, please.",
    "Could you move my lesson to the day after?",
    "Could you move my lesson to the day after?",
    "Hello!",
]


def _naive_self_bleu(texts: list[Tokens]) -> float:
    """BLEU-4 by its definition, each text against all others."""
    scores = []
    for place, text in enumerate(texts):
        others = texts[:place] + texts[place + 1 :]
        logs = []
        for n in range(1, 5):
            own = Counter(text[i : i + n] for i in range(len(text) - n + 1))
            refs = [Counter(ref[i : i + n] for i in range(len(ref) - n + 1)) for ref in others]
            matched = sum(min(times, max(ref[run] for ref in refs)) for run, times in own.items())
            logs.append(math.log(max(matched, 1e-9) / max(own.total(), 1)))
        closest = min((len(other) for other in others), key=lambda length: (abs(length - len(text)), length))
        scores.append(math.exp(min(0.0, 1 - closest / len(text)) + fmean(logs)))
    return fmean(scores)


def test_self_bleu_is_that_of_its_definition():
    texts = [tokens_of(text) for text in TEXTS]
    assert self_bleu(texts) == pytest.approx(_naive_self_bleu(texts), rel=1e-9)
    assert self_bleu(texts[2:4]) == pytest.approx(1)
    assert self_bleu([tokens_of("one two three four"), tokens_of("five six seven eight")]) < 1e-6
    assert self_bleu(texts[:1]) == 0


def test_figures_of_many_messages_are_of_as_many_evenly_drawn():
    texts = [(str(number),) for number in range(10 * DRAWN)]
    assert evenly(texts) == texts[::10]
    assert evenly(texts[:7]) == texts[:7]
    assert evenly([]) == []


def test_distinct_runs_are_a_share_of_all_runs():
    texts = [("a", "b", "a", "b"), ("a", "b")]
    assert distinct(texts, 1) == 2 / 6
    assert distinct(texts, 2) == 2 / 4
    assert distinct([], 2) == 0


def test_phrasing_is_shared_only_with_another_domain():
    once = tokens_of("please move my lesson to the day after")
    assert shared_phrasing({"a": [once, once], "b": [tokens_of("a ride on a road in the hills")]}) == 0
    assert shared_phrasing({"a": [once], "b": [once]}) == 1
    assert shared_phrasing({"a": [once], "b": [(*once, "at", "last", "or", "so")]}) == pytest.approx((1 + 4 / 8) / 2)


def test_everything_is_counted_all_and_different():
    world, made = clinic(), examples(evaluated())
    messages = {DOMAIN: [query.first_message for query in world.queries]}

    found = measure_quality(made, world.domain_catalog, {DOMAIN: world.spec}, world.task_templates, messages)

    assert (found.domains, found.sectors, found.patterns) == (1, 1, 1)
    assert found.tools == found.tool_names == len(world.spec.tools)
    assert found.rule_codes == found.rules == sum(len(tool.rules) for tool in world.spec.tools)
    assert found.template_shapes <= found.templates == len(world.task_templates)
    assert found.entities == found.entity_titles == sum(table.kind == "entity" for table in world.spec.tables)
    assert found.messages == len(world.queries)
    assert 0 < found.distinct_1 < found.distinct_2 < found.distinct_3 < 1
    assert 0 < found.self_bleu < 1
    assert found.shared_phrasing == 0
    single, fused = found.lengths
    assert (single.examples, fused.examples) == (len(made), 0)
    assert single.mean_calls == sum(each.calls for each in made) / len(made)
