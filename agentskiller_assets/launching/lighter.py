"""Imported before all else that runs need, so that loading it takes less time.

Dagster's storage brings Alembic, and that a template engine which loads all of Pygments: a third of a second, to colour
errors in templates that nobody renders here. Mako does without it where it cannot be imported.
"""

import sys

from agentskiller_assets.launching.collection import seldom_collected

seldom_collected()
sys.modules.setdefault("mako.ext.pygmentplugin", None)  # type: ignore[arg-type]
