"""A storeroom with one table of items: whatever columns and plans a test gives them."""

from collections.abc import Sequence
from typing import Any

from agentskiller_assets.authoring.people import PERSON
from agentskiller_assets.authoring.plans import ColumnPlan, SamplePlans
from agentskiller_assets.core.spec import Column, EnvironmentSpec, Table
from agentskiller_assets.environment.row_maker import Rows, make_rows
from agentskiller_assets.ontology.population import make_population
from tests.world import NOW, SEED

COUNT = 20
PEOPLE_ROWS = [person.model_dump() for person in make_population(60, SEED)]


def column(name: str, kind: str, **fields: Any) -> Column:
    """A column that describes itself by its name."""
    return Column.model_validate({"name": name, "type": kind, "description": name, **fields})


def table(name: str, *columns: Column) -> Table:
    """A table with a key and these columns."""
    key = column(f"{name}_id", "id")
    return Table(
        name=name,
        kind="entity",
        title=name,
        description=name,
        key=key.name,
        id_prefix="KEY",
        columns=(key, *columns),
    )


def storeroom(*tables: Table) -> EnvironmentSpec:
    """People, their role and these tables; no tools."""
    return EnvironmentSpec(
        domain="storeroom",
        server_name="Storeroom",
        title="storeroom",
        description="A storeroom.",
        core_entity="member",
        simulation_time=NOW,
        tables=(PERSON, MEMBER, *tables),
        tools=(),
    )


MEMBER = table("member", column("person_id", "ref", ref="person"), column("active", "boolean"))
MEMBER_PLANS = {"active": {"kind": "boolean", "share": 0.5}}


def item_rows(columns: Sequence[Column], samples: dict[str, Any], *more: Table, seed: int = SEED) -> Rows:
    """Rows of a table `item` with these columns and plans."""
    plans: dict[str, Any] = {"member": MEMBER_PLANS, "item": samples, **{each.name: {} for each in more}}
    parsed = {
        name: {column: ColumnPlan.model_validate(_wrapped(plan)) for column, plan in columns.items()}
        for name, columns in plans.items()
    }
    spec = storeroom(table("item", *columns), *more)
    return make_rows(spec, SamplePlans(columns=parsed, parameters={}), PEOPLE_ROWS, seed, COUNT)


def _wrapped(plan: dict[str, Any]) -> dict[str, Any]:
    return plan if "sampler" in plan else {"sampler": plan}
