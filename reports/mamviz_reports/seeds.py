"""The figure of what several runs agree on: every table, pair by pair, and their features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mamviz.schema import AGREES, FeatureAgreement, Stability
from mamviz_reports.stability import describe_runs
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
    axes_at,
    caption,
    fold_name,
    house_style,
    new_figure,
    title,
)

_ROW = 0.3  # inches of a table
_FOOT = 0.4  # inches below the axes
_NAMES, _TABLES, _ALIKE, _BETWEEN = 1.75, 2.3, 0.5, 0.52  # inches across
_LETTERS = 32  # of a line of a table's name
# Up to six pairs of runs have a look of their own: shape and colour, so that grey print tells them apart too.
_LOOKS = ((BLUE, "o"), (VERMILION, "s"), (GREEN, "^"), (ORANGE, "D"), (PURPLE, "v"), (GREY, "P"))
_SPREAD = 0.56  # of a row: where its pairs of runs lie


@house_style()
def seeds_figure(stability: Stability) -> Figure:
    """Draw Spearman of every two runs with its interval, a row a table; beside it CKA, and r of matched channels.

    Rows and pairs in the order given. Without features there is one panel. A NaN has no dot.
    """
    pairs = [(each.first, each.second) for each in stability.tables[0].agreements]
    features = stability.features
    height = max(1.5, _ROW * len(stability.tables))
    figure = new_figure(TWO_COLUMNS, height + _FOOT)
    wide = TWO_COLUMNS - _NAMES - 0.1 if not features else _TABLES
    tables = axes_at(figure, _NAMES, 0, wide, height)
    _draw_tables(tables, stability, pairs)
    if features:
        _draw_features(axes_at(figure, _NAMES + _TABLES + _BETWEEN, 0, _ALIKE, height), features, pairs)
        left = _NAMES + _TABLES + _ALIKE + 2 * _BETWEEN
        _draw_channels(axes_at(figure, left, 0, TWO_COLUMNS - left - 0.15, height), features, pairs)
    if len(pairs) <= len(_LOOKS):
        above = (-_NAMES / wide, 1 + 0.06 / height)
        tables.legend(
            loc="lower left", bbox_to_anchor=above, borderaxespad=0, ncols=2, columnspacing=1.0, handletextpad=0.2
        )
    title(figure, f"What {len(stability.runs)} runs agree on")
    caption(figure, _words(stability, len(pairs)))
    return figure


def _look(pairs: Sequence[tuple[str, str]], place: int) -> tuple[str, str]:
    return _LOOKS[place] if len(pairs) <= len(_LOOKS) else (BLUE, "o")


def _draw_tables(axes: Axes, stability: Stability, pairs: Sequence[tuple[str, str]]) -> None:
    shifts = np.linspace(-_SPREAD / 2, _SPREAD / 2, len(pairs)) if len(pairs) > 1 else np.zeros(1)
    for place, pair in enumerate(pairs):
        colour, marker = _look(pairs, place)
        found = [table.agreements[place].spearman for table in stability.tables]
        rows = np.arange(len(found)) + shifts[place]
        axes.hlines(rows, [each.low for each in found], [each.high for each in found], color=colour, linewidth=1)
        label = " and ".join(pair)
        axes.plot([each.value for each in found], rows, marker, color=colour, markersize=3.2, label=label)
    axes.axvline(AGREES, color=INK, linewidth=0.6, linestyle="--")
    names = [fold_name(table.name, _LETTERS) for table in stability.tables]
    axes.set_yticks(range(len(names)), names, fontsize=6.5)
    axes.tick_params(axis="y", length=0)
    axes.set(ylim=(len(names) - 0.5, -0.5), xlabel="Spearman's correlation over pairs")
    axes.hlines(np.arange(1, len(names)) - 0.5, 0, 1, transform=axes.get_yaxis_transform(), color=PALE, linewidth=0.6)


def _draw_features(axes: Axes, features: Sequence[FeatureAgreement], pairs: Sequence[tuple[str, str]]) -> None:
    places = np.arange(len(features))
    for place, each in zip(places, features, strict=True):
        colour, marker = _look(pairs, pairs.index((each.first, each.second)))
        axes.plot([place], [each.cka], marker, color=colour, markersize=4, clip_on=False)
    axes.set(xlim=(-0.7, len(features) - 0.3), ylim=(0, 1), xticks=[], ylabel="linear CKA of features")
    axes.set_xlabel("pairs of runs")


def _draw_channels(axes: Axes, features: Sequence[FeatureAgreement], pairs: Sequence[tuple[str, str]]) -> None:
    """Draw r of matched channels, the best first, as a curve a pair of runs."""
    for each in features:
        r = sorted(each.matching.r, reverse=True)
        colour, marker = _look(pairs, pairs.index((each.first, each.second)))
        shares = 100 * (np.arange(len(r)) + 0.5) / max(len(r), 1)
        axes.plot(shares, r, color=colour, linewidth=1, marker=marker, markersize=3, markevery=max(len(r) // 6, 1))
    axes.axhline(0, color=PALE, linewidth=0.6, zorder=0)
    axes.set(xlim=(0, 100), xlabel="matched channels, %", ylabel="r of matched channels, best first")
    axes.set_ylim(min(0.0, *(r for each in features for r in each.matching.r), 0.0), 1)


def _words(stability: Stability, n_pairs: int) -> str:
    n_replicates = sorted({table.n_replicates for table in stability.tables})
    words = [
        f"Each mark: one of {n_pairs} pairs of runs. Left: rank correlation of the same table, over its pairs of "
        f"names, with its {100 * stability.level:g} % interval over images "
        f"({' and '.join(f'{n:,}' for n in n_replicates)} resamples); names of tables say map, estimand and view; "
        f"dashed: {AGREES:g}, from which on a table of one seed stands for the others."
    ]
    if stability.features:
        n_images = max(each.n_images for each in stability.features)
        words.append(
            f"Middle: centred kernel alignment (Kornblith et al. 2019) of features of {n_images:,} images. Right: "
            "channels matched one to one by the largest total correlation."
        )
    return " ".join([*words, *describe_runs(stability)])
