"""Partitions from the registry, and making new ones visible where a webserver runs."""

import json
import logging
import os
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import dagster as dg

from agentskiller_assets.registry import REGISTRY, domains_of, read_registry, registry_lock, write_registry
from resources.storage.warehouse import default_root

WEBSERVER = "AGENTSKILLER_WEBSERVER_URL"
"""Environment variable with the webserver's address, such as `http://127.0.0.1:3000`."""
MADE_FOR = "made_for"
"""Tag of an asset: whether each of its partitions is a `domain` or a `pair`."""
_TIMEOUT = 20.0
"""Seconds that a reload of the code location may take."""
_RELOAD = """
mutation { reloadWorkspace {
  __typename
  ... on Workspace { locationEntries { name loadStatus locationOrLoadError { __typename
    ... on PythonError { message } } } }
  ... on UnauthorizedError { message }
  ... on PythonError { message }
} }
"""
_log = logging.getLogger(__name__)


def domain_partitions() -> dg.StaticPartitionsDefinition:
    """One partition per domain of the registry as it is now; `RegistryError` if it cannot be read."""
    return dg.StaticPartitionsDefinition(list(read_registry(default_root()).domains))


def pair_partitions() -> dg.StaticPartitionsDefinition:
    """One partition per pair of the registry as it is now; there may be none."""
    return dg.StaticPartitionsDefinition(list(read_registry(default_root()).pairs))


def domains_to_pairs(pairs: Sequence[str]) -> dg.StaticPartitionMapping:
    """Leads from every domain to the pairs that contain it: backfills, staleness and inputs follow it."""
    found: dict[str, list[str]] = {}
    for pair in pairs:
        for domain in domains_of(pair):
            found.setdefault(domain, []).append(pair)
    return dg.StaticPartitionMapping(found)


def reload_code_location() -> bool:
    """Has the webserver, if AGENTSKILLER_WEBSERVER_URL names one, load the definitions again.

    False if it did not; that is logged and fails nothing, since the Reload button works too.
    """
    address = os.environ.get(WEBSERVER)
    if not address:
        return True
    try:
        problem = _problem(_post(address))
    except (OSError, ValueError, KeyError, TypeError) as exc:
        problem = str(exc)
    if problem:
        _log.warning("%s did not reload the definitions (%s); press Reload in the UI", address, problem)
    return not problem


def _post(address: str) -> dict[str, Any]:
    url = f"{address.rstrip('/')}/graphql"
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{WEBSERVER} is not an http address")
    request = urllib.request.Request(  # noqa: S310
        url,
        data=json.dumps({"query": _RELOAD}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:  # noqa: S310
        answer = json.load(response)
    if not isinstance(answer, dict):
        raise ValueError("this is no GraphQL server")
    return answer


def _problem(answer: dict[str, Any]) -> str | None:
    if answer.get("errors"):
        return str(answer["errors"][0]["message"])
    workspace = answer["data"]["reloadWorkspace"]
    if workspace["__typename"] != "Workspace":
        return str(workspace.get("message", workspace["__typename"]))
    results = [entry["locationOrLoadError"] for entry in workspace["locationEntries"]]
    return next((str(result["message"]) for result in results if result and "message" in result), None)


def register_domains(root: Path, domains: Sequence[str]) -> list[str]:
    """Adds domains to the registry of a warehouse, at its end, and says which were new.

    What is there already stays where it is, that of the packaged registry too: growing never moves or drops a
    partition. Processes that add some at the same time take turns.
    """
    return _register(root, "domains", domains)


def register_pairs(root: Path, pairs: Sequence[str]) -> list[str]:
    """Adds pairs to the registry of a warehouse, as `register_domains` does.

    `RegistryError` names a domain that is not registered; nothing is added then.
    """
    return _register(root, "pairs", pairs)


def _register(root: Path, section: Literal["domains", "pairs"], names: Sequence[str]) -> list[str]:
    if (root / REGISTRY).exists() and not _new(names, getattr(read_registry(root), section)):
        return []  # a warehouse that cannot be written can still be read
    with registry_lock(root):
        registry = read_registry(root)
        known = getattr(registry, section)
        added = _new(names, known)
        write_registry(root, registry.model_copy(update={section: (*known, *added)}))
    reload_code_location()
    return added


def _new(names: Sequence[str], known: Sequence[str]) -> list[str]:
    return [name for name in dict.fromkeys(names) if name not in set(known)]
