"""The fragments of tools: each asked for by itself, all at once; what does not fit together goes back to its tool."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from sqlglot import exp

from agentskiller_assets.authoring.llm.outline import OutlineAnswer, ToolOutline
from agentskiller_assets.authoring.llm.parts import Faults, Part, write_parts
from agentskiller_assets.authoring.llm.prompting import PromptFile
from agentskiller_assets.authoring.llm.scribe import Scribe, Written
from agentskiller_assets.authoring.llm.words import spaced, unreadable
from agentskiller_assets.core import sql
from agentskiller_assets.core.records import Model
from agentskiller_assets.core.spec import Bind, EnvironmentSpec, Returns, Rule, Tool
from agentskiller_assets.environment.fragments import FragmentChecker
from agentskiller_assets.environment.validation import tool_faults, validate
from agentskiller_assets.errors import SpecError
from agentskiller_assets.fusion.namespaces import Namespace
from agentskiller_assets.runtime import Environment, build_image


class ToolAnswer(Model):
    """The SQL of one tool."""

    binds: tuple[Bind, ...]
    rules: tuple[Rule, ...]
    effects: tuple[str, ...]
    returns: Returns

    def put_into(self, tool: Tool) -> Tool:
        """The tool with these fragments."""
        return tool.model_copy(update={name: getattr(self, name) for name in type(self).model_fields})


TOOL = PromptFile("blueprint/tool", "coding", ToolAnswer, "blueprints")


def write_tools(
    scribe: Scribe,
    spec: EnvironmentSpec,
    outline: OutlineAnswer,
    seed: int,
    rehearsed: Callable[[EnvironmentSpec], Faults],
) -> Written[EnvironmentSpec]:
    """The specification with the fragments of all its tools: closed, compiled, and without fault when `rehearsed`."""
    parts = {each.name: _part(spec, each) for each in outline.tools}

    def whole(answers: Mapping[str, ToolAnswer]) -> Faults:
        written = with_fragments(spec, answers)
        return whole_faults(written) or rehearsed(written)

    answered = write_parts(scribe, parts, seed, whole)
    return Written(with_fragments(spec, answered.value), answered.call_ids)


def with_fragments(spec: EnvironmentSpec, answers: Mapping[str, ToolAnswer]) -> EnvironmentSpec:
    """The specification with these fragments in its tools."""
    return spec.model_copy(update={"tools": tuple(answers[tool.name].put_into(tool) for tool in spec.tools)})


def whole_faults(spec: EnvironmentSpec) -> Faults:
    """What closed-world validation and the compiler say, by tool."""
    found: dict[str, list[str]] = {}
    # a code that two tools have goes back to the last of them
    owners = {each.code: tool.name for tool in spec.tools for each in tool.refusals}
    for fault in validate(spec):
        place = fault.where.removeprefix(f"{spec.domain}.").partition(".")[0]
        found.setdefault(owners.get(place, place), []).append(str(fault))
    if not found:
        try:
            Environment(spec, build_image(spec, {}))
        except SpecError as error:
            found[error.culprit.removeprefix("tool ")] = [str(error)]
    return found


def _part(spec: EnvironmentSpec, outline: ToolOutline) -> Part[ToolAnswer]:
    tool = spec.tool(outline.name)
    prompt = TOOL.to_ask(
        spec.domain,
        spec=spec,
        tool=tool,
        role=spec.table(spec.core_entity),
        rules=outline.rules,
        yields=outline.yields,
    )

    def promised(answer: ToolAnswer) -> Iterable[str]:
        return promise_faults(spec, outline, answer)

    def sound(answer: ToolAnswer) -> Iterable[str]:
        return fragment_faults(spec, answer.put_into(tool))

    return Part(TOOL, prompt, (promised, sound))


def promise_faults(spec: EnvironmentSpec, outline: ToolOutline, answer: ToolAnswer) -> Iterator[str]:
    """Where fragments are not what the outline says of the tool."""
    statements = [rule.statement for rule in answer.rules]
    yield from (f"There is no rule with the statement {each!r}." for each in outline.rules if each not in statements)
    yield from (f"No rule {each!r} was asked for." for each in statements if each not in outline.rules)
    columns = [column.refers_to for column in answer.returns.columns]
    yield from (f"No column of the result has refers_to {each!r}." for each in outline.yields if each not in columns)
    if outline.authorizes and [bind.table for bind in answer.binds] != [spec.core_entity]:
        yield f"Its one bind is of {spec.core_entity!r}."
    if outline.access == "write" and answer.returns.many:
        yield "The result of a write is exactly one row: `many` is false."
    texts = [(bind.refusal.code, bind.refusal.statement) for bind in answer.binds]
    texts += [(column.name, column.description) for column in answer.returns.columns]
    yield from unreadable(texts, [table.title for table in spec.tables])
    yield from spaced(each.code for each in (*answer.rules, *(bind.refusal for bind in answer.binds)))


def fragment_faults(spec: EnvironmentSpec, tool: Tool) -> Iterator[str]:
    """What is wrong with one tool's fragments on these tables."""
    own = spec.model_copy(update={"tools": (tool,)})
    unknown = [bind.table for bind in tool.binds if bind.table not in {table.name for table in spec.tables}]
    if unknown:
        yield f"Binds are of {unknown}, which are no tables."
        return
    faults = [*map(str, tool_faults(FragmentChecker(own), tool)), *_strange_references(spec, tool)]
    yield from faults
    if not faults:
        yield from _unbound(tool)
        yield from _incomplete(spec, tool)
        Namespace(own).tools()  # raises what could not be renamed beside another service


def _strange_references(spec: EnvironmentSpec, tool: Tool) -> Iterator[str]:
    known = {f"{table.name}.{column.name}" for table in spec.tables for column in table.columns}
    for column in tool.returns.columns:
        if column.refers_to and column.refers_to not in known:
            yield f"Result column {column.name!r} refers to {column.refers_to!r}, which is no column."


def _unbound(tool: Tool) -> Iterator[str]:
    """Keys that are given and by which no bind finds the row."""
    fixed = {name for bind in tool.binds for name in sql.equalities(bind.where, bind.table)}
    for parameter in tool.parameters:
        if parameter.refers_to and parameter.name not in fixed:
            key, table = parameter.refers_to, parameter.refers_to.partition(".")[0]
            yield f"No bind of {table!r} finds the row by `{key} = :{parameter.name}`."


def _incomplete(spec: EnvironmentSpec, tool: Tool) -> Iterator[str]:
    """Rows that are inserted without all that they must have."""
    for effect in tool.effects:
        tree = sql.parse(effect)
        if not isinstance(tree, exp.Insert):
            continue
        if not isinstance(tree.this, exp.Schema):
            yield f"{effect!r} does not name its columns."
            continue
        table, given = spec.table(tree.this.this.name), {each.name for each in tree.this.expressions}
        missing = [column.name for column in table.columns if not column.nullable and column.name not in given]
        if missing:
            yield f"{effect!r} leaves {missing} of {table.name} empty, which may not be NULL."
