"""Values in the words that tau2 looks for in what the agent says.

tau2 compares lower-cased substrings, after it has taken every comma out of the agent's message. The exported policy
tells the agent how values are written, and what is looked for here is the part that all such ways have in common.
"""

from typing import Any

from agentskiller_assets.core import language
from agentskiller_assets.core.spec import Typed

HOW_TO_WRITE = (
    "Dates are written like 3 March 2026, times like 14:30, amounts of money like $45 or $45.50, and other numbers in"
    " digits."
)


def spoken_forms(value: Any, typed: Typed) -> tuple[str, ...]:
    """The texts that an agent that tells this value cannot but write; none for yes and no, which are in every text."""
    said = language.say(value, typed)
    if value is None or typed.type == "boolean":
        return ()
    if typed.type == "datetime":
        return (language.say_date(value), said.rpartition(" at ")[2])
    if typed.type == "money":
        said = said.replace("$", "")
    return (said.replace(",", ""),)
