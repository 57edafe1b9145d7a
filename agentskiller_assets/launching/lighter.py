"""Imported before Dagster's storage, which brings Alembic, and that a template engine which loads all of Pygments.

That takes a third of a second, to colour errors in templates that nobody renders here. Mako does without it where it
cannot be imported.
"""

import sys

sys.modules.setdefault("mako.ext.pygmentplugin", None)  # type: ignore[arg-type]
