"""Variations of the library, a tiny shop whose new rows refer to each other, and a house with two roles."""

from typing import Any

from agentskiller_assets.core.spec import EnvironmentSpec, Tool
from agentskiller_assets.runtime import Environment, Session, build_image
from tests.scenario import LIBRARY, library_rows

ONE = {
    "sql": "SELECT 1 AS one ORDER BY one",
    "many": False,
    "columns": [{"name": "one", "type": "integer", "description": "The number one."}],
}


def tool(name: str = "probe", **fields: Any) -> Tool:
    """A tool of the library that returns the number one unless told otherwise."""
    texts = {"title": name, "description": name}
    access = "write" if fields.get("effects") else "read"
    return Tool.model_validate({"name": name, "access": access, "returns": ONE, **texts, **fields})


def library_with(*tools: Tool, **settings: Any) -> Environment:
    """The library with more tools."""
    spec = LIBRARY.model_copy(update={"tools": (*LIBRARY.tools, *tools)})
    return Environment(spec, build_image(spec, library_rows()), **settings)


def _key(table: str) -> dict[str, str]:
    return {"name": f"{table}_id", "type": "id", "description": "Key."}


def _table(name: str, prefix: str, kind: str, *columns: dict[str, Any]) -> dict[str, Any]:
    texts = {"title": name, "description": name, "key": f"{name}_id", "id_prefix": prefix, "kind": kind}
    return {"name": name, **texts, "columns": [_key(name), *columns]}


def _column(name: str, kind: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "description": name, **fields}


def _returned(name: str) -> dict[str, Any]:
    column = {"name": f"{name}_id", "type": "id", "description": "Key."}
    return {"sql": f"SELECT :new_id AS {name}_id ORDER BY 1", "many": False, "columns": [column]}


SHOP = EnvironmentSpec.model_validate(
    {
        "domain": "shop",
        "server_name": "Shop",
        "title": "Shop",
        "description": "Baskets with lines; a basket points at its main line.",
        "core_entity": "person",
        "simulation_time": "2026-03-02 09:00:00",
        "tables": [
            _table("person", "PRS", "person", _column("email", "email", unique=True)),
            _table(
                "basket",
                "BSK",
                "entity",
                _column("label", "text"),
                _column("main_line", "ref", ref="line", nullable=True),
            ),
            _table(
                "line",
                "LIN",
                "relationship",
                _column("basket_id", "ref", ref="basket"),
                _column("text", "text"),
            ),
        ],
        "tools": [
            {
                **tool("authorize").model_dump(),
                "authorizes": "person.person_id",
                "binds": [
                    {
                        "table": "person",
                        "where": "1",
                        "refusal": {"code": "NOBODY", "statement": "No person."},
                    }
                ],
            },
            tool(
                "open_basket",
                parameters=[_column("label", "text")],
                effects=["INSERT INTO basket (basket_id, label) VALUES (:new_id, :label)"],
                returns=_returned("basket"),
            ).model_dump(),
            tool(
                "add_line",
                parameters=[_column("basket_id", "ref"), _column("text", "text")],
                effects=["INSERT INTO line VALUES (:new_id, :basket_id, :text)"],
                returns=_returned("line"),
            ).model_dump(),
            tool(
                "set_main_line",
                parameters=[_column("basket_id", "ref"), _column("line_id", "ref")],
                effects=["UPDATE basket SET main_line = :line_id WHERE basket_id = :basket_id"],
            ).model_dump(),
        ],
    }
)
SHOP_ROWS = {
    "person": [{"person_id": "PRS-1", "email": "a@example.org"}],
    "basket": [{"basket_id": f"BSK-{number}", "label": "old", "main_line": None} for number in (1, 2)],
}


def shop() -> Environment:
    """The compiled shop."""
    return Environment(SHOP, build_image(SHOP, SHOP_ROWS))


def shop_session(environment: Environment) -> Session:
    """A session of the shop's only person."""
    session = environment.fork()
    session.call("authorize", {})
    return session


def _identifying(role: str) -> dict[str, Any]:
    of_person = f"{role}.person_id IN (SELECT p.person_id FROM person AS p WHERE p.email = :email)"
    refusal = {"code": f"NO_{role.upper()}", "statement": f"There is no such {role}."}
    return {
        **tool(f"identify_{role}", parameters=[_column("email", "email", matches="person.email")]).model_dump(),
        "authorizes": f"{role}.{role}_id",
        "role": role,
        "binds": [{"table": role, "where": of_person, "refusal": refusal}],
    }


def _own_key(role: str) -> dict[str, Any]:
    column = {"name": "key", "type": "id", "description": "Key."}
    returns = {"sql": "SELECT :me AS key ORDER BY 1", "many": False, "columns": [column]}
    return {**tool(f"get_{role}", returns=returns).model_dump(), "role": role}


HOUSE = EnvironmentSpec.model_validate(
    {
        **SHOP.model_dump(include={"simulation_time"}),
        "domain": "house",
        "server_name": "House",
        "title": "House",
        "description": "People are guests, hosts or both.",
        "core_entity": "guest",
        "tables": [
            _table("person", "PRS", "person", _column("email", "email", unique=True)),
            _table("guest", "GST", "entity", _column("person_id", "ref", ref="person")),
            _table("host", "HST", "entity", _column("person_id", "ref", ref="person")),
        ],
        "tools": [make(role) for role in ("guest", "host") for make in (_identifying, _own_key)],
    }
)
HOUSE_ROWS = {
    "person": [{"person_id": f"PRS-{number}", "email": f"{number}@example.org"} for number in (1, 2, 3)],
    "guest": [{"guest_id": f"GST-{number}", "person_id": f"PRS-{number}"} for number in (1, 2)],
    "host": [{"host_id": f"HST-{number}", "person_id": f"PRS-{number}"} for number in (2, 3)],
}


def house() -> Environment:
    """The compiled house: somebody is a guest, somebody a host, and somebody both."""
    return Environment(HOUSE, build_image(HOUSE, HOUSE_ROWS))
