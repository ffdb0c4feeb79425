from __future__ import annotations

from dataclasses import replace

import pytest

from mamviz.errors import StatisticsError
from mamviz_reports.curves import training_figure
from tests.reports.records import NAN, caption_of, epochs


def test_curves_hold_loss_and_both_accuracies_by_epoch():
    figure = training_figure(epochs(), run="faces-3", data="built-in faces")
    loss, accuracy = figure.axes
    assert list(loss.lines[0].get_xdata()) == [1, 2, 3]
    assert list(loss.lines[0].get_ydata()) == pytest.approx([1, 1 / 2, 1 / 3])
    curves = {line.get_label(): list(line.get_ydata()) for line in accuracy.lines}
    assert curves == {"training": pytest.approx([81, 82, 83]), "validation": pytest.approx([80, 81, 82])}
    assert caption_of(figure) == (
        "Loss and accuracy of each of 3 epochs, 3.0 minutes in all. Training: mean over the epoch's batches, while "
        "weights change; validation: after the epoch, with averaged weights. Data: built-in faces; run faces-3."
    )


def test_accuracy_that_was_never_measured_is_left_out_and_said():
    rows = [replace(row, validation_accuracy=NAN) for row in epochs()]
    figure = training_figure(rows, run="r", data="d")
    assert [line.get_label() for line in figure.axes[1].lines] == ["training"]
    assert "No validation accuracy was measured." in caption_of(figure)


def test_single_epoch_shows_as_a_dot():
    axes = training_figure(epochs()[:1], run="r", data="d").axes[0]
    assert (len(axes.lines[0].get_xdata()), axes.lines[0].get_marker()) == (1, "o")
    low, high = axes.get_xlim()
    assert [tick for tick in axes.get_xticks() if low <= tick <= high] == [1]


def test_no_epochs_are_refused():
    with pytest.raises(StatisticsError, match="expected at least one epoch, got none"):
        training_figure([], run="r", data="d")
