"""Clustered heatmaps of correlations, in the order and with the tree given."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from mamviz.errors import StatisticsError
from mamviz.schema import Certainty, Clustering, Correlation, Floats, Provenance
from mamviz_reports.captions import describe_choices, describe_provenance, list_names
from mamviz_reports.certainty import describe_null, describe_reliability
from mamviz_reports.style import (
    DIVERGING,
    GREY,
    INK,
    PALE,
    TWO_COLUMNS,
    axes_at,
    caption,
    house_style,
    new_figure,
    thin,
    title,
)

_TREE = 0.7  # inches of a dendrogram
_NAME = 0.056  # inches of a letter of a name
_WRITTEN = 12  # up to so many names, the numbers are written into the cells
_LABEL = 0.105  # inches that a tick label needs
_DARK = 0.55  # share of the colour scale from which a mark must be white


@house_style()
def correlation_figure(
    correlation: Correlation,
    clustering: Clustering,
    provenance: Provenance,
    *,
    certainty: Certainty | None = None,
    limit: float = 1.0,
) -> Figure:
    """Draw a correlation as a heatmap in the saved order, with the saved trees.

    certainty    of this table: pairs that differ from the null get a dot, and the caption says how reliable it is
    limit        colours run from -limit to limit; values outside take the end colour and the bar says so
    Cells without a correlation are hatched. Raises StatisticsError where the order doesn't fit the names.
    """
    n = len(correlation.names)
    check_order(correlation, clustering)
    longest = max((len(name) for name in correlation.names), default=0)
    side = min(TWO_COLUMNS - _TREE - 0.15 - _NAME * min(longest, 30), max(1.6, 0.42 * n))
    figure = new_figure(side + _TREE + 2, side + _TREE + 2)
    cells = axes_at(figure, _TREE + 0.05, _TREE + 0.05, side, side)
    ordered = np.ix_(clustering.order, clustering.order)
    _draw_cells(cells, correlation.values[ordered], limit)
    if certainty is not None and certainty.significance is not None:
        _mark(cells, certainty.significance.survives[ordered], correlation.values[ordered] / limit, side / n)
    step = _label(cells, [correlation.names[index] for index in clustering.order], side)
    _draw_tree(axes_at(figure, _TREE + 0.05, 0, side, _TREE), correlation, clustering, upright=True)
    _draw_tree(axes_at(figure, 0, _TREE + 0.05, _TREE, side), correlation, clustering, upright=False)
    _draw_scale(figure, axes_at(figure, 0.06, 0.3, _TREE - 0.2, 0.11), limit)
    title(figure, f"Correlation between {correlation.axis}s", correlation.choices.describe(correlation.axis))
    caption(figure, _words(correlation, provenance, step, certainty))
    return figure


def tree_segments(linkage: Floats, position: Floats) -> Floats:
    """Return the lines of a dendrogram: (merge, 4 points, 2).

    A point is a place along the leaves and a height.
    linkage    (m - 1, 4), scipy's; position (m,): where each leaf stands. Iterative: a chain of any length is drawn.
    """
    m = len(position)
    place = np.concatenate([position, np.zeros(len(linkage))])
    height = np.zeros(m + len(linkage))
    lines = np.zeros((len(linkage), 4, 2))
    for merge, (first, second, distance, _) in enumerate(linkage):
        a, b = int(first), int(second)
        lines[merge] = [(place[a], height[a]), (place[a], distance), (place[b], distance), (place[b], height[b])]
        place[m + merge] = (place[a] + place[b]) / 2
        height[m + merge] = distance
    return lines


def check_order(correlation: Correlation, clustering: Clustering) -> None:
    """Raise StatisticsError where an order doesn't fit the names of a correlation."""
    n, undefined = len(correlation.names), len(correlation.undefined)
    merges = max(n - undefined - 1, 0)
    if sorted(clustering.order.tolist()) != list(range(n)) or len(clustering.linkage) != merges:
        raise StatisticsError(
            f"clustering: expected an order of all {n} {correlation.axis}s and {merges} merges, got "
            f"{len(clustering.order)} and {len(clustering.linkage)}. Cluster this correlation again."
        )


