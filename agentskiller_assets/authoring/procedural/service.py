"""One service of a sector pack, put together: pack × pattern × seed → pattern data with names and numbers filled."""

from dataclasses import dataclass
from typing import Any

from agentskiller_assets.authoring.procedural.files import YamlFile
from agentskiller_assets.authoring.procedural.nouns import EntityNoun, Noun, RoleNoun, entity_noun, noun, role_noun
from agentskiller_assets.authoring.procedural.pack import PackService, SectorPack
from agentskiller_assets.authoring.procedural.pattern import Identification, PatternTool, ServicePattern
from agentskiller_assets.authoring.procedural.rendering import choose, render_file
from agentskiller_assets.core.seeds import rng
from agentskiller_assets.errors import PackError

MOST_TOOLS = 16
OPTIONAL_SHARE = 0.7


@dataclass(frozen=True)
class Service:
    """Everything that decides one domain, before it becomes a specification."""

    domain: str
    file: YamlFile
    pack: SectorPack
    source: PackService
    role: RoleNoun
    entities: dict[str, EntityNoun]
    nouns: dict[str, Noun]
    common: ServicePattern
    pattern: ServicePattern
    identification: Identification
    tools: tuple[PatternTool, ...]

    @property
    def texts(self) -> dict[str, tuple[str, ...]]:
        """Lists of free texts by name."""
        return self.source.texts

    def noun_of(self, name: str) -> Noun:
        """The relationship noun of a pattern table."""
        return self.nouns[name]


def put_together(file: YamlFile, pack: SectorPack, domain: str, patterns: dict[str, YamlFile], seed: int) -> Service:
    """The service `domain` of a pack, with its seeded choices made."""
    source = pack.services[domain]
    here = ("services", domain)
    if source.pattern not in patterns:
        raise file.error((*here, "pattern"), f"no pattern {source.pattern!r}", f"Use one of {sorted(patterns)}.")
    pattern_file = patterns[source.pattern]
    _check_parts(file, pack, domain, pattern_file.data)
    role = role_noun(pack.role)
    entities = {part: entity_noun(pack.entities[name]) for part, name in source.roles.items()}
    nouns = {name: noun(source.nouns[name]) for name in pattern_file.data["nouns"]}
    context: dict[str, Any] = {"role": role, **entities, **nouns, "words": source.words}
    context["p"] = choose(pattern_file.data["parameters"], rng(seed, domain, "parameters"))
    common = _parse(patterns["common"], context)
    pattern = _parse(pattern_file, context)
    return Service(
        domain=domain,
        file=file,
        pack=pack,
        source=source,
        role=role,
        entities=entities,
        nouns=nouns,
        common=common,
        pattern=pattern,
        identification=rng(seed, domain, "identification").choice(common.identification),
        tools=_choose_tools((*common.tools, *pattern.tools), domain, seed),
    )


def _parse(file: YamlFile, context: dict[str, Any]) -> ServicePattern:
    return file.parse(ServicePattern, render_file(file, context))


def _check_parts(file: YamlFile, pack: SectorPack, domain: str, needs: dict[str, Any]) -> None:
    source, here = pack.services[domain], ("services", domain)
    for part, columns in needs["needs"].items():
        if part not in source.roles:
            raise file.error((*here, "roles"), f"no entity plays `{part}`", f"Add `roles: {{{part}: <entity>}}`.")
        entity = pack.entities[source.roles[part]]
        for column in columns:
            if getattr(entity, column, None) is None:
                fix = f"Say which column is the `{column}` of {entity.title!r}."
                raise file.error(("entities", source.roles[part]), f"`{column}` is missing for {domain}", fix)
    for section in ("nouns", "words", "texts"):
        for name in needs[section]:
            if name not in getattr(source, section):
                fix = f"Add `{name}` under `{section}`."
                raise file.error((*here, section), f"`{name}` is missing, which {source.pattern!r} needs", fix)


def _choose_tools(tools: tuple[PatternTool, ...], domain: str, seed: int) -> tuple[PatternTool, ...]:
    draw = rng(seed, domain, "tools")
    kept = {tool.name for tool in tools if not tool.optional or draw.random() < OPTIONAL_SHARE}
    kept = {tool.name for tool in tools if (tool.with_ or tool.name) in kept and tool.name in kept}
    for tool in draw.sample(tools, len(tools)):
        if len(kept) >= MOST_TOOLS and tool.optional and tool.name in kept:
            kept -= {tool.name, *(other.name for other in tools if other.with_ == tool.name)}
    return tuple(_choose_rules(tool, domain, seed) for tool in tools if tool.name in kept)


def _choose_rules(tool: PatternTool, domain: str, seed: int) -> PatternTool:
    draw = rng(seed, domain, "rules", tool.name)
    rules = tuple(rule for rule in tool.rules if not rule.optional or draw.random() < OPTIONAL_SHARE)
    return tool.model_copy(update={"rules": rules})


def unknown_domain(domain: str, known: list[str]) -> PackError:
    """The error for a domain that no pack has."""
    return PackError(f"domain {domain!r}", "no sector pack has this service", f"Choose one of: {', '.join(known)}.")
