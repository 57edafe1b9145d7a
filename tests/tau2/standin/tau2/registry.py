"""Domains and task sets by name."""

from collections.abc import Callable
from typing import Any


class Registry:
    def __init__(self) -> None:
        self.domains: dict[str, Callable[..., Any]] = {}
        self.tasks: dict[str, Callable[..., Any]] = {}
        self.splits: dict[str, Callable[[], dict[str, list[str]]]] = {}

    def register_domain(self, get_environment: Callable[..., Any], name: str) -> None:
        if name in self.domains:
            raise ValueError(f"Domain {name} already registered")
        self.domains[name] = get_environment

    def register_tasks(
        self,
        get_tasks: Callable[..., Any],
        name: str,
        get_task_splits: Callable[[], dict[str, list[str]]] | None = None,
    ) -> None:
        if name in self.tasks:
            raise ValueError(f"Tasks {name} already registered")
        self.tasks[name] = get_tasks
        if get_task_splits is not None:
            self.splits[name] = get_task_splits

    def get_env_constructor(self, name: str) -> Callable[..., Any]:
        return self.domains[name]

    def get_tasks_loader(self, name: str) -> Callable[..., Any]:
        return self.tasks[name]

    def get_task_splits_loader(self, name: str) -> Callable[[], dict[str, list[str]]] | None:
        return self.splits.get(name)


registry = Registry()
