from __future__ import annotations

import numpy as np
import pytest

from mamviz.stats.bootstrap import draw_counts, to_interval, weigh_means
from mamviz.stats.resampling import draw_units


def test_a_person_is_drawn_with_all_images() -> None:
    units = np.array([7, 7, 3, 9, 3])
    counts = draw_counts(units, 20, np.random.default_rng(0))
    drawn = draw_units(3, 20, np.random.default_rng(0))  # persons 3, 7, 9
    np.testing.assert_array_equal(counts[0], 1)
    np.testing.assert_array_equal(counts[1:], drawn[:, [1, 1, 0, 2, 0]])


def test_means_equal_a_loop() -> None:
    rng = np.random.default_rng(1)
    values, among = rng.normal(size=(6, 2)), np.array([[1, 0], [1, 1], [0, 1], [1, 1], [0, 0], [1, 0]], float)
    counts = draw_counts(np.arange(6), 10, rng)
    found = weigh_means(values, counts, among=among)
    for r in range(11):
        for m in range(2):
            chosen = [values[i, m] for i in range(6) if among[i, m] for _ in range(int(counts[r, i]))]
            assert found[r, m] == pytest.approx(np.mean(chosen)) if chosen else np.isnan(found[r, m])


def test_a_mean_over_no_image_is_undefined() -> None:
    assert np.isnan(weigh_means(np.ones((3, 1)), np.ones((2, 3)), among=np.zeros((3, 1)))).all()


def test_the_interval_is_the_middle_of_the_replicates() -> None:
    found = to_interval(np.array([5.0, *range(101), np.nan]), level=0.9)
    assert (found.value, found.low, found.high) == (5, pytest.approx(5), pytest.approx(95))


@pytest.mark.parametrize("replicates", [[1.0], [np.nan, 1.0, 2.0], [1.0, np.nan]])
def test_what_is_undefined_has_no_limits(replicates: list[float]) -> None:
    found = to_interval(np.array(replicates))
    assert np.isnan(found.low)
    assert np.isnan(found.high)
