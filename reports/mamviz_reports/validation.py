"""Tables of runs on built-in faces beside the planted answer."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from mamviz.schema import OTHERS, FaceValidation, Floats, Goal, Interval, Recovery
from mamviz_reports.captions import describe_provenance, list_names
from mamviz_reports.tables import NBSP, UNDEFINED, Cell, Column, Table, Value, percent, provenance_facts


def goals_table(goals: Sequence[Goal]) -> Table:
    """Return a row a goal: what was measured, what it should be, and whether it is."""
    columns = (
        Column("Run", ("run",)),
        Column("Figure", ("figure",)),
        Column("Value", ("value",), "right"),
        Column("Goal", ("goal",)),
        Column("Met", ("met",)),
    )
    words = {True: "yes", False: "no", None: UNDEFINED}
    rows = tuple(
        (
            Cell(goal.run, (goal.run,)),
            Cell(goal.name, (goal.name,)),
            Cell(_number(goal.value, 3), (goal.value,)),
            Cell(goal.wanted, (goal.wanted,)),
            Cell(words[goal.met], (words[goal.met],), strong=goal.met is True),
        )
        for goal in goals
    )
    return Table(
        title="Against the planted answer: goals",
        columns=columns,
        rows=rows,
        notes=(
            "Pointing: evidence of single images, the best of its variants; maps and table: the recommended ones. "
            "Lead: over the other method's best variant in the same run. Centred: minus the mean over images; weighed: "
            "centred, times the method's own absolute adjusted data-set map.",
        ),
    )


def pointing_table(validation: FaceValidation) -> Table:
    """Return a row a method and variant: pointing game and energy on local attributes."""
    columns = (
        Column("Method", ("method",)),
        Column("Map", ("variant",)),
        Column(f"Pointing [95{NBSP}%]", ("pointing", "pointing_low", "pointing_high"), "right"),
        Column(f"Energy [95{NBSP}%]", ("energy", "energy_low", "energy_high"), "right"),
        Column("All attributes", ("pointing_all",), "right"),
    )
    best = {entry.method: validation.best_localisation(entry.method) for entry in validation.localisations}
    rows = tuple(
        (
            Cell(entry.method, (entry.method,)),
            Cell(entry.variant, (entry.variant,)),
            _span(entry.local_pointing, strong=entry is best[entry.method]),
            _span(entry.local_energy),
            Cell(percent(_mean(entry.pointing)), (_mean(entry.pointing),)),
        )
        for entry in validation.localisations
    )
    regions, accuracy = validation.regions, validation.accuracy
    chances = [
        float(share) for name, share in zip(regions.attributes, regions.chance, strict=True) if name in regions.local
    ]
    chance = float(np.mean(chances)) if chances else math.nan
    return Table(
        title="Where maps of single images point",
        columns=columns,
        rows=rows,
        notes=(
            f"In percent. Pointing: images with the attribute whose strongest cell lies on its true region (Zhang et "
            f"al. 2016); energy: share of the positive part there (Wang et al. 2020); means over {len(regions.local)} "
            f"local attributes, whose region touches less than a quarter of the cells; chance {percent(chance)}. "
            f"Intervals resample images. Centred: minus the mean map of all images. A method's better variant: marked.",
            f"Local: {list_names(regions.local, most=len(regions.local))}.",
            f"Accuracy on these faces {percent(accuracy.value)} [{percent(accuracy.low)}, {percent(accuracy.high)}], "
            f"majority {percent(validation.majority)}.",
            *_without_others(validation),
            describe_provenance(validation.provenance),
        ),
        facts=(("chance", chance), *_facts(validation)),
    )


def maps_table(validation: FaceValidation) -> Table:
    """Return a row a data-set map: how well it is the true region, and its table the true relation."""
    columns = (
        Column("Method", ("method",)),
        Column("Map", ("kind",)),
        Column("Images", ("images", "n_map_images"), "left"),
        Column("Map with region, r", ("mean_r",), "right"),
        Column("Table with truth", ("graph",), "right"),
    )
    rows = tuple(
        (
            Cell(entry.method, (entry.method,)),
            Cell(entry.kind, (entry.kind,)),
            Cell(f"{_count(validation, entry):,} of {entry.images}", (entry.images, _count(validation, entry))),
            Cell(_number(entry.mean_r, 3), (entry.mean_r,), strong=entry is validation.recommended),
            Cell(_number(entry.graph, 3), (entry.graph,), strong=entry is validation.recommended),
        )
        for entry in validation.recoveries
    )
    labels = validation.labels
    return Table(
        title="Data-set maps and their tables, beside the true regions",
        columns=columns,
        rows=rows,
        notes=(
            "Map with region: mean over attributes of r over cells with the mean region. Table with truth: Spearman "
            "over pairs of attributes with the r of their true regions. Recommended maps and table: marked.",
            _describe_labels(validation),
            *_without_others(validation),
            describe_provenance(validation.provenance),
        ),
        facts=(
            ("phi_size_table", labels.table_size),
            ("phi_size_truth", labels.truth_size),
            ("phi_table", labels.table_signed),
            ("phi_truth", labels.truth_signed),
            *_facts(validation),
        ),
    )


def attributes_table(validation: FaceValidation) -> Table:
    """Return a row an attribute: how much of the grid its region touches, and how well each method finds it."""
    regions = validation.regions
    places = [
        (method, found)
        for method in ("evidence", *OTHERS)
        if (found := validation.best_localisation(method)) is not None
    ]
    maps = [(entry.method, entry) for entry in (validation.recommended, *best_others(validation))]
    columns = (
        Column("Attribute", ("attribute", "local")),
        Column("Images", ("n_visible",), "right"),
        Column("Chance", ("chance",), "right"),
        *(Column(f"Pointing: {method}", (f"pointing_{method}",), "right") for method, _ in places),
        *(Column(f"Map r: {method}", (f"map_r_{method}",), "right") for method, _ in maps),
    )
    rows = tuple(
        (
            Cell(name, (name, int(name in regions.local))),
            Cell(f"{regions.n_visible[k]:,.0f}", (int(regions.n_visible[k]),)),
            Cell(percent(float(regions.chance[k])), (float(regions.chance[k]),)),
            *(Cell(percent(float(found.pointing[k])), (float(found.pointing[k]),)) for _, found in places),
            *(Cell(_number(float(entry.map_r[k]), 2), (float(entry.map_r[k]),)) for _, entry in maps),
        )
        for k, name in enumerate(regions.attributes)
    )
    return Table(
        title="Where each attribute is found",
        columns=columns,
        rows=rows,
        notes=(
            "Images: with the attribute, where it can be seen. Chance and pointing in percent; each method in its "
            "better variant.",
            describe_provenance(validation.provenance),
        ),
        facts=_facts(validation),
    )


def best_others(validation: FaceValidation) -> list[Recovery]:
    """Return the other methods' better data-set maps, those that were measured."""
    found = [validation.best_recovery(method, by="mean_r") for method in OTHERS]
    return [entry for entry in found if entry is not None]


