from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from mamviz.errors import StatisticsError
from mamviz.stats.resampling import draw_units


def test_every_replicate_draws_as_many_units_as_there_are() -> None:
    counts = draw_units(37, 200, np.random.default_rng(0))
    assert counts.shape == (200, 37)
    assert counts.min() >= 0
    np.testing.assert_array_equal(counts.sum(axis=1), 37)


def test_counts_of_a_unit_are_binomial() -> None:
    """20,000 draws: the standard error of a share is under 0.0036; five of them are allowed."""
    counts = draw_units(20, 1000, np.random.default_rng(1)).ravel()
    for times in range(4):
        assert abs((counts == times).mean() - binom.pmf(times, 20, 1 / 20)) < 0.018


def test_replicates_do_not_depend_on_how_many_are_drawn_at_once() -> None:
    at_once = draw_units(9, 20, np.random.default_rng(2))
    generator = np.random.default_rng(2)
    np.testing.assert_array_equal(at_once, np.vstack([draw_units(9, n, generator) for n in (7, 13)]))


def test_no_units_are_refused() -> None:
    with pytest.raises(StatisticsError, match="at least 1 unit"):
        draw_units(0, 5, np.random.default_rng(3))
