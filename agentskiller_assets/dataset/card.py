"""The dataset card: what a person wants to know before training on it, in Markdown."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from agentskiller_assets.core import language
from agentskiller_assets.dataset.contamination import RUN
from agentskiller_assets.dataset.duplicates import SHINGLE
from agentskiller_assets.dataset.models import SPLITS, DatasetReport

__all__ = ["card"]

_MOST_LISTED = 40
_DECISIONS = {
    "kept": "kept",
    "not evaluated": "not evaluated as it is now",
    "not passed": "did not pass its evaluation",
    "contaminated": f"holds {RUN} words in a row of a text that it must stay apart from",
    "across splits": "belongs to a pair whose domains are in different splits",
    "exact duplicate": "says the same as one that is kept",
    "near duplicate": "is too much like one that is kept",
}


def card(report: DatasetReport) -> str:
    """All of it, from the counts to the digests."""
    return "\n".join(
        [
            "# Conversations with tools",
            "",
            f"{language.count(report.examples, 'conversation').capitalize()} between a customer and an agent that "
            "uses the tools of a service under a written policy. Each was held on a database of its own and passed its "
            "evaluation: the right calls, the right state at the end, the right things told, the policy kept.",
            "",
            *_splits(report),
            *_section("Kinds of task", ["kind", *SPLITS, "all"], _by(report, "task_kind")),
            *_section("Domains and pairs", ["domain or pair", *SPLITS, "all"], _by(report, "domain")[:_MOST_LISTED]),
            *_lengths(report),
            *_variety(report),
            *_selection(report),
            *_origin(report),
        ]
    )


def _splits(report: DatasetReport) -> list[str]:
    counted: Counter[str] = Counter()
    for each in report.counts:
        counted[each.split] += each.examples
    rows = [
        [split, counted[split], sum(len(group.domains) for group in report.groups if group.split == split)]
        for split in SPLITS
    ]
    text = "No domain is in two splits: domains that share a pair are in one group, and a group is in one split."
    if report.settings.split_by == "domain":
        text = "No domain is in two splits: pairs whose domains are in different splits are left out."
    return [*_section("Splits", ["split", "examples", "domains"], rows), text, *_warning(report, counted), ""]


def _warning(report: DatasetReport, counted: Mapping[str, int]) -> list[str]:
    """What to do where a split is empty."""
    empty = [split for split in SPLITS if not counted[split]]
    if not empty or not report.examples:
        return []
    fix = "make more domains"
    if report.settings.split_by == "group" and any(len(group.domains) > 1 for group in report.groups):
        fix += ", or set `split_by` of `dataset_selection` to `domain`, which leaves out pairs that bridge two splits"
    groups = language.count(len(report.groups), "group")
    return ["", f"Nothing is in {' and '.join(empty)}, since the domains form {groups}. To change that, {fix}."]


def _by(report: DatasetReport, field: str) -> list[list[Any]]:
    """Examples by one field and split, the most first."""
    counted: dict[str, Counter[str]] = {}
    for each in report.counts:
        counted.setdefault(getattr(each, field), Counter())[each.split] += each.examples
    ordered = sorted(counted.items(), key=lambda item: (-item[1].total(), item[0]))
    return [[name, *(found[split] for split in SPLITS), found.total()] for name, found in ordered]


def _lengths(report: DatasetReport) -> list[str]:
    spreads = {"turns": report.turns, "tool calls": report.calls, "words": report.words}
    rows = [[name, each.fewest, f"{each.mean:.1f}", each.most] for name, each in spreads.items()]
    return [
        *_section("Lengths", ["", "fewest", "mean", "most"], rows),
        f"Different pairs of words in a row, as a share of all: {report.distinct_2_user:.3f} for what users say, "
        f"{report.distinct_2_assistant:.3f} for what the agent says.",
        "",
    ]


def _variety(report: DatasetReport) -> list[str]:
    found = report.quality
    rows = [
        ["tools", found.tools, found.tool_names],
        ["rules", found.rules, found.rule_codes],
        ["kinds of request", found.templates, found.template_shapes],
        ["entities", found.entities, found.entity_titles],
        ["attributes of entities", found.attributes, found.attribute_names],
    ]
    lengths = [
        [each.name, each.examples, f"{each.mean_turns:.1f}", each.most_turns, f"{each.mean_calls:.1f}", each.most_calls]
        for each in found.lengths
    ]
    header = ["", "examples", "mean turns", "most turns", "mean calls", "most calls"]
    where = f"{language.count(found.domains, 'domain')} of {language.count(found.sectors, 'sector')} and "
    where += language.count(found.patterns, "service pattern")
    return [
        *_section("Variety", ["", "all", "different"], rows),
        f"These come from {where}. Users' first messages ({found.messages}): distinct-1 {found.distinct_1:.3f}, "
        f"distinct-2 {found.distinct_2:.3f}, distinct-3 {found.distinct_3:.3f}, self-BLEU {found.self_bleu:.3f}; "
        f"{found.shared_phrasing:.1%} of a domain's phrases of five words are another's too.",
        "",
        *_section("One domain and two", header, lengths),
    ]


def _selection(report: DatasetReport) -> list[str]:
    rows = [[text, report.decisions.get(decision, 0)] for decision, text in _DECISIONS.items()]
    lines = _section("What was kept, and what was not", ["", "conversations"], rows)
    against = language.count(len(report.foreign), "file") if report.foreign else "no file was given"
    return [
        *lines,
        f"Near duplicates share {report.settings.near_threshold:.0%} or more of their runs of {SHINGLE} words; of two, "
        f"the one with the smaller id is kept. {report.overlap:.1%} of the passing conversations overlap with foreign "
        f"texts ({against}).",
        "",
    ]


def _origin(report: DatasetReport) -> list[str]:
    settings = [[f"`{name}`", _plain(value)] for name, value in report.settings.model_dump().items()]
    foreign = [[each.name, f"`{each.digest}`"] for each in report.foreign]
    return [
        *_section("Settings", ["setting", "value"], settings),
        *(_section("Kept apart from", ["file", "digest"], foreign) if foreign else []),
        *_section("Made from", ["asset", "data version"], [[each.name, f"`{each.digest}`"] for each in report.sources]),
        f"Data version of the examples: `{report.digest}`. The same seed, settings and inputs give the same bytes.",
        "",
    ]


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, list | tuple) else str(value)


def _section(title: str, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    table = [header, ["--"] * len(header), *rows]
    return [f"## {title}", "", *(f"| {' | '.join(map(str, row))} |" for row in table), ""]
