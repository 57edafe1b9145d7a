"""How varied the environments, requests and conversations are: figures over everything that the examples come from."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean

from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.dataset.models import Example, Length, Quality
from agentskiller_assets.ontology.models import CatalogEntry
from agentskiller_assets.tasks.models import TaskTemplate

LONGEST = 4
"""BLEU compares runs of one to four words."""
DRAWN = 200
"""First messages that distinct-n and self-BLEU are measured on."""
RUN = 5
"""Words in a row that count as a phrase."""
_TOKEN = re.compile(r"[\w'-]+|[.,!?;:]")
_SMOOTH = 1e-9

Tokens = tuple[str, ...]


def measure_quality(
    examples: Sequence[Example],
    catalog: Iterable[CatalogEntry],
    specs: Mapping[str, EnvironmentSpec],
    templates: Iterable[TaskTemplate],
    first_messages: Mapping[str, Sequence[str]],
) -> Quality:
    """The figures. Specifications and first messages are by domain; of pairs only what is said is looked at."""
    entries = [entry for entry in catalog if entry.domain in specs]
    tools = [tool.name for spec in specs.values() for tool in spec.tools]
    rules = [rule.code for spec in specs.values() for tool in spec.tools for rule in tool.rules]
    entities = [table for spec in specs.values() for table in spec.tables if table.kind == "entity"]
    attributes = [column.name for table in entities for column in table.columns if column.type not in ("id", "ref")]
    shapes = [(each.task_kind, each.trajectory, each.refusal) for each in templates]
    said = {domain: [tokens_of(text) for text in texts] for domain, texts in first_messages.items()}
    messages = [tokens for domain in sorted(said) for tokens in said[domain]]
    drawn = evenly(messages)
    return Quality(
        domains=len(specs),
        sectors=len({entry.sector for entry in entries}),
        patterns=len({entry.pattern for entry in entries}),
        tools=len(tools),
        tool_names=len(set(tools)),
        rules=len(rules),
        rule_codes=len(set(rules)),
        templates=len(shapes),
        template_shapes=len(set(shapes)),
        entities=len(entities),
        entity_titles=len({table.title for table in entities}),
        attributes=len(attributes),
        attribute_names=len(set(attributes)),
        messages=len(messages),
        distinct_1=distinct(drawn, 1),
        distinct_2=distinct(drawn, 2),
        distinct_3=distinct(drawn, 3),
        self_bleu=self_bleu(drawn),
        shared_phrasing=shared_phrasing({domain: texts for domain, texts in said.items() if domain in specs}),
        lengths=(
            _length("single", [each for each in examples if len(each.domains) == 1]),
            _length("fused", [each for each in examples if len(each.domains) > 1]),
        ),
    )


def evenly(texts: Sequence[Tokens]) -> list[Tokens]:
    """As many as are measured, at equal distances: with more texts, the same variety would count as less."""
    drawn = min(len(texts), DRAWN)
    return [texts[place * len(texts) // drawn] for place in range(drawn)]


def tokens_of(text: str) -> Tokens:
    """Words and marks in lower case."""
    return tuple(_TOKEN.findall(text.lower()))


def distinct(texts: Iterable[Tokens], length: int) -> float:
    """Different runs of so many words divided by all of them (distinct-n); 0 where there are none."""
    runs = Counter(run for text in texts for run in _runs(text, length))
    return len(runs) / runs.total() if runs else 0.0


def self_bleu(texts: Sequence[Tokens]) -> float:
    """The mean BLEU-4 of each text against all others as references: the lower, the more varied. 0 for fewer than two.

    A run counts as often as the reference that has it most often has it. That is kept for all texts at once, with the
    runner-up for the text that is first itself, so that the cost grows with the texts and not with their square.
    """
    if len(texts) < 2:
        return 0.0
    counted = [[Counter(_runs(text, n)) for n in range(1, LONGEST + 1)] for text in texts]
    best = [_two_highest(each[n] for each in counted) for n in range(LONGEST)]
    lengths = Counter(len(text) for text in texts)
    return fmean(_bleu(text, runs, best, lengths) for text, runs in zip(texts, counted, strict=True))


def shared_phrasing(said: Mapping[str, Sequence[Tokens]]) -> float:
    """The mean over domains of the share of their runs of five words that some other domain says too."""
    runs = {domain: Counter(run for text in texts for run in _runs(text, RUN)) for domain, texts in said.items()}
    speakers = Counter(run for found in runs.values() for run in found)
    shares = [
        sum(times for run, times in found.items() if speakers[run] > 1) / found.total()
        for found in runs.values()
        if found
    ]
    return fmean(shares) if shares else 0.0


def _runs(text: Tokens, length: int) -> Iterator[Tokens]:
    return (text[start : start + length] for start in range(len(text) - length + 1))


def _two_highest(texts: Iterable[Counter[Tokens]]) -> dict[Tokens, tuple[int, int]]:
    """For every run, how often the text says it that says it most often, and the one after that."""
    found: dict[Tokens, tuple[int, int]] = {}
    for text in texts:
        for run, times in text.items():
            first, second = found.get(run, (0, 0))
            found[run] = (times, first) if times > first else (first, max(second, times))
    return found


def _bleu(
    text: Tokens,
    runs: Sequence[Counter[Tokens]],
    best: Sequence[Mapping[Tokens, tuple[int, int]]],
    lengths: Mapping[int, int],
) -> float:
    logs = []
    for own, highest in zip(runs, best, strict=True):
        matched = sum(min(times, _of_others(times, *highest[run])) for run, times in own.items())
        logs.append(math.log(max(matched, _SMOOTH) / max(own.total(), 1)))
    others = [length for length, times in lengths.items() if times > (length == len(text))]
    closest = min(others, key=lambda length: (abs(length - len(text)), length))
    brevity = min(0.0, 1 - closest / max(len(text), 1))
    return math.exp(brevity + fmean(logs))


def _of_others(own: int, first: int, second: int) -> int:
    return second if own == first else first


def _length(name: str, examples: Sequence[Example]) -> Length:
    turns, calls = ([getattr(each, field) for each in examples] for field in ("turns", "calls"))
    return Length(
        name=name,
        examples=len(examples),
        mean_turns=fmean(turns) if turns else 0.0,
        mean_calls=fmean(calls) if calls else 0.0,
        most_turns=max(turns, default=0),
        most_calls=max(calls, default=0),
        turns=dict(sorted(Counter(turns).items())),
        calls=dict(sorted(Counter(calls).items())),
    )
