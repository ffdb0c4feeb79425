from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.stats import spearmanr

from tests.reports.thinned import causal


def test_each_attribute_has_its_own_rank_correlation() -> None:
    np.testing.assert_allclose(causal().by_attribute, [1, -1, np.nan])


def test_rank_correlations_are_scipys_with_ties_too() -> None:
    rng = np.random.default_rng(0)
    claim, effect = rng.integers(0, 5, (6, 30)).astype(float), rng.integers(0, 4, (6, 30)).astype(float)
    found = replace(causal(), claim=claim, effect=effect).by_attribute
    expected = [spearmanr(*pair).statistic for pair in zip(claim, effect, strict=True)]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_the_best_attribute_comes_first_and_the_undefined_last() -> None:
    assert causal().best_first == (0, 1, 2)
    assert replace(causal(), effect=causal().effect[::-1]).best_first == (2, 1, 0)


def test_channels_that_no_attribute_claims_take_no_part() -> None:
    check = causal()
    dead = np.zeros((3, 1))
    wider = replace(check, claim=np.hstack([check.claim, dead]), effect=np.hstack([check.effect, dead]))
    np.testing.assert_allclose(wider.by_attribute, check.by_attribute)
