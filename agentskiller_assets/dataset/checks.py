"""Checks of the dataset."""

from collections import Counter
from collections.abc import Mapping, Sequence

from agentskiller_assets.automation import HOURLY
from agentskiller_assets.checking import Faults, checks_of
from agentskiller_assets.core.prose_lint import lint_prose
from agentskiller_assets.dataset.duplicates import Shingles, near_duplicates
from agentskiller_assets.dataset.messages import content_digest, talk_of
from agentskiller_assets.dataset.models import DatasetReport, Example, Quality, Selection, Split
from agentskiller_assets.dataset.openai_format import violations
from agentskiller_assets.dataset.stored import Stored
from agentskiller_assets.evaluation.models import Evaluation
from resources.storage.sidecars import name_of
from resources.storage.warehouse import Warehouse
from resources.warehouse import WarehouseResource

WARNING = ("readable", "up_to_date", "varied")
"""Checks that block nothing: what models say is not ours to word, and what was true once may be out of date."""
LEAST_DIFFERENT = {
    "tool_names": ("tools", 0.5),
    "rule_codes": ("rules", 0.25),
    "template_shapes": ("templates", 0.5),
    "entity_titles": ("entities", 0.3),
    "attribute_names": ("attributes", 0.2),
}
"""The share that has to be different. 300 domains with 1,000 pairs had 0.66, 0.39, 0.92, 0.52 and 0.35."""
LEAST_DISTINCT, MOST_ALIKE, MOST_SHARED = 0.2, 0.9, 0.85
"""Distinct-3 and self-BLEU of first messages, and phrases that another domain has: those had 0.63, 0.56 and 0.73; the
six domains and pairs of the demo 0.43, 0.81 and 0.45."""


@checks_of(
    "dataset_selection",
    partitions=None,
    decided_once="No conversation has more than one decision.",
    reasons_given="Every decision has a reason, and what is kept has a split and an evaluation.",
)
def selection_checks(dataset_selection: list[Selection]) -> Faults:
    return {"decided_once": decided_twice(dataset_selection), "reasons_given": unfounded(dataset_selection)}


@checks_of(
    "training_dataset",
    partitions=None,
    warn=WARNING,
    valid_format="Every example is what OpenAI's chat fine-tuning takes.",
    splits_disjoint="No domain is in two splits, those of pairs included.",
    no_duplicates="No two examples say the same, or nearly the same.",
    only_passing="Every example is of a conversation whose evaluation passed.",
    readable="What users and agents say in the examples holds nothing that no person would write.",
)
def dataset_checks(
    training_dataset: list[Example], dataset_selection: list[Selection], warehouse: WarehouseResource
) -> Faults:
    note = warehouse.open().materialization("dataset_selection", None)
    threshold = float(note.settings.get("near_threshold", 1.0)) if note else 1.0
    return {
        "valid_format": [fault for each in training_dataset for fault in violations(each)],
        "splits_disjoint": domains_in_two_splits(training_dataset),
        "no_duplicates": repeated(training_dataset, threshold),
        "only_passing": not_passing(training_dataset, dataset_selection, Stored(warehouse.open()).evaluations()),
        "readable": unreadable(training_dataset),
    }


@checks_of(
    "training_dataset",
    partitions=None,
    warn=WARNING,
    step="training_dataset_freshness",
    again=HOURLY,
    up_to_date="No conversation was evaluated since the dataset was made.",
)
def freshness_checks(warehouse: WarehouseResource) -> Faults:
    return {"up_to_date": made_since(warehouse.open())}


@checks_of(
    "dataset_report",
    partitions=None,
    warn=WARNING,
    adds_up="The report counts every example once, and no other.",
    varied="Tools, rules and requests differ between domains, and users do not all say the same.",
)
def report_checks(dataset_report: DatasetReport, training_dataset: list[Example]) -> Faults:
    return {"adds_up": miscounted(dataset_report, training_dataset), "varied": monotonous(dataset_report.quality)}


def decided_twice(selected: Sequence[Selection]) -> list[str]:
    """Conversations about which more than one decision was made."""
    times = Counter(each.rollout for each in selected)
    return [f"{rollout} has {n} decisions" for rollout, n in times.items() if n > 1]


def unfounded(selected: Sequence[Selection]) -> list[str]:
    """Decisions without a reason, and kept conversations without a place or an evaluation."""
    faults = [f"{each.id} has no reason" for each in selected if not each.reason]
    kept = [each for each in selected if each.decision == "kept"]
    faults += [f"{each.id} is kept without a split" for each in kept if each.split is None]
    return faults + [f"{each.id} is kept without an evaluation" for each in kept if each.evaluation is None]


