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
