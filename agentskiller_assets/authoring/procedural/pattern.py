"""Service patterns: the shape of a service (relationships, tools, rules, phrases) over the parts that a pack fills.

A pattern file is YAML whose strings are templates with `<< name >>`. Rendered for one service it is parsed by
these models. Slots of phrases, `{{ name }}`, pass through untouched: they are filled for each task.
"""

from typing import Any, Literal

from pydantic import Field

from agentskiller_assets.authoring.drafts import Unsupported
from agentskiller_assets.authoring.procedural.pack import PackColumn
from agentskiller_assets.core.records import Model
from agentskiller_assets.core.spec import ColumnType


class PatternInvariant(Model):
    statement: str
    require: str


class PatternTable(Model):
    noun: str
    description: str
    columns: dict[str, PackColumn]
    status: str | None = None
    transitions: dict[str, tuple[str, ...]] = {}
    invariants: tuple[PatternInvariant, ...] = ()
    describe: tuple[str, ...] = ()


class PatternParameter(Model):
    """`like: table.column` copies type and bounds; `refers_to` makes it a key."""

    description: str
    type: ColumnType | None = None
    like: str | None = None
    refers_to: str | None = None
    matches: str | None = None
    values: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    required: bool = True
    samples: tuple[dict[str, Any], ...] = ()


class PatternBind(Model):
    table: str
    where: str
    code: str
    statement: str


class PatternRule(Model):
    code: str
    statement: str
    require: str
    optional: bool = False


class PatternResult(Model):
    type: ColumnType
    description: str
    nullable: bool = False
    values: tuple[str, ...] = ()


class PatternReturns(Model):
    sql: str
    many: bool = False
    columns: dict[str, PatternResult] = {}
    """Only those that the SQL computes: plain columns are described by their tables."""


class PatternQuestion(Model):
    column: str
    ask: tuple[str, ...] = Field(min_length=1)
    openers: tuple[str, ...] = Field(min_length=1)
    answer: str
    answer_noun: str | None = None


class PatternTool(Model):
    name: str
    title: str
    access: Literal["read", "write"]
    description: str
    optional: bool = False
    with_: str | None = Field(default=None, alias="with")
    """Present exactly when that other tool is."""
    parameters: dict[str, PatternParameter] = {}
    binds: tuple[PatternBind, ...] = ()
    rules: tuple[PatternRule, ...] = ()
    effects: tuple[str, ...] = ()
    returns: PatternReturns
    requests: tuple[str, ...] = ()
    openers: tuple[str, ...] = ()
    questions: tuple[PatternQuestion, ...] = ()


class Identification(Model):
    """Columns of the person or the role that together single out one caller."""

    columns: tuple[str, ...]
    sentence: str


class ServicePattern(Model):
    pattern: str
    description: str
    needs: dict[str, tuple[str, ...]]
    nouns: tuple[str, ...]
    words: tuple[str, ...]
    texts: tuple[str, ...]
    parameters: dict[str, tuple[int | float | str, ...]]
    tables: tuple[PatternTable, ...]
    identification: tuple[Identification, ...] = ()
    tools: tuple[PatternTool, ...]
    storylines: tuple[tuple[str, ...], ...]
    unsupported: tuple[Unsupported, ...] = ()
