"""Records of tasks: tool graph, template, instance, certificate, query."""

from typing import Any, ClassVar, Literal

from agentskiller_assets.core.records import Model, Record
from agentskiller_assets.runtime.outcome import NOT_AUTHORIZED

TaskKind = Literal["fulfil", "inform", "refuse", "insufficient"]
EdgeKind = Literal["state", "information", "storyline"]


class ToolEdge(Model):
    """`source` comes before `target`: it identifies the caller, yields a value, or people do it first."""

    source: str
    target: str
    kind: EdgeKind
    parameter: str | None = None
    """For information: the parameter of `target` that the value goes to."""
    column: str | None = None
    """For information: the result column of `source` that holds it."""


class ToolGraph(Record):
    """The tools of one domain and what orders them: a DAG with the authorisation tool as its root."""

    kind: ClassVar[str] = "toolgraph"

    domain: str
    root: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    edges: tuple[ToolEdge, ...]

    def mermaid(self) -> str:
        """The graph as a Mermaid diagram; state edges only where nothing else leads to the tool."""
        led = {edge.target for edge in self.edges if edge.kind != "state"}
        lines = [f"    {self.root}{{{{{self.root}}}}}"]
        for edge in self.edges:
            if edge.kind == "state" and edge.target not in led:
                lines.append(f"    {edge.source} --> {edge.target}")
            elif edge.kind == "information":
                lines.append(f"    {edge.source} -->|{edge.column}| {edge.target}")
            elif edge.kind == "storyline":
                lines.append(f"    {edge.source} -.-> {edge.target}")
        return "\n".join(["graph LR", *dict.fromkeys(lines)])


class Goal(Model):
    """One thing that the user wants: a write, or the answer in one column of a read."""

    tool: str | None
    """None where no tool can do it."""
    column: str | None = None
    lookups: tuple[str, ...] = ()
    """Read tools that yield the keys the goal needs, in order."""
    requests: tuple[str, ...]
    openers: tuple[str, ...]
    answer: str | None = None
    answer_noun: str | None = None


class TaskTemplate(Record):
    """A kind of request: which tools, in which order, and how people ask. No data yet."""

    kind: ClassVar[str] = "template"

    position: int
    domain: str
    task_kind: TaskKind
    goals: tuple[Goal, ...]
    trajectory: tuple[str, ...]
    """Tool names in the order in which they are first needed."""
    refusal: str | None = None
    """For refuse: the code of the one rule that the request violates."""
    missing_row: str | None = None
    """The table of the row that is out of reach: for insufficient, because the customer has no such row; for refuse,
    because the customer cannot be identified where it is kept."""
    server_digest: str

    @property
    def unidentified(self) -> bool:
        """Whether the customer lacks what one of two services asks for to identify them."""
        return self.refusal == NOT_AUTHORIZED.code


class Source(Model):
    """Where a value comes from: the user, or the result of an earlier step."""

    step: int | None = None
    """Index of the earlier step; None means that the user knows it."""
    column: str | None = None
    where: tuple[tuple[str, Any], ...] = ()
    """Values that single out the row of a list result."""


class Argument(Model):
    name: str
    value: Any
    source: Source


class Step(Model):
    """One call of the gold trajectory and why it is made."""

    tool: str
    arguments: tuple[Argument, ...]
    purpose: Literal["identify", "lookup", "goal"]

    def values(self) -> dict[str, Any]:
        """The arguments as they are sent."""
        return {argument.name: argument.value for argument in self.arguments}


class Slot(Model):
    """A value of the request in words: a parameter, or the description of a row."""

    name: str
    goal: int
    text: str
    """May hold `{{ my }}`, `{{ me }}` and `{{ I }}`."""
    values: tuple[tuple[str, Any], ...]
    """Typed values that the text speaks of: `table.column` or the parameter's name, and the value."""
    service: str | None = None
    """For what identifies the customer where there are two services: which of them it is for."""


class TaskInstance(Record):
    """A template with values: who asks, for which rows, with which arguments."""

    kind: ClassVar[str] = "instance"

    position: int
    domain: str
    template: str
    task_kind: TaskKind
    person: str
    """`person_id` of the one who asks."""
    me: str
    """Key of the core entity's row."""
    steps: tuple[Step, ...]
    probe: Step | None = None
    """For refuse: the call that the server refuses."""
    refusal: str | None = None
    slots: tuple[Slot, ...]
    answers: tuple[tuple[int, str, Any], ...] = ()
    """For inform: goal, result column, value that must be told."""
    server_digest: str

    @property
    def calls(self) -> tuple[Step, ...]:
        """The gold steps, and the probe if there is one."""
        return (*self.steps, *((self.probe,) if self.probe else ()))

    @property
    def unidentified(self) -> bool:
        """Whether the customer lacks what one of two services asks for to identify them."""
        return self.refusal == NOT_AUTHORIZED.code


class Mutant(Model):
    """A wrong way to do the task, and the score that it gets."""

    fault: Literal["dropped write", "altered argument", "extra write", "swapped steps", "told nothing", "wrong reason"]
    detail: str
    score: float


class Certificate(Model):
    """Proof that a task can be done, in one way, and not by doing it wrong."""

    gold_ok: bool
    replays_equal: bool
    state_as_meant: bool
    """Writes change the state for fulfil, nothing changes for the others."""
    noop_score: float
    mutants: tuple[Mutant, ...]
    values_known: bool
    """Every value an agent needs is known to the user or returned by an earlier step."""
    values_exist: bool
    """Every value of the instruction exists in the database or the task."""
    row_unique: bool
    probe_refused: bool | None = None
    """For refuse: the server refuses the probe with exactly this code."""
    probe_allowed_without_rule: bool | None = None
    """For refuse: the same call succeeds when the rule is removed."""

    def faults(self) -> list[str]:
        """What is missing to a full certificate; empty when it is complete."""
        flags = {
            "a gold step is not Ok": self.gold_ok,
            "two replays differ": self.replays_equal,
            "the state does not change as meant": self.state_as_meant,
            "doing nothing scores": self.noop_score == 0,
            "there are no mutants": bool(self.mutants),
            "a needed value is unknown": self.values_known,
            "a value of the instruction does not exist": self.values_exist,
            "the described row is not unique": self.row_unique,
            "the probe is not refused with the rule's code": self.probe_refused is not False,
            "the probe fails without the rule too": self.probe_allowed_without_rule is not False,
        }
        found = [text for text, holds in flags.items() if not holds]
        return found + [f"mutant scores: {m.fault} ({m.detail})" for m in self.mutants if m.score > 0]


class ValidatedTask(Record):
    """An instance with its certificate; `rejection` says why it is not emitted, None that it is."""

    kind: ClassVar[str] = "task"

    position: int
    domain: str
    task_kind: TaskKind
    instance: TaskInstance
    environment_digest: str
    gold_digest: str
    certificate: Certificate
    rejection: str | None

    @property
    def certified(self) -> bool:
        """Whether the task is emitted."""
        return self.rejection is None


class Fact(Model):
    """Something the user knows, as a typed value and in words."""

    label: str
    type: str
    value: Any
    text: str


class Query(Record):
    """What one persona asks in one task, and what the simulated user knows."""

    kind: ClassVar[str] = "query"

    position: int
    domain: str
    task: str
    task_kind: TaskKind
    person: str
    persona: str
    """Id of the person whose way of speaking it is."""
    first_message: str
    instruction: str
    known_info: tuple[Fact, ...]
    unknown_info: tuple[str, ...]
    stop_conditions: tuple[str, ...]
