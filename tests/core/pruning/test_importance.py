from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mamviz.errors import StatisticsError
from mamviz.pruning.importance import channel_contrast, channel_importance
from mamviz.stats.moments import select_blocks
from tests.core.stats.raw import fill, make_raw


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_figures_agree_with_raw_masks(seed: int) -> None:
    raw = make_raw(seed)
    importance = channel_importance(fill(raw))
    np.testing.assert_allclose(importance.mean_mask, raw.mask.mean(axis=(0, 1, 3, 4)), rtol=1e-10)
    np.testing.assert_allclose(importance.activation, raw.features.mean(axis=(0, 2, 3)), rtol=1e-10)
    for k in range(5):
        for c in range(4):
            usage = sum(np.abs(image[k, c]).sum() for image in raw.evidence) / 60
            assert importance.usage[k, c] == pytest.approx(usage, rel=1e-10)
    assert importance.share.sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(importance.share, importance.usage.sum(axis=0) / importance.usage.sum(), rtol=1e-10)
    assert importance.dead == ()


def test_evidence_of_opposite_signs_does_not_cancel_between_attributes() -> None:
    raw = make_raw(1)
    raw.mask[:] = 0.5
    raw.readout[:, 2] = [1, -1, 1, -1, 0]
    importance = channel_importance(fill(raw))
    expected = 4 * 0.5 * raw.features[:, 2].mean()
    assert importance.usage[:, 2].sum() == pytest.approx(expected, rel=1e-10)


def test_a_channel_that_is_never_active_is_dead() -> None:
    raw = make_raw(2)
    raw.features[:, 1] = 0
    importance = channel_importance(fill(raw))
    assert importance.dead == (1,)
    assert importance.activation[1] == 0
    assert importance.share[1] == 0


@pytest.mark.parametrize(("factor", "dead"), [(1e-8, (3,)), (0.0, (3,)), (1e-3, ())])
def test_a_channel_that_no_attribute_uses_is_dead(factor: float, dead: tuple[int, ...]) -> None:
    raw = make_raw(3)
    raw.readout[:, 3] *= factor
    assert channel_importance(fill(raw)).dead == dead


def test_without_any_evidence_all_channels_are_dead_and_shares_are_zero() -> None:
    raw = make_raw(4)
    importance = channel_importance(fill(replace(raw, readout=np.zeros_like(raw.readout))))
    assert importance.dead == (0, 1, 2, 3)
    np.testing.assert_array_equal(importance.share, 0)


def test_no_images_are_refused() -> None:
    with pytest.raises(StatisticsError, match="at least 1 image"):
        channel_importance(select_blocks(fill(make_raw(5)), np.zeros(6, dtype=bool)))


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_contrast_agrees_with_raw_evidence(seed: int) -> None:
    raw = make_raw(seed)
    found = channel_contrast(fill(raw))
    evidence = raw.evidence.sum(axis=(3, 4))  # (image, attribute, channel)
    for k in range(5):
        labels = raw.labels[:, k].astype(float)
        for c in range(4):
            expected = 0.0
            if labels.std() > 0:
                expected = abs(np.cov(evidence[:, k, c], labels, ddof=0)[0, 1]) / labels.std()
            assert found[k, c] == pytest.approx(expected, rel=1e-8, abs=1e-12)


def test_evidence_that_is_the_same_in_all_images_tells_nothing() -> None:
    raw = make_raw(5)
    raw.mask[:, :, 1] = 0.5
    raw.features[:, 1] = 100.0
    assert np.allclose(channel_contrast(fill(raw))[:, 1], 0, atol=1e-9)
    assert channel_importance(fill(raw)).share[1] > 0.5
    with pytest.raises(StatisticsError, match="at least 1 image"):
        channel_contrast(select_blocks(fill(raw), np.zeros(6, dtype=bool)))
