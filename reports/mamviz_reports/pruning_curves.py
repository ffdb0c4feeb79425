"""Figures of pruning: accuracy lost over sparsity by criterion, and what each attribute loses."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import SymLogNorm
from matplotlib.figure import Figure

from mamviz.schema import BASELINES, FILLS, MASK_CRITERIA, Criterion, Fill, Provenance, PruningCurve, PruningReport
from mamviz_reports.captions import describe_provenance
from mamviz_reports.pruning import common_notes, describe_fill
from mamviz_reports.style import (
    BLUE,
    DIVERGING,
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
from mamviz_reports.tables import percent

STRONG: dict[Criterion, str] = {
    "contrast": BLUE,
    "usage": ORANGE,
    "mean mask": GREEN,
    "redundancy": VERMILION,
    "both": PURPLE,
}
# Grey print tells them apart too.
MARKERS: dict[Criterion, str] = {"contrast": "o", "usage": "s", "mean mask": "^", "redundancy": "D", "both": "v"}
# style, width: no colour, so that the masks' orders stand out
MUTED: dict[Criterion, tuple[str, float]] = {
    "L1": ("--", 1.0),
    "batch norm": (":", 1.2),
    "activation": ("-.", 1.0),
    "Taylor": ("-", 1.6),
}
NEAR = 10  # times the limit: what the lower panels show
_ROW = 0.145  # inches of an attribute's row


@house_style()
def curves_figure(report: PruningReport, provenance: Provenance) -> Figure:
    """Draw accuracy lost over sparsity, a line a criterion: all of it above, and the part near the limit below."""
    figure = new_figure(TWO_COLUMNS, 6.4, constrained=True)
    grid = figure.add_gridspec(3, 2, height_ratios=(0.12, 1, 1.1))
    upper, lower = ([figure.add_subplot(grid[row, column]) for column in (0, 1)] for row in (1, 2))
    for left, right in (upper, lower):
        right.sharey(left)
        right.tick_params(labelleft=False)
    for column, fill in enumerate(FILLS):
        whole, near = upper[column], lower[column]
        for axes in (whole, near):
            _draw_curves(axes, report, fill)
            axes.set_xlim(0, 100 * report.settings.last)
        _draw_majority(whole, report)
        whole.set_title("zero left behind" if fill == "zero" else "their means left behind")
        limit = 100 * report.settings.max_loss
        near.axhline(limit, color=INK, linewidth=0.6, linestyle=":")
        near.annotate(f"limit {limit:g}", (1, limit), (0, 2), ("axes fraction", "data"), "offset points", ha="right")
        near.set(xlabel="channels removed, %", ylim=(-0.1 * NEAR * limit, NEAR * limit))
    upper[0].set_ylabel("points of accuracy lost")
    lower[0].set_ylabel("points lost, near the limit")
    _add_legend(figure, figure.add_subplot(grid[0, :]))
    title(figure, "Accuracy lost as channels go, by what goes first")
    caption(figure, _curve_words(report, provenance))
    return figure


@house_style()
def casualties_figure(report: PruningReport, provenance: Provenance) -> Figure:
    """Draw what each attribute loses at each level of the chosen criterion, the worst hit above."""
    curve = report.chosen
    lost = 100 * curve.losses[:, list(curve.casualties)].T  # (attribute, level)
    n_attributes, n_levels = lost.shape
    figure = new_figure(min(TWO_COLUMNS, 2.4 + 0.27 * n_levels), max(2.2, 0.8 + _ROW * n_attributes), constrained=True)
    axes = figure.subplots()
    most = max(float(np.abs(lost).max()), 1.0)
    # straight up to one point, then by powers of ten: one point matters, and the last levels lose dozens
    shades = axes.pcolormesh(
        np.arange(n_levels + 1),
        np.arange(n_attributes + 1),
        lost,
        cmap=DIVERGING,
        norm=SymLogNorm(linthresh=1, vmin=-most, vmax=most, base=10),
        edgecolors="white",
        linewidth=0.3,
    )
    axes.set_yticks(np.arange(n_attributes) + 0.5, [report.attributes[k] for k in curve.casualties], fontsize=6.5)
    shares = [f"{100 * removed / report.n_channels:.0f}" for removed in curve.removed]
    axes.set_xticks(np.arange(n_levels) + 0.5, shares, fontsize=6.5)
    axes.tick_params(length=0)
    axes.set(xlabel="channels removed, %", ylim=(n_attributes, 0))
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(shades, ax=axes, fraction=0.04, pad=0.02)
    ticks = [tick for tick in (-10, -1, 0, 1, 10) if abs(tick) <= most]
    bar.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    bar.ax.minorticks_off()
    bar.outline.set_linewidth(0.4)
    bar.ax.set_title("points\nlost", fontsize=7, pad=4)
    title(figure, "What each attribute loses as channels go")
    caption(figure, _casualty_words(report, provenance))
    return figure


def _draw_curves(axes: Axes, report: PruningReport, fill: Fill) -> None:
    """Draw baselines first, so that the masks' orders lie above them."""
    _draw_random(axes, report, fill)
    for criterion in BASELINES:
        for curve in report.curves_of(criterion, fill) if criterion in MUTED else ():
            style, width = MUTED[criterion]
            _draw_line(axes, curve, GREY, width, style=style)
    for curve in report.curves_of("greedy", fill):
        _draw_line(axes, curve, INK, 0.9)
    chosen = (report.settings.criterion, report.settings.fill)
    for criterion in MASK_CRITERIA:
        for curve in report.curves_of(criterion, fill):
            _draw_line(axes, curve, STRONG[criterion], 1.4, marker=MARKERS[criterion])
    if chosen[1] == fill:
        colour = STRONG.get(chosen[0], GREY)
        low, high = ([100 * getattr(loss, end) for loss in report.chosen.loss] for end in ("low", "high"))
        axes.fill_between(_sparsities(report.chosen), low, high, color=colour, alpha=0.18, linewidth=0)
    _draw_tuned(axes, report, fill)
    axes.axhline(0, color=PALE, linewidth=0.6, zorder=0)


