"""Certificates: what is proved about a task before it is emitted, and proved again from storage by `verify`."""

from dataclasses import dataclass
from typing import Any

from agentskiller_assets.runtime import Environment, Ok, Refused, Session, state_digest
from agentskiller_assets.tasks.extra_writes import ExtraWrites
from agentskiller_assets.tasks.models import Certificate, Mutant, Step, TaskInstance, ValidatedTask
from agentskiller_assets.tasks.mutants import variants
from agentskiller_assets.tasks.replay import Replay, Unobtainable, matches, pick, rows_of, run

TRANSFER = "TRANSFER"
"""What a user is told when the request goes to a human."""


@dataclass(frozen=True)
class Gold:
    """The right outcome of a task: how the state differs from the start, and what the user has been told."""

    diff: dict[str, Any]
    told: tuple[Any, ...]


class Certifier:
    """Certifies the instances of one environment. Owns a session: not shared between threads."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.spec = environment.spec
        self.session = environment.fork()
        self.extra = ExtraWrites(environment.spec)

    def close(self) -> None:
        """Gives the session back."""
        self.session.close()

    def certify(self, instance: TaskInstance) -> ValidatedTask:
        """The instance with its certificate; whatever is missing to a full one becomes the rejection."""
        first = run(self.session, instance.steps)
        gold = Gold(diff=self.session.diff(), told=self._told(instance, first))
        second = run(self.session, instance.steps)
        again = self.session.diff()
        certificate = Certificate(
            gold_ok=first.ok,
            replays_equal=first.results == second.results and gold.diff == again,
            state_as_meant=any(gold.diff.values()) == (instance.task_kind == "fulfil"),
            noop_score=self._noop(gold),
            mutants=tuple(self._mutants(instance, gold)) if first.ok else (),
            values_known=_values_known(instance, first),
            values_exist=_values_exist(instance, first),
            row_unique=_row_unique(instance, first),
            probe_refused=self._probe_refused(instance),
            probe_allowed_without_rule=self._probe_allowed(instance),
        )
        faults = certificate.faults()
        calls = [[step.tool, step.values()] for step in instance.calls]
        wish = [[slot.goal, slot.name, slot.values] for slot in instance.slots]
        return ValidatedTask(
            id=ValidatedTask.make_id(self.environment.digest, calls, instance.refusal, wish, instance.template),
            parents=(instance.id,),
            position=instance.position,
            domain=instance.domain,
            task_kind=instance.task_kind,
            instance=instance,
            environment_digest=self.environment.digest,
            gold_digest=state_digest(gold.diff),
            certificate=certificate,
            rejection="; ".join(faults) or None,
        )

    def _told(self, instance: TaskInstance, replay: Replay) -> tuple[Any, ...]:
        """What an agent that made these calls can truthfully tell: answers, the reason of a refusal, a transfer."""
        if not replay.ok:
            return ()
        match instance.task_kind:
            case "inform":
                last = len(instance.steps) - 1
                return tuple(replay.results[last].get(column) for _, column, _ in instance.answers)
            case "refuse":
                return (instance.refusal,) if _obtainable(replay, instance.probe) else ()
            case "insufficient":
                return (TRANSFER,)
            case _:
                return ()

    def _score(self, gold: Gold, told: tuple[Any, ...]) -> float:
        """1 when the session's state and what was told are exactly those of gold, else 0."""
        return float(told == gold.told and self.session.diff() == gold.diff)

    def _noop(self, gold: Gold) -> float:
        self.session.reset()
        return self._score(gold, ())

    def _mutants(self, instance: TaskInstance, gold: Gold) -> list[Mutant]:
        found = []
        for variant in variants(self.spec, instance):
            replay = run(self.session, variant.steps, variant.order)
            complete = replay.ok and len(variant.order) == len(instance.steps)
            told = self._told(instance, replay) if complete else ()
            found.append(Mutant(fault=variant.fault, detail=variant.detail, score=self._score(gold, told)))
        found.append(self._extra_write(instance, gold))
        if instance.task_kind != "fulfil":
            run(self.session, instance.steps)
            found.append(Mutant(fault="told nothing", detail="all calls, no word", score=self._score(gold, ())))
        if instance.refusal:
            found.append(self._wrong_reason(instance, gold))
        return found

    def _extra_write(self, instance: TaskInstance, gold: Gold) -> Mutant:
        replay = run(self.session, instance.steps)
        made = self.extra.make(self.session)
        return Mutant(
            fault="extra write",
            detail=made or "no further write is accepted",
            score=self._score(gold, self._told(instance, replay)),
        )

    def _wrong_reason(self, instance: TaskInstance, gold: Gold) -> Mutant:
        codes = sorted({r.code for tool in self.spec.tools for r in tool.refusals} - {str(instance.refusal)})
        run(self.session, instance.steps)
        return Mutant(fault="wrong reason", detail=codes[0], score=self._score(gold, (codes[0],)))

    def _probe_refused(self, instance: TaskInstance) -> bool | None:
        if instance.probe is None:
            return None
        outcome = _call(self.session, instance.steps, instance.probe)
        return isinstance(outcome, Refused) and outcome.code == instance.refusal

    def _probe_allowed(self, instance: TaskInstance) -> bool | None:
        if instance.probe is None or instance.refusal is None:
            return None
        with self.environment.without_rule(instance.refusal).fork() as session:
            return isinstance(_call(session, instance.steps, instance.probe), Ok)


