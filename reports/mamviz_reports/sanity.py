"""Sanity checks: a table of verdicts, a table of what each attribute loses, and the figure behind them."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mamviz.schema import DeletionCurve, Interval, Order, Provenance, SanityReport, SanityTable
from mamviz_reports.captions import describe_provenance
from mamviz_reports.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PALE,
    PURPLE,
    TWO_COLUMNS,
    VERMILION,
    caption,
    house_style,
    new_figure,
    title,
)
from mamviz_reports.tables import NBSP, UNDEFINED, Cell, Column, Table, percent, provenance_facts

TABLES: tuple[tuple[SanityTable, str], ...] = (("recommended", BLUE), ("literal", VERMILION), ("evidence", GREEN))
EXCHANGED = {
    "swap": "another attribute's masks",
    "channels": "channels permuted",
    "cells": "flat over cells",
    "mean channel": "flat over channels",
    "images": "flat over images",
    "number": "one number",
}
COLOURS: dict[Order, str] = {"evidence": BLUE, "gradient": ORANGE, "magnitude": PURPLE, "random": GREY}
STYLES: dict[Order, str] = {"evidence": "-", "gradient": "--", "magnitude": "-.", "random": ":"}
MARKERS: dict[SanityTable, str] = {"recommended": "o", "literal": "s", "evidence": "^"}


def checks_table(report: SanityReport, provenance: Provenance) -> Table:
    """Return a row a check: verdict, figure with its interval, threshold, and what it means.

    Figures are correlations, shares of answers, logits or shares of pairs, as the notes say; raw in the CSV.
    """
    rows = []
    for check in report.checks:
        sign = "<" if check.passes == "below" else ">"
        figure = check.figure
        rows.append(
            (
                Cell(check.name, (check.group, check.name)),
                Cell(check.verdict, (check.verdict,)),
                Cell(_span(figure), (figure.value, figure.low, figure.high), strong=check.verdict == "fail"),
                Cell(f"{sign}{NBSP}{_number(check.threshold)}", (check.passes, check.threshold)),
                Cell(check.meaning, (check.meaning,)),
            )
        )
    return Table(
        title="Sanity checks",
        columns=(
            Column("Check", ("group", "check")),
            Column("Verdict", ("verdict",)),
            Column("Figure", ("figure", "low", "high"), "right"),
            Column("Passes", ("passes", "threshold"), "right"),
            Column("Meaning", ("meaning",)),
        ),
        rows=tuple(rows),
        notes=(*_notes(report), describe_provenance(provenance, n_images=report.n_images)),
        facts=(*_facts(report), *provenance_facts(provenance, report.n_images)),
    )


def losses_table(report: SanityReport, provenance: Provenance) -> Table:
    """Return what each attribute loses by each exchange, in points of accuracy; the mean under a rule."""
    names = [loss.exchange for loss in report.exchanges]
    fields = [name.replace(" ", "_") for name in names]
    columns = tuple(
        Column(EXCHANGED[name], (f, f"{f}_low", f"{f}_high", f"{f}_balanced"), "right")
        for name, f in zip(names, fields, strict=True)
    )
    rows = []
    for k, row in enumerate(report.exchanges[0].attributes):
        lost = [loss.attributes[k] for loss in report.exchanges]
        rows.append(_loss_row(row.attribute, row.beyond, [(each.accuracy, each.balanced_accuracy) for each in lost]))
    rows.append(_loss_row("Mean", None, [(loss.accuracy, loss.balanced_accuracy) for loss in report.exchanges]))
    return Table(
        title="Accuracy lost by exchanged masks, points",
        columns=(Column("Attribute", ("attribute",)), Column("Known", ("known",)), *columns),
        rows=tuple(rows),
        rule=1,
        notes=(
            "Known: the trained network beats the majority guess, the interval above 0. Raw values are shares, with "
            "the loss of balanced accuracy last.",
            _exchange_note(report),
            describe_provenance(provenance, n_images=report.n_images),
        ),
        facts=(*_facts(report), *provenance_facts(provenance, report.n_images)),
    )


@house_style()
def sanity_figure(report: SanityReport, provenance: Provenance) -> Figure:
    """Draw similarity by randomised part, accuracy lost by exchange, and the curves with masks made anew."""
    figure = new_figure(TWO_COLUMNS, 6.0, constrained=True)
    (upper_left, upper_right), (lower_left, lower_right) = figure.subplots(2, 2, height_ratios=(1.15, 1))
    _draw_cascade(upper_left, report)
    _draw_losses(upper_right, report)
    for axes, direction in ((lower_left, "deletion"), (lower_right, "insertion")):
        curves = [c for c in report.curves if c.direction == direction and c.masks == "recomputed"]
        _draw_curves(axes, curves, direction)
    passed = sum(check.verdict == "pass" for check in report.checks)
    title(figure, f"Sanity checks: {passed} of {len(report.checks)} pass")
    shown = "Curves: masks recomputed from the changed features."
    caption(figure, " ".join([*_notes(report), shown, describe_provenance(provenance, n_images=report.n_images)]))
    return figure


def _draw_cascade(axes: Axes, report: SanityReport) -> None:
    """Draw each draw as a dot, their mean as a line; parts alone stand apart on the right."""
    stages = [stage for mode in ("cascade", "alone") for stage in report.randomisation.stages if stage.mode == mode]
    n_cascade = sum(stage.mode == "cascade" for stage in stages)
    places = np.arange(len(stages)) + np.where(np.arange(len(stages)) < n_cascade, 0.0, 0.7)
    for offset, (name, colour) in zip((-0.15, 0.0, 0.15), TABLES, strict=True):
        for place, stage in zip(places, stages, strict=True):
            found = stage.similarities(name)
            axes.plot([place + offset] * len(found), found, ".", color=colour, markersize=3)
        means = [stage.mean_similarity(name) for stage in stages]
        axes.plot(
            places[:n_cascade] + offset,
            means[:n_cascade],
            color=colour,
            linewidth=1,
            marker=MARKERS[name],
            markersize=4,
            markerfacecolor="white",
            markeredgewidth=0.8,
            label=name,
        )
        axes.plot(places[n_cascade:] + offset, means[n_cascade:], "_", color=colour, markersize=7)
    unrelated = [stage.mean_unrelated("recommended") for stage in stages]
    axes.plot(places[:n_cascade], unrelated[:n_cascade], "--", color=GREY, linewidth=0.8, label="unrelated")
    axes.plot(places[n_cascade:], unrelated[n_cascade:], "--", color=GREY, linewidth=0.8)
    axes.set_xticks(places, [stage.part for stage in stages], rotation=90, fontsize=6)
    axes.axhline(0, color=PALE, linewidth=0.6, zorder=0)
    axes.set(ylabel="similarity to the trained table", ylim=(-0.3, 1.05))
    axes.set_xlabel("permuted: this and all above; alone")
    _legend(axes)


def _draw_losses(axes: Axes, report: SanityReport) -> None:
    places = np.arange(len(report.exchanges))
    for shift, name, colour, label in (
        (-0.12, "accuracy", BLUE, "accuracy"),
        (0.12, "balanced_accuracy", ORANGE, "balanced"),
    ):
        found: list[Interval] = [getattr(loss, name) for loss in report.exchanges]
        axes.hlines(places + shift, [100 * i.low for i in found], [100 * i.high for i in found], color=colour)
        axes.plot([100 * i.value for i in found], places + shift, "o", color=colour, markersize=3.5, label=label)
    axes.axvline(0, color=INK, linewidth=0.6)
    axes.set_yticks(places, [EXCHANGED[loss.exchange] for loss in report.exchanges])
    axes.set(xlabel="points lost, mean over attributes", ylim=(len(places) - 0.5, -0.5))
    _legend(axes)


def _draw_curves(axes: Axes, curves: list[DeletionCurve], direction: str) -> None:
    for curve in curves:
        shares = [100 * share for share in curve.shares]
        width = 1.6 if curve.order == "evidence" else 1.0
        axes.plot(
            shares,
            curve.logit,
            color=COLOURS[curve.order],
            linewidth=width,
            linestyle=STYLES[curve.order],
            label=curve.order,
        )
    axes.axhline(0, color=PALE, linewidth=0.6, zorder=0)
    axes.set(xlabel=f"% of cells, {direction}", ylabel="logit towards the answer")
    _legend(axes)


def _legend(axes: Axes) -> None:
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, columnspacing=0.8, handlelength=1.4)


def _loss_row(name: str, known: bool | None, losses: list[tuple[Interval, Interval]]) -> tuple[Cell, ...]:
    words = "" if known is None else "yes" if known else "no"
    cells = tuple(
        Cell(
            f"{percent(lost.value)}{NBSP}[{percent(lost.low)},{NBSP}{percent(lost.high)}]",
            (lost.value, lost.low, lost.high, balanced.value),
        )
        for lost, balanced in losses
    )
    return (Cell(name, (name,)), Cell(words, (None if known is None else int(known),)), *cells)


def _notes(report: SanityReport) -> tuple[str, ...]:
    settings = report.settings
    fill = "their mean over the images" if settings.fill == "mean" else "zero"
    return (
        f"Randomisation (Adebayo et al. 2018): weights permuted within each tensor, {settings.n_draws} draws, batch "
        "norm measured anew; Spearman's correlation over pairs of attributes with the trained network's table, range "
        "of the draws, against the 95 % point of unrelated tables (names permuted). Permuted and not drawn anew: the "
        "mask generator starts at zero.",
        _exchange_note(report),
        f"Deletion (Petsiuk et al. 2018): cells of the features set to {fill}, {settings.n_pairs} images an attribute; "
        "the figure is by how much the area under the logit is better than by chance or by size, whichever is closer. "
        f"Nulls: share of pairs outside the 95 % band of {settings.n_networks} null tables (networks with "
        "all weights permuted; attributes that got each other's masks), against the largest share of one of those.",
    )


def _exchange_note(report: SanityReport) -> str:
    return (
        "Exchange: share of right answers lost, features and readout kept; biases, the trained ones too, are fitted "
        f"anew on half of the persons and used on the other half. Intervals ({100 * report.level:g} %) resample "
        f"{report.n_units:,} units (unit: {report.unit}) {report.settings.n_replicates:,} times."
    )


def _facts(report: SanityReport) -> tuple[tuple[str, str | int | float | None], ...]:
    settings = report.settings
    return (
        ("level", report.level),
        ("unit", report.unit),
        ("n_units", report.n_units),
        ("n_draws", settings.n_draws),
        ("n_networks", settings.n_networks),
        ("n_pairs", settings.n_pairs),
        ("fill", settings.fill),
        ("seed", settings.seed),
    )


def _span(figure: Interval) -> str:
    if math.isnan(figure.low):
        return _number(figure.value)
    return f"{_number(figure.value)}{NBSP}[{_number(figure.low)},{NBSP}{_number(figure.high)}]"


def _number(value: float) -> str:
    return UNDEFINED if math.isnan(value) else f"{value:.3f}"