def _add_legend(figure: Figure, strip: Axes) -> None:
    """Name every line once, above all panels: fine-tuned points stand in some of them alone."""
    found: dict[str, Any] = {}
    for axes in figure.axes:
        found |= {label: handle for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
    strip.axis("off")
    strip.legend(
        list(found.values()), list(found), loc="upper left", borderaxespad=0, ncols=5, handlelength=2.6,
        columnspacing=1.2,
    )  # fmt: skip


def _draw_random(axes: Axes, report: PruningReport, fill: Fill) -> None:
    curves = report.curves_of("random", fill)
    if not curves:
        return
    lost = np.array([[100 * loss.value for loss in curve.loss] for curve in curves])
    places = _sparsities(curves[0])
    label = f"random, range of {len(curves)}" if len(curves) > 1 else "random"
    axes.fill_between(places, lost.min(axis=0), lost.max(axis=0), color=PALE, linewidth=0, label=label)
    axes.plot(places, lost.mean(axis=0), color=GREY, linewidth=0.5)


def _draw_line(
    axes: Axes, curve: PruningCurve, colour: str, width: float, *, style: str = "-", marker: str | None = None
) -> None:
    lost = [100 * loss.value for loss in curve.loss]
    axes.plot(
        _sparsities(curve), lost, color=colour, linewidth=width, linestyle=style, marker=marker, markersize=3,
        markevery=3, label=curve.order.criterion,
    )  # fmt: skip


def _draw_tuned(axes: Axes, report: PruningReport, fill: Fill) -> None:
    points = [point for point in report.tuned if point.fill == fill]
    if not points:
        return
    places = [100 * (1 - point.kept / report.n_channels) for point in points]
    for name, marker, colour in (("tuned", "o", BLUE), ("scratch", "s", "white")):
        found = [getattr(point, f"{name}_loss") for point in points]
        values = np.array([100 * loss.value for loss in found])
        ends = np.array([[100 * (loss.value - loss.low), 100 * (loss.high - loss.value)] for loss in found]).T
        label = "fine-tuned" if name == "tuned" else "from scratch"
        axes.errorbar(
            places, values, ends, fmt=marker, markersize=4, color=INK, markerfacecolor=colour, elinewidth=0.7,
            markeredgewidth=0.7, linestyle="none", label=label, zorder=5,
        )  # fmt: skip


def _draw_majority(axes: Axes, report: PruningReport) -> None:
    """Mark where always giving the more frequent answer stands, and end the axis at twice as much."""
    lost = 100 * (report.chosen.accuracy[0].value - report.majority)
    axes.axhline(lost, color=INK, linewidth=0.6, linestyle="--")
    axes.annotate("majority guess", (0, lost), (2, 2), ("axes fraction", "data"), "offset points", va="bottom",
                  bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.5})  # fmt: skip
    if lost > 0:  # a network that knows less than that has no such scale
        axes.set_ylim(-0.06 * lost, 2 * lost)


def _sparsities(curve: PruningCurve) -> list[float]:
    n_channels = len(curve.order.channels)
    return [100 * removed / n_channels for removed in curve.removed]


def _curve_words(report: PruningReport, provenance: Provenance) -> str:
    settings = report.settings
    words = [
        f"Mean over {len(report.attributes)} attributes of the accuracy lost against the whole network, which has "
        f"{percent(report.chosen.accuracy[0].value)} %; below 0 is a gain. Colours: orders by masks; grey: the usual "
        f"ones. Shaded: the interval of {settings.criterion}, {describe_fill(settings.fill)}. Dotted: the limit of "
        "safe removal. Above twice the loss of the majority guess lines are cut off."
    ]
    if report.tuned:
        words.append(f"Points: after {report.tuned[0].epochs} epochs, order of {report.tuned[0].criterion}.")
    return " ".join([*words, *(f"Left out: {reason}." for reason in report.absent), *common_notes(report, provenance)])


def _casualty_words(report: PruningReport, provenance: Provenance) -> str:
    settings = report.settings
    return (
        f"Accuracy lost against the whole network, points; below 0 (blue) is a gain. Criterion {settings.criterion}, "
        f"{describe_fill(settings.fill)}. Rows by the mean over all levels. Colours are linear up to 1 point, then "
        f"logarithmic. Ranked on {report.ranked:,} validation images. "
        + describe_provenance(provenance, n_images=report.measured)
    )
