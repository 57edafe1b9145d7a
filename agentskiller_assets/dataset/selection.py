"""Which conversations become examples: what passed, is foreign to no text that must stay unseen, and is there once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agentskiller_assets.dataset.contamination import ForeignTexts
from agentskiller_assets.dataset.duplicates import Shingles, near_duplicates
from agentskiller_assets.dataset.groups import domains_in, groups_of, splits_of
from agentskiller_assets.dataset.messages import content_digest, openai_messages, talk_of, texts_of
from agentskiller_assets.dataset.models import Decision, Selection, Settings, Split
from agentskiller_assets.dataset.stored import Conversations
from agentskiller_assets.evaluation.models import Evaluation
from agentskiller_assets.rollouts.models import Rollout
from agentskiller_assets.tasks.models import TaskKind

Verdict = tuple[Decision, str]
"""A decision, and why."""


@dataclass(frozen=True)
class _Candidate:
    """What has to be known of a conversation to decide about it; the conversation itself is read again later."""

    rollout: str
    evaluation: str | None
    domain: str
    task_kind: TaskKind
    left_out: tuple[str, ...]
    content: str
    runs: frozenset[int]
    verdict: Verdict | None
    """None if it depends on the others."""


def select(
    conversations: Iterable[Conversations],
    partitions: Sequence[str],
    order: Sequence[str],
    settings: Settings,
    foreign: ForeignTexts,
) -> list[Selection]:
    """The decision about every conversation of these partitions; `order` are all domains as they were registered."""
    shingles = Shingles()
    candidates = [
        _candidate(rollout, each.evaluations.get(rollout.id), settings, foreign, shingles)
        for each in conversations
        for rollout in each.rollouts
    ]
    groups = groups_of(partitions, order, settings)
    splits = splits_of(groups, order, settings)
    split_of: dict[str, Split | None] = {name: _split_of(name, groups, splits) for name in partitions}
    verdicts = {each.rollout: each.verdict or _across(each.domain, split_of) for each in candidates}
    verdicts |= _repeated([each for each in candidates if verdicts[each.rollout] is None], settings)
    return [
        _selection(each, position, groups, split_of[each.domain], verdicts[each.rollout])
        for position, each in enumerate(candidates)
    ]


def _candidate(
    rollout: Rollout, evaluation: Evaluation | None, settings: Settings, foreign: ForeignTexts, shingles: Shingles
) -> _Candidate:
    left_out = evaluation.redundant if evaluation and evaluation.passed and settings.prune else ()
    messages = openai_messages(rollout, left_out)
    verdict = _verdict(evaluation) or _contaminated(foreign.found_in(texts_of(messages)))
    return _Candidate(
        rollout=rollout.id,
        evaluation=evaluation.id if evaluation else None,
        domain=rollout.domain,
        task_kind=rollout.task_kind,
        left_out=left_out,
        content=content_digest(messages),
        runs=frozenset() if verdict else shingles.of(talk_of(messages)),
        verdict=verdict,
    )


def _verdict(evaluation: Evaluation | None) -> Verdict | None:
    if evaluation is None:
        return "not evaluated", "there is no evaluation of it as it is now"
    if not evaluation.passed:
        wrong = [f"{part.name}: {'; '.join(part.reasons[:1])}" for part in evaluation.parts if part.score < 1]
        return "not passed", " / ".join(wrong) or f"its score is {evaluation.score}"
    return None


def _contaminated(found: str | None) -> Verdict | None:
    return ("contaminated", found) if found else None


def _split_of(partition: str, groups: Mapping[str, str], splits: Mapping[str, Split]) -> Split | None:
    """The split of a domain; that of a pair if both of its domains are in it."""
    found: set[Split] = {splits[groups[domain]] for domain in domains_in(partition)}
    return found.pop() if len(found) == 1 else None


def _across(partition: str, split_of: Mapping[str, Split | None]) -> Verdict | None:
    if split_of[partition] is not None:
        return None
    return "across splits", f"{' and '.join(domains_in(partition))} are in different splits"


def _repeated(candidates: Sequence[_Candidate], settings: Settings) -> dict[str, Verdict]:
    """What is kept of these, and what is there already: of two that are alike, the one with the smaller id stays."""
    first: dict[str, str] = {}
    found: dict[str, Verdict] = {}
    ordered = sorted(candidates, key=lambda each: each.rollout)
    for each in ordered:
        if each.content in first:
            found[each.rollout] = "exact duplicate", f"the same as {first[each.content]}"
        first.setdefault(each.content, each.rollout)
    rest = {each.rollout: each.runs for each in ordered if each.rollout not in found}
    alike = near_duplicates(rest, settings.near_threshold)
    for rollout in rest:
        if twin := alike.get(rollout):
            found[rollout] = "near duplicate", f"{twin[1]:.2f} like {twin[0]}"
        else:
            found[rollout] = "kept", "it passed, and nothing kept is like it"
    return found


def _selection(
    each: _Candidate, position: int, groups: Mapping[str, str], split: Split | None, verdict: Verdict | None
) -> Selection:
    assert verdict is not None
    return Selection(
        id=Selection.make_id(each.rollout),
        parents=(each.rollout, *([each.evaluation] if each.evaluation else [])),
        position=position,
        rollout=each.rollout,
        evaluation=each.evaluation,
        domain=each.domain,
        task_kind=each.task_kind,
        group=groups[domains_in(each.domain)[0]],
        split=split,
        decision=verdict[0],
        reason=verdict[1],
        left_out=each.left_out,
        content=each.content,
    )
