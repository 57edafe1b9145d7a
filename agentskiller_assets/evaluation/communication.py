"""Whether the user was told what the task is about: the answer, the reason, the hand-over, or that it is done."""

from collections.abc import Iterator

from agentskiller_assets.evaluation.lookups import looked_up, needed_reads
from agentskiller_assets.evaluation.models import Part
from agentskiller_assets.evaluation.trail import Trail, column_of


def communication_part(trail: Trail) -> Part:
    """1 when the user was told all that the task asks for, once it could be known."""
    tell = {"fulfil": _done, "inform": _answers, "refuse": _reason, "insufficient": _hand_over}
    reasons = tuple(tell[trail.task.task_kind](trail))
    return Part(name="communication", score=float(not reasons), reasons=reasons)


def _done(trail: Trail) -> Iterator[str]:
    made = [call.message for call in trail.writes if call.outcome == "ok"]
    if not made:
        yield "nothing was done that the user could be told of"
    elif not trail.said(made[-1]):
        yield "the user was not told that it is done"


def _answers(trail: Trail) -> Iterator[str]:
    last = len(trail.instance.steps) - 1
    known = looked_up(trail, last)
    for _, name, value in trail.instance.answers:
        column = column_of(trail.tools[trail.instance.steps[last].tool], name)
        if known is None:
            yield f"{name} was not looked up, so that it could not be told"
        elif column is None or not any(trail.speaks_of(text, value, column) for _, text in trail.said(known)):
            yield f"the user was not told that {name} is {value!r}"


def _reason(trail: Trail) -> Iterator[str]:
    instance = trail.instance
    assert instance.probe is not None
    assert instance.refusal is not None
    known = [looked_up(trail, index) for index in needed_reads(trail)]
    said = [text for _, text in trail.said(max((each for each in known if each is not None), default=-1))]
    reasons = trail.desk.reasons(instance.probe.tool)
    if not reasons.told(instance.refusal, said):
        closest = reasons.best(said)
        found = f"what was said comes closest to {closest}" if closest else "no rule was given"
        yield f"the user was not told the reason {instance.refusal}: {found}"


def _hand_over(trail: Trail) -> Iterator[str]:
    if trail.rollout.stop_reason != "transfer":
        yield f"the conversation was not handed over to a human colleague: it ended with {trail.rollout.stop_reason}"
