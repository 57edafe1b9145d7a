"""The cases of an environment: what its generated tests call, and what must come of it."""

from agentskiller_assets.environment.cases import CaseTable
from agentskiller_assets.environment.finder import Finder
from agentskiller_assets.environment.sharpening import sharpen
from agentskiller_assets.runtime import Environment


def find_cases(environment: Environment) -> CaseTable:
    """A case for all that the tools accept and refuse, and for every fault of `alterations` that some call shows.

    What has no case is listed as a gap.
    """
    roles = environment.spec.roles
    if len(roles) == 1:
        return _cases(environment)
    return CaseTable.together([_cases(environment.in_role(role)).labelled(role) for role in roles])


def _cases(environment: Environment) -> CaseTable:
    """The cases of whoever calls in one role."""
    with environment.fork() as session:
        finder = Finder(environment, session)
        return sharpen(finder, finder.table())
