"""Sector packs and service patterns: every shipped one makes sound services, and a malformed one says where it is."""

import re
import shutil
from functools import cache
from pathlib import Path

import pytest

from agentskiller_assets.authoring.drafts import TopicDraft
from agentskiller_assets.authoring.procedural.author import HERE, ProceduralAuthor
from agentskiller_assets.core.spec import EnvironmentSpec
from agentskiller_assets.environment.validation import validate
from agentskiller_assets.errors import PackError
from tests.world import DOMAIN, NOW, author, clinic

SEEDS = (1, 2, 3)
DOMAINS = sorted(name for _, pack in author().packs.values() for name in pack.services)


@cache
def _catalog(seed: int) -> tuple[TopicDraft, ...]:
    return author().expand_domains(len(DOMAINS), seed)


@cache
def _specification(domain: str, seed: int) -> EnvironmentSpec:
    topic = next(topic for topic in _catalog(seed) if topic.domain == domain)
    return author().write_blueprint(topic, seed, NOW)


def _seeds_of(domain: str) -> tuple[int, ...]:
    """One seed for each of the hundreds of services, and all of them for every seventh."""
    place = DOMAINS.index(domain)
    return SEEDS if place % 7 == 0 else (SEEDS[place % len(SEEDS)],)


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_service_is_closed_with_at_least_ten_tools_and_three_rules(domain: str) -> None:
    for spec in (_specification(domain, seed) for seed in _seeds_of(domain)):
        assert validate(spec) == []
        assert len(spec.tools) >= 10
        assert len({rule.code for tool in spec.tools for rule in tool.rules}) >= 3


def test_no_two_domains_have_the_same_rules() -> None:
    specs = {domain: _specification(domain, _seeds_of(domain)[0]) for domain in DOMAINS}
    rules = {frozenset((r.code, r.require) for tool in spec.tools for r in tool.rules) for spec in specs.values()}

    assert len(rules) == len(DOMAINS)


def test_there_are_three_hundred_domains_in_twenty_five_sectors_of_twelve_patterns() -> None:
    catalog = author().expand_domains(300, 7)

    assert len({topic.domain for topic in catalog}) == 300
    assert len({topic.title for topic in catalog}) == 300
    assert len({topic.sector for topic in catalog}) >= 25
    assert len({topic.pattern for topic in catalog}) >= 12


@pytest.mark.parametrize("sector", sorted(author().packs))
def test_every_sector_uses_every_pattern_and_every_strategy(sector: str) -> None:
    _, pack = author().packs[sector]

    assert {service.pattern for service in pack.services.values()} == set(author().patterns) - {"common"}
    assert len({service.expansion.strategy for service in pack.services.values()}) == 6


# What only optional tools of a pattern do, in the words that a description would promise it with.
ONLY_OPTIONAL = {
    "booking": r"wait|\brat(e|ing)\b|\bstars\b",
    "claim": r"\bcorrect|appeal|contest|object|take back",
    "delivery": r"insur|\btimes?\b|instruction|compensation|withdraw|take back",
    "enrolment": r"\bswitch|\bwait|postpone|queue",
    "lending": r"\breserve|withdraw|take back",
    "maintenance": r"decline|decide on|answer|access|withdraw",
    "ordering": r"\bchange|refund|\bnotes?\b|\bsave (?!energy)|\bwish",
    "permit": r"\brenew|prolong|\bchange (the|when)|\bmove\b|\bcancel",
    "rewards": r"\bextend|\bdelivery|take back|withdraw",
    "stay": r"lengthen|extend|remove|extras and (?!pay|cancel)|\bdeposit|register",
    "subscription": r"\bchange|\bswitch|resume|lengthen|dispute|billing",
    "support": r"call-back|priority|\brat(e|ing)\b|\bstars\b",
}


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_description_promises_nothing_that_only_optional_tools_do(domain: str) -> None:
    service = next(pack.services[domain] for _, pack in author().packs.values() if domain in pack.services)

    assert not re.search(ONLY_OPTIONAL[service.pattern], service.description, re.IGNORECASE)


def test_every_pattern_has_words_that_descriptions_may_not_promise() -> None:
    assert set(ONLY_OPTIONAL) == set(author().patterns) - {"common"}


