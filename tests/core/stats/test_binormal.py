from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import ndtr
from scipy.stats import multivariate_normal

from mamviz.stats.binormal import binormal_correlation, binormal_probability

BOUNDS = st.floats(-3.0, 3.0)
R = st.floats(-0.999, 0.999)


@pytest.mark.parametrize("h", [-1.3, 0.0, 0.4])
@pytest.mark.parametrize("k", [-0.2, 0.0, 2.1])
@pytest.mark.parametrize("r", [-0.95, 0.0, 0.3, 0.999])
def test_the_integral_agrees_with_the_formula_and_with_scipy(h: float, k: float, r: float) -> None:
    """Plackett's integral over the correlation, from independence on; scipy's is exact to 1e-8."""

    def density(s: float) -> float:
        return float(np.exp(-(h * h - 2 * s * h * k + k * k) / (2 * (1 - s * s))) / (2 * np.pi * np.sqrt(1 - s * s)))

    found = float(binormal_probability(h, k, r))
    assert found == pytest.approx(float(ndtr(h) * ndtr(k)) + quad(density, 0, r, epsabs=1e-13)[0], abs=1e-11)
    assert found == pytest.approx(float(multivariate_normal.cdf([h, k], cov=[[1, r], [r, 1]])), abs=1e-7)


@given(h=BOUNDS, k=BOUNDS, r=R)
@settings(deadline=None)
def test_the_integral_obeys_its_laws(h: float, k: float, r: float) -> None:
    """Symmetric; turning one variable round changes the sign of r and takes the rest of the other's."""
    found = float(binormal_probability(h, k, r))
    assert found == pytest.approx(float(binormal_probability(k, h, r)), abs=1e-14)
    assert found == pytest.approx(float(ndtr(h) - binormal_probability(h, -k, -r)), abs=1e-14)
    assert max(0.0, float(ndtr(h) + ndtr(k)) - 1) - 1e-14 <= found <= float(ndtr(min(h, k))) + 1e-14


@given(h=BOUNDS, k=BOUNDS, r=R)
@settings(deadline=None, max_examples=200)
def test_the_correlation_gives_its_integral_back(h: float, k: float, r: float) -> None:
    """Where the integral hardly changes with r, r itself is not known to a float64: the integral is compared."""
    wanted = binormal_probability(h, k, r)
    found = binormal_correlation(h, k, wanted)
    assert float(binormal_probability(h, k, found)) == pytest.approx(float(wanted), abs=1e-13)


def test_the_correlation_is_found_to_ten_digits_where_a_millionth_lies_in_each_cell() -> None:
    rng = np.random.default_rng(0)
    h, k = rng.normal(size=(2, 20_000))
    r = np.sin(rng.uniform(-1.55, 1.55, size=20_000))
    both = binormal_probability(h, k, r)
    cells = np.stack([both, ndtr(h) - both, ndtr(k) - both, 1 - ndtr(h) - ndtr(k) + both])
    seen = cells.min(axis=0) > 1e-6
    assert seen.sum() > 10_000
    np.testing.assert_allclose(binormal_correlation(h, k, both)[seen], r[seen], atol=1e-10)


def test_halves_have_a_closed_form() -> None:
    """Cut at the middle, the probability is 1/4 + arcsin(r) / 2 pi (Sheppard 1899)."""
    r = np.array([-0.9, 0.0, 0.5, 0.99])
    np.testing.assert_allclose(binormal_probability(0, 0, r), 0.25 + np.arcsin(r) / (2 * np.pi), atol=1e-15)
    np.testing.assert_allclose(
        binormal_correlation(0, 0, [0.1, 0.25, 0.4]), np.sin(2 * np.pi * np.array([-0.15, 0, 0.15]))
    )


def test_what_no_correlation_gives_has_the_nearest_bound_and_nan_stays_nan() -> None:
    found = binormal_correlation([0.3, 0.3, np.nan, 0.3], [0.5, 0.5, 0.5, 0.5], [0.9, 0.0, 0.4, np.nan])
    np.testing.assert_allclose(found[:2], [1, -1], atol=1e-11)
    assert np.isnan(found[2:]).all()
    assert np.abs(found[:2]).max() < 1
    assert binormal_correlation(np.empty((0, 3)), np.empty((0, 3)), np.empty((0, 3))).shape == (0, 3)
