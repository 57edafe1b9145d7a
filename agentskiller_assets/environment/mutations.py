"""Are the tests worth anything? Each rule, bind, part of a bind, effect and assignment is removed in turn."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot import exp

from agentskiller_assets.core import sql
from agentskiller_assets.core.records import Model
from agentskiller_assets.core.spec import EnvironmentSpec, Tool
from agentskiller_assets.environment.call_search import parts_of
from agentskiller_assets.errors import SpecError
from agentskiller_assets.runtime import Environment

Passes = Callable[[Environment], bool]
"""Whether every test passes in this environment."""


class MutationScore(Model):
    """How many faults the tests catch, and which they do not."""

    total: int
    caught: int
    survivors: tuple[str, ...]

    @property
    def score(self) -> float:
        """1.0 when every fault is caught; 0.0 when there was nothing to catch."""
        return self.caught / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Mutant:
    """An environment with one fault."""

    fault: str
    tool: Tool
    """The tool with the fault; for a missing rule the tool as it was."""
    without: str | None = None
    """Code of the rule or bind that does not refuse."""


def mutation_score(spec: EnvironmentSpec, image: bytes, passes: Passes) -> MutationScore:
    """Share of faulty environments in which the tests do not pass."""
    original = Environment(spec, image)
    survivors: list[str] = []
    total = 0
    for mutant in mutants(spec):
        total += 1
        environment = _faulty(original, mutant)
        if environment is not None and passes(environment):
            survivors.append(mutant.fault)
    return MutationScore(total=total, caught=total - len(survivors), survivors=tuple(survivors))


def mutants(spec: EnvironmentSpec) -> Iterator[Mutant]:
    """Every fault that the tests must catch, tool by tool."""
    for tool in spec.tools:
        for refusal in tool.refusals:
            yield Mutant(f"{tool.name}: {refusal.code} does not refuse", tool, refusal.code)
        yield from _half_bound(tool)
        for position, effect in enumerate(tool.effects):
            yield from _half_done(tool, position, effect)


def _half_bound(tool: Tool) -> Iterator[Mutant]:
    """Binds that look at less: at everybody's rows, at rows in any state."""
    for position, bind in enumerate(tool.binds):
        parts = parts_of(bind.where)
        for part, dropped in enumerate(parts if len(parts) > 1 else ()):
            kept = [f"({sql.to_sql(each)})" for index, each in enumerate(parts) if index != part]
            binds = list(tool.binds)
            binds[position] = bind.model_copy(update={"where": " AND ".join(kept)})
            fault = f"{tool.name}: {bind.refusal.code} does not look at {sql.to_sql(dropped)}"
            yield Mutant(fault, tool.model_copy(update={"binds": tuple(binds)}))


def _half_done(tool: Tool, position: int, effect: str) -> Iterator[Mutant]:
    """Writes without one effect, and updates without one of several assignments."""
    others = list(tool.effects)
    del others[position]
    what = f"{tool.name}: effect {position + 1}"
    yield Mutant(f"{what} is missing", tool.model_copy(update={"effects": tuple(others)}))
    tree = sql.parse(effect)
    if not isinstance(tree, exp.Update) or len(tree.expressions) < 2:
        return
    for index, assignment in enumerate(tree.expressions):
        less = tree.copy()
        less.set("expressions", [each for i, each in enumerate(less.expressions) if i != index])
        effects = list(tool.effects)
        effects[position] = sql.to_sql(less)
        fault = f"{what} does not set {assignment.left.name}"
        yield Mutant(fault, tool.model_copy(update={"effects": tuple(effects)}))


def _faulty(original: Environment, mutant: Mutant) -> Environment | None:
    """The environment with the fault; None where the fault is so plain that it does not compile."""
    if mutant.without is not None:
        return original.without_rule(mutant.without)
    spec = original.spec
    tools = tuple(mutant.tool if tool.name == mutant.tool.name else tool for tool in spec.tools)
    try:
        return Environment(spec.model_copy(update={"tools": tools}), original.image)
    except SpecError:
        return None
