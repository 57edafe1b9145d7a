"""Whatever is sent, a call has an outcome, and the state changes only if it was carried out."""

import json
import random

from agentskiller_assets.runtime import Invalid, Ok, Refused, outcome_json
from tests.scenario import AMELIA, GIULIA, HANA, LIBRARY, NOOR, TOBIAS, library_rows, session_of

NASTY = [
    "", " ", "\0", "\ud800", "\udfff\ud800", "null", "None",
    "'", "''", '"', ";", "--", "/*", "%", "_", "\\",
    "'; DROP TABLE loan; --", "' OR '1'='1", ":me", "?1", "$x", "NaN", "1e999", "0x10",
    "007", "-0", "\ufeff", "\u202e",
    "ﬀ", "é", "e\u0301", "🦊", "\r\n", "\x1b[31m", "x" * 501, "x" * 100_000, "now",
    "2026-02-30", "9999-99-99",
    "2026-03-09 10:00:00", "2026-03-09 10:00:00\n", "a@b", "a@example.org", "novel",
    "Novel", "active", "ACTIVE",
    None, True, False, 0, -1, 7, 7.0, 28.5, 2**53, 2**63,
    -(2**63), 10**400, 1e308, -0.0, 0.001, 19.99,
    float("nan"), float("inf"), [], {}, [1], {"a": 1}, (), b"bytes", object(), {1, 2}, 1j,
]  # fmt: skip
KEYS = [row[table.key] for table in LIBRARY.tables for row in library_rows()[table.name]]


def _value(random_, name):
    if random_.random() < 0.4:
        return random_.choice(NASTY)
    known = {
        "genre": ["novel", "history"],
        "status": ["active", "returned"],
        "days": [7, 14, 28],
        "reminder": [True, False],
        "phone": ["007", "1"],
        "note": ["it's", "x"],
        "pickup_at": ["2026-03-09 10:00:00"],
        "email": [AMELIA["email"]],
        "date_of_birth": [AMELIA["date_of_birth"]],
    }
    return random_.choice(known.get(name, KEYS))


def _call(random_):
    tool = random_.choice(LIBRARY.tools)
    args = {p.name: _value(random_, p.name) for p in tool.parameters if p.required or random_.random() < 0.5}
    if random_.random() < 0.1:
        args[random_.choice(["extra", "me", "now", "new_id", "", "\ud800", 5, None])] = "x"
    if random_.random() < 0.1 and args:
        args.pop(next(iter(args)))
    if random_.random() < 0.03:
        return tool.name, random_.choice(NASTY)
    return (tool.name if random_.random() < 0.97 else random_.choice(NASTY[:20])), args


def test_two_thousand_random_calls_have_outcomes_and_change_nothing_unless_carried_out():
    random_ = random.Random(20260302)
    seen = {Ok: 0, Refused: 0, Invalid: 0}
    for person in (AMELIA, TOBIAS, NOOR, GIULIA, HANA) * 8:
        with session_of(person) as session:
            before = session.digest()
            for _ in range(50):
                name, args = _call(random_)
                outcome = session.call(name, args)
                seen[type(outcome)] += 1
                json.dumps(outcome_json(outcome), ensure_ascii=False, allow_nan=False).encode()
                after = session.digest()
                if not isinstance(outcome, Ok):
                    assert after == before, (name, args, outcome)
                before = after
    assert sum(seen.values()) == 2000
    assert min(seen.values()) > 100
