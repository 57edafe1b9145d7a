"""`replay`: a stored conversation as a person reads it, in the terminal or as a page of its own."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.json import JSON
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from agentskiller_assets.cli.console import out
from agentskiller_assets.cli.conversation import Change, Conversation, find_conversation
from agentskiller_assets.cli.page import page
from agentskiller_assets.errors import StorageError
from agentskiller_assets.rollouts.models import Message, ToolCall
from resources.storage.files import write_text
from resources.storage.warehouse import Warehouse, default_root

_OUTCOMES = {"ok": "green", "refused": "yellow", "invalid": "red"}
_VERDICTS = {"passed": "green", "failed": "red"}
_MOST_ROWS = 5
"""Rows of a result that a terminal shows; the page has all."""


def replay(
    rollout_id: Annotated[str, typer.Argument(help="Id of a conversation, or of its evaluation or example.")],
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it as one page of HTML instead.")] = None,
) -> None:
    """Show a conversation with its tool calls, what they changed, and what it scored."""
    conversation = find_conversation(Warehouse(default_root()), rollout_id)
    if html is None:
        out.print(_header(conversation))
        for message in conversation.talk:
            out.print(_message(conversation, message))
        out.print(_changes(conversation.changes))
        out.print(_scores(conversation))
        return
    try:
        write_text(html.absolute(), page(conversation))
    except OSError as error:
        raise StorageError(str(html), f"it cannot be written ({error.strerror})", "Name another file.") from error
    out.print(f"{conversation.rollout.id} in {html}", markup=False, highlight=False)


def _header(conversation: Conversation) -> Panel:
    rollout = conversation.rollout
    facts = Table.grid(padding=(0, 2))
    verdict = f"[{_VERDICTS.get(conversation.verdict, 'dim')}]{conversation.verdict}[/]"
    ended = f"{rollout.stop_reason}: {rollout.last_words}" if rollout.last_words else rollout.stop_reason
    for name, value in (
        ("verdict", verdict),
        ("task", f"{rollout.task_kind} in {rollout.domain}"),
        ("sides", escape(f"agent {rollout.agent}, user {rollout.user}, conversation {rollout.repeat + 1}")),
        ("length", f"{rollout.turns} messages, {len(rollout.calls)} calls"),
        ("ended by", escape(ended)),
        ("query", rollout.query),
        ("the user wants", escape(conversation.query.instruction) if conversation.query else None),
    ):
        if value is not None:
            facts.add_row(f"[dim]{name}[/dim]", value)
    return Panel(facts, title=rollout.id, title_align="left")


def _message(conversation: Conversation, message: Message) -> RenderableType:
    if message.role == "user":
        return Padding(Text.assemble(("User  ", "bold cyan"), message.content or ""), (1, 0, 0, 0))
    parts: list[RenderableType] = []
    if message.content:
        parts.append(Padding(Text.assemble(("Agent ", "bold green"), message.content), (1, 0, 0, 0)))
    parts += [_call(conversation, call) for call in message.tool_calls]
    return Group(*parts)


def _call(conversation: Conversation, call: ToolCall) -> Padding:
    made = conversation.calls.get(call.id)
    outcome = made.outcome if made else "invalid"
    left_out = ", not needed" if call.id in conversation.redundant else ""
    line = Text.assemble(
        ("→ ", "dim"), (call.name, "bold"), f" {call.arguments} ", (f"[{outcome}{left_out}]", _OUTCOMES[outcome])
    )
    return Padding(Group(line, _result(conversation.answers.get(call.id, ""))), (0, 0, 0, 6))


def _result(text: str) -> RenderableType:
    """Rows as a table, anything else as it is; what is long is cut."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return Text(text, "dim")
    rows = found.get("results")
    if set(found) != {"results"} or not rows:
        return JSON.from_data(found, indent=None)
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows[:_MOST_ROWS]:
        table.add_row(*(_value(row.get(name)) for name in rows[0]))
    more = [Text(f"and {len(rows) - _MOST_ROWS} rows more", "dim")] if len(rows) > _MOST_ROWS else []
    return Group(table, *more)


def _changes(changes: list[Change]) -> RenderableType:
    if not changes:
        return Padding("Nothing was changed.", (1, 0, 0, 0))
    table = Table(title="What was changed", title_justify="left")
    for name in ("", "table", "row", "column", "before", "after"):
        table.add_column(name, overflow="fold")
    for change in changes:
        for index, (column, old, new) in enumerate(change.cells):
            first = (change.what, change.table, change.key) if index == 0 else ("", "", "")
            table.add_row(*first, column, _value(old), _value(new), end_section=index == len(change.cells) - 1)
    return Padding(table, (1, 0, 0, 0))


def _scores(conversation: Conversation) -> RenderableType:
    if conversation.evaluation is None:
        return Padding("It is not evaluated.", (1, 0, 0, 0))
    table = Table(title=f"Score {conversation.evaluation.score:g}", title_justify="left")
    for name in ("part", "score", "why"):
        table.add_column(name, overflow="fold")
    for part in conversation.evaluation.parts:
        table.add_row(part.name, f"{part.score:g}", escape("\n".join(part.reasons)))
    return Padding(table, (1, 0, 0, 0))


def _value(value: Any) -> str:
    return "" if value is None else escape(value if isinstance(value, str) else json.dumps(value))
