"""Tables of pruning: criteria against each other, what can go, and what each attribute loses by it."""

from __future__ import annotations

from mamviz.schema import (
    BASELINES,
    FILLS,
    MASK_CRITERIA,
    AreaDifference,
    Criterion,
    Fill,
    Interval,
    Provenance,
    PruningReport,
)
from mamviz_reports.amounts import points, signed_points, span
from mamviz_reports.captions import describe_provenance
from mamviz_reports.tables import NBSP, Cell, Column, Table, Value, percent, provenance_facts

OTHERS: tuple[Criterion, ...] = (*BASELINES, "greedy")


def criteria_table(report: PruningReport, provenance: Provenance) -> Table:
    """Return a row a criterion and fill, the largest area first: area, and accuracy at half the channels."""
    rows = []
    for fill in FILLS:
        for place, row in enumerate(report.summaries(fill)):
            name = f"{row.criterion}, {row.n_draws} draws" if row.n_draws > 1 else row.criterion
            rows.append(
                (
                    Cell(name, (row.criterion, row.n_draws)),
                    Cell(row.fill, (row.fill,)),
                    Cell(span(row.area, percent), raw(row.area), strong=place == 0),
                    Cell(span(row.half, percent), raw(row.half)),
                    Cell(span(row.half_loss, points), raw(row.half_loss)),
                )
            )
    return Table(
        title="Pruning: what goes first, by accuracy over sparsity",
        columns=(
            Column("Criterion", ("criterion", "n_draws")),
            Column("Fill", ("fill",)),
            Column("Area %", fields_of("area"), "right"),
            Column("Accuracy % at half", fields_of("half"), "right"),
            Column("Lost at half, points", fields_of("half_loss"), "right"),
        ),
        rows=tuple(rows),
        notes=(
            f"Area: mean accuracy over sparsities from 0 to {percent(report.settings.last, 0)} %, of attributes and of "
            f"levels; star: the largest of its fill. Half: {report.n_channels - report.half} of {report.n_channels} "
            "channels kept. Fill: what a removed channel leaves behind, zero or its mean. Random: mean of the draws, "
            "with the lowest and the highest.",
            *(f"Left out: {reason}." for reason in report.absent),
            *common_notes(report, provenance),
        ),
        facts=common_facts(report, provenance),
    )


def differences_table(report: PruningReport, provenance: Provenance) -> Table:
    """Return a row a baseline and fill, a column a mask criterion: by how much its area is above the baseline's."""
    found = {(each.criterion, each.other, each.fill): each for each in report.differences}
    ours = [name for name in MASK_CRITERIA if any(key[0] == name for key in found)]
    rows = []
    for fill in FILLS:
        for other in OTHERS:
            cells = [found.get((name, other, fill)) for name in ours]
            if any(cell is not None for cell in cells):
                rows.append((Cell(f"{other}, {fill}", (other, fill)), *map(_difference, cells)))
    columns = [
        Column(name.capitalize(), (*fields_of(name.replace(" ", "_")), f"{name.replace(' ', '_')}_verdict"))
        for name in ours
    ]
    return Table(
        title="Pruning: areas of the masks' orders minus those of the usual ones, points",
        columns=(Column("Against", ("baseline", "fill")), *columns),
        rows=tuple(rows),
        notes=(
            "Above 0: the masks' order keeps more accuracy. Star: the whole interval is above 0. Random: the mean of "
            "the draws.",
            *common_notes(report, provenance),
        ),
        facts=common_facts(report, provenance),
    )


