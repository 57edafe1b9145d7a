"""The code location loads clean, holds exactly the assets that it should, and says what each of them is."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from agentskiller_assets.definitions import defs
from agentskiller_assets.metadata import DOMAINS_OF_PAIR, PAIRS, PARTITIONS
from agentskiller_assets.settings import DEFAULT_SEED
from resources.author import AUTHOR_SOURCES
from tests.dagster.instance import TemporaryInstance
from tests.dagster.small import CATALOGS, CLINIC, GROUPS, MUSIC, PAIR_GROUPS, PER_DOMAIN, PER_PAIR, ROOT, UNPARTITIONED

SPECS = {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}
SOURCES = SPECS.pop(AUTHOR_SOURCES)
"""Observed, and made by nobody here."""
WARNINGS = ("training_dataset:readable", "training_dataset:up_to_date", "dataset_report:varied")
CHECKS = {
    spec.key.to_user_string(): (spec, definition.partitions_def)
    for definition in defs.resolve_asset_graph().assets_defs
    for spec in definition.check_specs
}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return TemporaryInstance(tmp_path).environment


def test_dg_check_defs_has_nothing_to_say(environment: dict[str, str]) -> None:
    done = _finished([str(Path(sys.executable).with_name("dg")), "check", "defs"], environment)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stdout + done.stderr


def test_definitions_load_without_a_warning(environment: dict[str, str]) -> None:
    load = (
        "from agentskiller_assets.definitions import defs; import dagster; dagster.Definitions.validate_loadable(defs)"
    )
    # Dagster reads a deprecated property of its own when it turns an observable source into an asset
    own = "ignore:Property `OpDefinition.version`:DeprecationWarning"
    done = _finished([sys.executable, "-W", "error", "-W", own, "-c", load], environment)

    assert (done.returncode, done.stderr) == (0, "")


def test_what_domains_are_written_from_is_observed_domain_by_domain() -> None:
    assert SOURCES.description
    assert SOURCES.partitions_def == PARTITIONS
    assert dg.AssetKey(AUTHOR_SOURCES) in {dep.asset_key for dep in SPECS["domain_topics"].deps}


def test_the_assets_are_exactly_these_in_their_groups() -> None:
    wanted = {group: {*GROUPS.get(group, ()), *PAIR_GROUPS.get(group, ())} for group in (*GROUPS, *PAIR_GROUPS)}
    found = {group: {key for key, spec in SPECS.items() if spec.group_name == group} for group in wanted}

    assert found == wanted
    assert len(SPECS) == sum(map(len, wanted.values()))


@pytest.mark.parametrize("key", sorted(SPECS))
def test_every_asset_says_what_it_is_who_owns_it_and_which_code_made_it(key: str) -> None:
    spec = SPECS[key]

    assert spec.description
    assert spec.description.endswith(".")
    assert spec.kinds == {"python", "duckdb" if key.endswith("databases") else "parquet"}
    assert list(spec.owners) == ["team:environments"]
    assert spec.code_version
    assert len(spec.code_version) == 12


@pytest.mark.parametrize("key", sorted(SPECS))
def test_all_but_the_catalogs_and_the_dataset_are_partitioned_by_domain_or_by_pair(key: str) -> None:
    expected = None if key in UNPARTITIONED else PAIRS if key in PER_PAIR else PARTITIONS

    assert SPECS[key].partitions_def == expected


@pytest.mark.parametrize("key", PER_PAIR)
def test_what_a_pair_takes_of_its_domains_is_mapped_to_exactly_those(key: str) -> None:
    mapped = {dep.asset_key.to_user_string(): dep.partition_mapping for dep in SPECS[key].deps}

    assert mapped == {parent: DOMAINS_OF_PAIR if parent in PER_DOMAIN else None for parent in mapped}


@pytest.mark.parametrize("key", sorted(CHECKS))
def test_every_check_is_described_blocking_and_partitioned_as_its_asset(key: str) -> None:
    spec, partitions = CHECKS[key]

    assert spec.description
    assert spec.blocking != (key in WARNINGS)
    assert spec.partitions_def == partitions == SPECS[spec.asset_key.to_user_string()].partitions_def


def test_every_asset_has_a_check() -> None:
    assert {spec.asset_key.to_user_string() for spec, _ in CHECKS.values()} == set(SPECS)


def test_the_jobs_are_the_catalog_the_stages_and_the_whole_pipeline() -> None:
    jobs = {
        name: {key.to_user_string() for key in defs.resolve_job_def(name).asset_layer.executable_asset_keys}
        for name in (job.name for job in defs.jobs or ())
    }

    assert jobs == {
        "catalog": set(CATALOGS),
        "ontology": set(GROUPS["ontology"]) - set(CATALOGS),
        "environment": set(GROUPS["environment"]),
        "tasks": set(GROUPS["tasks"]),
        "domain_pipeline": set(PER_DOMAIN),
        "fusion": set(PER_PAIR),
        "conversations": {"rollouts", "evaluations"},
        "pair_conversations": {"fused_rollouts", "fused_evaluations"},
        "dataset": set(GROUPS["dataset"]),
    }


def test_every_job_is_described() -> None:
    assert all(job.description for job in defs.jobs or ())


def test_settings_have_these_defaults_each_with_a_description() -> None:
    fields = {key: _settings(key) for key in SPECS}
    defaults = {key: {name: f.default_value for name, f in found.items()} for key, found in fields.items() if found}

    sides = {"agent": "scripted", "user": "scripted"}
    conversations = {**sides, "rollouts_per_query": 1, "most_turns": 100, "most_calls": 60, "concurrency": 8}
    assert defaults == {
        "population": {"seed": DEFAULT_SEED, "population_size": 400},
        "domain_catalog": {
            "seed": DEFAULT_SEED,
            "target_domains": 6,
            "simulation_time": "2026-03-02 09:00:00",
        },
        "databases": {"rows_per_table": 300},
        "mcp_servers": {"correction_rounds": 3},
        "fused_servers": {"correction_rounds": 3},
        "task_templates": {"max_trajectory_length": 12},
        "instance_combos": {"tasks_per_domain": 60},
        "domain_pair_catalog": {
            "seed": DEFAULT_SEED,
            "target_pairs": 6,
            "most_pairs_per_domain": 4,
            "rows_per_table": 300,
        },
        "fused_trajectories": {"max_trajectory_length": 20},
        "fused_templates": {"max_trajectory_length": 20},
        "fused_instance_combos": {"tasks_per_pair": 60},
        "rollouts": conversations,
        "fused_rollouts": conversations,
        "evaluations": {"judge": ""},
        "fused_evaluations": {"judge": ""},
        "dataset_selection": {
            "seed": DEFAULT_SEED,
            "prune": True,
            "near_threshold": 0.9,
            "validation_share": 0.1,
            "test_share": 0.1,
            "split_by": "group",
            "decontaminate_against": [],
        },
    }
    assert all(f.description for found in fields.values() for f in found.values())


class Remembering(dg.IOManager):
    """Keeps nothing but the partitions that it was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Forgets it."""

    def load_input(self, context: dg.InputContext) -> str:
        self.asked.append(sorted(context.asset_partition_keys))
        return "loaded"


@pytest.mark.parametrize(("partitioned", "asked"), [(True, [["b"]]), (False, [["a", "b"]])])
def test_a_partitioned_check_of_several_sees_its_own_partition_and_another_sees_all(
    partitioned: bool, asked: list[list[str]]
) -> None:
    # Upstream behaviour that `agentskiller_assets.checking` leans on: the reason why every check is partitioned.
    partitions = dg.StaticPartitionsDefinition(["a", "b"])
    remembering = Remembering()

    @dg.asset(partitions_def=partitions)
    def shelves() -> str:
        return "made"

    specs = [
        dg.AssetCheckSpec(name, asset="shelves", partitions_def=partitions if partitioned else None)
        for name in ("full", "tidy")
    ]

    @dg.multi_asset_check(specs=specs)
    def shelf_checks(shelves: str) -> Iterator[dg.AssetCheckResult]:
        for name in ("full", "tidy"):
            yield dg.AssetCheckResult(asset_key="shelves", check_name=name, passed=shelves == "loaded")

    job = dg.Definitions(
        assets=[shelves],
        asset_checks=[shelf_checks],
        jobs=[dg.define_asset_job("shelving", dg.AssetSelection.all())],
        resources={"io_manager": remembering},
    ).resolve_job_def("shelving")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, partition_key="b")
        found = {each.check_name: each.partition for each in result.get_asset_check_evaluations()}

    assert remembering.asked == asked
    assert set(found) == {"full", "tidy"}
    assert not partitioned or set(found.values()) == {"b"}


def test_the_pipeline_runs_in_one_process() -> None:
    assert defs.resolve_job_def("domain_pipeline").executor_def is dg.in_process_executor


@pytest.mark.parametrize(("partitions", "key"), [("PARTITIONS", CLINIC), ("PAIRS", f"{CLINIC}--{MUSIC}")])
def test_a_fresh_clone_has_six_domains_and_six_pairs(environment: dict[str, str], partitions: str, key: str) -> None:
    show = f"from agentskiller_assets.metadata import {partitions}; print(*{partitions}.get_partition_keys())"
    done = _finished([sys.executable, "-c", show], environment)

    assert key in done.stdout.split()
    assert len(done.stdout.split()) == 6


def test_definitions_load_without_any_pair(environment: dict[str, str]) -> None:
    Path(environment["AGENTSKILLER_WAREHOUSE"], "registry.yaml").write_text(f"domains: [{CLINIC}]\n")
    load = (
        "from agentskiller_assets.definitions import defs; import dagster; dagster.Definitions.validate_loadable(defs)"
    )
    done = _finished(
        [sys.executable, "-W", "error", "-W", "ignore:Property `OpDefinition.version`:DeprecationWarning", "-c", load],
        environment,
    )

    assert (done.returncode, done.stderr) == (0, "")


def _settings(key: str) -> dict[str, Any]:
    definition = defs.resolve_assets_def(key)
    schema: Any = definition.op.config_schema.config_type
    return dict(getattr(schema, "fields", None) or {})


def _finished(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)
