"""`agentskiller estimate`: what models would take for more domains, from what they took for those that are made."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.table import Table

from agentskiller_assets.cli.console import out
from agentskiller_assets.errors import AgentSkillerError
from resources.storage.warehouse import Warehouse, default_root

_TAKEN = """
SELECT asset, model, COUNT(*) AS calls, COUNT(DISTINCT "partition") AS partitions,
    SUM(prompt_tokens) AS prompt_tokens, SUM(completion_tokens) AS completion_tokens, SUM(cost) AS cost,
    COUNT(cost) = COUNT(*) AS priced
FROM llm_calls WHERE asset IS NOT NULL AND {kind} GROUP BY ALL ORDER BY ALL
"""


def estimate(
    domains: Annotated[int, typer.Option(min=0, help="How many domains are to be made.")] = 0,
    pairs: Annotated[int, typer.Option(min=0, help="How many pairs are to be made.")] = 0,
) -> None:
    """Estimate calls, tokens and cost of more domains and pairs by the mean of those that models have made."""
    if not domains and not pairs:
        raise typer.BadParameter("say how many: --domains N, --pairs N")
    warehouse = Warehouse(default_root())
    table = Table("asset", "model", "calls", "tokens in", "tokens out", "US dollars")
    totals, unpriced = [0.0, 0.0, 0.0, 0.0], False
    for kind, count in (("domain", domains), ("pair", pairs)):
        if not count:
            continue
        rows = _taken(warehouse, kind)
        for asset, model, calls, partitions, sent, received, cost, priced in rows:
            share = count / partitions
            figures = [calls * share, sent * share, received * share, (cost or 0.0) * share]
            totals = [total + each for total, each in zip(totals, figures, strict=True)]
            unpriced = unpriced or not priced
            table.add_row(asset, model, *_shown(figures, priced))
    table.add_row("all", "", *_shown(totals, not unpriced))
    out.print(table)
    if unpriced:
        out.print("Some models have no price: name a file of prices in AGENTSKILLER_PRICES.", markup=False)


def _taken(warehouse: Warehouse, kind: str) -> Sequence[tuple[Any, ...]]:
    """What each asset took of each model, in all partitions of this kind; an error if there is none."""
    of_pair = "\"partition\" LIKE '%--%'" if kind == "pair" else "\"partition\" NOT LIKE '%--%'"
    _, rows = warehouse.query(_TAKEN.format(kind=of_pair))
    if not rows:
        fault = f"no {kind} was made by models yet, so that there is nothing to go by"
        fix = "Make one first: `AGENTSKILLER_AUTHOR=llm agentskiller run " + (
            "--pairs 1`." if kind == "pair" else "--count 1`."
        )
        raise AgentSkillerError("estimate", fault, fix)
    return rows


def _shown(figures: Sequence[float], priced: bool) -> list[str]:
    calls, sent, received, cost = figures
    return [f"{calls:,.0f}", f"{sent:,.0f}", f"{received:,.0f}", f"{cost:,.2f}" if priced else "?"]
