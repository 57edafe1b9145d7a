"""The cases of an environment: what its generated tests call, and what must come of it."""

from dataclasses import replace

from agentskiller_assets.core import sql
from agentskiller_assets.core.spec import EnvironmentSpec, Tool, space_of
from agentskiller_assets.environment.cases import CaseTable, Gap
from agentskiller_assets.environment.finder import Finder
from agentskiller_assets.environment.sharpening import sharpen
from agentskiller_assets.runtime import Environment


def find_cases(environment: Environment) -> CaseTable:
    """A case for all that the tools accept and refuse, and for every fault of `alterations` that some call shows.

    What has no case is listed as a gap; of two services, apart from what each of them shows by itself.
    """
    return tried_cases(environment)[0]


def tried_cases(environment: Environment) -> tuple[CaseTable, frozenset[str]]:
    """The cases, and the faults that were planted while they were sought and that they have caught."""
    roles = environment.spec.roles
    if len(roles) == 1:
        return _cases(environment)
    by_role = {role: _cases(environment.in_role(role)) for role in roles}
    found = CaseTable.together([cases.labelled(role) for role, (cases, _) in by_role.items()])
    elsewhere = tuple(gap for gap in found.gaps if _is_shown_alone(environment.spec, gap))
    whole = replace(found, gaps=tuple(gap for gap in found.gaps if gap not in elsewhere), elsewhere=elsewhere)
    return whole, frozenset().union(*(caught for _, caught in by_role.values()))


def _cases(environment: Environment) -> tuple[CaseTable, frozenset[str]]:
    """The cases of whoever calls in one role, and what they have caught."""
    with environment.fork() as session:
        finder = Finder(environment, session)
        return sharpen(finder, finder.table())


def _is_shown_alone(spec: EnvironmentSpec, gap: Gap) -> bool:
    """Whether it is a rule or an effect of one service, in a tool that a bridge leads into.

    On the same records the service's own server shows it, or it would not be proven. Here a call must also refer to a
    record of the other service, and perhaps nobody whom the rule or the effect concerns has one.
    """
    name, _, what = gap.subject.partition(": ")
    tool = next((each for each in spec.tools if each.name == name), None)
    if tool is None or not _is_bridged(tool):
        return False
    parts = {rule.code: sql.parse_condition(rule.require) for rule in tool.rules}
    parts |= {f"effect {position + 1}": sql.parse(effect) for position, effect in enumerate(tool.effects)}
    return what in parts and all(
        _is_own(tool, each) for each in sql.tables_used(parts[what]) | sql.qualifiers(parts[what])
    )


def _is_bridged(tool: Tool) -> bool:
    return not all(_is_own(tool, bind.table) for bind in tool.binds)


def _is_own(tool: Tool, name: str) -> bool:
    """Whether a table is of the tool's own service, or of both."""
    return space_of(name) in (space_of(tool.name), None)
