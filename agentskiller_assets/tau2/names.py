"""Names in exported code, and what Python, pydantic and tau2 leave free of them."""

import keyword

from pydantic import BaseModel

from agentskiller_assets.core import language
from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.errors import SpecError

TRANSFER_TOOL = "transfer_to_human_agents"
"""The name that tau2's user simulator and domains give to it."""
CONVERSATION = "conversation"
"""The field of the database that is about no record: who was identified, and whether they were handed over."""
_OF_TOOLKITS = language.word_set(
    "db tools use_tool get_tools has_tool tool_type tool_mutates_state get_statistics update_db get_db_hash"
)
_OF_CALLS = frozenset({"self", "tool_name", "requestor", "model_config"})
"""What tau2 passes along with a tool's arguments, and what its model of them cannot hold."""
_OF_DATABASES = frozenset(
    {CONVERSATION, "load", "dump", "get_json_schema", "get_hash", "get_statistics", "rows", "take"}
)


def domain_name(domain: str) -> str:
    """What tau2 calls a domain, or a pair `a--b`."""
    return domain.replace("--", "__")


def package_name(domain: str) -> str:
    """The Python package of a domain: no module of anybody else begins like this."""
    return f"tau2_{domain_name(domain)}"


def class_name(name: str, ending: str) -> str:
    """A class for something of this name; the ending keeps it apart from whatever else a module names."""
    return language.camel(name.replace("-", "_")) + ending


def field_name(name: str) -> str:
    """A field for a table or column; it differs from the name where a model could not have it."""
    taken = keyword.iskeyword(name) or name.startswith("model_") or name in _OF_DATABASES or hasattr(BaseModel, name)
    return f"{name}_" if taken else name


def check_callable(spec: EnvironmentSpec) -> None:
    """Raises `SpecError` for a tool that could not be a method, or an argument that tau2 could not pass."""
    for tool in spec.tools:
        if not _is_free(tool.name) or tool.name.startswith("_") or tool.name in {*_OF_TOOLKITS, TRANSFER_TOOL}:
            raise SpecError(f"tool {tool.name}", "a toolkit of tau2 cannot have it under this name", "Rename the tool.")
        for parameter in tool.parameters:
            if not _is_free(parameter.name) or parameter.name in _OF_CALLS:
                fault = f"tau2 cannot pass an argument named {parameter.name}"
                raise SpecError(f"tool {tool.name}", fault, "Rename the parameter.")


def _is_free(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)
