"""Figures of accuracy: dots by attribute, beside the majority or the poster."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mamviz.errors import StatisticsError
from mamviz.schema import Evaluation, Interval, PosterRow, Provenance
from mamviz_reports.captions import describe_provenance
from mamviz_reports.style import BLUE, GREY, INK, ORANGE, PALE, VERMILION, caption, house_style, new_figure, title

_ROW = 0.17  # inches of an attribute
_OTHERS = (  # label, field of PosterRow, marker, colour
    ("poster", "poster", "D", VERMILION),
    ("MT-RBM PCA [1]", "mt_rbm_pca", "^", GREY),
    ("LNets+ANet [2]", "lnets_anet", "s", ORANGE),
    ("FaceTracer [3]", "facetracer", "x", GREY),
)


@house_style()
def scores_figure(evaluation: Evaluation, provenance: Provenance) -> Figure:
    """Draw each attribute's accuracy with its interval, in the given order.

    Beside it balanced accuracy and the majority guess; the mean over attributes is the last row.
    A NaN score has no dot.
    """
    scores = evaluation.scores
    names = [score.attribute for score in scores] + ["Mean"]
    figure = new_figure(6.0, _ROW * len(names) + 0.9, constrained=True)
    axes = figure.subplots()
    accuracy = [score.accuracy for score in scores] + [evaluation.mean_accuracy]
    balanced = [score.balanced_accuracy for score in scores] + [evaluation.mean_balanced_accuracy]
    majority = [score.majority for score in scores] + [evaluation.mean_majority]
    places = np.arange(len(names))
    axes.plot(_percents(majority), places, "|", color=GREY, markersize=8, markeredgewidth=1.4, label="majority guess")
    _draw_intervals(axes, accuracy, places, "accuracy")
    axes.plot(  # hollow and above, so that neither hides the other
        [100 * score.value for score in balanced], places, "D", color=ORANGE, markerfacecolor="none", markersize=4.5,
        zorder=4, label="balanced",
    )  # fmt: skip
    _finish(axes, names)
    axes.axhline(len(scores) - 0.5, color=GREY, linewidth=0.6)
    title(figure, "Classification of each attribute")
    caption(
        figure,
        f"Accuracy with its {100 * evaluation.level:g} % interval ({evaluation.n_replicates:,} resamples of "
        f"{evaluation.n_units:,} units, unit: {evaluation.unit}), balanced accuracy, and the accuracy of always giving "
        f"the more frequent answer. {evaluation.protocol} "
        f"{describe_provenance(provenance, n_images=evaluation.n_images)}",
    )
    return figure


@house_style()
def poster_figure(
    rows: Sequence[PosterRow], provenance: Provenance, *, intervals: Sequence[Interval | None] | None = None
) -> Figure:
    """Draw our accuracy beside the poster's and the three methods it quotes.

    rows        in the order of the figure
    intervals   as shares, one a row, None where we have none. Raises StatisticsError for another number of them.
    """
    if intervals is None:
        intervals = [None] * len(rows)
    if len(intervals) != len(rows):
        raise StatisticsError(
            f"poster figure: expected one interval for each of {len(rows)} rows, got {len(intervals)}. "
            "Give None where there is none."
        )
    figure = new_figure(6.0, _ROW * len(rows) + 0.9, constrained=True)
    axes = figure.subplots()
    places = np.arange(len(rows))
    ours = [_ours(row, interval) for row, interval in zip(rows, intervals, strict=True)]
    _draw_intervals(axes, ours, places, "ours")
    for label, field, marker, colour in _OTHERS:  # hollow and above ours, so that neither hides the other
        values = [float(getattr(row, field)) for row in rows]
        axes.plot(values, places, marker, color=colour, markersize=3.5, markerfacecolor="none", zorder=4, label=label)
    _finish(axes, [row.label for row in rows])
    title(figure, "Accuracy of each attribute, beside the poster's")
    caption(
        figure,
        "Ours with its interval where one was computed; the poster's (Kimura and Tanaka 2019; 19,962 test images) and "
        "the three methods it quotes: [1] Ehrlich et al. 2016, [2] Liu et al. 2015, [3] Kumar et al. 2008. Ours is "
        f"comparable only on the same images. Ours: {describe_provenance(provenance)}",
    )
    return figure


def _ours(row: PosterRow, interval: Interval | None) -> Interval:
    if interval is not None:
        return interval
    value = float("nan") if row.ours is None else row.ours / 100
    return Interval(value, value, value)


def _percents(shares: Sequence[float]) -> list[float]:
    return [100 * share for share in shares]


def _draw_intervals(axes: Axes, intervals: Sequence[Interval], places: np.ndarray, label: str) -> None:
    low, high = _percents([i.low for i in intervals]), _percents([i.high for i in intervals])
    axes.hlines(places, low, high, color=BLUE, linewidth=1.4)
    axes.plot(_percents([i.value for i in intervals]), places, "o", color=BLUE, markersize=4, label=label)


def _finish(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", color=PALE, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("accuracy, %", color=INK)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=5, columnspacing=1.0, handletextpad=0.2)
