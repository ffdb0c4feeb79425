from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mamviz.sanity.nulls import judge_null, own_table, random_tables, share_outside, swapped_tables
from mamviz.sanity.sample import draw_sample
from mamviz.schema import NullShare
from tests.core.made import make_data
from tests.core.models.stirred import SMALL, stirred_network
from tests.core.sanity.sampled import make_network, make_sample


def tables(n_tables: int, seed: int, n: int = 6) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.array([np.corrcoef(rng.normal(size=(n, 12))) for _ in range(n_tables)])


def test_shares_equal_a_loop() -> None:
    drawn = tables(8, 0, n=16)
    found = share_outside(drawn[0], drawn[1:], null="random network")
    z = np.array([[np.arctanh(one[k, m]) for k in range(16) for m in range(k)] for one in drawn])
    for i, share in enumerate([found.outside, *found.null_outside]):
        others = [j for j in range(8) if j != i]
        # of each pair, the two-sample t test of one table against seven
        p = stats.ttest_ind(z[[i]], z[others]).pvalue
        assert share == pytest.approx(np.mean(p < 0.05))
    assert found.p == (1 + sum(share >= found.outside for share in found.null_outside)) / 8


def test_a_table_from_elsewhere_lies_outside() -> None:
    elsewhere = np.full((6, 6), 0.99)
    found = share_outside(elsewhere, tables(20, 1), null="random network")
    assert found.outside > 0.9
    assert found.p == pytest.approx(1 / 21)
    assert judge_null(found).verdict == "pass"


def test_one_more_null_table_is_rarely_called_more() -> None:
    passed = sum(
        share_outside(drawn[0], drawn[1:], null="random network").p <= 0.05
        for drawn in (tables(21, seed) for seed in range(100))
    )
    assert passed <= 10  # 4.8 expected at most, ties count against; standard deviation 2.1


def test_undefined_pairs_are_left_out() -> None:
    drawn = tables(10, 2)
    whole = share_outside(drawn[0, 1:, 1:], drawn[1:, 1:, 1:], null="random network")
    drawn[3, 0] = drawn[3, :, 0] = np.nan
    assert share_outside(drawn[0], drawn[1:], null="random network") == whole
    drawn[0] = np.nan
    assert share_outside(drawn[0], drawn[1:], null="random network").p == 1


@pytest.mark.parametrize(("p", "verdict"), [(0.05, "pass"), (0.1, "unclear"), (0.3, "fail")])
def test_verdicts_follow_p(p: float, verdict: str) -> None:
    check = judge_null(NullShare(null="swapped attributes", outside=0.4, null_outside=(0.1, 0.2), p=p))
    assert (check.verdict, check.figure.value, check.threshold) == (verdict, 0.4, 0.2)
    assert "swapped attributes" in check.name


def test_random_networks_differ_and_repeat() -> None:
    network, sample = make_network(), make_sample(60)
    drawn = [random_tables(network, sample, generator=np.random.default_rng(s), n_networks=2) for s in (0, 0, 1)]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.allclose(drawn[0], drawn[2])
    assert not np.allclose(drawn[0][0], drawn[0][1])
    np.testing.assert_allclose(drawn[0], drawn[0].swapaxes(1, 2))


def test_a_swapped_table_is_that_of_exchanged_masks() -> None:
    data = make_data(60)
    sample = draw_sample(data, split="all", n_images=60, generator=np.random.default_rng(0))
    network = stirred_network(SMALL, n_attributes=4, size=16)
    found = swapped_tables(network, data, sample, generator=np.random.default_rng(5), n_tables=3)
    assert found.shape == (3, 4, 4)
    # the same by a network whose mask generator gives attribute k the masks of order[k]
    rng = np.random.default_rng(5)
    for table in found:
        order = _ring(rng)
        swapped = stirred_network(SMALL, n_attributes=4, size=16)
        rows = (order[:, None] * 6 + np.arange(6)).ravel()
        swapped.masking.mask.weight.data = network.masking.mask.weight.data[rows]
        swapped.masking.mask.bias.data = network.masking.mask.bias.data[rows]
        np.testing.assert_allclose(table, own_table(swapped, sample).values, atol=1e-4)
        assert not np.allclose(table, own_table(network, sample).values, atol=1e-2)


def _ring(rng: np.random.Generator) -> np.ndarray:
    ring = rng.permutation(4)
    order = np.empty(4, dtype=int)
    for place in range(4):
        order[ring[place]] = ring[place - 1]
    return order
