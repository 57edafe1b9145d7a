"""A small lending library: record models, rows and stamps for the tests of this folder."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from agentskiller_assets.core.records import Model, Record, row_id
from agentskiller_assets.core.rows import EnvironmentRows
from agentskiller_assets.core.spec import EnvironmentSpec
from resources.storage.sidecars import Parent, Stamp

STAMP = Stamp(run_id="run-1", code_version="c1", settings={"seed": 7})


class Shelf(Model):
    room: str
    number: int


class Book(Record):
    kind: ClassVar[str] = "book"

    title: str
    pages: int
    price: float
    lent: bool = False
    genre: Literal["novel", "poem"] = "novel"
    note: str | None = None
    tags: tuple[str, ...] = ()
    shelf: Shelf | None = None
    extra: dict[str, Any] = Field(default_factory=dict)


class Chapter(Record):
    kind: ClassVar[str] = "chapter"

    position: int
    title: str


def book(title: str, **fields: Any) -> Book:
    return Book(id=Book.make_id(title), title=title, **{"pages": 100, "price": 9.5, **fields})


def stamp(*parents: Parent, **fields: Any) -> Stamp:
    return STAMP.model_copy(update={"parents": parents, **fields})


def spec(**changes: Any) -> EnvironmentSpec:
    """Members, books and loans; a book may continue another."""
    column = {"description": "What it says."}
    tables = [
        {
            "name": "loans",
            "kind": "relationship",
            "title": "loan",
            "description": "A member's loan.",
            "key": "loan_id",
            "id_prefix": "LON",
            "columns": [
                {"name": "loan_id", "type": "id", **column},
                {"name": "member_id", "type": "ref", "ref": "members", **column},
                {"name": "book_id", "type": "ref", "ref": "books", **column},
                {"name": "due_at", "type": "datetime", **column},
                {"name": "returned", "type": "boolean", **column},
            ],
        },
        {
            "name": "members",
            "kind": "person",
            "title": "member",
            "description": "A person's membership.",
            "key": "member_id",
            "id_prefix": "MEM",
            "columns": [
                {"name": "member_id", "type": "id", **column},
                {"name": "email", "type": "email", "unique": True, **column},
                {"name": "born", "type": "date", **column},
            ],
        },
        {
            "name": "books",
            "kind": "entity",
            "title": "book",
            "description": "A title on the shelf.",
            "key": "book_id",
            "id_prefix": "BOK",
            "columns": [
                {"name": "book_id", "type": "id", **column},
                {"name": "title", "type": "text", "maximum": 40, **column},
                {"name": "genre", "type": "enum", "values": ("novel", "poem's"), **column},
                {"name": "price", "type": "money", "minimum": 0, "maximum": 500, **column},
                {"name": "copies", "type": "integer", "minimum": 1, **column},
                {"name": "continues", "type": "ref", "ref": "books", "nullable": True, **column},
            ],
        },
    ]
    tool = {
        "name": "find_member",
        "title": "Find a member",
        "description": "Finds a member.",
        "access": "read",
        "returns": {"sql": "SELECT 1", "columns": (), "many": False},
    }
    return EnvironmentSpec.model_validate(
        {
            "domain": "lending_library",
            "server_name": "library",
            "title": "Library",
            "description": "Lends books.",
            "core_entity": "members",
            "simulation_time": "2026-03-02 09:00:00",
            "tables": tables,
            "tools": [tool],
            **changes,
        }
    )


def environment(count: int = 3, **changes: Any) -> EnvironmentRows:
    """`count` rows a table; `changes` replace the rows of whole tables."""
    rows = {
        "members": tuple(
            {"member_id": f"MEM-{n}", "email": f"m{n}@example.org", "born": "1990-02-28"} for n in range(count)
        ),
        "books": tuple(
            {
                "book_id": f"BOK-{n}",
                "title": f"Tom's “book” {n}",
                "genre": "poem's",
                "price": n % 500 + 0.1,
                "copies": n + 1,
                "continues": f"BOK-{n - 1}" if n else None,
            }
            for n in range(count)
        ),
        "loans": tuple(
            {
                "loan_id": f"LON-{n}",
                "member_id": f"MEM-{n}",
                "book_id": f"BOK-{n}",
                "due_at": "2026-03-20 18:30:00",
                "returned": n % 2 == 0,
            }
            for n in range(count)
        ),
    }
    return EnvironmentRows(
        id="database_lib",
        parents=("blueprint_lib", "policy_lib"),
        spec=spec(),
        rows={**rows, **changes},
        row_parents={row_id("lending_library", "members", "MEM-0"): ("person_ada",)},
    )
