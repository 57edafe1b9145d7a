"""`status`."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from agentskiller_assets.cli.choice import named_pairs, split
from agentskiller_assets.cli.console import dagster_home, out
from agentskiller_assets.cli.suggestions import choose_from
from agentskiller_assets.errors import RegistryError
from agentskiller_assets.registry import read_registry
from resources.storage.warehouse import Warehouse, default_root

MOST_SHOWN = 30
"""With more domains and pairs, only those with something to tell are shown one by one."""
_PARTITION = re.compile(r"^(upstream \w+)\[[^]]*\]")

if TYPE_CHECKING:
    from resources.freshness import State


def status(
    domains: Annotated[str | None, typer.Option(help="Only these domains, separated by commas.")] = None,
    pairs: Annotated[str | None, typer.Option(help="Only these pairs, as A+B and separated by commas.")] = None,
) -> None:
    """Say what is fresh, stale, missing or failed, and why."""
    dagster_home()
    from agentskiller_assets.cli.failures import latest_failures  # noqa: PLC0415
    from agentskiller_assets.cli.plan import Pipeline, dataset_states_of, pair_states_of, states_of  # noqa: PLC0415
    from agentskiller_assets.definitions import defs  # noqa: PLC0415
    from agentskiller_assets.jobs import CATALOG_ASSETS  # noqa: PLC0415
    from resources.author import open_author  # noqa: PLC0415

    warehouse, author, pipeline = Warehouse(default_root()), open_author(), Pipeline(defs)
    registry = read_registry(warehouse.root)
    everything = domains is None and pairs is None
    chosen = list(registry.domains) if everything else split(domains)
    chosen_pairs = list(registry.pairs) if everything else named_pairs(pairs)
    _must_be_known("domain", chosen, registry.domains)
    _must_be_known("pair", chosen_pairs, registry.pairs)
    jobs = {"catalog": CATALOG_ASSETS, "dataset": pipeline.of_all} if everything else {}
    failures = latest_failures([*chosen, *chosen_pairs], jobs)
    brief = len(chosen) + len(chosen_pairs) > MOST_SHOWN
    states = {domain: states_of(pipeline, warehouse, author, domain) for domain in chosen}
    states |= {pair: pair_states_of(pipeline, warehouse, pair) for pair in chosen_pairs}
    for kind, names in (("domains", chosen), ("pairs", chosen_pairs)):
        if brief and names:
            _summarize(kind, [states[name] for name in names], [name for name in names if name in failures])
    for name, found in states.items():
        if not brief:
            _show(name, found, failures.get(name))
        elif name in failures:
            _show_failures(name, failures[name])
    if everything:
        if "catalog" in failures:
            _show_failures("catalog", failures["catalog"])
        _show("dataset", dataset_states_of(pipeline, warehouse), failures.get("dataset"))


def _summarize(kind: str, states: "Sequence[Sequence[State]]", failed: Sequence[str]) -> None:
    """One line for many; of each only the worst state counts."""
    order = ("unfinished", "stale", "missing", "fresh")
    worst = Counter(min((state.freshness for state in found), key=order.index) for found in states)
    counted = ", ".join(f"{worst[each]} {'not made' if each == 'missing' else each}" for each in order if worst[each])
    out.print(f"[bold]{len(states)} {kind}[/bold]: {counted}{f'; last run failed of {len(failed)}' if failed else ''}")
    first = [next((state for state in found if state.freshness in ("unfinished", "stale")), None) for found in states]
    reasons = Counter(f"{each.asset} {_of_any(each.reasons) or each.freshness}" for each in first if each)
    for reason, times in reasons.most_common(MOST_SHOWN):
        out.print(f"  {times}: {reason}", markup=False)
    if rest := sum(times for _, times in reasons.most_common()[MOST_SHOWN:]):
        out.print(f"  {rest}: other reasons; give --domains or --pairs to see them", markup=False)


def _of_any(reasons: Sequence[str]) -> str:
    """The reasons as they are the same for many domains or pairs, without the names of those."""
    return "; ".join(dict.fromkeys(_PARTITION.sub(r"\1", reason) for reason in reasons))


def _show(partition: str, states: "Sequence[State]", failures: Sequence[str] | None) -> None:
    kinds = [state.freshness for state in states]
    counted = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    out.print(f"[bold]{partition}[/bold]: {counted}{', last run failed' if failures is not None else ''}")
    for state in states:
        if state.freshness == "stale":
            out.print(f"  {state.asset} is stale: {'; '.join(state.reasons)}", markup=False)
        elif state.freshness != "fresh" and kinds.count(state.freshness) < len(kinds):
            out.print(f"  {state.asset} is {state.freshness}", markup=False)
    for failure in failures or ():
        _tell(failure)


def _show_failures(partition: str, failures: Sequence[str]) -> None:
    out.print(f"[bold]{partition}[/bold]: last run failed")
    for failure in failures:
        _tell(failure)


def _tell(failure: str) -> None:
    out.print(f"  failed: {failure}", style="red", markup=False)


def _must_be_known(kind: str, chosen: Sequence[str], known: Sequence[str]) -> None:
    for name in chosen:
        if name not in known:
            fix = choose_from(name, known, f"agentskiller {kind}s list")
            fix += f" To add it: `agentskiller {kind}s add {name.replace('--', ' ')}`."
            raise RegistryError(f"{kind} {name!r}", "is not registered", fix)
