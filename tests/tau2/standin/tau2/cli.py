"""The command line: what it would run."""

import argparse

from .registry import registry


def main() -> None:
    parser = argparse.ArgumentParser()
    run = parser.add_subparsers(dest="command", required=True).add_parser("run")
    run.add_argument("--domain", choices=list(registry.domains), required=True)
    run.add_argument("--task-split-name", default="base")
    arguments = parser.parse_args()
    tasks = registry.get_tasks_loader(arguments.domain)(task_split_name=arguments.task_split_name)
    print(f"{arguments.domain}: {len(tasks)} tasks of {arguments.task_split_name}")
