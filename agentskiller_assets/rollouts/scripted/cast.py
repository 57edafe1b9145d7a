"""Scripted agents and users for conversations with one environment."""

from agentskiller_assets.rollouts.actors import Speaker
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.scripted.agent import ScriptedAgent
from agentskiller_assets.rollouts.scripted.script import Script, make_script
from agentskiller_assets.rollouts.scripted.twists import Twists, plan_twists
from agentskiller_assets.rollouts.scripted.user import ScriptedUser
from agentskiller_assets.runtime import Environment

SCRIPTED = "scripted"


class Scripts:
    """The script and the twists of a case; both sides of a conversation join one after the other and need the same."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self._last: tuple[Case, Script, Twists] | None = None

    def of(self, case: Case) -> tuple[Script, Twists]:
        """What one conversation covers, and how it differs from the straight way."""
        if self._last is None or self._last[0] is not case:
            script = make_script(case)
            self._last = (case, script, plan_twists(case, script, self.environment))
        return self._last[1:]


class ScriptedAgents:
    """The cast of scripted agents."""

    name = SCRIPTED
    settings = SCRIPTED

    def __init__(self, scripts: Scripts) -> None:
        self.scripts = scripts

    def join(self, case: Case) -> Speaker:
        """An agent that knows the gold steps of the case."""
        return ScriptedAgent(case, *self.scripts.of(case))


class ScriptedUsers:
    """The cast of scripted users."""

    name = SCRIPTED
    settings = SCRIPTED

    def __init__(self, scripts: Scripts) -> None:
        self.scripts = scripts

    def join(self, case: Case) -> Speaker:
        """A user with the persona and the wish of the case's query."""
        return ScriptedUser(case, *self.scripts.of(case))
