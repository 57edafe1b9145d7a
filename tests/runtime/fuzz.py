"""Random calls of an environment's tools: some that fit, many that do not."""

import random
from collections.abc import Iterator
from typing import Any

from agentskiller_assets.core.spec import Parameter, Tool
from agentskiller_assets.runtime import Environment

NASTY: list[Any] = [
    "", " ", "\0", "\ud800", "\udfff\ud800", "null", "None",
    "'", "''", '"', ";", "--", "/*", "%", "_", "\\", ":me", "?1", "$x", "NaN", "1e999", "0x10",
    "007", "-0", "\ufeff", "\u202e", "ﬀ", "é", "e\u0301", "🦊", "\r\n", "\x1b[31m", "x" * 501, "x" * 100_000, "now",
    "2026-02-30", "9999-99-99", "2026-03-09 10:00:00", "2026-03-09 10:00:00\n", "a@b", "a@example.org",
    "active", "ACTIVE",
    None, True, False, 0, -1, 7, 7.0, 28.5, 2**53, 2**63, -(2**63), 10**400, 1e308, -0.0, 0.001, 19.99,
    float("nan"), float("inf"), [], {}, [1], {"a": 1}, (), b"bytes", object(), {1, 2}, 1j,
]  # fmt: skip
SQL = [
    "'; DROP TABLE person; --", "' OR '1'='1", "') OR 1=1 --", "' UNION SELECT * FROM sqlite_master --",
    "'; ATTACH DATABASE '/tmp/stolen.db' AS stolen; --", "'; PRAGMA writable_schema=1; --", "load_extension('x')",
    "'||(SELECT group_concat(email) FROM person)||'", "1; DELETE FROM person", "CASE WHEN 1 THEN 1 ELSE abs(1) END",
    "readfile('/etc/passwd')", "x' AND randomblob(1000000000) AND 'x", "\\'; VACUUM INTO '/tmp/stolen.db'; --",
]  # fmt: skip
INSIDE = ("sqlite", "sqlglot", "traceback", 'near "', "syntax error", "no such column", "no such table", ".py")
"""What would betray how the server works."""


def people(environment: Environment) -> list[dict[str, Any]]:
    """Arguments with which some of the people identify themselves."""
    spec = environment.spec
    names = [(p.name, *(p.matches or f"{spec.core_entity}.{p.name}").split(".")) for p in spec.authorizer.parameters]
    columns = ", ".join(f'"{table}"."{column}"' for _, table, column in names)
    source = f'"{spec.core_entity}" JOIN "person" USING ("person_id")'
    with environment.fork() as session:
        rows = session.query(f"SELECT {columns} FROM {source} ORDER BY 1, 2 LIMIT 40")
    return [dict(zip((name for name, _, _ in names), row, strict=True)) for row in rows]


def random_calls(environment: Environment, seed: int, count: int) -> Iterator[tuple[Any, Any]]:
    """Names and arguments, each of which may be anything."""
    spec, draw = environment.spec, random.Random(seed)
    with environment.fork() as session:
        keys = {
            table.name: [row[0] for row in session.query(f'SELECT "{table.key}" FROM "{table.name}" ORDER BY 1')]
            for table in spec.tables
        }
    for _ in range(count):
        tool = draw.choice(spec.tools)
        args: Any = {p.name: _value(draw, p, keys) for p in tool.parameters if p.required or draw.random() < 0.5}
        yield _spoiled(draw, tool, args)


def _spoiled(draw: random.Random, tool: Tool, args: dict[Any, Any]) -> tuple[Any, Any]:
    if draw.random() < 0.1:
        args[draw.choice(["extra", "me", "now", "new_id", "", "\ud800", 5, None, SQL[0]])] = "x"
    if draw.random() < 0.1 and args:
        args.pop(next(iter(args)))
    if draw.random() < 0.03:
        return tool.name, draw.choice(NASTY)
    return (tool.name if draw.random() < 0.97 else draw.choice([*NASTY, *SQL])), args


def _value(draw: random.Random, parameter: Parameter, keys: dict[str, list[Any]]) -> Any:
    chance = draw.random()
    if chance < 0.15:
        return draw.choice(SQL)
    if chance < 0.35:
        return draw.choice(NASTY)
    if parameter.refers_to:
        return draw.choice(keys[parameter.refers_to.split(".")[0]])
    low, high = int(parameter.minimum or 0), int(parameter.maximum or 50)
    fitting: dict[str, list[Any]] = {
        "enum": list(parameter.values) or ["x"],
        "boolean": [True, False],
        "integer": [low, high, draw.randint(low, high)],
        "money": [19.99, 5],
        "date": [f"2026-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"],
        "datetime": [f"2026-03-{draw.randint(1, 28):02} {draw.randint(8, 18):02}:{draw.choice((0, 30)):02}:00"],
        "phone": ["312-555-0199", "+1 555 010 0199"],
        "email": ["someone@example.org"],
    }
    return draw.choice(fitting.get(parameter.type, ["some words", "it's", "x"]))
