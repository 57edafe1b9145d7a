"""Tasks in tau2's own form. What has no value is left out of the file: tau2's models do not take null everywhere."""

from typing import Any, Literal

from pydantic import Field

from agentskiller_assets.core.records import Model

RewardType = Literal["DB", "COMMUNICATE"]


class Description(Model):
    """What the task is about; the agent does not see it."""

    purpose: str
    relevant_policies: str | None = None
    notes: str


class Instructions(Model):
    """What the simulated user knows and wants."""

    domain: str
    reason_for_call: str
    known_info: str
    unknown_info: str
    task_instructions: str


class Scenario(Model):
    persona: str
    instructions: Instructions


class Action(Model):
    """One call of the gold trajectory."""

    action_id: str
    requestor: Literal["assistant"] = "assistant"
    name: str
    arguments: dict[str, Any]
    info: str
    compare_args: tuple[str, ...] | None = None
    """Arguments that tau2's action check compares; None for all."""


class Criteria(Model):
    actions: tuple[Action, ...]
    communicate_info: tuple[str, ...] = ()
    nl_assertions: tuple[str, ...] | None = None
    """For whoever asks tau2 to have them judged; no reward depends on them."""
    reward_basis: tuple[RewardType, ...] = Field(min_length=1)


class Tau2Task(Model):
    id: str
    description: Description
    user_scenario: Scenario
    evaluation_criteria: Criteria

    def plain(self) -> dict[str, Any]:
        """The task as it is written."""
        return self.model_dump(mode="json", exclude_none=True)
