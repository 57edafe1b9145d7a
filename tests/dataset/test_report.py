"""The report counts what is there, warns where a split is empty, and reads as a card."""

import base64
import re

from agentskiller_assets.core.prose_lint import lint_prose
from agentskiller_assets.dataset.models import DatasetReport, Settings, Source
from agentskiller_assets.dataset.plots import lengths_plot, single_and_fused_plot
from agentskiller_assets.dataset.report import make_report
from agentskiller_assets.dataset.stored import Conversations
from tests.dataset.kit import QUALITY, SETTINGS, evaluated, examples, moved, selected
from tests.world import DOMAIN


def _report(*conversations: Conversations, settings: Settings = SETTINGS) -> DatasetReport:
    made = examples(*conversations, settings=settings)
    return make_report(
        selected(*conversations, settings=settings), made, settings, [Source(name="r", digest="d")], [], "e", QUALITY
    )


def test_the_figures_are_those_of_the_examples():
    made, report = examples(evaluated()), _report(evaluated())
    kinds = {count.task_kind: count.examples for count in report.counts}
    assert kinds == {kind: sum(each.task_kind == kind for each in made) for kind in kinds}
    assert report.examples == sum(kinds.values()) == report.decisions["kept"]
    assert report.turns.mean == sum(each.turns for each in made) / len(made)
    assert report.calls.counts == {n: sum(each.calls == n for each in made) for n in report.calls.counts}
    assert sum(report.words.counts.values()) == len(made)
    assert [(group.name, group.domains, group.examples) for group in report.groups] == [(DOMAIN, (DOMAIN,), len(made))]
    assert 0 < report.distinct_2_assistant < 1


def test_an_empty_split_is_told_with_what_to_do_about_it():
    alone = "Nothing is in validation and test, since the domains form one group. To change that, make more domains."
    assert alone in _report(evaluated()).card
    pair = _report(evaluated(), moved(evaluated(), f"{DOMAIN}--music_lessons", 2))
    assert "set `split_by` of `dataset_selection` to `domain`" in pair.card


def test_every_domain_is_counted_once_whether_pairs_hold_it_to_others_or_not():
    pair = moved(evaluated(), f"{DOMAIN}--music_lessons", 2)
    order = (DOMAIN, "music_lessons")
    for split_by, groups in (("group", [(DOMAIN, order)]), ("domain", [(DOMAIN, (DOMAIN,))])):
        settings = Settings.model_validate({"seed": 7, "split_by": split_by, "near_threshold": 1.0})
        found = selected(evaluated(), pair, settings=settings, order=order)
        report = make_report(found, examples(evaluated(), pair, settings=settings), settings, [], [], "e", QUALITY)
        assert [(group.name, group.domains) for group in report.groups if group.split == "train"] == groups


def test_the_card_reads_as_a_person_would_write_it():
    text = re.sub(r"^[|#].*$", "", _report(evaluated()).card, flags=re.MULTILINE)
    paragraphs = [re.sub(r"`[^`]*`", "this", each) for each in text.split("\n") if each.strip()]
    assert [finding for each in paragraphs for finding in lint_prose(each)] == []


def test_the_plots_have_a_bar_for_every_length_and_need_nothing_else():
    report = _report(evaluated())
    plots = lengths_plot(report).split("\n\n")
    for plot, spread in zip(plots, (report.turns, report.calls, report.words), strict=True):
        svg = base64.b64decode(plot.partition("base64,")[2].removesuffix(")")).decode()
        heights = [int(height) for height in re.findall(r'height="(\d+)" fill', svg)][:-1]
        assert [height > 0 for height in heights] == [
            n in spread.counts for n in range(min(spread.counts), max(spread.counts) + 1, spread.step)
        ]
        assert "http" not in svg.replace('xmlns="http://www.w3.org/2000/svg"', "")


def test_of_nothing_there_is_a_report_too():
    report = make_report([], [], SETTINGS, [], [], "e", QUALITY)
    assert (report.examples, report.turns.most, report.overlap) == (0, 0, 0.0)
    assert lengths_plot(report)


def test_conversations_of_one_domain_and_of_two_are_shown_side_by_side():
    made = examples(evaluated())
    fused = [each.model_copy(update={"domains": ("a", "b"), "turns": each.turns + 4, "calls": 9}) for each in made[:2]]
    shown = single_and_fused_plot([*made, *fused])

    assert shown.count("data:image/svg+xml") == 2
    assert "| tool calls | " in shown
    assert shown.splitlines()[-1].endswith("| 9.0 |")
    assert "| turns | none | none |" in single_and_fused_plot([])
