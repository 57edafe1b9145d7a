"""Records of the dataset: what became of every conversation, the examples to train on, and the report."""

from typing import Any, ClassVar, Literal, get_args

from agentskiller_assets.core.records import Model, Record
from agentskiller_assets.tasks.models import TaskKind

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
SplitBy = Literal["group", "domain"]
Decision = Literal[
    "kept",
    "not evaluated",
    "not passed",
    "contaminated",
    "across splits",
    "exact duplicate",
    "near duplicate",
]


class Settings(Model):
    """What decides which conversations are kept, and where."""

    seed: int
    prune: bool = True
    near_threshold: float = 0.9
    validation_share: float = 0.1
    test_share: float = 0.1
    split_by: SplitBy = "group"
    decontaminate_against: tuple[str, ...] = ()


class Selection(Record):
    """What became of one conversation, and why. Only what is `kept` is trained on."""

    kind: ClassVar[str] = "selection"

    position: int
    rollout: str
    evaluation: str | None
    """None for a conversation that is not evaluated, or not as it is now."""
    domain: str
    """The domain, or the pair."""
    task_kind: TaskKind
    group: str
    """The first domain of those that hang together."""
    split: Split | None
    """None where the two domains of a pair are in different splits."""
    decision: Decision
    reason: str
    left_out: tuple[str, ...] = ()
    """Ids of the calls that the example does without."""
    content: str
    """Digest of all that is said and called, without the system prompt and the ids of calls."""


class Example(Record):
    """One conversation as OpenAI's chat fine-tuning takes it. Parents: rollout and evaluation."""

    kind: ClassVar[str] = "example"

    position: int
    split: Split
    group: str
    domain: str
    """The domain, or the pair."""
    domains: tuple[str, ...]
    task_kind: TaskKind
    messages: tuple[dict[str, Any], ...]
    tools: tuple[dict[str, Any], ...]
    parallel_tool_calls: bool = False
    turns: int
    """Messages that the two say to each other."""
    calls: int
    words: int
    """Words of all messages but the system prompt."""


class Count(Model):
    """How many examples there are of one kind of task, of one domain or pair."""

    split: Split
    domain: str
    task_kind: TaskKind
    examples: int


class Group(Model):
    """Domains that pairs hold together, and the split that all of them are in."""

    name: str
    split: Split
    domains: tuple[str, ...]
    examples: int


class Source(Model):
    """Something that the dataset was made from, as it was when it was read."""

    name: str
    digest: str
    """Data version of an asset's partition, or digest of a file."""


class Spread(Model):
    """How a length is spread over the examples."""

    fewest: int = 0
    mean: float = 0.0
    most: int = 0
    step: int = 1
    counts: dict[int, int]
    """How many examples are so long, rounded down to a whole step."""


class Length(Model):
    """How long the conversations of single domains, or of pairs, are."""

    name: str
    """`single` or `fused`."""
    examples: int
    mean_turns: float
    mean_calls: float
    most_turns: int
    most_calls: int
    calls: dict[int, int]
    """How many examples have so many calls."""
    turns: dict[int, int] = {}
    """How many have so many messages of user and agent."""


class Quality(Model):
    """How varied everything is that the examples come from. Each pair of figures is all of them, and different ones."""

    domains: int
    sectors: int
    patterns: int
    tools: int
    tool_names: int
    rules: int
    rule_codes: int
    templates: int
    template_shapes: int
    """Kinds of request that differ in their calls, or in the rule that refuses them."""
    entities: int
    entity_titles: int
    attributes: int
    attribute_names: int
    messages: int
    """First messages of users, one for every query; the next four figures are of 200 of them, evenly drawn."""
    distinct_1: float
    distinct_2: float
    distinct_3: float
    self_bleu: float
    """Mean BLEU-4 of each against all others."""
    shared_phrasing: float
    """Mean share of a domain's runs of five words that another domain says too; pairs do not count."""
    lengths: tuple[Length, ...]


class DatasetReport(Record):
    """The dataset in figures, and its card in Markdown."""

    kind: ClassVar[str] = "datasetreport"

    digest: str
    """Data version of the examples."""
    examples: int
    decisions: dict[str, int]
    """How many conversations came to which decision."""
    counts: tuple[Count, ...]
    groups: tuple[Group, ...]
    turns: Spread
    calls: Spread
    words: Spread
    distinct_2_user: float
    distinct_2_assistant: float
    overlap: float
    """Share of the passing conversations that hold a run of words of a foreign text."""
    quality: Quality
    settings: Settings
    sources: tuple[Source, ...]
    foreign: tuple[Source, ...]
    """Files that the examples are kept apart from."""
    card: str
