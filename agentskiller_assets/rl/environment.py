"""Episodes: one conversation about one certified task each, with the reward at its end and nowhere before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agentskiller_assets.core.records import Model
from agentskiller_assets.errors import RolloutError
from agentskiller_assets.evaluation.evaluate import Evaluator
from agentskiller_assets.evaluation.models import Evaluation
from agentskiller_assets.rl.actions import Action, as_reply
from agentskiller_assets.rl.loading import load_world
from agentskiller_assets.rl.waiting import Waiting
from agentskiller_assets.rollouts.actors import Cast, Speaker
from agentskiller_assets.rollouts.case import Case
from agentskiller_assets.rollouts.conversation import Limits, Sides, Talk
from agentskiller_assets.rollouts.models import Rollout, StopReason
from agentskiller_assets.rollouts.scripted.cast import ScriptedUsers, Scripts
from agentskiller_assets.runtime import Environment, Session

__all__ = ["Observation", "TaskEnvironment"]

NOTHING_SAID = "nothing_said"
"""How an episode ends in which the agent neither said nor called anything."""
Info = dict[str, Any]


class Observation(Model):
    """All that the agent may know: what was said and returned so far, and its tools. No task, no gold, no reward."""

    messages: tuple[dict[str, Any], ...]
    """In OpenAI's form, beginning with the system prompt that holds the policy."""
    tools: tuple[dict[str, Any], ...]
    text: str
    """What is new: the user's message, or the results of the last calls."""


@dataclass
class _Episode:
    case: Case
    session: Session
    talk: Talk
    user: Speaker
    seen: int = 0
    """Messages that the agent has seen or said."""


class TaskEnvironment:
    """One service and its tasks. Not shared between threads; `close` it, or use it in a `with` block.

    The user is scripted, unless `users` are others. Reward is 0 until the episode ends, then the evaluation's score.
    """

    def __init__(
        self,
        environment: Environment,
        cases: Sequence[Case],
        users: Cast | None = None,
        limits: Limits | None = None,
        agent: str = "rl",
    ) -> None:
        self._environment = environment
        self._cases = {case.task.id: case for case in cases}
        self._users = users or ScriptedUsers(Scripts(environment))
        self._limits = limits or Limits()
        self._sides = Sides(agent=agent, user=self._users.name, settings=f"{agent} {self._users.settings}")
        self._evaluator = Evaluator(environment)
        self._waiting = Waiting()
        self._episode: _Episode | None = None
        self._ended: tuple[Rollout, Evaluation] | None = None

    @classmethod
    def from_warehouse(cls, root: str | Path, domain: str, **more: Any) -> "TaskEnvironment":
        """The tasks of a stored domain, or of a pair `a--b`; `StorageError` if it is not made."""
        return cls(*load_world(Path(root), domain), **more)

    def __enter__(self) -> "TaskEnvironment":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives sessions and thread back."""
        self._leave()
        self._evaluator.close()
        self._waiting.close()

    @property
    def task_ids(self) -> tuple[str, ...]:
        """The tasks that `reset` takes, in their order."""
        return tuple(self._cases)

    @property
    def rollout(self) -> Rollout | None:
        """The conversation that has ended, as the warehouse stores it; None while one is under way."""
        return self._ended[0] if self._ended else None

    @property
    def evaluation(self) -> Evaluation | None:
        """What that conversation scored, part by part; None while one is under way."""
        return self._ended[1] if self._ended else None

    def reset(self, task_id: str, repeat: int = 0) -> Observation:
        """Begin a conversation about a task; users of different repeats do not say the same. `RolloutError` names
        a task that is not there."""
        self._leave()
        if task_id not in self._cases:
            fix = f"Choose one of `task_ids`: there are {len(self._cases)}."
            raise RolloutError(task_id, f"it is no task of {self._environment.spec.domain}", fix)
        case = replace(self._cases[task_id], repeat=repeat)
        session = self._environment.fork()
        talk = Talk.begin(case, session, self._limits)
        self._episode = _Episode(case, session, talk, self._users.join(case))
        return self._observe(self._episode)

    def step(self, action: Action) -> tuple[Observation, float, bool, Info]:
        """Do something, and see what comes of it: observation, reward, whether the episode has ended, and if it has,
        why, and the score of each part with its reasons."""
        episode = self._episode
        if episode is None:
            raise RolloutError("step", "there is no episode under way", "Call `reset` first.")
        reply = as_reply(action)
        if not reply.tool_calls and not (reply.content or "").strip():
            observation = self._observe(episode)
            self._leave()
            return observation, 0.0, True, {"stop_reason": NOTHING_SAID, "score": 0.0, "parts": {}, "reasons": {}}
        episode.seen = len(episode.talk.messages)
        stop_reason = self._waiting.for_result(episode.talk.go_on(reply, episode.user))
        observation = self._observe(episode)
        if stop_reason is None:
            return observation, 0.0, False, {}
        evaluation = self._evaluate(episode, stop_reason)
        return observation, evaluation.score, True, _told(stop_reason, evaluation)

    def _observe(self, episode: _Episode) -> Observation:
        messages = episode.talk.messages
        new = [each.content or "" for each in messages[episode.seen :] if each.role in ("user", "tool")]
        return Observation(
            messages=tuple(message.openai() for message in messages),
            tools=episode.case.service.tools,
            text="\n".join(new),
        )

    def _evaluate(self, episode: _Episode, stop_reason: StopReason) -> Evaluation:
        rollout = episode.talk.record(self._environment, self._sides, stop_reason)
        evaluation = self._evaluator.evaluate(rollout, episode.case.task, episode.case.template)
        self._leave()
        self._ended = (rollout, evaluation)
        return evaluation

    def _leave(self) -> None:
        """No episode is under way, and none has ended."""
        if self._episode is not None:
            self._episode.session.close()
        self._episode = self._ended = None


def _told(stop_reason: StopReason, evaluation: Evaluation) -> Info:
    return {
        "stop_reason": stop_reason,
        "score": evaluation.score,
        "parts": {part.name: part.score for part in evaluation.parts},
        "reasons": {part.name: list(part.reasons) for part in evaluation.parts},
    }