def _call(session: Session, steps: tuple[Step, ...], probe: Step) -> Any:
    run(session, steps)
    return session.call(probe.tool, probe.values())


def _values_known(instance: TaskInstance, replay: Replay) -> bool:
    """The user knows every value that comes from the user, and every other one is in an earlier result."""
    told = {_typed(name, value) for slot in instance.slots for name, value in slot.values}
    for step in instance.calls:
        for argument in step.arguments:
            source = argument.source
            if source.step is None or source.column is None:
                known = _typed(argument.name, argument.value) in told
            else:
                known = _found(replay, source.step, source.column, source.where) == argument.value
            if not known:
                return False
    return True


def _values_exist(instance: TaskInstance, replay: Replay) -> bool:
    """Every typed value of the wording is an argument or stands in a result of the gold calls; so does every answer."""
    last = replay.results.get(len(instance.steps) - 1, {})
    if any(last.get(column) != value for _, column, value in instance.answers):
        return False
    arguments = {_typed(argument.name, argument.value) for step in instance.calls for argument in step.arguments}
    seen = {_typed(n, v) for result in replay.results.values() for row in rows_of(result) for n, v in row.items()}
    spoken = {_typed(name, value) for slot in instance.slots for name, value in slot.values}
    if instance.task_kind == "insufficient":
        return True
    return spoken <= arguments | seen


def _typed(name: str, value: Any) -> tuple[str, type, Any]:
    """A named value that equals another only if their types agree: 1 is not True, nor 1.0."""
    return name, type(value), value


def _row_unique(instance: TaskInstance, replay: Replay) -> bool:
    """Descriptions single out one row; a row that is said to be missing is not in any result."""
    if instance.task_kind == "insufficient":
        rows = [row for result in replay.results.values() for row in rows_of(result)]
        spoken = [slot.values for slot in instance.slots if slot.goal >= 0 and slot.values]
        return not any(matches(row, values) for values in spoken for row in rows)
    sources = [a.source for step in instance.calls for a in step.arguments]
    return all(
        _found(replay, s.step, s.column, s.where) is not None for s in sources if s.step is not None and s.column
    )


def _obtainable(replay: Replay, probe: Step | None) -> bool:
    """Whether the calls that were made yield every value that the request needs."""
    sources = [argument.source for argument in probe.arguments] if probe else []
    return all(
        _found(replay, s.step, s.column, s.where) is not None for s in sources if s.step is not None and s.column
    )


def _found(replay: Replay, step: int, column: str, where: tuple[tuple[str, Any], ...]) -> Any:
    try:
        return pick(replay.results[step], column, where)
    except (Unobtainable, KeyError):
        return None
