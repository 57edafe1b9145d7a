"""The folder of an exported domain: package, data, wrapper, and the part of the runtime that the tools run on."""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata

from agentskiller_assets.core import language
from agentskiller_assets.environment.models import policy_text
from agentskiller_assets.environment.policy import visible_text
from agentskiller_assets.environment.server_folder import PACKAGE, Files, imported_names, license_text, runtime_sources
from agentskiller_assets.tau2.code import MODULES, RUNNER, TAU2_SOURCE, json_bytes, package_files, render
from agentskiller_assets.tau2.content import Content
from agentskiller_assets.tau2.models import Tau2Task
from agentskiller_assets.tau2.names import TRANSFER_TOOL, domain_name, package_name
from agentskiller_assets.tau2.splits import make_splits
from agentskiller_assets.tau2.spoken import HOW_TO_WRITE

HAND_OVER = f"To hand over to a human colleague, the agent calls `{TRANSFER_TOOL}` and then says so."


def tau2_files(content: Content, tasks: Sequence[Tau2Task]) -> Files:
    """All files by path. `SpecError` for a name that tau2 cannot take."""
    spec = content.spec
    code = package_files(spec)
    sources = runtime_sources(*code.values())
    files = {**code, **sources, "requirements.txt": _requirements([*code.values(), *sources.values()])}
    files["README.md"] = render("README.md.j2", _facts(content, tasks))
    data = f"data/tau2/domains/{domain_name(spec.domain)}"
    return {
        **{path: text.encode() for path, text in sorted(files.items())},
        "LICENSE": license_text(),
        **{f"{data}/{name}": found for name, found in _data(content, tasks).items()},
    }


def splits_of(content: Content, tasks: Sequence[Tau2Task]) -> dict[str, list[str]]:
    """Ids of the tasks by split."""
    kinds = {task.id: task.task_kind for task in content.tasks}
    return make_splits(content.seed, {task.id: kinds[task.id] for task in tasks})


def _data(content: Content, tasks: Sequence[Tau2Task]) -> Files:
    keys = {table.name: table.key for table in content.spec.tables}
    rows = {table: {row[key]: row for row in content.rows.rows[table]} for table, key in keys.items()}
    return {
        "tasks.json": json_bytes([task.plain() for task in tasks]),
        "split_tasks.json": json_bytes(splits_of(content, tasks)),
        "db.json": json_bytes(rows),
        "policy.md": policy(content).encode(),
    }


def policy(content: Content) -> str:
    """The policy as agents read it, with what only matters in tau2: handing over is a tool, and what agents say is
    compared by letter."""
    text = visible_text(policy_text(list(content.policy)))
    general = re.sub(r"\n{3,}", "\n\n", text).strip()
    return f"{general}\n\n## How it is done here\n\n- {HAND_OVER}\n- {HOW_TO_WRITE}\n"


def _requirements(sources: Sequence[str]) -> str:
    """What the sources import, in the versions that this project allows; tau2 is not named, since PyPI's is another."""
    lines = [
        "# tau2-bench itself is installed from its repository; what PyPI calls tau2 is another program:",
        f"#   pip install {TAU2_SOURCE}",
        *_ranges({name.split(".")[0] for source in sources for name in imported_names(source)}),
    ]
    return "".join(f"{line}\n" for line in lines)


def _ranges(modules: Iterable[str]) -> list[str]:
    ours = {_plain(line): line for line in metadata.requires("agentskiller-assets") or () if ";" not in line}
    distributions: Mapping[str, Sequence[str]] = metadata.packages_distributions()
    wanted = {
        name for name in modules if name not in sys.stdlib_module_names and not name.startswith(("tau2", PACKAGE))
    }
    return sorted(ours[_plain(distributions[name][0])] for name in wanted)


def _plain(requirement: str) -> str:
    """The name of a distribution in the form in which names are compared."""
    name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def _facts(content: Content, tasks: Sequence[Tau2Task]) -> dict[str, object]:
    spec = content.spec
    kinds = {task.id: task.task_kind for task in content.tasks}
    present = [kinds[task.id] for task in tasks]
    return {
        "title": language.title_case(spec.title),
        "name": domain_name(spec.domain),
        "package": package_name(spec.domain),
        "runner": RUNNER,
        "modules": MODULES,
        "tau2_source": TAU2_SOURCE,
        "counts": {kind: present.count(kind) for kind in ("fulfil", "inform", "refuse", "insufficient")},
        "total": len(tasks),
        "record": content.rows.id,
    }
