"""Policies: what is rendered is parsed back, whatever its texts are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentskiller_assets.environment.models import policy_text
from agentskiller_assets.environment.policy import (
    SUBJECTS,
    PolicyDocument,
    PolicyTool,
    parse_policy,
    render_policy,
    visible_text,
)
from agentskiller_assets.errors import SpecError
from tests.world import clinic

SENTENCES = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="<>"), min_size=1, max_size=80
)
"""One line without angle brackets: what a statement of a rule may be."""
CODES = st.from_regex(r"[A-Z][A-Z0-9]{0,8}(_[A-Z0-9]{1,6}){0,2}", fullmatch=True)
RULES = st.lists(st.tuples(CODES, SENTENCES), max_size=4).map(tuple)
TOOLS = st.builds(PolicyTool, name=st.from_regex(r"[a-zA-Z0-9_-]{1,24}", fullmatch=True), title=SENTENCES, rules=RULES)
DOCUMENTS = st.builds(
    PolicyDocument,
    title=SENTENCES,
    introduction=SENTENCES,
    general=RULES,
    tools=st.lists(TOOLS, max_size=4, unique_by=lambda tool: tool.name).map(tuple),
)
DOCUMENT = PolicyDocument(
    title="Clinic Appointments",
    introduction="Patients book appointments.",
    general=(("IDENTITY", "Patients identify themselves first."),),
    tools=(
        PolicyTool(name="cancel_it", title="Cancel an appointment", rules=(("TOO_LATE", "A day's notice is given."),)),
        PolicyTool(name="list_it", title="List appointments", rules=()),
    ),
)


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS)
def test_a_document_is_parsed_back_exactly(document: PolicyDocument) -> None:
    assert parse_policy(render_policy(document)) == document


def test_a_document_has_markers_around_everything_and_a_code_before_every_sentence() -> None:
    assert render_policy(DOCUMENT) == (
        "<!-- POLICY_START -->\n"
        "# Clinic Appointments\n\n"
        "Patients book appointments.\n\n"
        "## General rules\n\n"
        "- <!-- RULE: IDENTITY --> Patients identify themselves first.\n"
        "<!-- GLOBAL_RULES_END -->\n\n"
        "## What can be done\n\n"
        "<!-- TOOL: cancel_it -->\n"
        "### Cancel an appointment\n\n"
        "- <!-- RULE: TOO_LATE --> A day's notice is given.\n"
        "<!-- TOOL_END: cancel_it -->\n\n"
        "<!-- TOOL: list_it -->\n"
        "### List appointments\n\n"
        "There are no further rules.\n"
        "<!-- TOOL_END: list_it -->\n\n"
        "<!-- POLICY_END -->\n"
    )


@pytest.mark.parametrize("marker", ["POLICY_START", "GLOBAL_RULES_END", "POLICY_END"])
def test_a_missing_marker_is_named(marker: str) -> None:
    text = render_policy(DOCUMENT).replace(f"<!-- {marker} -->", "")

    with pytest.raises(SpecError) as caught:
        parse_policy(text)

    fix = "Keep the comments of the rendered policy."
    assert str(caught.value) == f"policy: marker {marker} is missing. {fix}"


def test_a_reader_sees_no_markers_and_no_codes() -> None:
    assert visible_text(render_policy(DOCUMENT)).splitlines() == [
        "# Clinic Appointments",
        "",
        "Patients book appointments.",
        "",
        "## General rules",
        "",
        "- Patients identify themselves first.",
        "",
        "## What can be done",
        "",
        "### Cancel an appointment",
        "",
        "- A day's notice is given.",
        "",
        "### List appointments",
        "",
        "There are no further rules.",
    ]


def test_the_tools_of_a_pair_stand_under_the_service_that_they_belong_to() -> None:
    names = ("clinic__identify", "clinic__book_it", "shop__identify")
    tools = tuple(PolicyTool(name=name, title=f"Do {name}", rules=()) for name in names)
    text = render_policy(DOCUMENT.model_copy(update={"tools": tools}))
    assert [line for line in visible_text(text).splitlines() if line.startswith(("## W", "###"))] == [
        "## What can be done for clinic",
        "### Do clinic__identify",
        "### Do clinic__book_it",
        "## What can be done for shop",
        "### Do shop__identify",
    ]
    assert parse_policy(text).tools == tools


def test_the_clinics_policy_holds_every_tool_with_its_refusals_in_the_order_in_which_they_are_tried() -> None:
    policy = parse_policy(policy_text(clinic().policies))

    assert {tool.name: tool.rules for tool in policy.tools} == {
        tool.name: tuple((refusal.code, refusal.statement) for refusal in tool.refusals) for tool in clinic().spec.tools
    }
    assert [code for code, _ in policy.general] == [subject.upper() for subject in SUBJECTS]


def test_every_sentence_of_the_policy_is_a_record_that_the_document_descends_from() -> None:
    document, *clauses = clinic().policies
    parsed = parse_policy(document.text)
    sentences = [*parsed.general, *(rule for tool in parsed.tools for rule in tool.rules)]

    assert [(clause.code, clause.text) for clause in clauses] == sentences
    assert document.parents == (clinic().blueprints.id, *(clause.id for clause in clauses))
