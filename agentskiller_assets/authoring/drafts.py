"""What an author answers: content without ids or lineage. Slices turn drafts into records."""

from typing import Literal

from agentskiller_assets.core.records import Model
from agentskiller_assets.core.spec import Bind, Column, Parameter, Refusal, ResultColumn, Returns, Rule, Table, Tool

Strategy = Literal["seed", "horizontal", "diagonal", "temporal", "hierarchical", "role_based"]
"""How a domain was found: given, same context, bridging contexts, before or after in the life cycle, a
specialisation, or the same service seen by another role."""


class TopicDraft(Model):
    """One service that an environment can be made of."""

    domain: str
    title: str
    description: str
    sector: str
    sector_title: str
    pattern: str
    strategy: Strategy
    parent: str | None
    """The domain that this one was expanded from; None for a seed."""
    why: str
    role: str
    """What the service calls the people it serves, in the singular."""


class EntityDraft(Model):
    """A kind of thing that the service keeps on record. Attributes describe it alone, without references."""

    name: str
    title: str
    part: Literal["role", "entity"]
    description: str
    id_prefix: str
    key: str
    attributes: tuple[Column, ...]


class RelationDraft(Model):
    """A relationship between the role and other entities, such as a booking."""

    name: str
    title: str
    description: str
    members: tuple[str, ...]
    """Names of the entities that it joins, the role first."""


class Governance(Model):
    """How the service treats people and data, one sentence or two for each subject."""

    identity: str
    confirmation: str
    sharing: str
    escalation: str


class ToolPhrases(Model):
    """Ways to ask for a write tool. `requests` are infinitive phrases with `{{ slots }}`."""

    requests: tuple[str, ...]
    openers: tuple[str, ...]


class Question(Model):
    """Something a customer wants to know that one column of a read tool's result answers."""

    tool: str
    column: str
    ask: tuple[str, ...]
    openers: tuple[str, ...]
    answer: str
    answer_noun: str | None = None


class Unsupported(Model):
    """A request that no tool of the service can fulfil."""

    ask: str
    opener: str


class PhraseBook(Model):
    """How customers of the service speak. Slots: `my`, `me`, `I`, parameters, and tables that stand for a row."""

    tools: dict[str, ToolPhrases]
    questions: tuple[Question, ...]
    rows: dict[str, tuple[str, ...]]
    """For each table, descriptions of one row; slots are the columns of the lookup that returns it."""
    unsupported: tuple[Unsupported, ...]


class Storyline(Model):
    """Write tools that people use one after the other in one conversation."""

    tools: tuple[str, ...]


class BridgeDraft(Model):
    """A value of one service that a tool of the other takes, in the names of their fused specification."""

    tag: str
    """What kind of value it is: `document_number`, `date`, `money`, ..."""
    source: str
    """The table whose row the value comes from; it belongs to the caller."""
    column: str
    """The column of that table; its key for a document number."""
    tool: str
    """The tool that takes the value."""
    parameter: Parameter
    bind: Bind
    """Finds the caller's own row of `source` by the value."""
    rules: tuple[Rule, ...]
    """What must hold of that row. Each is a rule of the tool, and a sentence of its policy."""
    kept_in: str | None
    """The table in whose new row the value is kept, in a column of the parameter's name."""
    request_suffix: str
    """How a customer adds the value to a request for the tool; the slot is the source table."""
    short_request: str
    """A request that says no more than which row of the source it is about."""
    why: str


class GoalRequest(Model):
    """One goal of a task, with the values that its phrases speak of."""

    requests: tuple[str, ...]
    openers: tuple[str, ...]
    slots: dict[str, str | int]
    """Slot name and its words (numbers stay numbers, so that a phrase can count with them)."""


class QueryRequest(Model):
    """What an author needs to word a query."""

    domain: str
    task_id: str
    task_kind: Literal["fulfil", "inform", "refuse", "insufficient"]
    role: str
    full_name: str
    tone: str
    patience: str
    detail: str
    proficiency: str
    goals: tuple[GoalRequest, ...]


class QueryDraft(Model):
    """The first message of a conversation and the instruction of the simulated user."""

    first_message: str
    instruction: str


FragmentField = Literal["parameters", "binds", "rules", "effects", "returns"]
"""The parts of a tool that an author can write anew."""


class RepairRequest(Model):
    """A test that failed, the fragment at fault as it is now, and what the service has promised of its tool."""

    domain: str
    tool: Tool
    """The tool as the server has it."""
    field: FragmentField
    fragment: str
    """`bind loan`, `rule LOAN_LIMIT`, `effect 1`, `parameters` or `returns`."""
    test: str
    message: str
    parameters: tuple[Parameter, ...]
    refusals: tuple[Refusal, ...]
    columns: tuple[ResultColumn, ...]
    many: bool
    tables: tuple[Table, ...]


class Patch(Model):
    """One part of one tool, written anew; the others stay as they are."""

    tool: str
    parameters: tuple[Parameter, ...] | None = None
    binds: tuple[Bind, ...] | None = None
    rules: tuple[Rule, ...] | None = None
    effects: tuple[str, ...] | None = None
    returns: Returns | None = None
    why: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        """The parts that it writes."""
        parts = ("parameters", "binds", "rules", "effects", "returns")
        return tuple(part for part in parts if getattr(self, part) is not None)
