"""Tables of edits: what adding and removing each attribute does to all logits, and for how many it works."""

from __future__ import annotations

from mamviz.schema import EDIT_ACTIONS, READINGS, EditCount, EditEffect, EditReport, Provenance, Reading
from mamviz_reports.amounts import number, span
from mamviz_reports.captions import describe_provenance
from mamviz_reports.strips import describe_moving
from mamviz_reports.tables import NBSP, UNDEFINED, Cell, Column, Table, Value, percent, provenance_facts

READ: dict[Reading, str] = {"features": "moved features", "drawn": "drawn picture, read again"}


def edit_tables(report: EditReport, provenance: Provenance) -> dict[str, Table]:
    """Return both tables by the names of their files."""
    return {"edits": edits_table(report, provenance), "edits-counts": counts_table(report, provenance)}


def counts_table(report: EditReport, provenance: Provenance) -> Table:
    """Return a row for each reading and action: for how many attributes the own logit changes most."""
    rows = [_count_row(report.count(action, reading)) for reading in READINGS for action in EDIT_ACTIONS]
    return Table(
        title="Does an edit change the attribute's own logit more than any other's",
        columns=(
            Column("Read of", ("reading",)),
            Column("Action", ("action",)),
            Column("Own beats all", ("wins", "n_attributes"), "right"),
            Column("In SD", ("wins_sd",), "right"),
            Column("Own change", ("own",), "right"),
            Column("Largest other", ("other",), "right"),
            Column("Images %", ("largest",), "right"),
        ),
        rows=tuple(rows),
        notes=(
            "Own beats all: attributes whose mean logit changes, in the direction asked for, by more than any other "
            "attribute's does in either; in SD: the same with every logit's change in its own standard deviations. Own "
            "change, largest other: in logit units, mean over attributes, the other's size. Images: share in which the "
            "own logit changes most, mean over attributes.",
            *_notes(report, provenance),
        ),
        facts=_facts(report, provenance),
    )


def edits_table(report: EditReport, provenance: Provenance) -> Table:
    """Return a row for each attribute and action, features beside the drawn picture."""
    columns = [Column("Attribute", ("attribute",)), Column("Action", ("action",)), Column("n", ("n",), "right")]
    for reading in READINGS:
        columns += _columns(reading)
    found = {(each.attribute, each.action, each.reading): each for each in report.effects}
    rows = []
    for attribute in report.attributes:
        for action in EDIT_ACTIONS:
            effects = [found[attribute, action, reading] for reading in READINGS]
            n_images = effects[0].n_images
            head = (Cell(attribute, (attribute,)), Cell(action, (action,)), Cell(f"{n_images:,}", (n_images,)))
            rows.append((*head, *(cell for effect in effects for cell in _effect_cells(effect))))
    return Table(
        title="What adding and removing each attribute does to all logits",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(
            "Own: mean change of the attribute's logit in the direction asked for; other: the attribute whose mean "
            "logit changes most beside it. Star: the own change is larger. Images: share in which the own logit "
            "changes most. Added to images without the attribute, removed from images with it.",
            *_notes(report, provenance),
        ),
        facts=_facts(report, provenance),
    )


def _count_row(count: EditCount) -> tuple[Cell, ...]:
    n = count.n_attributes
    return (
        Cell(READ[count.reading], (count.reading,)),
        Cell(count.action, (count.action,)),
        Cell(f"{count.wins} of{NBSP}{n}", (count.wins, n)),
        Cell(f"{count.wins_sd} of{NBSP}{n}", (count.wins_sd,)),
        Cell(number(count.own), (count.own,)),
        Cell(number(count.other), (count.other,)),
        Cell(percent(count.largest, 0), (count.largest,)),
    )


def _columns(reading: Reading) -> tuple[Column, ...]:
    key = reading
    word = "features" if reading == "features" else "picture"
    own = (
        f"{key}_own",
        f"{key}_own_low",
        f"{key}_own_high",
        f"{key}_own_sd",
        f"{key}_own_sd_low",
        f"{key}_own_sd_high",
    )
    other = tuple(name.replace("_own", "_other") for name in own)
    names = (f"{key}_other_name", f"{key}_other_sd_name")
    largest = (f"{key}_largest", f"{key}_largest_low", f"{key}_largest_high")
    return (
        Column(f"Own, {word}", own, "right"),
        Column(f"Largest other, {word}", (*other, *names)),
        Column(f"Images %, {word}", largest, "right"),
    )


def _effect_cells(effect: EditEffect) -> tuple[Cell, ...]:
    own, own_sd, other, other_sd = effect.own, effect.own_sd, effect.other, effect.other_sd
    words = f"{effect.other_name}{NBSP}{other.value:+.2f}" if effect.other_name else UNDEFINED
    return (
        Cell(
            span(own, number),
            (own.value, own.low, own.high, own_sd.value, own_sd.low, own_sd.high),
            strong=effect.wins,
        ),
        Cell(
            words,
            (
                *(other.value, other.low, other.high, other_sd.value, other_sd.low, other_sd.high),
                *(effect.other_name or None, effect.other_sd_name or None),
            ),
        ),
        Cell(percent(effect.largest.value, 0), (effect.largest.value, effect.largest.low, effect.largest.high)),
    )


def _notes(report: EditReport, provenance: Provenance) -> tuple[str, ...]:
    settings = report.settings
    return (
        f"Asked for: {settings.strength:g}{NBSP}SD. {describe_moving(settings, report.n_reference)}",
        f"At most {settings.n_images:,} images an attribute and action. Intervals ({percent(settings.level, 0)} %) "
        f"resample units (unit: {report.unit}) {settings.n_replicates:,} times.",
        describe_provenance(provenance, n_images=report.n_images),
    )


def _facts(report: EditReport, provenance: Provenance) -> tuple[tuple[str, Value], ...]:
    settings = report.settings
    return (
        ("direction", settings.direction),
        ("strength", settings.strength),
        ("open_from", settings.open_from),
        ("n_reference", report.n_reference),
        ("level", settings.level),
        ("unit", report.unit),
        ("seed", settings.seed),
        *provenance_facts(provenance, report.n_images),
    )
