from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import pearsonr

from mamviz.errors import StatisticsError
from mamviz.schema import Choices, Correlation, FeatureProducts, Floats
from mamviz.stats.matching import linear_cka, match_channels, merge_products, pick_channels


def products_of(*features: Floats) -> FeatureProducts:
    """Products of features (observation, channel) of each network."""
    side = np.concatenate(features, axis=1)
    return FeatureProducts(
        channels=tuple(part.shape[1] for part in features),
        n_images=len(side),
        count=len(side),
        total=side.sum(axis=0),
        gram=side.T @ side,
    )


def draw(seed: int, n: int = 200, channels: int = 5) -> Floats:
    rng = np.random.default_rng(seed)
    return np.asarray(rng.normal(size=(n, channels)) @ rng.normal(size=(channels, channels)) + 3.0)


def hsic_by_a_loop(x: Floats, y: Floats) -> float:
    """Kornblith et al. 2019, equation 2, of linear kernels over observations."""
    n = len(x)
    centre = np.eye(n) - 1 / n

    def hsic(a: Floats, b: Floats) -> float:
        return float(np.trace((a @ a.T) @ centre @ (b @ b.T) @ centre)) / (n - 1) ** 2

    return hsic(x, y) / np.sqrt(hsic(x, x) * hsic(y, y))


def test_cka_equals_the_kernel_form() -> None:
    x, y = draw(1, 40), draw(1, 40)[:, :3] + 0.5 * draw(2, 40, 3)
    assert linear_cka(products_of(x, y)) == pytest.approx(hsic_by_a_loop(x, y), abs=1e-10)


def test_cka_of_one_channel_each_is_r_squared() -> None:
    x, y = draw(1)[:, :1], (draw(1) + draw(2))[:, :1]
    assert linear_cka(products_of(x, y)) == pytest.approx(pearsonr(x[:, 0], y[:, 0]).statistic ** 2, abs=1e-10)


def test_cka_is_unchanged_by_rotation_scale_and_shift_but_not_by_scaling_one_channel() -> None:
    x, y = draw(1), draw(1) + draw(2)
    rotation = np.linalg.qr(np.random.default_rng(3).normal(size=(5, 5)))[0]
    expected = linear_cka(products_of(x, y))
    assert linear_cka(products_of(x, 7 * y @ rotation - 2)) == pytest.approx(expected, abs=1e-9)
    assert linear_cka(products_of(y, x)) == pytest.approx(expected, abs=1e-12)
    assert linear_cka(products_of(x, x @ rotation)) == pytest.approx(1.0, abs=1e-9)
    assert abs(linear_cka(products_of(x, y * [9, 1, 1, 1, 1])) - expected) > 0.01


def test_cka_of_unrelated_features_is_channels_over_observations_as_the_docstring_says() -> None:
    rng = np.random.default_rng(0)
    found = [linear_cka(products_of(rng.normal(size=(50, 8)), rng.normal(size=(50, 8)))) for _ in range(40)]
    assert np.mean(found) == pytest.approx(8 / 50, rel=0.25)


def test_cka_of_constant_features_is_undefined_and_one_observation_refused() -> None:
    assert np.isnan(linear_cka(products_of(draw(1), np.full((200, 2), 3.7))))
    with pytest.raises(StatisticsError, match="at least 2 observations, got 1"):
        linear_cka(products_of(draw(1, 1), draw(2, 1)))


def test_channels_of_any_two_of_three_networks_are_compared() -> None:
    x, y, z = draw(1), draw(2, channels=3), draw(1) + draw(3)
    products = products_of(x, y, z)
    assert linear_cka(products, 0, 2) == pytest.approx(linear_cka(products_of(x, z)), abs=1e-12)
    found, expected = match_channels(products, 2, 1), match_channels(products_of(z, y))
    assert (found.first, found.second) == (expected.first, expected.second)
    assert found.r == pytest.approx(expected.r, abs=1e-12)


def test_a_permuted_copy_is_matched_back() -> None:
    x = draw(1)
    order = [3, 0, 4, 1, 2]
    noisy = x[:, order] + 0.1 * np.random.default_rng(5).normal(size=x.shape)
    found = match_channels(products_of(x, noisy))
    assert found.first == (0, 1, 2, 3, 4)
    assert [order[channel] for channel in found.second] == [0, 1, 2, 3, 4]
    for a, b, r in zip(found.first, found.second, found.r, strict=True):
        assert r == pytest.approx(pearsonr(x[:, a], noisy[:, b]).statistic, abs=1e-10)
    assert found.mean_r == pytest.approx(np.mean(found.r))


@pytest.mark.parametrize("channels", [(5, 5), (3, 5), (5, 3)])
def test_no_other_assignment_has_a_larger_sum(channels: tuple[int, int]) -> None:
    x, y = draw(1)[:, : channels[0]], (draw(1) @ np.random.default_rng(9).normal(size=(5, 5)))[:, : channels[1]]
    r = np.corrcoef(x.T, y.T)[: channels[0], channels[0] :]
    least = min(channels)
    best = max(
        sum(r[a, b] for a, b in zip(rows, columns, strict=True))
        for rows in itertools.combinations(range(channels[0]), least)
        for columns in itertools.permutations(range(channels[1]), least)
    )
    found = match_channels(products_of(x, y))
    assert sum(found.r) == pytest.approx(best, abs=1e-10)
    assert len(found.first) == least
    assert sorted([*found.first, *found.unmatched_first]) == list(range(channels[0]))
    assert sorted([*found.second, *found.unmatched_second]) == list(range(channels[1]))


def test_constant_channels_stay_unmatched() -> None:
    x, y = draw(1), draw(1)[:, ::-1].copy()
    x[:, 2], y[:, 0], y[:, 3] = 0.3, 0.0, 1e6
    found = match_channels(products_of(x, y))
    assert 2 in found.unmatched_first
    assert set(found.unmatched_second) == {0, 3}
    assert np.isfinite(found.r).all()
    nothing = match_channels(products_of(np.zeros((9, 2)), draw(1, 9)))
    assert (nothing.first, nothing.r) == ((), ())
    assert np.isnan(nothing.mean_r)


def test_the_whole_equals_the_merge_of_its_parts() -> None:
    x, y = draw(1), draw(2, channels=3)
    parts = products_of(x[:70], y[:70]), products_of(x[70:], y[70:])
    merged, whole = merge_products(*parts), products_of(x, y)
    assert merged.count == merged.n_images == 200
    np.testing.assert_allclose(merged.gram, whole.gram, rtol=1e-10)
    assert linear_cka(merged) == pytest.approx(linear_cka(whole), abs=1e-10)
    with pytest.raises(StatisticsError, match=r"channels \(5, 3\), got \(5, 5\)"):
        merge_products(whole, products_of(x, x))


def test_picked_channels_stand_in_their_order_under_new_names() -> None:
    values = np.arange(16.0).reshape(4, 4)
    table = Correlation(
        axis="channel", names=("0", "1", "2", "3"), values=values, choices=Choices(), n_images=3, undefined=("2",)
    )
    picked = pick_channels(table, (3, 2))
    assert picked.names == ("0", "1")
    assert picked.undefined == ("1",)
    np.testing.assert_array_equal(picked.values, [[15, 14], [11, 10]])
    assert replace(picked, values=values, names=table.names, undefined=("2",)).choices == table.choices
