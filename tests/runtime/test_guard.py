"""SQL of a specification cannot leave its tables, see the change log, or run for ever."""

import sqlite3
from contextlib import closing

import pytest

from agentskiller_assets.errors import SpecError
from agentskiller_assets.runtime import Ok
from tests.runtime.specs import ONE, library_with, tool
from tests.scenario import AMELIA, session_of

ENDLESS = "(WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT MAX(x) FROM c)"
EFFECTS = [
    "ATTACH DATABASE 'file.db' AS other",
    "DETACH DATABASE main",
    "PRAGMA foreign_keys = OFF",
    "PRAGMA writable_schema = ON",
    "CREATE TABLE mine (x)",
    "CREATE TEMP TABLE mine (x)",
    "CREATE VIEW mine AS SELECT * FROM loan",
    "CREATE TRIGGER mine AFTER INSERT ON loan BEGIN SELECT 1; END",
    "CREATE INDEX mine ON loan (status)",
    "DROP TABLE loan",
    "DROP TRIGGER _loan_insert",
    "ALTER TABLE loan ADD COLUMN mine TEXT",
    "VACUUM INTO 'file.db'",
    "REINDEX",
    "ANALYZE",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT call",
    "RELEASE call",
    "ROLLBACK TO call",
    "DELETE FROM _changes",
    "INSERT INTO _changes (key) VALUES ('x')",
    "UPDATE _changes SET key = 'x'",
    "UPDATE loan SET status = (SELECT key FROM _changes)",
    "UPDATE loan SET loan_id = 'LOA-1' WHERE loan_id = 'LOA-401'",
    "DELETE FROM sqlite_schema",
    "UPDATE person SET city = (SELECT sql FROM sqlite_schema)",
    "UPDATE person SET city = load_extension('x')",
    "UPDATE person SET city = hex(randomblob(8))",
    "UPDATE person SET city = random()",
    "UPDATE person SET city = CURRENT_TIMESTAMP",
    "UPDATE person SET city = :undeclared",
    "UPDATE person SET town = 'x'",
    "UPDATE person SET city = 'x'; DELETE FROM loan",
    "",
]
READS = [
    "SELECT seq AS one FROM _changes",
    'SELECT seq AS one FROM "_changes"',
    "SELECT COUNT(*) AS one FROM main._changes",
    "WITH _loan_insert AS (SELECT seq FROM _changes) SELECT seq AS one FROM _loan_insert",
    "SELECT one FROM (SELECT seq AS one FROM _changes) AS _loan_insert",
    "SELECT name AS one FROM sqlite_schema",
    "SELECT name AS one FROM sqlite_master",
    "SELECT name AS one FROM pragma_table_info('loan')",
    "SELECT load_extension('x') AS one",
    "SELECT random() AS one",
    "SELECT CURRENT_DATE AS one",
    "DELETE FROM loan RETURNING 1 AS one",
    "UPDATE person SET city = 'x' RETURNING 1 AS one",
    "INSERT INTO loan SELECT * FROM loan",
    "PRAGMA user_version",
    "SELECT 1 AS one; SELECT 2",
    "SELECT 1 AS other",
    "SELECT 1 AS one, 2 AS two",
]


@pytest.mark.parametrize("sql", EFFECTS)
def test_effects_that_leave_the_tables_do_not_compile(sql):
    with pytest.raises(SpecError, match=r"^tool probe: "):
        library_with(tool(effects=[sql or ";;"]))


@pytest.mark.parametrize("sql", READS)
def test_results_that_leave_the_tables_do_not_compile(sql):
    with pytest.raises(SpecError, match=r"^tool probe: "):
        library_with(tool(returns={**ONE, "sql": sql}))


@pytest.mark.parametrize(
    "condition",
    ["(SELECT COUNT(*) FROM _changes) = 0", "load_extension('x')", ":new_id = 'LOA-411'", "1) OR (", "x"],
)
def test_conditions_that_leave_the_tables_do_not_compile(condition):
    refusal = {"code": "PROBE", "statement": "Probe."}
    with pytest.raises(SpecError, match=r"^tool probe: "):
        library_with(tool(rules=[{**refusal, "require": condition}]))
    with pytest.raises(SpecError, match=r"^tool probe: "):
        library_with(tool(binds=[{"table": "loan", "where": condition, "refusal": refusal}]))


@pytest.mark.parametrize("sql", [*READS[:11], *(sql for sql in EFFECTS if sql)])
def test_the_planner_only_reads_tables(sql):
    with session_of(AMELIA) as session:
        with pytest.raises(SpecError, match=r"^query: "):
            session.query(sql)
        assert isinstance(session.call("borrow_book", {"book_id": "BOK-305"}), Ok)
        assert len(session.diff()["inserted"]["loan"]) == 1


def test_the_planner_cannot_run_what_was_compiled_for_a_tool_or_the_runtime():
    probe = tool(effects=["DELETE FROM reservation"])
    with session_of(AMELIA, library_with(probe)) as session:
        session.call("probe", {})
        before = session.diff()
        log = "SELECT table_name, operation, key, before FROM _changes ORDER BY seq"
        for sql in ("DELETE FROM reservation", log, "SAVEPOINT call", "ROLLBACK", "BEGIN"):
            with pytest.raises(SpecError, match=r"not authorized|prohibited"):
                session.query(sql)
        assert session.diff() == before