def domains_in_two_splits(examples: Sequence[Example]) -> list[str]:
    """Domains of which examples are in more than one split."""
    first: dict[str, tuple[Split, str]] = {}
    faults = []
    for each in examples:
        for domain in each.domains:
            split, other = first.setdefault(domain, (each.split, each.id))
            if split != each.split:
                faults.append(f"{domain} is in {split} by {other} and in {each.split} by {each.id}")
    return faults


def repeated(examples: Sequence[Example], threshold: float) -> list[str]:
    """Examples that say the same as another one, or share too many of their runs of words with it."""
    first: dict[str, str] = {}
    faults = []
    for each in examples:
        other = first.setdefault(content_digest(each.messages), each.id)
        if other != each.id:
            faults.append(f"{each.id} says the same as {other}")
    shingles = Shingles()
    texts = {each.id: shingles.of(talk_of(each.messages)) for each in examples}
    alike = near_duplicates(texts, threshold)
    return faults + [f"{one} is {share:.2f} like {other}" for one, (other, share) in alike.items()]


def not_passing(
    examples: Sequence[Example], selected: Sequence[Selection], evaluations: Mapping[str, Evaluation]
) -> list[str]:
    """Examples of conversations that were not kept, or of which there is no evaluation that passed."""
    kept = {each.rollout for each in selected if each.decision == "kept"}
    faults = []
    for each in examples:
        rollout, evaluation = each.parents
        found = evaluations.get(rollout)
        if rollout not in kept:
            faults.append(f"{each.id} is of {rollout}, which was not kept")
        elif found is None or found.id != evaluation or not found.passed:
            faults.append(f"{each.id} is of {rollout}, which has not passed")
    return faults


def unreadable(examples: Sequence[Example]) -> list[str]:
    """Messages of users and agents with SQL, gaps or seams in them; the number of an order may be named."""
    first: dict[str, tuple[str, int]] = {}
    for each in examples:
        for place, message in enumerate(each.messages):
            if message["role"] in ("user", "assistant") and message.get("content"):
                first.setdefault(message["content"], (each.id, place))
    return [
        f"{example}, message {place}: {finding}"
        for text, (example, place) in first.items()
        for finding in lint_prose(text)
        if finding.code != "record_key"
    ]


def made_since(warehouse: Warehouse) -> list[str]:
    """Evaluations that are not those which the dataset was selected from."""
    note = warehouse.materialization("dataset_selection", None)
    if note is None:
        return ["dataset_selection is not stored"]
    known = {(parent.asset, parent.partition): parent.data_version for parent in note.parents}
    places = [(place.evaluations, place.partition) for place in Stored(warehouse).places]
    notes = [(place, warehouse.materialization(*place)) for place in places]
    return [f"{name_of(*place)} was made since" for place, now in notes if now and known.get(place) != now.data_version]


def monotonous(quality: Quality) -> list[str]:
    """Figures of variety that are too low."""
    figures = quality.model_dump()
    faults = []
    for name, (whole, least) in LEAST_DIFFERENT.items():
        different, every = figures[name], figures[whole]
        if every and different / every < least:
            faults.append(f"{different} different {name.replace('_', ' ')} among {every} are less than {least:.0%}")
    if quality.self_bleu > MOST_ALIKE:
        faults.append(f"users' first messages are {quality.self_bleu:.2f} like each other (self-BLEU)")
    if quality.messages and quality.distinct_3 < LEAST_DISTINCT:
        faults.append(f"of three words in a row in first messages {quality.distinct_3:.2f} are different (distinct-3)")
    if quality.shared_phrasing > MOST_SHARED:
        faults.append(f"{quality.shared_phrasing:.2f} of what users of a domain say is said in another one, too")
    single, fused = quality.lengths
    if single.examples and fused.examples and fused.mean_calls <= single.mean_calls:
        faults.append(f"conversations have {fused.mean_calls:.1f} calls in pairs, {single.mean_calls:.1f} in domains")
    return faults


def miscounted(report: DatasetReport, examples: Sequence[Example]) -> list[str]:
    """Figures that are not those of the examples."""
    figures = {
        "examples": report.examples,
        "counts": sum(each.examples for each in report.counts),
        "groups": sum(each.examples for each in report.groups),
        "turns": sum(report.turns.counts.values()),
        "calls": sum(report.calls.counts.values()),
        "words": sum(report.words.counts.values()),
        "decisions": report.decisions.get("kept", 0),
    }
    return [
        f"{report.id}: {name} come to {n}, not {len(examples)}" for name, n in figures.items() if n != len(examples)
    ]
