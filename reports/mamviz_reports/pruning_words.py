"""What pruning found, in words: what can go, who loses by it, whether the masks' order is any better."""

from __future__ import annotations

from mamviz.schema import (
    MASK_CRITERIA,
    AreaDifference,
    CausalCheck,
    CostChange,
    Provenance,
    PruningReport,
    SafeRemoval,
)
from mamviz_reports.amounts import count, number, points, signed_points, size, span, times_of
from mamviz_reports.captions import list_names
from mamviz_reports.pruning import common_facts, common_notes, describe_fill
from mamviz_reports.tables import NBSP, Cell, Column, Table, percent

HARDEST = 3  # attributes named


def summary_table(report: PruningReport, provenance: Provenance) -> Table:
    """Return questions with their answers in words."""
    chosen = report.safe[0]
    answers = [("What can go", describe_safe(chosen, report.n_channels))]
    if chosen.removed:
        answers.append(("Who loses most", describe_casualties(chosen)))
    answers += [("Is the masks' order better", words) for words in describe_differences(report)]
    if report.fills:
        answers.append(("Zero or means", describe_fills(report)))
    if report.cost is not None:
        answers.append(("What is gained", describe_cost(report.cost)))
    answers += [("Is the masks' claim causal", describe_causal(check)) for check in report.causal]
    return Table(
        title="Pruning: the answers",
        columns=(Column("Question", ("question",)), Column("Answer", ("answer",))),
        rows=tuple((Cell(question, (question,)), Cell(words, (words,))) for question, words in answers),
        notes=common_notes(report, provenance),
        facts=common_facts(report, provenance),
    )


def describe_safe(safe: SafeRemoval, n_channels: int) -> str:
    """Say how many channels can go, what that costs on test images, and whether the limit holds."""
    limit = points(safe.limit)
    order = f"in the order of {safe.criterion}, {describe_fill(safe.fill)}"
    if safe.removed == 0:
        return f"No channel can go {order}: the first ones already cost more than {limit} points on validation images."
    verdict = {
        "kept": f"the limit of {limit} is kept",
        "broken": f"more than the limit of {limit}, which validation images kept",
        "unclear": f"whether the limit of {limit} is kept is unclear",
    }[safe.verdict]
    return (
        f"{safe.removed} of {n_channels} channels ({percent(safe.removed / n_channels, 0)}{NBSP}%) can go {order}: "
        f"that costs {span(safe.test_loss, points)} points of mean accuracy on test images; {verdict}."
    )


def describe_casualties(safe: SafeRemoval) -> str:
    """Name the attributes that lose most."""
    named = ", ".join(f"{row.attribute} {span(row.loss, points)}" for row in safe.worst_first[:HARDEST])
    return f"{named} (points of accuracy on test images)."


def describe_differences(report: PruningReport) -> tuple[str, ...]:
    """Say of each mask criterion, with the chosen fill, what it is better than, worse than, or not told apart from."""
    sentences = []
    for criterion in MASK_CRITERIA:
        found = [
            each for each in report.differences if (each.criterion, each.fill) == (criterion, report.settings.fill)
        ]
        groups = (("better than", "better"), ("worse than", "worse"), ("not told apart from", "unclear"))
        parts = [f"{words} {_name(rows)}" for words, verdict in groups if (rows := _with(found, verdict))]
        if parts:
            sentences.append(f"{criterion.capitalize()}: {'; '.join(parts)} (points of area).")
    return tuple(sentences)


def describe_fills(report: PruningReport) -> str:
    """Say by how much leaving means behind is better than leaving zero, criterion by criterion."""
    found = ", ".join(f"{row.criterion} {span(row.difference, signed_points)}" for row in report.fills)
    return f"Area with the means left behind minus area with zero, points: {found}."


def describe_cost(change: CostChange) -> str:
    """Say what the smaller network costs to keep and to run, and that it gives the same answers."""
    before, after = change.before, change.after
    times = [
        f"{times_of(ratio)} at batches of {latency.batch_size}"
        for ratio, latency in zip(change.ratio, after.latency, strict=True)
    ]
    threads = f"{change.threads} thread{'s' if change.threads != 1 else ''}"
    return (
        f"{after.channels} of {before.channels} channels: {count(after.inference)} instead of "
        f"{count(before.inference)} parameters classify, {count(after.flops)} instead of {count(before.flops)} FLOPs "
        f"an image, {size(after.file_bytes)} instead of {size(before.file_bytes)}; before / after in time: "
        f"{', '.join(times)} ({change.device}, {threads}). Its logits differ from the masked network's by at most "
        f"{change.error:.1e}."
    )


def describe_causal(check: CausalCheck) -> str:
    """Say how far usage ranks what removing each channel alone really does."""
    n_attributes, n_channels = check.claim.shape
    return (
        f"Each channel removed alone, {describe_fill(check.fill)}: usage ranks the change of logits to "
        f"{span(check.pairs, number)} (Spearman, {n_attributes * n_channels:,} pairs of attribute and channel), and to "
        f"{span(check.within, number)} within an attribute; the rise of its loss to {span(check.loss_within, number)}."
    )


def _with(found: list[AreaDifference], verdict: str) -> list[AreaDifference]:
    return [each for each in found if each.verdict == verdict]


def _name(rows: list[AreaDifference]) -> str:
    return list_names([f"{row.other}{NBSP}{signed_points(row.difference.value)}" for row in rows])
