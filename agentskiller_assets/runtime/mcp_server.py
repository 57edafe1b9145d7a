"""The MCP door: sessions of an environment behind a server that any MCP host can use."""

import logging
from collections.abc import AsyncIterable, Awaitable, Callable
from functools import lru_cache
from typing import Any

import anyio
from anyio.abc import ObjectSendStream
from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp.shared.message import SessionMessage
from pydantic import ValidationError
from sqlglot import exp

from agentskiller_assets.core import sql
from agentskiller_assets.core.spec import EnvironmentSpec, Tool, space_of
from agentskiller_assets.errors import SpecError
from agentskiller_assets.runtime.outcome import Ok, Outcome, outcome_text
from agentskiller_assets.runtime.schema import input_schema, output_schema
from agentskiller_assets.runtime.session import Environment, Session

__all__ = ["mcp_server", "policy_uri", "run_stdio", "session_server", "tool_definition"]

Context = ServerRequestContext[Any]
SessionOf = Callable[[Context], Session]
"""Which session a request is about."""
Received = SessionMessage | Exception
Send = Callable[[SessionMessage], Awaitable[None]]
Page = types.PaginatedRequestParams | None
_LOG = logging.getLogger(__name__)
DEFECT = "The call could not be carried out because of a fault of the server; nothing was changed."
"""All that a client learns of a defect in the specification's SQL."""


def mcp_server(environment: Environment, *, policy: str) -> Server[Any]:
    """A server with one session of its own: over stdio, one process is one conversation."""
    session = environment.fork()
    return session_server(lambda _: session, environment, policy=policy)


def session_server(session_of: SessionOf, environment: Environment, *, policy: str) -> Server[Any]:
    """A server on sessions of the environment that somebody else keeps."""
    spec = environment.spec
    tools = [tool_definition(tool) for tool in spec.tools]
    schemas = {tool.name: tool.input_schema for tool in tools}
    resource = types.Resource(
        uri=policy_uri(spec),
        name="policy",
        title=f"Policy of {spec.title}",
        description="What the assistant may do, and when it must refuse.",
        mime_type="text/markdown",
    )

    async def list_tools(_context: Context, _page: Page) -> types.ListToolsResult:
        return types.ListToolsResult(tools=tools)

    async def call_tool(context: Context, call: types.CallToolRequestParams) -> types.CallToolResult:
        return _call(session_of(context), call)

    async def list_resources(_context: Context, _page: Page) -> types.ListResourcesResult:
        return types.ListResourcesResult(resources=[resource])

    async def read_resource(_context: Context, wanted: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        if wanted.uri != resource.uri:
            raise MCPError(types.INVALID_PARAMS, "There is no such resource.")
        contents = types.TextResourceContents(uri=resource.uri, mime_type=resource.mime_type, text=policy)
        return types.ReadResourceResult(contents=[contents])

    return Server(
        spec.server_name,
        version=environment.digest[:12],
        title=spec.title,
        description=spec.description,
        instructions=policy,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_read_resource=read_resource,
        # otherwise the SDK lists all tools on every call over HTTP to find the one schema
        get_tool_input_schema=schemas.get,
    )


def run_stdio(server: Server[Any]) -> None:
    """Serve standard input and output until the host closes them."""

    async def serve() -> None:
        async with stdio_server() as (received, sent), anyio.create_task_group() as tasks:
            forward, messages = anyio.create_memory_object_stream[Received]()
            tasks.start_soon(_answer_unreadable, received, forward, sent.send)
            await server.run(messages, sent, server.create_initialization_options())
            tasks.cancel_scope.cancel()

    anyio.run(serve)


async def _answer_unreadable(
    received: AsyncIterable[Received], forward: ObjectSendStream[Received], send: Send
) -> None:
    """Passes on what the client says. The SDK drops what is no message: here it is logged, and answered as an error."""
    async with forward:
        async for each in received:
            if not isinstance(each, ValidationError):
                await forward.send(each)
            elif error := _unreadable(each):
                _LOG.warning("A line of standard input was refused: %s", error.message)
                await send(SessionMessage(types.JSONRPCError(jsonrpc="2.0", id=None, error=error)))


def _unreadable(fault: ValidationError) -> types.ErrorData | None:
    """What JSON-RPC says of a line that is no JSON or no message; nothing of one that is empty."""
    first = fault.errors()[0]
    if first["type"] != "json_invalid":
        return types.ErrorData(code=types.INVALID_REQUEST, message="This is no JSON-RPC message.")
    if not str(first["input"]).strip():
        return None
    return types.ErrorData(code=types.PARSE_ERROR, message=first["msg"])


def policy_uri(spec: EnvironmentSpec) -> str:
    """Where clients read the policy."""
    return f"policy://{spec.domain}"


def tool_definition(tool: Tool) -> types.Tool:
    """The tool as clients see it, with exact schemas and honest hints; in a pair its title names the service."""
    service = space_of(tool.name)
    return types.Tool(
        name=tool.name,
        title=f"{tool.title} ({service.replace('_', ' ')})" if service else tool.title,
        description=tool.description,
        input_schema=input_schema(tool),
        output_schema=output_schema(tool),
        annotations=_annotations(tool.access, tool.effects),
    )


@lru_cache(maxsize=1024)
def _annotations(access: str, effects: tuple[str, ...]) -> types.ToolAnnotations:
    """Reads change nothing; writes that only insert destroy nothing. Every session has its own server: kept."""
    if access == "read":
        return types.ToolAnnotations(read_only_hint=True, open_world_hint=False)
    trees = [sql.parse(effect) for effect in effects]
    return types.ToolAnnotations(
        read_only_hint=False,
        destructive_hint=not all(isinstance(tree, exp.Insert) for tree in trees),
        idempotent_hint=all(_repeatable(tree) for tree in trees),
        open_world_hint=False,
    )


def _repeatable(effect: exp.Expr) -> bool:
    """Whether doing it twice is doing it once: no new row, and no value made from the one before."""
    if isinstance(effect, exp.Update):
        return not any(assignment.expression.find(exp.Column) for assignment in effect.expressions)
    return isinstance(effect, exp.Delete)


def _call(session: Session, call: types.CallToolRequestParams) -> types.CallToolResult:
    try:
        outcome = session.call(call.name, call.arguments or {})
    except SpecError:
        return _error(DEFECT)
    return _result(outcome)


def _result(outcome: Outcome) -> types.CallToolResult:
    text = outcome_text(outcome)
    if not isinstance(outcome, Ok):
        return _error(text)
    return types.CallToolResult(content=[types.TextContent(text=text)], structured_content=outcome.result)


def _error(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=text)], is_error=True)