def _describe_labels(validation: FaceValidation) -> str:
    table_size, truth_size, table_signed, truth_signed = (
        _number(value, 2) for value in dataclasses.astuple(validation.labels)
    )
    return (
        f"Label correlation, Spearman over pairs: |phi| with the recommended table {table_size}, with the truth "
        f"{truth_size}; phi with the table {table_signed}, with the truth {truth_signed}."
    )


def _without_others(validation: FaceValidation) -> tuple[str, ...]:
    missing = [method for method in OTHERS if validation.best_localisation(method) is None]
    return (f"Not measured: {', '.join(missing)}.",) if missing else ()


def _count(validation: FaceValidation, entry: Recovery) -> int:
    return validation.n_masks if entry.images == "masks.h5" else validation.provenance.n_images


def _facts(validation: FaceValidation) -> tuple[tuple[str, Value], ...]:
    accuracy = validation.accuracy
    return (
        ("label_correlation", validation.label_correlation),
        ("accuracy", accuracy.value),
        *provenance_facts(validation.provenance, validation.provenance.n_images),
    )


def _span(interval: Interval, *, strong: bool = False) -> Cell:
    text = f"{percent(interval.value)}{NBSP}[{percent(interval.low)},{NBSP}{percent(interval.high)}]"
    return Cell(text, (interval.value, interval.low, interval.high), strong=strong)


def _mean(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan


def _number(value: float, decimals: int) -> str:
    return UNDEFINED if math.isnan(value) else f"{value:.{decimals}f}"
