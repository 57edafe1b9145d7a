"""Scripted agents and users for conversations with one environment."""

from functools import lru_cache

from agentskiller_assets.rollouts.actors import Speaker
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.scripted.agent import ScriptedAgent
from agentskiller_assets.rollouts.scripted.script import Script, make_script
from agentskiller_assets.rollouts.scripted.twists import Twists, plan_twists
from agentskiller_assets.rollouts.scripted.user import ScriptedUser
from agentskiller_assets.runtime import Environment

SCRIPTED = "scripted"


class Scripts:
    """The script and the twists of every case; both sides of a conversation need them."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self._of = lru_cache(maxsize=64)(self._make)

    def of(self, case: Case) -> tuple[Script, Twists]:
        """What one conversation covers, and how it differs from the straight way."""
        return self._of(case.query.id, case.repeat, case.seed, _Held(case))

    def _make(self, query: str, repeat: int, seed: int, held: "_Held") -> tuple[Script, Twists]:
        script = make_script(held.case)
        return script, plan_twists(held.case, script, self.environment)


class _Held:
    """A case that adds nothing to a cache's key."""

    def __init__(self, case: Case) -> None:
        self.case = case

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)


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
