from __future__ import annotations

import numpy as np
import pytest

from mamviz.schema import Axis, Choices, Floats
from mamviz.stats.across import across_sums, correlate_across, correlate_across_rows
from mamviz.stats.replicates import bootstrap_weights
from tests.core.stats.raw import fill, make_raw

ACROSS = Choices(map="evidence", sign="signed", estimand="across", view="full")


def by_loop(values: Floats) -> Floats:
    """r_kl of values (image, name, cell), from the formula."""
    apart = values - values.mean(axis=0)
    n = apart.shape[1]
    covariance = np.array([[(apart[:, k] * apart[:, m]).sum() for m in range(n)] for k in range(n)])
    return np.array(
        [[covariance[k, m] / np.sqrt(covariance[k, k] * covariance[m, m]) for m in range(n)] for k in range(n)]
    )


@pytest.mark.parametrize("axis", ["attribute", "channel"])
def test_tables_and_their_rows_are_those_of_the_images(axis: Axis, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = make_raw(1, n_images=90, n_blocks=6)
    weights = bootstrap_weights(6, 5, np.random.default_rng(0))
    sums = across_sums(fill(raw, n_blocks=6), ACROSS, axis=axis)
    evidence = raw.evidence if axis == "attribute" else raw.evidence.swapaxes(1, 2)
    whole = correlate_across(sums, weights)
    for drawn, found in zip(weights, whole, strict=True):
        images = np.repeat(np.arange(90), drawn[raw.blocks].astype(int))
        np.testing.assert_allclose(found, by_loop(evidence[images].reshape(len(images), len(found), -1)), atol=1e-9)
    monkeypatch.setattr("mamviz.stats.across.CHUNK_NUMBERS", 300)
    np.testing.assert_allclose(correlate_across(sums, weights), whole, atol=1e-12)
    for rows in (slice(0, 2), slice(1, 4)):
        np.testing.assert_allclose(correlate_across_rows(sums, weights, rows), whole[:, rows], atol=1e-12)


def test_one_image_and_what_never_changes_have_no_correlation() -> None:
    raw = make_raw(1, n_images=40, n_blocks=4)
    raw.mask[:, 2] = 0.5
    raw.features[:] = raw.features[0]
    sums = across_sums(fill(raw, n_blocks=4), ACROSS, axis="attribute")
    weights = np.ones((1, 4))
    for found in (correlate_across(sums, weights)[0], correlate_across_rows(sums, weights, slice(0, 5))[0]):
        np.testing.assert_array_equal(np.isnan(found), [[2 in (k, m) for m in range(5)] for k in range(5)])
    assert np.isnan(correlate_across(sums, weights / 40)).all()
