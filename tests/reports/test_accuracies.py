from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from mamviz.errors import StatisticsError
from mamviz.schema import Interval
from mamviz_reports.accuracies import poster_figure, scores_figure
from tests.reports.records import NAN, PROVENANCE, caption_of, evaluation, poster_rows, ticks


def dots(axes: Axes, label: str) -> list[float]:
    (line,) = [line for line in axes.lines if line.get_label() == label]
    assert list(line.get_ydata()) == list(range(len(line.get_ydata())))
    return list(line.get_xdata())


def spans(axes: Axes) -> list[list[float]]:
    (lines,) = [item for item in axes.collections if isinstance(item, LineCollection)]
    return [np.asarray(path)[:, 0].tolist() for path in lines.get_segments() if len(path)]  # NaN has no line


def test_scores_stand_by_attribute_in_percent_with_the_mean_last():
    (axes,) = scores_figure(evaluation(), PROVENANCE).axes
    assert ticks(axes, "y") == ["5_o_Clock_Shadow", "Bald", "Mean"]
    assert dots(axes, "accuracy") == pytest.approx([91.25, 99, 95.125])
    assert dots(axes, "balanced") == pytest.approx([80, 50, 65])
    assert dots(axes, "majority guess") == pytest.approx([88.9, 100, 94.45])
    assert spans(axes) == [pytest.approx([90.25, 92.25]), pytest.approx([98, 100]), pytest.approx([94.125, 96.125])]


def test_first_attribute_is_at_the_top():
    (axes,) = scores_figure(evaluation(), PROVENANCE).axes
    bottom, top = axes.get_ylim()
    assert bottom > top


def test_scores_caption_states_interval_unit_protocol_and_run():
    words = caption_of(scores_figure(evaluation(), PROVENANCE))
    for fact in ("90 % interval", "1,000 resamples", "321 units", "identity", "Yes above a logit of 0.", "500 images"):
        assert fact in words
    assert "faces-3" in words


def test_undefined_scores_have_no_dot():
    given = evaluation()
    scores = (replace(given.scores[0], accuracy=Interval(NAN, NAN, NAN)), given.scores[1])
    (axes,) = scores_figure(replace(given, scores=scores), PROVENANCE).axes
    assert np.isnan(dots(axes, "accuracy")[0])


def test_poster_figure_holds_all_five_columns():
    (axes,) = poster_figure(poster_rows(), PROVENANCE).axes
    assert ticks(axes, "y") == ["Arched Eyebrows", "Young", "Blurry"]
    assert dots(axes, "poster") == [81.37, 87.0, 95.33]
    assert dots(axes, "MT-RBM PCA [1]") == [77, 81, 95]
    assert dots(axes, "LNets+ANet [2]") == [79, 87, 84]
    assert dots(axes, "FaceTracer [3]") == [76, 80, 81]
    assert dots(axes, "ours")[:2] == pytest.approx([82.5, 86.999])
    assert np.isnan(dots(axes, "ours")[2])


def test_our_interval_is_drawn_where_there_is_one():
    intervals = [Interval(0.825, 0.81, 0.84), None, None]
    (axes,) = poster_figure(poster_rows(), PROVENANCE, intervals=intervals).axes
    first, second = spans(axes)
    assert first == pytest.approx([81, 84])
    assert second == pytest.approx([86.999, 86.999])


def test_intervals_must_fit_the_rows():
    with pytest.raises(StatisticsError, match="one interval for each of 3 rows, got 1"):
        poster_figure(poster_rows(), PROVENANCE, intervals=[None])
