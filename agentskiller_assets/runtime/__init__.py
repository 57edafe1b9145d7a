"""Sessions in which tools are called: what planners, generated servers and exports run on."""

from agentskiller_assets.runtime.diff import state_digest
from agentskiller_assets.runtime.image import build_image, schema_sql
from agentskiller_assets.runtime.outcome import Invalid, Ok, Outcome, Refused, outcome_json
from agentskiller_assets.runtime.schema import input_schema, openai_function, output_schema
from agentskiller_assets.runtime.session import Environment, Session

__all__ = [
    "Environment",
    "Invalid",
    "Ok",
    "Outcome",
    "Refused",
    "Session",
    "build_image",
    "input_schema",
    "openai_function",
    "outcome_json",
    "output_schema",
    "schema_sql",
    "state_digest",
]
