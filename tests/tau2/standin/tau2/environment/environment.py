"""The environment: calls, their answers, and replays of what was recorded."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .db import DB
from .toolkit import ToolKitBase


@dataclass(frozen=True)
class Answer:
    """What a tool call came to."""

    name: str
    arguments: dict[str, Any]
    content: str
    error: bool


class Environment:
    def __init__(self, domain_name: str, policy: str, tools: ToolKitBase) -> None:
        self.domain_name = domain_name
        self.policy = policy
        self.tools = tools

    def make_tool_call(self, tool_name: str, requestor: str = "assistant", **kwargs: Any) -> Any:
        if requestor != "assistant":
            raise ValueError(f"Invalid requestor: {requestor}")
        return self.tools.use_tool(tool_name=tool_name, **kwargs)

    def get_response(self, name: str, arguments: dict[str, Any]) -> Answer:
        try:
            content = self.make_tool_call(name, **arguments)
        except Exception as error:  # noqa: BLE001 - as tau2 does
            return Answer(name, arguments, f"Error: {error}", error=True)
        return Answer(name, arguments, content if isinstance(content, str) else json.dumps(content), error=False)

    def set_state(self, recorded: Iterable[Answer]) -> None:
        """Repeats the calls that may have changed the state; each must come to what was recorded."""
        for answer in recorded:
            if not self.tools.has_tool(answer.name) or not self.tools.tool_mutates_state(answer.name):
                continue
            again = self.get_response(answer.name, answer.arguments)
            if again != answer:
                raise ValueError(f"Returned: {again}, expected: {answer}")

    def check_db(self, reference: DB) -> bool:
        return self.get_db_hash() == reference.get_hash()

    def get_db_hash(self) -> str:
        return self.tools.get_db_hash()
