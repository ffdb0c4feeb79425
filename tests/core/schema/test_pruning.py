from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mamviz.schema import Interval
from tests.reports.records import around
from tests.reports.thinned import ATTRIBUTES, curve, difference, pruning_report, safe


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(0.0, 0.002, "kept"), (0.0, 0.0021, "unclear"), (0.0021, 0.003, "broken")]
)
def test_a_limit_is_kept_where_the_whole_interval_is_below_it(low: float, high: float, verdict: str) -> None:
    assert replace(safe(), test_loss=Interval(0.001, low, high)).verdict == verdict


@pytest.mark.parametrize(("value", "verdict"), [(0.003, "better"), (-0.003, "worse"), (0.001, "unclear")])
def test_areas_differ_where_the_whole_interval_is_on_one_side_of_0(value: float, verdict: str) -> None:
    assert difference("usage", "L1", "zero", value).verdict == verdict


def test_losses_are_against_the_first_level_and_the_worst_comes_first() -> None:
    found = curve("usage", "zero")
    np.testing.assert_allclose(found.losses[:, 2], [0, 0.002, 0.02, 0.1], atol=1e-12)
    assert [ATTRIBUTES[place] for place in found.casualties] == ["Bald", "Male", "Smiling"]


def test_equal_losses_stay_in_the_order_of_attributes() -> None:
    assert replace(curve("usage", "zero"), attributes=np.full((4, 3), 0.9)).casualties == (0, 1, 2)


@pytest.mark.parametrize(("removed", "level"), [(0, 0), (3, 1), (4, 2), (8, 3)])
def test_the_closest_level_is_found_the_lower_one_of_two(removed: int, level: int) -> None:
    assert curve("usage", "zero").level(removed) == level


def test_summaries_stand_in_the_order_of_their_areas_with_the_figures_at_half() -> None:
    rows = pruning_report().summaries("zero")
    assert [row.criterion for row in rows] == ["Taylor", "usage", "L1", "random"]
    usage = rows[1]
    assert usage.area == curve("usage", "zero").area
    assert usage.half == around(0.89)
    assert usage.half_loss == around(0.01, 0.0005)
    assert usage.n_draws == 1


def test_random_draws_are_summed_up_as_their_mean_and_range() -> None:
    row = pruning_report().summaries("zero")[-1]
    areas = [curve("random", "zero", draw=draw).area.value for draw in (0, 1)]
    assert row.n_draws == 2
    assert (row.area.low, row.area.high) == (min(areas), max(areas))
    assert row.area.value == pytest.approx(np.mean(areas))
    assert row.half_loss.value == pytest.approx(0.065)


def test_the_chosen_curve_is_that_of_the_settings() -> None:
    report = pruning_report()
    assert (report.chosen.order.criterion, report.chosen.fill) == ("usage", "mean")
    other = replace(report, settings=replace(report.settings, criterion="L1", fill="zero"))
    assert (other.chosen.order.criterion, other.chosen.fill) == ("L1", "zero")
    assert len(report.curves_of("random", "mean")) == 2
    assert report.curves_of("greedy", "mean") == ()


def test_channels_that_go_are_the_first_of_the_chosen_order() -> None:
    report = pruning_report()
    assert report.going == (0, 3, 6, 1)
    zero = replace(report, settings=replace(report.settings, fill="zero"))
    assert zero.going == (0, 3)


def test_the_largest_loss_is_the_first_casualty() -> None:
    backwards = replace(safe(), casualties=safe().casualties[::-1])
    assert [row.attribute for row in backwards.worst_first] == ["Bald", "Male", "Smiling"]
