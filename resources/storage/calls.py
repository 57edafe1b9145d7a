"""The model calls: as nodes of lineage, and as views with one line for each call and what they cost for whom."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from agentskiller_assets.llm.calls import CALLS, Call, CallStore
from resources.storage.engine import file_literal, literal, quoted

CALLS_VIEW = "llm_calls"
_CALL_ID = re.compile(r"call_[0-9a-f]{32}")
_REQUEST = (
    "STRUCT(model VARCHAR, prompt VARCHAR, asset VARCHAR, partition VARCHAR, messages JSON, tools JSON,"
    " response_schema JSON, temperature DOUBLE, seed BIGINT, max_tokens BIGINT)"
)
_COMPLETION = (
    "STRUCT(answered_by VARCHAR, content VARCHAR, thinking VARCHAR, refusal VARCHAR, tool_calls JSON,"
    " finish_reason VARCHAR, prompt_tokens BIGINT, completion_tokens BIGINT, cost DOUBLE, latency_s DOUBLE,"
    " attempts BIGINT, adjustments VARCHAR[])"
)
_FILE = {
    "call_id": "VARCHAR",
    "time": "TIMESTAMP",
    "fault": "VARCHAR",
    "request": _REQUEST,
    "completion": _COMPLETION,
}
_CALLS = """
SELECT call_id, request.asset AS asset, request.partition AS "partition", request.prompt AS prompt,
    request.model AS model, completion.answered_by AS answered_by, fault, time, completion.latency_s AS latency_s,
    completion.attempts AS attempts, completion.prompt_tokens AS prompt_tokens,
    completion.completion_tokens AS completion_tokens, completion.cost AS cost,
    completion.finish_reason AS finish_reason, completion.adjustments AS adjustments,
    request.temperature AS temperature, request.seed AS seed, request.max_tokens AS max_tokens,
    request.messages AS messages, request.tools AS tools, request.response_schema AS response_schema,
    completion.content AS content, completion.thinking AS thinking, completion.refusal AS refusal,
    completion.tool_calls AS tool_calls
FROM {files}
"""
_COST = """
SELECT asset, "partition", model, count(*) AS calls, count(fault) AS faults,
    sum(prompt_tokens)::BIGINT AS prompt_tokens, sum(completion_tokens)::BIGINT AS completion_tokens,
    sum(cost) AS cost, avg(latency_s) AS mean_latency_s
FROM llm_calls GROUP BY asset, "partition", model
"""


def call_views(root: Path, any_calls: bool) -> dict[str, str]:
    """`llm_calls`, and `llm_cost` by who asked first: who asks the same later pays nothing. Empty without calls."""
    if any_calls:
        columns = ", ".join(f"{quoted(name)}: {literal(kind)}" for name, kind in _FILE.items())
        files = f"read_json({file_literal(root / CALLS, '*/*.json')}, columns = {{{columns}}})"
    else:
        files = f"(SELECT {', '.join(f'NULL::{kind} AS {quoted(name)}' for name, kind in _FILE.items())} LIMIT 0)"
    return {"llm_calls": _CALLS.format(files=files), "llm_cost": _COST}


def find_calls(root: Path, record_ids: Iterable[str]) -> dict[str, Call]:
    """Those of the ids that are of stored calls."""
    store = CallStore(root / CALLS)
    found = {each: store.find(each) for each in record_ids if _CALL_ID.fullmatch(each)}
    return {call_id: call for call_id, call in found.items() if call is not None}


def call_fields(call: Call) -> dict[str, Any]:
    """What a person wants to see of a call: who was asked what, and what came of it."""
    request, completion = call.request, call.completion
    said = completion.content or ", ".join(each.name for each in completion.tool_calls)
    return {
        "label": f"{request.prompt}, {request.model}: {said}",
        "fault": call.fault,
        **request.model_dump(mode="json"),
        **completion.model_dump(mode="json", exclude={"cached"}),
    }
