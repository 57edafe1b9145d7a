"""Imported where processes are forked that make runs: the packs and patterns are read before, and once for all."""

from contextlib import suppress

from agentskiller_assets.authoring.procedural.author import ProceduralAuthor
from resources.author import open_author

with suppress(Exception):  # whoever needs what cannot be read says so in its own run; nothing must end the process
    author = open_author()
    if isinstance(author, ProceduralAuthor):
        author.read_all()
