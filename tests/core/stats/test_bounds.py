from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats as scipy_stats

from mamviz.errors import StatisticsError
from mamviz.schema import Floats, IntervalMethod
from mamviz.stats.bounds import bound, to_z


def resample(data: Floats, method: Any = "percentile", level: float = 0.95) -> Any:
    """Scipy's bootstrap of the mean, always with the same draws."""
    rng = np.random.default_rng(1)
    return scipy_stats.bootstrap((data,), np.mean, n_resamples=999, rng=rng, method=method, confidence_level=level)


def skewed_mean(seed: int = 0, n: int = 40) -> tuple[Floats, Floats, Floats]:
    """A sample, its bootstrap means by scipy, and its jackknife means."""
    data = np.random.default_rng(seed).exponential(size=n)
    return data, resample(data).bootstrap_distribution, (data.sum() - data) / (n - 1)


@pytest.mark.parametrize(("ours", "theirs"), [("percentile", "percentile"), ("bca", "BCa")])
@pytest.mark.parametrize("level", [0.95, 0.8])
def test_quantile_methods_agree_with_scipy(ours: IntervalMethod, theirs: str, level: float) -> None:
    data, drawn, left_out = skewed_mean()
    result = resample(data, theirs, level)
    np.testing.assert_array_equal(result.bootstrap_distribution, drawn)
    found = bound(data.mean(), drawn, left_out, method=ours, level=level)
    expected = result.confidence_interval
    np.testing.assert_allclose([found.low, found.high], [expected.low, expected.high], rtol=1e-9)


def test_the_corrected_method_is_its_formula() -> None:
    data, drawn, left_out = skewed_mean()
    found = bound(data.mean() + 0.02, drawn, left_out, level=0.9)
    mean = sum(drawn) / len(drawn)
    error = np.sqrt(sum((each - mean) ** 2 for each in drawn) / len(drawn))
    middle = sum(left_out) / 40
    jackknife = np.sqrt(39 / 40 * sum((each - middle) ** 2 for each in left_out))
    bias = mean - (data.mean() + 0.02)
    half = scipy_stats.t.ppf(0.95, 39) * np.sqrt(max(error, jackknife) ** 2 + bias**2 / 4)
    assert found.low == pytest.approx(data.mean() + 0.02 - bias - half, abs=1e-12)
    assert found.high == pytest.approx(data.mean() + 0.02 - bias + half, abs=1e-12)
    assert found.bias == pytest.approx(bias)


def test_the_jackknife_error_of_a_mean_is_its_standard_error() -> None:
    data, drawn, left_out = skewed_mean()
    found = bound(data.mean(), drawn, left_out)
    assert found.jackknife_error == pytest.approx(scipy_stats.sem(data), abs=1e-12)
    assert found.standard_error == pytest.approx(scipy_stats.sem(data), rel=0.1)  # 999 draws


def test_a_biased_value_is_corrected_by_as_much() -> None:
    """Replicates that stand 0.3 above the value say that the value stands 0.3 above the truth."""
    _, drawn, left_out = skewed_mean()
    plain, raised = (bound(drawn.mean(), drawn + shift, left_out) for shift in (0.0, 0.3))
    assert (raised.low + raised.high) / 2 == pytest.approx((plain.low + plain.high) / 2 - 0.3)
    assert raised.high - raised.low > plain.high - plain.low


@pytest.mark.parametrize("method", ["corrected", "percentile", "bca"])
def test_every_number_of_an_array_has_its_own_limits(method: IntervalMethod) -> None:
    parts = [skewed_mean(seed) for seed in range(4)]
    value = np.array([data.mean() for data, _, _ in parts])
    drawn, left_out = (np.stack([part[index] for part in parts], axis=1) for index in (1, 2))
    found = bound(value.reshape(2, 2), drawn.reshape(-1, 2, 2), left_out.reshape(-1, 2, 2), method=method)
    for number in range(4):
        alone = bound(value[number], drawn[:, number], left_out[:, number], method=method)
        assert found.low.ravel()[number] == pytest.approx(float(alone.low), abs=1e-12)
        assert found.high.ravel()[number] == pytest.approx(float(alone.high), abs=1e-12)


@pytest.mark.parametrize("method", ["corrected", "percentile", "bca"])
@pytest.mark.parametrize(("n_gone", "defined"), [(49, True), (50, False), (999, False)])
def test_what_is_undefined_in_more_than_a_twentieth_of_the_replicates_has_no_limits(
    method: IntervalMethod, n_gone: int, *, defined: bool
) -> None:
    data, drawn, left_out = skewed_mean()
    some = drawn.copy()
    some[:n_gone] = np.nan
    found = bound(data.mean(), some, left_out, method=method)
    assert np.isfinite(found.low) == defined
    if defined:
        rest = bound(data.mean(), drawn[n_gone:], left_out, method=method)
        assert found.low == pytest.approx(float(rest.low), abs=1e-12)
        assert found.standard_error == pytest.approx(float(rest.standard_error), abs=1e-12)


@pytest.mark.parametrize("method", ["corrected", "percentile", "bca"])
def test_numbers_that_never_change_have_limits_at_themselves(method: IntervalMethod) -> None:
    found = bound([0.25], np.full((50, 1), 0.25), np.full((12, 1), 0.25), method=method)
    np.testing.assert_allclose([found.low, found.high], 0.25, atol=1e-12)


def test_what_has_no_value_has_no_limits() -> None:
    found = bound([np.nan], np.ones((50, 1)), np.ones((12, 1)))
    assert np.isnan([found.low, found.high, found.standard_error, found.bias]).all()


@pytest.mark.parametrize(("level", "shape"), [(0.0, (5, 2)), (1.0, (5, 2)), (0.9, (5, 3))])
def test_levels_and_shapes_that_do_not_fit_are_refused(level: float, shape: tuple[int, int]) -> None:
    with pytest.raises(StatisticsError, match="a level between 0 and 1 and replicates of shape"):
        bound(np.zeros(2), np.zeros(shape), np.zeros((12, 2)), level=level)


def test_z_is_finite_at_both_ends_and_the_rest_is_arctanh() -> None:
    np.testing.assert_allclose(to_z([-0.5, 0.0, 0.9]), np.arctanh([-0.5, 0.0, 0.9]), atol=1e-15)
    assert np.isfinite(to_z([-1.0, 1.0])).all()
    assert np.isnan(to_z([np.nan])).all()
