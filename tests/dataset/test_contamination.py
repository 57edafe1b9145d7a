"""Foreign texts: a run of 13 words in any file of the user leaves a conversation out, and the figure is told."""

import json
from pathlib import Path

import duckdb
import pytest

from agentskiller_assets.dataset.contamination import ForeignTexts, source_of
from agentskiller_assets.dataset.models import Settings
from agentskiller_assets.dataset.report import make_report
from agentskiller_assets.errors import StorageError
from tests.dataset.kit import QUALITY, evaluated, examples, passing, saying, selected

FIRST = evaluated().rollouts[0]
SAID = "I would like to move my appointment with the heart specialist from Monday to Friday next week, if I may."
TWELVE = " ".join(SAID.split()[:12])
THIRTEEN = " ".join(SAID.split()[2:15])


def _files(folder: Path, text: str) -> dict[str, str]:
    """The text in one file of each kind, among other things, and deep inside where there is a deep."""
    plain, lines, table = folder / "a.txt", folder / "b.jsonl", folder / "c.parquet"
    plain.write_text(f"Something before. {text} Something after.", encoding="utf-8")
    lines.write_text(f'{{"x": 1}}\n\n{json.dumps({"turns": [{"said": ["no", text.upper()]}]})}\n', encoding="utf-8")
    duckdb.sql("SELECT 7 AS n, [{'said': $text}] AS turns", params={"text": text}).write_parquet(str(table))
    return {each.suffix: str(each) for each in (plain, lines, table)}


@pytest.mark.parametrize("suffix", [".txt", ".jsonl", ".parquet"])
def test_thirteen_words_in_a_row_are_found_in_files_of_every_kind(tmp_path: Path, suffix: str):
    path = _files(tmp_path, THIRTEEN)[suffix]
    rollouts = [saying(FIRST, "rollout_a", SAID, "Sure."), saying(FIRST, "rollout_b", "Hello.", "Hi.")]
    found = selected(passing(rollouts), foreign=ForeignTexts([path]))
    assert [each.decision for each in found] == ["contaminated", "kept"]
    assert found[0].reason == f"{Path(path).name} has too: {THIRTEEN.lower()}"


def test_twelve_words_in_a_row_are_no_overlap(tmp_path: Path):
    paths = _files(tmp_path, f"{TWELVE} and nothing more of it after that in this text")
    found = selected(passing([saying(FIRST, "rollout_a", SAID, "Sure.")]), foreign=ForeignTexts(list(paths.values())))
    assert [each.decision for each in found] == ["kept"]


def test_policies_and_results_of_tools_count_too(tmp_path: Path):
    rollout = next(each for each in evaluated().rollouts if len(each.calls) > 1)
    texts = [rollout.messages[0].content, max((m.content or "" for m in rollout.messages if m.role == "tool"), key=len)]
    for text in texts:
        (tmp_path / "a.txt").write_text(str(text), encoding="utf-8")
        found = selected(passing([rollout]), foreign=ForeignTexts([str(tmp_path / "a.txt")]))
        assert [each.decision for each in found] == ["contaminated"]


def test_the_report_tells_the_share_and_the_files(tmp_path: Path):
    path = _files(tmp_path, THIRTEEN)[".txt"]
    shown = passing([saying(FIRST, "rollout_a", SAID, "Sure."), saying(FIRST, "rollout_b", "Hello.", "Hi.")])
    foreign, settings = ForeignTexts([path]), Settings(seed=7, decontaminate_against=(path,))
    report = make_report(
        selected(shown, foreign=foreign), examples(shown)[:1], settings, [], foreign.files, "d", QUALITY
    )
    assert report.overlap == 0.5
    assert "50.0% of the passing conversations overlap with foreign texts (one file)" in report.card
    assert f"| {path} | `{source_of(path).digest}` |" in report.card


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("missing.txt", None, "it cannot be read (No such file or directory)"),
        ("notes.docx", b"x", "texts cannot be read from a file of this kind"),
        ("lines.jsonl", b'{"x": 1}\n{"x": \n', "lines.jsonl, line 2: it is not JSON"),
        ("table.parquet", b"x", "it is no Parquet file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, content: bytes | None, fault: str):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(StorageError) as raised:
        ForeignTexts([str(tmp_path / name)])
    assert fault in str(raised.value)
