"""One small lending library, used everywhere in the tests."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.runtime.image import build_image
from agentskiller_assets.runtime.session import Environment, Session

_SPECIFICATION = Path(__file__).with_name("library.yaml")
LIBRARY = EnvironmentSpec.model_validate(yaml.safe_load(_SPECIFICATION.read_text(encoding="utf-8")))

_ROWS = {
    "person": """
        PRS-101|Amelia Hartmann|1984-05-17|amelia.hartmann@example.org|+1 555 010 0141|Fairview
        PRS-102|Tobias Lindqvist|1991-11-03|tobias.lindqvist@example.org|+1 555 010 0178|Fairview
        PRS-103|Noor Rahimi|1976-02-29|noor.rahimi@example.org|+1 555 010 0112|Millbrook
        PRS-104|Giulia Ferraro|2001-08-22|giulia.ferraro@example.org|+1 555 010 0195|Ashford
        PRS-105|Samuel Okafor|1968-12-09|samuel.okafor@example.org|+1 555 010 0133|Millbrook
        PRS-106|Hana Dvořáková|1995-04-30|hana.dvorakova@example.org|+1 555 010 0166|Fairview""",
    "member": """
        MEM-201|PRS-101|premium|true|2021-09-01
        MEM-202|PRS-102|standard|true|2023-01-16
        MEM-203|PRS-103|standard|true|2019-06-24
        MEM-204|PRS-104|standard|true|2025-10-06
        MEM-205|PRS-105|premium|false|2017-03-13
        MEM-206|PRS-106|standard|true|2024-02-12""",
    "book": """
        BOK-301|The Salt Road|Marta Ellingsen|novel|2|false|18.90
        BOK-302|A Winter of Bridges|Daniel Okoye|novel|1|false|22.50
        BOK-303|Harbours of the North|Ingrid Solberg|history|1|false|34.00
        BOK-304|Atlas of Old Towns|Pierre Vasseur|history|1|true|149.99
        BOK-305|How Stones Remember|Lucia Brandt|science|3|false|27.35
        BOK-306|The Quiet Orbit|Kenji Morimoto|science|1|false|31.20
        BOK-307|Milo and the Moon Boat|Ruth Ashdown|children|4|false|12.00
        BOK-308|The Paper Fox|Elena Petrescu|children|2|false|14.75""",
    "loan": """
        LOA-401|MEM-201|BOK-301|2026-02-20|2026-03-06|active|0|true|0.00|-
        LOA-402|MEM-201|BOK-303|2026-02-23|2026-03-09|active|0|true|0.00|-
        LOA-403|MEM-202|BOK-302|2026-02-10|2026-02-24|active|0|false|0.00|-
        LOA-404|MEM-203|BOK-306|2026-02-23|2026-03-09|active|0|true|0.00|-
        LOA-405|MEM-203|BOK-301|2026-02-24|2026-03-10|active|0|true|0.00|-
        LOA-406|MEM-203|BOK-305|2026-01-28|2026-03-11|active|2|false|0.00|-
        LOA-407|MEM-201|BOK-307|2026-01-05|2026-01-19|returned|0|true|1.25|2026-01-24 16:20:00
        LOA-408|MEM-204|BOK-305|2026-02-16|2026-03-16|returned|0|true|0.00|2026-02-25 11:05:00
        LOA-409|MEM-205|BOK-308|2025-11-03|2025-11-17|returned|1|true|0.50|2025-11-19 10:00:00
        LOA-410|MEM-206|BOK-308|2026-02-27|2026-03-13|active|0|true|0.00|-""",
    "reservation": """
        RES-501|MEM-204|BOK-303|2026-02-26 14:10:00|2026-03-12 10:00:00|waiting|Large print if there is one
        RES-502|MEM-204|BOK-306|2026-02-27 09:45:00|2026-03-13 17:30:00|waiting|-
        RES-503|MEM-202|BOK-307|2025-12-19 12:00:00|2025-12-22 12:00:00|fulfilled|-
        RES-504|MEM-206|BOK-302|2026-02-28 15:30:00|2026-03-05 16:00:00|ready|007""",
}
_READERS = {"boolean": lambda text: text == "true", "integer": int, "money": float}

AMELIA = {"email": "amelia.hartmann@example.org", "date_of_birth": "1984-05-17"}
"""Two active loans, one of them of a book that Giulia waits for."""
TOBIAS = {"email": "tobias.lindqvist@example.org", "date_of_birth": "1991-11-03"}
"""An overdue loan."""
NOOR = {"email": "noor.rahimi@example.org", "date_of_birth": "1976-02-29"}
"""Three active loans, one renewed twice."""
GIULIA = {"email": "giulia.ferraro@example.org", "date_of_birth": "2001-08-22"}
"""Two open reservations."""
SAMUEL = {"email": "samuel.okafor@example.org", "date_of_birth": "1968-12-09"}
"""No longer a member."""
HANA = {"email": "hana.dvorakova@example.org", "date_of_birth": "1995-04-30"}
"""One loan, one reservation that is ready."""


def library_rows() -> dict[str, tuple[dict[str, Any], ...]]:
    """The rows of the library: 6 members, 8 books, 10 loans, 4 reservations."""
    return {table.name: tuple(_read(table.name, line) for line in _lines(table.name)) for table in LIBRARY.tables}


def _lines(table: str) -> list[str]:
    return [line.strip() for line in _ROWS[table].strip().splitlines()]


def _read(table: str, line: str) -> dict[str, Any]:
    columns = LIBRARY.table(table).columns
    values = line.split("|")
    return {
        column.name: None if value == "-" else _READERS.get(column.type, str)(value)
        for column, value in zip(columns, values, strict=True)
    }


@cache
def library() -> Environment:
    """The compiled library; sessions are forked from it."""
    return Environment(LIBRARY, build_image(LIBRARY, library_rows()))


def session_of(person: dict[str, str], environment: Environment | None = None) -> Session:
    """A new session in which this person has been identified."""
    session = (environment or library()).fork()
    session.call("authorize_member", person)
    return session
