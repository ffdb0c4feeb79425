"""The figure of how far runs agree: every pair of names in two runs, and all runs as a small matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mamviz.errors import StatisticsError
from mamviz.schema import Agreement, Correlation, Stability, TableAgreement
from mamviz_reports.stability import describe_runs, write_interval, write_number
from mamviz_reports.style import BLUE, DIVERGING, GREY, INK, PALE, caption, house_style, new_figure, title


@house_style()
def stability_figure(stability: Stability, correlations: Sequence[Correlation]) -> Figure:
    """Draw the first table: every pair of names in the two runs that agree least, and all runs as a small matrix.

    correlations   the first table of each run, in the order of stability.runs
    Raises StatisticsError where there are not as many as runs.
    """
    names = [run.name for run in stability.runs]
    if len(correlations) != len(names):
        raise StatisticsError(f"Expected a table of each of {len(names)} runs, got {len(correlations)}. Give all.")
    table = stability.tables[0]
    lowest = table.lowest
    several = len(names) > 2
    figure = new_figure(7.2 if several else 4.2, 4.0, constrained=True)
    axes = figure.subplots(1, 2, width_ratios=(1.3, 1), squeeze=False)[0] if several else [figure.subplots()]
    chosen = [correlations[names.index(name)] for name in (lowest.first, lowest.second)]
    _scatter(axes[0], chosen, lowest)
    if several:
        _matrix(axes[1], table, names)
    title(figure, "The same table from different runs", table.choices.describe(table.axis))
    caption(figure, _caption(stability, table, several=several))
    return figure


def _scatter(axes: Axes, tables: Sequence[Correlation], lowest: Agreement) -> None:
    rows, columns = np.triu_indices(len(tables[0].names), k=1)
    x, y = (table.values[rows, columns] for table in tables)
    known = ~np.isnan(x + y)
    both = np.concatenate([x[known], y[known]])
    ends = (float(both.min(initial=1.0)), float(both.max(initial=-1.0)))
    axes.plot(ends, ends, color=GREY, linewidth=0.7, linestyle="--")
    axes.scatter(x[known], y[known], s=7, color=BLUE, alpha=0.5, linewidths=0)
    axes.set(xlabel=f"r in {lowest.first}", ylabel=f"r in {lowest.second}")
    axes.set_title(f"Spearman {write_interval(lowest.spearman)}", fontsize=8)


def _matrix(axes: Axes, table: TableAgreement, names: Sequence[str]) -> None:
    values = np.full((len(names), len(names)), np.nan)
    for each in table.agreements:
        a, b = names.index(each.first), names.index(each.second)
        values[a, b] = values[b, a] = each.spearman.value
        for row, column in ((a, b), (b, a)):
            colour = "white" if abs(each.spearman.value) > 0.6 else INK
            axes.text(column, row, write_number(each.spearman.value), ha="center", va="center", color=colour)
    axes.imshow(values, cmap=DIVERGING, vmin=-1, vmax=1)
    axes.patch.set_facecolor(PALE)  # a run with itself, and pairs without a correlation
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(names)), names)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)


def _caption(stability: Stability, table: TableAgreement, *, several: bool) -> str:
    choices = ", ".join(f"{name} {value}" for name, value in asdict(table.choices).items())
    least = table.lowest
    words = [
        f"Each dot: the correlation of one of {least.n_pairs:,} pairs of {table.axis}s in two runs ({choices}).",
        "Dashed: the same in both.",
        f"Spearman with its {100 * stability.level:g} % interval over images.",
    ]
    if several:
        words.append("Of all pairs of runs the two that agree least; right: Spearman of every two.")
    return " ".join([*words, *describe_runs(stability)])