def _draw_cells(axes: Axes, values: Floats, limit: float) -> None:
    # seaborn takes 3 s to import and needs pandas, which the other figures do without
    from seaborn import heatmap

    n = len(values)
    heatmap(
        values,
        ax=axes,
        vmin=-limit,
        vmax=limit,
        cmap=DIVERGING,
        cbar=False,
        xticklabels=False,
        yticklabels=False,
        annot=n <= _WRITTEN,
        fmt=".2f",
        annot_kws={"fontsize": 7},
        linewidths=0.4 if n <= 64 else 0,
        linecolor="white",
        rasterized=n > 64,
    )
    # what has no number is not drawn, and the hatched ground shows: white would read as r = 0
    axes.patch.set(facecolor=PALE, edgecolor=GREY, hatch="////", linewidth=0)


def _mark(axes: Axes, marked: npt.NDArray[np.bool_], shades: Floats, cell: float) -> None:
    """Put a dot into marked cells: in the middle, or in the corner where a number stands in the middle."""
    n = len(marked)
    rows, columns = np.nonzero(marked)
    across, down = (0.84, 0.16) if n <= _WRITTEN else (0.5, 0.5)
    side = (0.3 * min(cell, 0.3) * 72) ** 2  # points squared
    colours = np.where(np.abs(shades[rows, columns]) > _DARK, "white", INK)
    axes.scatter(columns + across, rows + down, s=side, c=colours.tolist(), linewidths=0, rasterized=n > 64)


def _label(axes: Axes, names: list[str], side: float) -> int:
    step = thin(len(names), _LABEL / side)
    places = np.arange(0, len(names), step)
    size = min(7.0, max(6.0, 0.72 * 72 * side / len(names) * step))
    shown = [names[place] for place in places]
    axes.yaxis.tick_right()
    axes.set_yticks(places + 0.5, shown, fontsize=size, rotation=0)
    axes.set_xticks(places + 0.5, shown, fontsize=size, rotation=90)
    axes.tick_params(length=0 if step == 1 else 2, pad=2)
    return step


def _draw_tree(axes: Axes, correlation: Correlation, clustering: Clustering, *, upright: bool) -> None:
    n = len(correlation.names)
    missing = set(correlation.undefined)
    place = np.empty(n)
    place[clustering.order] = np.arange(n) + 0.5
    leaves = place[[index for index, name in enumerate(correlation.names) if name not in missing]]
    lines = tree_segments(clustering.linkage, leaves)
    tallest = float(lines[..., 1].max(initial=0)) or 1.0
    axes.add_collection(LineCollection(list(lines if upright else lines[..., ::-1]), colors=INK, linewidths=0.6))
    if upright:
        axes.set(xlim=(0, n), ylim=(0, tallest * 1.03))
    else:
        axes.set(xlim=(tallest * 1.03, 0), ylim=(n, 0))
    axes.axis("off")


def _draw_scale(figure: Figure, axes: Axes, limit: float) -> None:
    colours = ScalarMappable(Normalize(-limit, limit), colormaps[DIVERGING])
    bar = figure.colorbar(colours, cax=axes, orientation="horizontal", extend="neither" if limit >= 1 else "both")
    bar.set_ticks([-limit, 0, limit], labels=[f"−{limit:g}", "0", f"{limit:g}"])
    bar.outline.set_linewidth(0.4)
    axes.set_title("r", fontsize=8, pad=3)
    axes.tick_params(labelsize=6.5, pad=1.5, length=2)


def _words(correlation: Correlation, provenance: Provenance, step: int, certainty: Certainty | None) -> str:
    subject = f"Pearson's r between the {len(correlation.names)} {correlation.axis}s ({describe_choices(correlation)})."
    words = [subject, "Order and trees: the saved hierarchical clustering."]
    if np.isnan(correlation.values).any():
        words.append("Hatched: no correlation.")
    if correlation.undefined:
        words.append(f"Constant map, and so none: {list_names(correlation.undefined)}.")
    if certainty is not None:
        words += [text for text in (describe_null(certainty, mark="Dot:"), describe_reliability(certainty)) if text]
    if step > 1:
        words.append(f"One label in {step} is shown.")
    return " ".join([*words, describe_provenance(provenance, n_images=correlation.n_images)])
