"""Panels of the most related: a target each, with intervals, shares of resamples and ranks that are tied."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mamviz.errors import StatisticsError
from mamviz.schema import Certainty, Neighbour, Provenance, Ranking
from mamviz_reports.captions import describe_choices, describe_provenance, list_names
from mamviz_reports.certainty import METHODS, RowCertainty, describe_null, describe_reliability, know_rows
from mamviz_reports.style import (
    BLUE,
    GREY,
    INK,
    PALE,
    TWO_COLUMNS,
    axes_at,
    caption,
    fold_name,
    house_style,
    new_figure,
    title,
)
from mamviz_reports.tables import UNDEFINED, percent

_COLUMNS = 3
_ROW = 0.17  # inches of a related name
_LINE = 0.125  # inches of a line of a name
_HEAD, _FOOT = 0.2, 0.3  # inches above and below a panel's dots
_NAMES, _SHARE, _GAP = 1.0, 0.4, 0.1  # inches for names at the left and shares at the right, and between panels
_LETTERS = 19  # of a line of a name
_TIE = 1.42  # of the axes' width: where ties are told


@house_style()
def neighbours_figure(
    ranking: Ranking, provenance: Provenance, *, targets: Sequence[str], certainty: Certainty | None = None
) -> Figure:
    """Draw a panel a target: r of its most related, best first, with interval and inclusion where they are known.

    targets     names in the order of the panels, three a row
    certainty   of this ranking
    All panels have one scale. A target without a correlation says so.
    Raises StatisticsError for no targets, or one that the ranking doesn't have.
    """
    unknown = [target for target in targets if target not in ranking.correlation.names]
    if not targets or unknown:
        raise StatisticsError(
            f"neighbours figure: expected targets among {list_names(ranking.correlation.names)}, got "
            f"{unknown[0] if unknown else 'none'}. Name some of them."
        )
    known = know_rows(ranking.rows, certainty) if certainty else {}
    n_rows = -(-len(targets) // _COLUMNS)
    most = max(1, *(len(ranking.of(target)) for target in targets))
    lines = max((fold_name(row.name, _LETTERS).count("\n") + 1 for row in ranking.rows), default=1)
    tall = (most + 0.25) * max(_ROW, _LINE * lines)
    height = _HEAD + tall + _FOOT
    figure = new_figure(TWO_COLUMNS, n_rows * height)
    width = TWO_COLUMNS / _COLUMNS
    limits = _limits([row for target in targets for row in ranking.of(target)], known)
    for place, target in enumerate(targets):
        row, column = divmod(place, _COLUMNS)
        axes = axes_at(figure, column * width + _NAMES, row * height + _HEAD, width - _NAMES - _SHARE - _GAP, tall)
        _draw_panel(axes, ranking.of(target), known, certainty)
        last = place + _COLUMNS >= len(targets)
        axes.set(xlim=limits, ylim=(most - 0.25, -0.5), xlabel="r" if last else "")
        axes.set_title(target, x=0.5, fontsize=7.5, fontweight="bold", pad=3)
    axis = ranking.correlation.axis
    title(figure, f"The {ranking.top} most related {axis}s of each target", ranking.correlation.choices.describe(axis))
    caption(figure, _words(ranking, provenance, certainty))
    return figure


def _limits(rows: Sequence[Neighbour], known: dict[Neighbour, RowCertainty]) -> tuple[float, float]:
    """Return ends that hold all dots and intervals, in steps of 0.1."""
    ends = [row.r for row in rows] + [end for row in rows for end in _span(row, known)]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    return float(np.floor(10 * low) / 10 - 0.02), float(np.ceil(10 * high) / 10 + 0.02)


def _span(row: Neighbour, known: dict[Neighbour, RowCertainty]) -> tuple[float, ...]:
    found = known.get(row)
    return () if found is None or found.low is None or found.high is None else (found.low, found.high)


def _draw_panel(
    axes: Axes, rows: Sequence[Neighbour], known: dict[Neighbour, RowCertainty], certainty: Certainty | None
) -> None:
    for place, row in enumerate(rows):
        found = known.get(row, RowCertainty())
        if span := _span(row, known):
            axes.plot(span, (place, place), color=BLUE, linewidth=1.2, solid_capstyle="butt")
        face = BLUE if found.survives or certainty is None or certainty.significance is None else "white"
        axes.plot([row.r], [place], "o", color=BLUE, markerfacecolor=face, markersize=4, markeredgewidth=0.9)
        if certainty is not None:
            share = UNDEFINED if found.inclusion is None else f"{percent(found.inclusion, 0)} %"
            axes.annotate(share, (1.05, place), xycoords=("axes fraction", "data"), fontsize=6, color=INK, va="center")
    if certainty is not None and rows:
        _draw_ties(axes, rows[0].target, certainty)
    if not rows:
        axes.text(0.5, 0.5, "no correlation", transform=axes.transAxes, ha="center", va="center", fontsize=6.5)
    axes.set_yticks(range(len(rows)), [fold_name(row.name, _LETTERS) for row in rows], fontsize=6.5)
    axes.tick_params(axis="y", length=0, pad=3)
    axes.tick_params(axis="x", labelsize=6.5)
    axes.grid(axis="y", color=PALE, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)


def _draw_ties(axes: Axes, target: str, certainty: Certainty) -> None:
    """Join ranks that can't be told apart by a bar beside them; a dotted line under a cut-off that isn't told."""
    n_drawn = 0
    for tie in certainty.ranking.ties:
        if tie.target == target:
            across = _TIE + 0.05 * (n_drawn % 3)
            axes.plot(
                (across, across),
                (tie.first - 1.25, tie.last - 0.75),
                color=GREY,
                linewidth=1.4,
                transform=axes.get_yaxis_transform(),
                clip_on=False,
                gid="tie",
            )
            n_drawn += 1
    cutoff = next((each for each in certainty.ranking.cutoffs if each.target == target), None)
    if cutoff is not None and not cutoff.told:
        axes.axhline(cutoff.rank - 0.5, color=INK, linewidth=0.8, linestyle=":", gid="cutoff")


def _words(ranking: Ranking, provenance: Provenance, certainty: Certainty | None) -> str:
    correlation = ranking.correlation
    words = [f"Pearson's r between {correlation.axis}s ({describe_choices(correlation)})."]
    if certainty is not None:
        intervals = certainty.ranking.intervals
        words.append(
            f"Lines: {percent(intervals.level, 0)} % intervals ({intervals.n_replicates:,} resamples of "
            f"{intervals.n_blocks} blocks, {METHODS[intervals.method]}). At the right: share of resamples with that "
            f"name among the top {certainty.ranking.top}. Grey bars: ranks that the images can't tell apart "
            f"({percent(certainty.ranking.level, 0)} %); dotted: nor the last one shown from the next."
        )
        words += [
            text for text in (describe_null(certainty, mark="Filled dot:"), describe_reliability(certainty)) if text
        ]
    return " ".join([*words, describe_provenance(provenance, n_images=correlation.n_images)])
