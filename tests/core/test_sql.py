"""What we lean on of sqlglot: writing a tree as SQLite's text leaves the tree as it is."""

import pytest

from agentskiller_assets.authoring.procedural.author import ProceduralAuthor
from agentskiller_assets.core import sql
from agentskiller_assets.core.spec import EnvironmentSpec
from tests.world import NOW, SEED

SHAPES = (
    "SELECT DISTINCT a, COUNT(*) AS n FROM t GROUP BY a HAVING COUNT(*) > 1 ORDER BY n DESC, a LIMIT 3",
    "WITH recent AS (SELECT * FROM t WHERE day > :now) SELECT r.a FROM recent AS r LEFT JOIN u ON u.a = r.a ORDER BY 1",
    "SELECT a, ROW_NUMBER() OVER (PARTITION BY b ORDER BY c) AS place FROM t ORDER BY place",
    "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a) UNION ALL SELECT b FROM u ORDER BY 1",
    "SELECT CAST(a AS INTEGER), IIF(b, 1, 2), date(:now, '+1 day'), a || 'x' FROM t ORDER BY 1",
    "SELECT a FROM t WHERE a IS NOT NULL AND NOT (b BETWEEN 1 AND 2) AND c IN ('x', 'y') AND d LIKE 'z%' ORDER BY a",
    "INSERT INTO t (a, b) VALUES (:new_id, (SELECT MAX(b) + 1 FROM t))",
    "UPDATE t SET a = CASE WHEN b > 1 THEN 2 ELSE a END WHERE t.a = :a",
    "DELETE FROM t WHERE a = :a",
)


def _unchanged(text: str) -> bool:
    """Whether a second writing gives the same tree and text as the first."""
    tree = sql.parse(text)
    before = repr(tree)
    first = sql.to_sql(tree)
    return repr(tree) == before and sql.to_sql(tree) == first == tree.sql(dialect=sql.DIALECT)


@pytest.mark.parametrize("text", SHAPES)
def test_writing_leaves_a_tree_of_any_shape_as_it_is(text: str) -> None:
    assert _unchanged(text)


def _fragments(spec: EnvironmentSpec) -> set[str]:
    conditions = [rule.require for tool in spec.tools for rule in tool.rules]
    conditions += [bind.where for tool in spec.tools for bind in tool.binds]
    conditions += [each.require for table in spec.tables for each in table.invariants]
    whole = [text for tool in spec.tools for text in (*tool.effects, tool.returns.sql)]
    return {*whole, *(f"SELECT 1 WHERE {condition}" for condition in conditions)}


def test_writing_leaves_every_fragment_of_the_packaged_domains_as_it_is() -> None:
    author = ProceduralAuthor()
    services = sum(len(pack.services) for _, pack in author.packs.values())
    some = author.expand_domains(services, SEED)[::5]  # every pattern in several sectors
    specs = [author.write_blueprint(draft, SEED, NOW) for draft in some]
    fragments = set().union(*map(_fragments, specs))
    assert len(fragments) > 500
    assert [text for text in sorted(fragments) if not _unchanged(text)] == []
