"""The figure of masks against labels: r of each pair of attributes over the phi of its labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mamviz.schema import Entanglement, PairKind, PairRelation, Provenance
from mamviz_reports.captions import describe_choices, describe_provenance
from mamviz_reports.entanglement import describe_intervals, interval_text
from mamviz_reports.style import (
    BLUE,
    GREY,
    PALE,
    TWO_COLUMNS,
    VERMILION,
    axes_at,
    caption,
    house_style,
    new_figure,
    title,
)

_LINE = 0.045  # of the axes' height: a line of names, and the least distance of two numbers


@house_style()
def entanglement_figure(entanglement: Entanglement, provenance: Provenance, *, top: int = 8) -> Figure:
    """Draw r of the masks against phi of the labels for every pair, the first `top` of both lists with their names."""
    figure = new_figure(TWO_COLUMNS, 4.4)
    axes = axes_at(figure, 0.6, 0.3, 3.9, 3.6)
    limit = entanglement.settings.rule.independent
    axes.axvspan(-limit, limit, color=PALE, linewidth=0, zorder=0)
    kinds: tuple[tuple[PairKind | None, str, str], ...] = (
        (None, GREY, "o"), ("shared", VERMILION, "o"), ("separate", BLUE, "s"),
    )  # fmt: skip
    for kind, colour, marker in kinds:
        chosen = [pair for pair in entanglement.pairs if pair.kind == kind]
        places = [pair.phi.value for pair in chosen], [pair.r.value for pair in chosen]
        axes.scatter(
            *places, s=5 if kind is None else 14, color=colour, marker=marker, linewidths=0, label=kind or "other"
        )
    named = entanglement.shared[:top], entanglement.separate[:top]
    axes.set(xlabel="phi of the labels", ylabel="r of the masks")
    _name_pairs(axes, named)
    title(figure, "Masks against labels, a dot a pair of attributes")
    caption(figure, _words(entanglement, provenance, named))
    return figure


def _name_pairs(axes: Axes, named: tuple[Sequence[PairRelation], Sequence[PairRelation]]) -> None:
    """Draw the named pairs' intervals, number them, and list their names beside the axes."""
    row, first = 0, 1
    for pairs, colour, heading in zip(named, (VERMILION, BLUE), ("Features shared", "Features apart"), strict=True):
        lines = [heading, *(f"{first + place}  {pair.first}, {pair.second}" for place, pair in enumerate(pairs))]
        for place, line in enumerate(lines):
            weight = "normal" if place else "bold"
            at = (1.03, 1 - _LINE * (row + place))
            axes.annotate(line, at, xycoords="axes fraction", fontsize=6.5, color=colour, fontweight=weight, va="top")
        _number_pairs(axes, pairs, first, colour)
        row, first = row + len(lines) + 1, first + len(pairs)


def _number_pairs(axes: Axes, pairs: Sequence[PairRelation], first: int, colour: str) -> None:
    """Draw the intervals, and numbers beside them that do not cover each other."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    heights = _spread([pair.r.value for pair in pairs], _LINE * (top - bottom))
    for number, (pair, height) in enumerate(zip(pairs, heights, strict=True), start=first):
        x, y = pair.phi, pair.r
        axes.plot([x.low, x.high], [y.value, y.value], color=colour, linewidth=0.6)
        axes.plot([x.value, x.value], [y.low, y.high], color=colour, linewidth=0.6)
        axes.annotate(
            str(number),
            (x.value, y.value),
            (x.value + 0.07 * (right - left), height),
            fontsize=6.5,
            color=colour,
            va="center",
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.4, "shrinkA": 0, "shrinkB": 1},
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.8},
        )
    axes.set(xlim=(left, right), ylim=(bottom, top))


def _spread(places: Sequence[float], gap: float) -> list[float]:
    """Move places apart until each is `gap` from the next, their order and their mean kept."""
    order = np.argsort(places, kind="stable")
    moved = np.asarray(places, dtype=np.float64)[order]
    for index in range(1, len(moved)):
        moved[index] = max(moved[index], moved[index - 1] + gap)
    result = np.empty(len(moved))
    result[order] = moved - (moved - np.asarray(places)[order]).mean() if len(moved) else moved
    return [float(each) for each in result]


def _words(
    entanglement: Entanglement, provenance: Provenance, named: tuple[Sequence[PairRelation], Sequence[PairRelation]]
) -> str:
    explained = next(each for each in entanglement.explanations if each.relation == "size of phi")
    return " ".join(
        [
            f"All {len(entanglement.pairs):,} pairs; {describe_choices(entanglement.correlation)}.",
            f"Red: {len(entanglement.shared)} that share features though their labels are independent, "
            f"{len(named[0])} named; blue squares: {len(entanglement.separate)} the other way round, {len(named[1])} "
            "named; lines: their intervals. Grey band: |phi| up to "
            f"{entanglement.settings.rule.independent:g}.",
            f"Rank correlation with |phi|: {interval_text(explained.r, interval=True)}.",
            describe_intervals(entanglement),
            describe_provenance(provenance, n_images=entanglement.correlation.n_images),
        ]
    )