def test_comments_in_conditions_end_with_their_line():
    rule = {"code": "PROBE", "statement": "Probe.", "require": "1 = 1 -- always"}
    bind = {
        "table": "member",
        "where": "member.member_id = :me -- own",
        "refusal": {"code": "B", "statement": "B."},
    }
    with session_of(AMELIA, library_with(tool(rules=[rule], binds=[bind]))) as session:
        assert session.call("probe", {}) == Ok({"one": 1})


@pytest.mark.parametrize(
    "fields",
    [
        {"rules": [{"code": "ENDLESS", "statement": "Endless.", "require": f"{ENDLESS} = 0"}]},
        {"returns": {**ONE, "sql": f"SELECT {ENDLESS} AS one"}},
        {"effects": ["UPDATE person SET city = 'X'", f"UPDATE book SET copies = {ENDLESS}"]},
        {"effects": ["UPDATE OR ROLLBACK book SET copies = 0"], "rules": []},
    ],
)
def test_an_endless_or_ruinous_call_leaves_the_session_as_it_was(fields):
    environment = library_with(tool(**fields), step_budget=100_000)
    with session_of(AMELIA, environment) as session:
        session.call("borrow_book", {"book_id": "BOK-305"})
        session.call("update_contact_phone", {"phone": "1"})
        before = session.diff()
        if "rules" in fields and not fields["rules"]:
            assert not isinstance(session.call("probe", {}), Ok)
        else:
            with pytest.raises(SpecError, match="tool probe: its SQL failed when it ran: interrupted"):
                session.call("probe", {})
        assert session.diff() == before
        returned = session.call("return_book", {"book_id": "BOK-305"})
        assert isinstance(returned, Ok)
        assert returned.result["loan_id"] == "LOA-411"
        session.reset()
        assert session.diff() == {"inserted": {}, "updated": {}, "deleted": {}}


def test_an_endless_query_of_the_planner_ends():
    with session_of(AMELIA, library_with(step_budget=100_000)) as session:
        with pytest.raises(SpecError, match="interrupted"):
            session.query(f"SELECT {ENDLESS}")
        assert isinstance(session.call("get_member_profile", {}), Ok)


def test_huge_values_are_a_defect_of_the_tool_and_not_of_the_machine():
    returns = {**ONE, "sql": "SELECT length(zeroblob(900000000)) AS one ORDER BY 1"}
    environment = library_with(tool(returns=returns))
    with session_of(AMELIA, environment) as session, pytest.raises(SpecError, match="too big"):
        session.call("probe", {})


def test_several_rows_where_one_is_declared_are_a_defect_and_change_nothing():
    returns = {
        "sql": "SELECT b.copies AS one FROM book AS b ORDER BY b.book_id",
        "many": False,
        "columns": ONE["columns"],
    }
    probe = tool(effects=["DELETE FROM reservation"], returns=returns)
    with session_of(AMELIA, library_with(probe)) as session:
        with pytest.raises(SpecError, match="the result has 8 rows where one is declared"):
            session.call("probe", {})
        assert session.diff()["deleted"] == {}


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"effects": ["DELETE FROM loan"], "access": "read"}, "has effects although it only reads"),
        ({"parameters": [{"name": "me", "type": "text", "description": "Me."}]}, "has a parameter named me"),
        ({"authorizes": "member.member_id"}, "does not bind the row of member.member_id"),
        (
            {"binds": [{"table": "loan", "where": "1", "refusal": {"code": "A", "statement": "A."}}] * 2},
            "binds one table twice",
        ),
    ],
)
def test_tools_that_make_no_sense_are_refused_when_compiled(fields, fault):
    with pytest.raises(SpecError, match=fault):
        library_with(tool(**fields))


def test_what_was_compiled_for_one_purpose_is_compiled_anew_for_another():
    effect, key = "DELETE FROM reservation WHERE 0", "SELECT :new_id AS one ORDER BY one"
    environment = library_with(tool(effects=[effect], returns={**ONE, "sql": key}))
    assert environment.with_tool(tool(effects=[effect, effect], returns={**ONE, "sql": key}))
    with pytest.raises(SpecError, match="its SQL cannot be used"):
        environment.with_tool(tool(returns={**ONE, "sql": effect}))
    with pytest.raises(SpecError, match="its SQL cannot be used"):
        environment.with_tool(tool(rules=[{"code": "A", "statement": "A.", "require": f"({key}) IS NULL"}]))


def test_sqlite_ends_the_transaction_when_a_write_is_interrupted():
    """Undoing a call leans on knowing this."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.execute("BEGIN")
        connection.execute("INSERT INTO t VALUES (1)")
        connection.set_progress_handler(lambda: 1, 1000)
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            connection.execute(f"UPDATE t SET x = {ENDLESS}")
        assert not connection.in_transaction


def test_sqlite_does_not_allow_json_functions_in_an_untrusted_schema():
    """The change log therefore writes SQL literals; if this fails, SQLite has become more lenient."""
    if sqlite3.sqlite_version_info >= (3, 41):
        pytest.skip("newer releases mark JSON functions as innocuous")
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.execute("CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT json_array(NEW.x); END")
        connection.execute("PRAGMA trusted_schema = OFF")
        with pytest.raises(sqlite3.OperationalError, match="unsafe use of json_array"):
            connection.execute("INSERT INTO t VALUES (1)")
