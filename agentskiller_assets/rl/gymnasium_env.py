"""The same episodes as an environment of Gymnasium (`pip install agentskiller-assets[rl]`)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, SupportsFloat

try:
    import gymnasium
    from gymnasium import spaces
except ModuleNotFoundError as error:
    raise ImportError("Gymnasium is not installed: pip install 'agentskiller-assets[rl]'") from error

from agentskiller_assets.rl.environment import Observation, TaskEnvironment

__all__ = ["ConversationEnv", "Words"]

_LONGEST_ACTION, _LONGEST_OBSERVATION = 100_000, 10_000_000
"""Characters."""
_LIMITS = ("turn_limit", "call_limit")
Seen = dict[str, str]


class Words(spaces.Text):
    """Any text up to a length, of whatever characters; samples are short."""

    def contains(self, x: Any) -> bool:
        """Whether it is a text that is not too long."""
        return isinstance(x, str) and self.min_length <= len(x) <= self.max_length

    def sample(self, *args: Any, **kwargs: Any) -> str:
        """A few letters."""
        length = int(self.np_random.integers(max(self.min_length, 1), 41))
        return "".join(self.np_random.choice(self.character_list, size=length))


class ConversationEnv(gymnasium.Env[Seen, str]):
    """Text in, text out. An action is a message to the user, or a call as JSON: `{"tool": ..., "arguments": {...}}`.

    An observation holds `messages` and `tools` as JSON in OpenAI's form, and `text`, which is what is new. Reward is 0
    until the end. A limit truncates, everything else terminates.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1}

    def __init__(self, tasks: TaskEnvironment, render_mode: str | None = None) -> None:
        self.tasks = tasks
        self.render_mode = render_mode
        self.action_space = Words(_LONGEST_ACTION)
        seen = {name: Words(_LONGEST_OBSERVATION, min_length=0) for name in ("messages", "tools", "text")}
        self.observation_space = spaces.Dict(seen)  # type: ignore[assignment]
        self._seen: Observation | None = None

    @classmethod
    def from_warehouse(cls, root: str | Path, domain: str, render_mode: str | None = None) -> "ConversationEnv":
        """The tasks of a stored domain, or of a pair `a--b`."""
        return cls(TaskEnvironment.from_warehouse(root, domain), render_mode)

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[Seen, dict[str, Any]]:
        """Begin: about `options["task_id"]`, or a task that the seed draws; `options["repeat"]` varies the user."""
        super().reset(seed=seed)
        wanted = dict(options or {})
        task_id = wanted.get("task_id") or self.tasks.task_ids[int(self.np_random.integers(len(self.tasks.task_ids)))]
        return self._show(self.tasks.reset(task_id, int(wanted.get("repeat", 0)))), {}

    def step(self, action: str) -> tuple[Seen, SupportsFloat, bool, bool, dict[str, Any]]:
        """Do something: observation, reward, terminated, truncated, info."""
        observation, reward, done, info = self.tasks.step(action)
        truncated = info.get("stop_reason") in _LIMITS
        return self._show(observation), reward, done and not truncated, truncated, info

    def render(self) -> str | None:  # type: ignore[override]
        """The conversation so far, if the mode is `ansi`."""
        if self.render_mode != "ansi" or self._seen is None:
            return None
        said = [f"{each['role']}: {each['content'] or each.get('tool_calls')}" for each in self._seen.messages[1:]]
        return "\n".join(said)

    def close(self) -> None:
        """Gives everything back."""
        self.tasks.close()

    def _show(self, observation: Observation) -> Seen:
        self._seen = observation
        return {
            "messages": json.dumps(observation.messages, ensure_ascii=False),
            "tools": json.dumps(observation.tools, ensure_ascii=False),
            "text": observation.text,
        }
