"""A conversation as one page of HTML: it needs no other file, no script and no network."""

import json
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from agentskiller_assets.cli.conversation import Conversation

_SHORT = 600
"""Characters of a result that is shown open."""


def page(conversation: Conversation) -> str:
    """The page. Everything that it shows is escaped."""
    environment = Environment(
        loader=PackageLoader("agentskiller_assets.cli"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shown"] = _shown
    environment.filters["words"] = lambda name: str(name).replace("_", " ")
    environment.filters["result"] = _result
    return environment.get_template("replay.html.j2").render(conversation=conversation, rollout=conversation.rollout)


def _shown(value: Any) -> str:
    """A value of a record as a person reads it."""
    return "–" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _result(text: str) -> dict[str, Any]:
    """What a call came to: rows with their columns where it is JSON, else words."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return {"words": text, "rows": [], "columns": [], "many": False, "short": True}
    many = set(found) == {"results"} and isinstance(found["results"], list)
    rows = [row for row in found["results"] if isinstance(row, dict)] if many else [found]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return {"words": "", "rows": rows, "columns": columns, "many": many, "short": len(text) <= _SHORT}
