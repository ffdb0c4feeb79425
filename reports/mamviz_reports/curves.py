"""Training curves: loss and accuracy by epoch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from mamviz.errors import StatisticsError
from mamviz.schema import EpochRow
from mamviz_reports.style import BLUE, INK, TWO_COLUMNS, VERMILION, caption, house_style, new_figure, title


@house_style()
def training_figure(rows: Sequence[EpochRow], *, run: str, data: str) -> Figure:
    """Draw training loss, and training and validation accuracy in percent, by epoch.

    An accuracy that is NaN in every epoch is left out and the caption says so. Raises StatisticsError for no rows.
    """
    if not rows:
        raise StatisticsError("training curves: expected at least one epoch, got none. Train for an epoch first.")
    figure = new_figure(TWO_COLUMNS, 2.6, constrained=True)
    loss_axes, accuracy_axes = figure.subplots(1, 2)
    epochs = [row.epoch for row in rows]
    _draw(loss_axes, epochs, [row.train_loss for row in rows], "training", INK)
    loss_axes.set(xlabel="epoch", ylabel="training loss")
    missing = []
    for name, colour, values in (
        ("training", BLUE, [row.train_accuracy for row in rows]),
        ("validation", VERMILION, [row.validation_accuracy for row in rows]),
    ):
        if np.isnan(values).all():
            missing.append(f"No {name} accuracy was measured.")
        else:
            style = "--" if name == "validation" else "-"
            _draw(accuracy_axes, epochs, [100 * value for value in values], name, colour, style=style)
    accuracy_axes.set(xlabel="epoch", ylabel="accuracy, mean over attributes, %")
    if len(missing) < 2:
        accuracy_axes.legend(loc="lower right")
    for axes in (loss_axes, accuracy_axes):
        axes.set_xlim(min(epochs) - 0.5, max(epochs) + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    seconds = sum(row.seconds for row in rows)
    title(figure, "Training")
    words = (
        f"Loss and accuracy of each of {len(rows)} epochs, {seconds / 60:,.1f} minutes in all. Training: mean over the "
        "epoch's batches, while weights change; validation: after the epoch, with averaged weights."
    )
    caption(figure, " ".join([words, *missing, f"Data: {data}; run {run}."]))
    return figure


def _draw(
    axes: Axes, epochs: Sequence[int], values: Sequence[float], name: str, colour: str, *, style: str = "-"
) -> None:
    axes.plot(epochs, values, color=colour, linewidth=1.2, linestyle=style, marker="o", markersize=2.5, label=name)
