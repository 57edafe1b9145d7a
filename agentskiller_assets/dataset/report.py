"""The dataset in figures."""

from collections import Counter
from collections.abc import Sequence
from statistics import fmean

from agentskiller_assets.dataset.card import card
from agentskiller_assets.dataset.groups import domains_in
from agentskiller_assets.dataset.models import (
    SPLITS,
    Count,
    DatasetReport,
    Example,
    Group,
    Quality,
    Selection,
    Settings,
    Source,
    Split,
    Spread,
)
from agentskiller_assets.rollouts.figures import distinct_2
from agentskiller_assets.tasks.models import TaskKind

_WORDS = 100
_NOT_COMPARED = ("not evaluated", "not passed")


def make_report(
    selected: Sequence[Selection],
    examples: Sequence[Example],
    settings: Settings,
    sources: Sequence[Source],
    foreign: Sequence[Source],
    digest: str,
    quality: Quality,
) -> DatasetReport:
    """What is in the dataset, what is not and why, and from what it was made; `digest` is that of the examples."""
    decisions = Counter(each.decision for each in selected)
    passed = sum(n for decision, n in decisions.items() if decision not in _NOT_COMPARED)
    report = DatasetReport(
        id=DatasetReport.make_id(digest, settings.model_dump()),
        digest=digest,
        examples=len(examples),
        decisions=dict(sorted(decisions.items())),
        counts=tuple(_counts(examples)),
        groups=tuple(_groups(selected, examples, settings)),
        turns=_spread([each.turns for each in examples]),
        calls=_spread([each.calls for each in examples]),
        words=_spread([each.words for each in examples], step=_WORDS),
        distinct_2_user=distinct_2(_said(examples, "user")),
        distinct_2_assistant=distinct_2(_said(examples, "assistant")),
        overlap=decisions["contaminated"] / passed if passed else 0.0,
        quality=quality,
        settings=settings,
        sources=tuple(sources),
        foreign=tuple(foreign),
        card="",
    )
    return report.model_copy(update={"card": card(report)})


def _counts(examples: Sequence[Example]) -> list[Count]:
    counted: Counter[tuple[Split, str, TaskKind]] = Counter()
    counted.update((each.split, each.domain, each.task_kind) for each in examples)
    return [
        Count(split=split, domain=domain, task_kind=kind, examples=n)
        for (split, domain, kind), n in sorted(counted.items(), key=lambda item: (SPLITS.index(item[0][0]), item[0]))
    ]


def _groups(selected: Sequence[Selection], examples: Sequence[Example], settings: Settings) -> list[Group]:
    """Every group of which there are examples, the largest first."""
    members: dict[tuple[str, Split], set[str]] = {}
    for each in selected:
        if each.split is not None:
            together = domains_in(each.domain) if settings.split_by == "group" else (each.group,)
            members.setdefault((each.group, each.split), set()).update(together)
    counted = Counter(each.group for each in examples)
    groups = [
        Group(name=name, split=split, domains=tuple(sorted(domains)), examples=counted[name])
        for (name, split), domains in members.items()
        if counted[name]
    ]
    return sorted(groups, key=lambda group: (-group.examples, group.name))


def _spread(lengths: Sequence[int], step: int = 1) -> Spread:
    if not lengths:
        return Spread(step=step, counts={})
    counted = Counter(length // step * step for length in lengths)
    counts = dict(sorted(counted.items()))
    return Spread(fewest=min(lengths), mean=fmean(lengths), most=max(lengths), step=step, counts=counts)


def _said(examples: Sequence[Example], role: str) -> list[str]:
    return [m["content"] for each in examples for m in each.messages if m["role"] == role and m.get("content")]
