"""The tree of a clustering by itself, with names at its leaves and an axis of heights."""

from __future__ import annotations

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from mamviz.schema import Clustering, Correlation, Provenance
from mamviz_reports.captions import describe_choices, describe_provenance, list_names
from mamviz_reports.heatmaps import check_order, tree_segments
from mamviz_reports.style import INK, ONE_COLUMN, PALE, axes_at, caption, house_style, new_figure, thin, title

_ROW = 0.135  # inches of a leaf
_TALLEST = 9.0  # inches of all leaves
_MOST_LETTERS = 30  # a longer name makes the figure wider
_LETTER = 0.054  # inches of a letter of a name


@house_style()
def dendrogram_figure(correlation: Correlation, clustering: Clustering, provenance: Provenance) -> Figure:
    """Draw the saved tree with the first name of the saved order at the top; one column wide.

    A branch stands where its two groups merge: at the mean of 1 - r over their pairs. What is undefined has no leaf and
    is named in the caption. Raises StatisticsError where the clustering doesn't fit the names.
    """
    check_order(correlation, clustering)
    missing = set(correlation.undefined)
    defined = [index for index, name in enumerate(correlation.names) if name not in missing]
    leaves = [int(index) for index in clustering.order if correlation.names[index] not in missing]
    n = len(leaves)
    height = min(_TALLEST, _ROW * max(n, 2))
    longest = max((len(correlation.names[index]) for index in leaves), default=0)
    figure = new_figure(ONE_COLUMN, height + 0.4)
    axes = axes_at(figure, 0, 0, ONE_COLUMN - 0.06 - _LETTER * min(longest, _MOST_LETTERS), height)
    row = {index: place for place, index in enumerate(leaves)}
    lines = tree_segments(clustering.linkage, np.array([row[index] for index in defined], dtype=np.float64))
    axes.add_collection(LineCollection(list(lines[..., ::-1]), colors=INK, linewidths=0.8 if n <= 100 else 0.4))
    tallest = float(lines[..., 1].max(initial=0)) or 1.0
    axes.set(xlim=(tallest * 1.03, 0), ylim=(max(n, 1) - 0.5, -0.5), xlabel="1 − r, mean over the pairs of two groups")
    step = thin(n, 0.115 / height)
    shown = list(range(0, n, step))
    axes.yaxis.tick_right()
    axes.set_yticks(shown, [correlation.names[leaves[place]] for place in shown], fontsize=6.5)
    axes.tick_params(axis="y", length=0 if step == 1 else 2, pad=2)
    axes.grid(axis="x", color=PALE, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines["left"].set_visible(False)
    title(figure, f"Tree of {correlation.axis}s", correlation.choices.describe(correlation.axis))
    caption(figure, _words(correlation, provenance, step))
    return figure


def _words(correlation: Correlation, provenance: Provenance, step: int) -> str:
    words = [f"Average linkage of 1 - Pearson's r ({describe_choices(correlation)}), leaves in the heatmap's order."]
    if correlation.undefined:
        words.append(f"Constant map, and so no leaf: {list_names(correlation.undefined)}.")
    if step > 1:
        words.append(f"One leaf in {step} is named.")
    return " ".join([*words, describe_provenance(provenance, n_images=correlation.n_images)])
