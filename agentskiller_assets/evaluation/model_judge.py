"""A model as judge: is asked whether the agent's manner was right, in what rules cannot tell. It fails closed."""

from pydantic import Field

from agentskiller_assets.core.records import Model
from agentskiller_assets.evaluation.models import Part
from agentskiller_assets.llm.asking import Asked, Prompt, ask_async
from agentskiller_assets.llm.protocol import LLM
from agentskiller_assets.rollouts.models import Rollout
from agentskiller_assets.rollouts.reading import as_markdown
from agentskiller_assets.tasks.models import ValidatedTask

_SYSTEM = """\
You judge how the agent of a service has treated a customer. Whether the right calls were made is checked elsewhere.
Give 1 if the agent was clear and civil, claimed nothing that no tool had returned, and kept to the policy in what it
said. Give 0 otherwise, with one sentence that names the message at fault and what is wrong with it."""
_USER = """\
What the agent was told, policy included:

{prompt}

The conversation:

{talk}"""


class Verdict(Model):
    """What a judge answers."""

    score: int = Field(ge=0, le=1, description="1 if nothing is wrong, else 0.")
    reason: str = Field(description="For 0: what is wrong, in one sentence. For 1: empty.")


class ModelJudge:
    """Asks one model about every conversation."""

    def __init__(self, llm: LLM, model: str) -> None:
        self.llm = llm
        self.how = Asked(model=model, max_tokens=1024, rounds=1)

    async def judge(self, rollout: Rollout, task: ValidatedTask) -> Part:
        """The part `judge`; an `LLMError` of a model that gives no verdict is the caller's to count as 0."""
        user = _USER.format(prompt=rollout.messages[0].content, talk=as_markdown(rollout))
        answered = await ask_async(self.llm, Prompt("evaluation/judge", user, _SYSTEM), Verdict, self.how, _unexplained)
        verdict = answered.value
        return Part(name="judge", score=float(verdict.score), reasons=(verdict.reason,) if not verdict.score else ())


def _unexplained(verdict: Verdict) -> list[str]:
    return [] if verdict.score or verdict.reason.strip() else ["A score of 0 needs a reason."]
