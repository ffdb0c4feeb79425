"""Tables of how far runs agree: their correlations, their features and their channels."""

from __future__ import annotations

import math
from dataclasses import asdict

from mamviz.schema import (
    Agreement,
    ComparedRun,
    FeatureAgreement,
    Interval,
    Stability,
    TableAgreement,
)
from mamviz_reports.captions import list_names
from mamviz_reports.tables import UNDEFINED, Cell, Column, Table, Value, percent


def stability_table(stability: Stability) -> Table:
    """Return a row for each table and pair of runs: Spearman with its interval, Mantel's p, overlap of top names."""
    overlap = stability.tables[0].agreements[0].overlap
    columns = (
        Column("Table", ("table", "axis", "map", "sign", "estimand", "view", "centring")),
        Column("Runs", ("first", "second")),
        Column("Spearman", ("spearman", "low", "high", "n_pairs"), "right"),
        Column("Mantel p", ("p_greater", "p_two_sided"), "right"),
        Column(f"Top {overlap.top} shared %", ("overlap", "chance"), "right"),
    )
    return Table(
        title=f"How far {len(stability.runs)} runs agree",
        columns=columns,
        rows=tuple(_row(table, each) for table in stability.tables for each in table.agreements),
        notes=(*_meaning(stability), *describe_runs(stability)),
        facts=(
            ("level", stability.level),
            ("same_images", str(stability.paired).lower()),
            ("n_permutations", stability.tables[0].agreements[0].mantel.n_permutations),
            ("top", overlap.top),
            ("ranked_by", overlap.by),
        ),
    )


def features_table(stability: Stability) -> Table:
    """Return a row a pair of runs: linear CKA of their features, and how well their channels match."""
    columns = (
        Column("Runs", ("first", "second")),
        Column("CKA", ("cka",), "right"),
        Column("Channels matched", ("n_matched",), "right"),
        Column("Mean r", ("mean_r",), "right"),
        Column("r below 0.5", ("n_weak",), "right"),
    )
    n_images = max((each.n_images for each in stability.features), default=0)
    return Table(
        title="How alike the features are",
        columns=columns,
        rows=tuple(_features_row(each) for each in stability.features),
        notes=(
            f"CKA: linear centred kernel alignment of the features of {n_images:,} images (Kornblith et al. 2019). "
            "Channels matched one to one by the largest total correlation of their features.",
        ),
        facts=(("n_images", n_images),),
    )


def matching_table(stability: Stability) -> Table:
    """Return which channel of one run goes with which of another: a row a pair of channels."""
    columns = (
        Column("Runs", ("first", "second")),
        Column("Channel", ("channel_first",), "right"),
        Column("goes with", ("channel_second",), "right"),
        Column("r", ("r",), "right"),
    )
    rows = tuple(
        (_runs_cell(each), Cell(str(a), (a,)), Cell(str(b), (b,)), Cell(f"{r:.2f}", (r,)))
        for each in stability.features
        for a, b, r in zip(each.matching.first, each.matching.second, each.matching.r, strict=True)
    )
    return Table(title="Channels that go together", columns=columns, rows=rows)


def describe_runs(stability: Stability) -> tuple[str, ...]:
    """Say in words what a reader must know of the runs: other images, other settings, and what they are."""
    runs = stability.runs
    notes = []
    if len({run.fingerprint for run in runs}) > 1:
        notes.append(
            f"The runs are of different data ({list_names([_of(run) for run in runs])}): what differs between their "
            "tables may be the data's, not the seed's."
        )
    elif not stability.paired:
        notes.append(
            f"The masks are not of the same images ({list_names([_of(run) for run in runs])}); intervals take them as "
            "drawn independently."
        )
    if stability.same_settings is False:
        notes.append("The runs differ in more than their seed.")
    seeds = [str(run.seed) for run in runs if run.seed is not None]
    words = f"; seeds {', '.join(seeds)}" if seeds and stability.same_settings else ""
    notes.append(f"Runs: {list_names([run.name for run in runs])}{words}; {_images(runs[0])}.")
    return tuple(notes)


def write_interval(value: Interval) -> str:
    """Write a value with its limits in brackets, where it has any."""
    limits = "" if math.isnan(value.low) else f" [{value.low:.2f}, {value.high:.2f}]"
    return f"{write_number(value.value)}{limits}"


def write_number(value: float) -> str:
    """Write a number with two decimals; "n/a" for NaN."""
    return UNDEFINED if math.isnan(value) else f"{value:.2f}"


def _row(table: TableAgreement, agreement: Agreement) -> tuple[Cell, ...]:
    spearman, mantel, overlap = agreement.spearman, agreement.mantel, agreement.overlap
    choices: tuple[Value, ...] = tuple(asdict(table.choices).values())
    return (
        Cell(table.name, (table.name, table.axis, *choices)),
        _runs_cell(agreement),
        Cell(write_interval(spearman), (spearman.value, spearman.low, spearman.high, agreement.n_pairs)),
        Cell(_probability(mantel.p_greater), (mantel.p_greater, mantel.p_two_sided)),
        Cell(f"{percent(overlap.mean, 0)} ({percent(overlap.chance, 0)})", (overlap.mean, overlap.chance)),
    )


def _features_row(each: FeatureAgreement) -> tuple[Cell, ...]:
    matching = each.matching
    weak = sum(r < 0.5 for r in matching.r)
    n_all = len(matching.first) + max(len(matching.unmatched_first), len(matching.unmatched_second))
    return (
        _runs_cell(each),
        Cell(write_number(each.cka), (each.cka,)),
        Cell(f"{len(matching.first)} of {n_all}", (len(matching.first),)),
        Cell(write_number(matching.mean_r), (matching.mean_r,)),
        Cell(str(weak), (weak,)),
    )


def _runs_cell(each: Agreement | FeatureAgreement) -> Cell:
    return Cell(f"{each.first}, {each.second}", (each.first, each.second))


def _meaning(stability: Stability) -> tuple[str, ...]:
    overlap, mantel = stability.tables[0].agreements[0].overlap, stability.tables[0].agreements[0].mantel
    words = (
        f"Spearman: rank correlation of two runs' tables over pairs of names, with the {100 * stability.level:g} % "
        f"interval over images (blocks of them drawn anew, {stability.tables[0].n_replicates:,} times; other images of "
        "the same number). The interval says nothing of seeds that were not trained."
    )
    also = (
        f"Mantel p: {mantel.n_permutations:,} permutations of the names of one table, one-sided. Top {overlap.top} "
        "shared: mean over targets of the names in common, in brackets by chance."
    )
    return words, also


def _probability(p: float) -> str:
    return UNDEFINED if math.isnan(p) else f"{p:.4f}" if p < 0.001 else f"{p:.3f}"


def _of(run: ComparedRun) -> str:
    return f"{run.name}: {_images(run)}"


def _images(run: ComparedRun) -> str:
    split = "all splits" if run.split == "all" else f"the {run.split} split"
    return f"{run.n_images:,} images of {split} of {run.data}"