def safe_table(report: PruningReport, provenance: Provenance) -> Table:
    """Return a row for each criterion and fill that was searched: how many channels can go, and what that costs."""
    rows = [
        (
            Cell(each.criterion, (each.criterion,)),
            Cell(each.fill, (each.fill,)),
            Cell(f"{each.removed} of {report.n_channels}", (each.removed, report.n_channels)),
            Cell(span(each.validation_loss, points), raw(each.validation_loss)),
            Cell(span(each.test_loss, points), raw(each.test_loss)),
            Cell(each.verdict, (each.verdict,)),
        )
        for each in report.safe
    ]
    limit = points(report.settings.max_loss)
    return Table(
        title=f"Pruning: channels that can go for at most {limit} points of mean accuracy",
        columns=(
            Column("Criterion", ("criterion",)),
            Column("Fill", ("fill",)),
            Column("Can go", ("removed", "n_channels"), "right"),
            Column("Lost, validation", fields_of("validation_loss"), "right"),
            Column("Lost, test", fields_of("test_loss"), "right"),
            Column("Limit", ("verdict",)),
        ),
        rows=tuple(rows),
        notes=(
            "Chosen by the loss on validation images; the test images took no part. Limit: kept where the whole "
            "interval on test images is within it, broken where none of it is, else unclear.",
            *common_notes(report, provenance),
        ),
        facts=(("max_loss", report.settings.max_loss), *common_facts(report, provenance)),
    )


def casualties_table(report: PruningReport, provenance: Provenance, *, limit: int | None = None) -> Table:
    """Return what each attribute loses at the safe level of the chosen criterion, the worst hit first.

    limit   show the first rows only; a note says so
    """
    chosen = report.safe[0]
    shown = chosen.worst_first[:limit]
    rows = [
        (
            Cell(row.attribute, (row.attribute,)),
            Cell(percent(row.before), (row.before,)),
            Cell(percent(row.after), (row.after,)),
            Cell(span(row.loss, points), raw(row.loss)),
        )
        for row in shown
    ]
    first = f"First {len(shown)} of {len(chosen.casualties)} rows. " if len(shown) < len(chosen.casualties) else ""
    return Table(
        title=f"Pruning: what attributes lose without {chosen.removed} of {report.n_channels} channels",
        columns=(
            Column("Attribute", ("attribute",)),
            Column("Before %", ("before",), "right"),
            Column("After %", ("after",), "right"),
            Column("Lost, points", fields_of("loss"), "right"),
        ),
        rows=tuple(rows),
        notes=(
            f"{first}Criterion {chosen.criterion}, {describe_fill(chosen.fill)}; below 0 is a gain.",
            *common_notes(report, provenance),
        ),
        facts=(("removed", chosen.removed), *common_facts(report, provenance)),
    )


def common_notes(report: PruningReport, provenance: Provenance) -> tuple[str, ...]:
    """Say what was ranked and measured on, what intervals resample, and where the numbers come from."""
    settings = report.settings
    return (
        f"Ranked on {report.ranked:,} validation images, measured on test images, without any fine-tune unless it says "
        f"so. Intervals ({percent(settings.level, 0)} %) resample {report.n_units:,} units (unit: {report.unit}) "
        f"{settings.n_replicates:,} times.",
        describe_provenance(provenance, n_images=report.measured),
    )


def common_facts(report: PruningReport, provenance: Provenance) -> tuple[tuple[str, Value], ...]:
    """Return what every table of the report ends with."""
    settings = report.settings
    return (
        ("ranked", report.ranked),
        ("level", settings.level),
        ("unit", report.unit),
        ("n_units", report.n_units),
        ("seed", settings.seed),
        *provenance_facts(provenance, report.measured),
    )


def describe_fill(fill: Fill) -> str:
    """Say what a removed channel leaves behind."""
    return "their means left behind" if fill == "mean" else "zero left behind"


def fields_of(name: str) -> tuple[str, str, str]:
    """Return the names of a figure's raw values: itself, and the ends of its interval."""
    return (name, f"{name}_low", f"{name}_high")


def raw(interval: Interval) -> tuple[float, float, float]:
    """Return a figure's raw values in the order of `fields_of`."""
    return (interval.value, interval.low, interval.high)


def _difference(found: AreaDifference | None) -> Cell:
    if found is None:
        return Cell("", (None, None, None, None))
    text = span(found.difference, signed_points).replace(NBSP, " ", 1)  # a line may end before the interval
    return Cell(text, (*raw(found.difference), found.verdict), strong=found.verdict == "better")
