"""`python -m tests.storage.shapes` freezes the shapes that a warehouse may have been stored in: done with a release."""

import json
from pathlib import Path

from agentskiller_assets.cli.upgrade import stored_models
from resources.storage.schemas import Schema, model_schema

FROZEN = Path(__file__).with_suffix(".json")


def current_shapes() -> dict[str, Schema]:
    """The shape of every record model that an asset stores, by the model's name."""
    return {model.__name__: model_schema(model) for model in stored_models().values()}


if __name__ == "__main__":
    FROZEN.write_text(json.dumps(current_shapes(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