def test_no_document_of_a_permit_is_a_photo_or_a_recording_because_it_may_come_on_paper() -> None:
    texts = [
        t
        for _, pack in author().packs.values()
        for s in pack.services.values()
        if s.pattern == "permit"
        for t in s.texts["document"]
    ]

    assert [text for text in texts if re.search(r"photo|picture|recording|film|sound file", text)] == []


def test_no_two_packs_have_a_service_of_the_same_name() -> None:
    assert len(set(DOMAINS)) == len(DOMAINS)


def test_a_service_keeps_its_content_in_a_larger_catalog_and_in_another_author() -> None:
    topic = next(topic for topic in _catalog(1) if topic.domain == DOMAIN)

    assert ProceduralAuthor().write_blueprint(topic, 1, NOW) == _specification(DOMAIN, 1)


def test_another_seed_makes_another_service_of_the_same_domain() -> None:
    assert len({_specification(DOMAIN, seed).model_dump_json() for seed in SEEDS}) == len(SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_catalog_holds_every_service_once_and_a_shorter_one_is_its_beginning(seed: int) -> None:
    assert sorted(topic.domain for topic in _catalog(seed)) == DOMAINS
    assert all(author().expand_domains(n, seed) == _catalog(seed)[:n] for n in (1, 2, 6, 25, 26, 100, 299))


@pytest.mark.parametrize("seed", SEEDS)
def test_parents_come_before_what_was_expanded_from_them(seed: int) -> None:
    position = {topic.domain: index for index, topic in enumerate(_catalog(seed))}
    expanded = [topic for topic in _catalog(seed) if topic.parent]

    assert expanded
    assert all(position[str(topic.parent)] < position[topic.domain] for topic in expanded)


def test_the_five_strategies_and_all_patterns_occur() -> None:
    strategies = {"seed", "horizontal", "diagonal", "temporal", "hierarchical", "role_based"}

    assert {topic.strategy for topic in _catalog(1)} == strategies
    assert {topic.pattern for topic in _catalog(1)} == set(author().patterns) - {"common"}


def test_more_domains_than_there_are_services_are_an_error_with_the_greatest_number() -> None:
    with pytest.raises(PackError) as caught:
        author().expand_domains(len(DOMAINS) + 1, 1)

    assert str(caught.value) == (
        f"target_domains={len(DOMAINS) + 1}: the packs have only {len(DOMAINS)} services. "
        f"Ask for at most {len(DOMAINS)}, or add services to a pack."
    )


@pytest.mark.parametrize(
    ("line", "becomes", "named", "fault", "fix"),
    [
        pytest.param(
            "  card: patient card",
            "",
            "role:",
            "`role.card`: Field required",
            "Correct the value on that line.",
            id="missing key",
        ),
        pytest.param(
            "      consultation_fee: {type: money, minimum: 0,",
            "      consultation_fee: {type: money, minimum: low,",
            "      consultation_fee:",
            "`entities.doctor.columns.consultation_fee.minimum`: Input should be a valid number",
            "Correct the value on that line.",
            id="wrong type",
        ),
        pytest.param(
            "    name: full_name",
            "    name: surname",
            "  doctor:",
            "`name: surname` is not one of the columns",
            "Correct the value on that line.",
            id="part that is no column",
        ),
        pytest.param(
            "    roles: {resource: doctor}",
            "    roles: {resource: surgeon}",
            "    roles: {resource: surgeon}",
            "`resource: surgeon` is not one of the entities",
            "",
            id="unknown entity",
        ),
        pytest.param(
            "    roles: {resource: doctor}",
            "    roles: {}",
            "    roles: {}",
            "no entity plays `resource`",
            "Add `roles: {resource: <entity>}`.",
            id="missing part",
        ),
        pytest.param(
            "    pattern: booking",
            "    pattern: bookings",
            "    pattern: bookings",
            "no pattern 'bookings'",
            "Use one of ['booking',",
            id="unknown pattern",
        ),
        pytest.param(
            "      waitlist: {title: waiting list entry, prefix: WLE}",
            "",
            "    nouns:",
            "`waitlist` is missing, which 'booking' needs",
            "Add `waitlist` under `nouns`.",
            id="missing noun",
        ),
        pytest.param(
            "    expansion: {strategy: seed}",
            "    expansion: {strategy: temporal}",
            "    expansion: {strategy: temporal}",
            "a seed has no parent, and every other strategy names one",
            "Correct the value on that line.",
            id="expansion without a parent",
        ),
        pytest.param(
            "links: [music_education, cycling]",
            "links: [music_education, cycling",
            "first:",
            "did not find expected ',' or ']'",
            "Correct the YAML on that line.",
            id="YAML syntax",
        ),
    ],
)
def test_a_malformed_pack_is_an_error_with_file_line_and_fix(
    tmp_path: Path, line: str, becomes: str, named: str, fault: str, fix: str
) -> None:
    """`named` begins the line that the error must name."""
    pack = _broken_pack(tmp_path, line, becomes)
    number = _line_of(pack, named)

    with pytest.raises(PackError) as caught:
        ProceduralAuthor(packs=tmp_path).write_blueprint(clinic().domain_topics.draft(), 1, NOW)

    assert caught.value.culprit == f"{pack}:{number}"
    assert fault in caught.value.fault
    assert caught.value.fix.startswith(fix)


def test_an_unknown_name_in_a_pattern_is_an_error_with_file_line_and_fix(tmp_path: Path) -> None:
    patterns = Path(shutil.copytree(HERE / "patterns", tmp_path / "patterns"))
    booking = patterns / "booking.yaml"
    text = booking.read_text(encoding="utf-8")
    booking.write_text(text.replace("<< p.horizon_days|days >>", "<< p.horizon_weeks|days >>", 1), encoding="utf-8")
    number = 1 + text[: text.index("<< p.horizon_days|days >>")].count("\n")

    with pytest.raises(PackError) as caught:
        ProceduralAuthor(patterns=patterns).write_blueprint(clinic().domain_topics.draft(), 1, NOW)

    assert caught.value.culprit == f"{booking}:{number}"
    assert "horizon_weeks" in caught.value.fault
    assert caught.value.fix == "Use a name that the pattern declares under needs, nouns, words or parameters."


def test_a_file_that_is_no_mapping_is_an_error_on_its_first_line(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("- a list\n", encoding="utf-8")

    with pytest.raises(PackError) as caught:
        ProceduralAuthor(packs=tmp_path).expand_domains(1, 1)

    expected = f"{tmp_path / 'empty.yaml'}:1: is not a mapping. Start the file with `key: value` lines."
    assert str(caught.value) == expected


def test_a_folder_without_packs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="holds no sector packs"):
        ProceduralAuthor(packs=tmp_path).expand_domains(1, 1)


def test_an_unknown_domain_is_an_error_with_those_that_there_are() -> None:
    topic = clinic().domain_topics.draft().model_copy(update={"domain": "alchemy"})

    with pytest.raises(PackError) as caught:
        author().write_blueprint(topic, 1, NOW)

    assert str(caught.value) == (
        f"domain 'alchemy': no sector pack has this service. Choose one of: {', '.join(DOMAINS)}."
    )


def test_a_broken_pack_spoils_its_own_domains_alone(tmp_path: Path) -> None:
    pack = _broken_pack(tmp_path, "    expansion: {strategy: seed}", "    expansion: {strategy: guess}")
    shutil.copy(HERE / "packs" / "music_education.yaml", tmp_path)
    writer = ProceduralAuthor(packs=tmp_path)
    lessons = next(topic for topic in _catalog(1) if topic.domain == "music_lessons")

    assert writer.write_blueprint(lessons, 1, NOW) == _specification("music_lessons", 1)
    assert writer.fingerprint("music_lessons") == author().fingerprint("music_lessons")
    for spoiled in (lambda: writer.fingerprint(DOMAIN), lambda: writer.expand_domains(1, 1)):
        with pytest.raises(PackError) as caught:
            spoiled()
        assert caught.value.culprit.startswith(f"{pack}:")


def _broken_pack(folder: Path, line: str, becomes: str) -> Path:
    """The healthcare pack with the first such line changed (or gone), in a folder of its own."""
    text = (HERE / "packs" / "healthcare.yaml").read_text(encoding="utf-8")
    assert line in text
    pack = folder / "healthcare.yaml"
    pack.write_text(text.replace(line, becomes, 1) if becomes else text.replace(f"{line}\n", "", 1), encoding="utf-8")
    return pack


def _line_of(file: Path, start: str) -> int:
    lines = file.read_text(encoding="utf-8").splitlines()
    return 1 + next(index for index, text in enumerate(lines) if text.startswith(start))
