from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mamviz.overview.usage import use_channels
from tests.core.stats.raw import fill, make_raw


def test_channels_are_those_of_a_slow_loop_over_images() -> None:
    raw = make_raw(7, n_channels=10)
    found = use_channels(fill(raw))
    n_attributes, n_channels = raw.readout.shape
    for k in range(n_attributes):
        usage = [sum(np.abs(image).sum() for image in raw.evidence[:, k, c]) for c in range(n_channels)]
        has = raw.labels[:, k] == 1
        sums = raw.evidence[:, k].sum(axis=(2, 3))
        contrast = sums[has].mean(axis=0) - sums[~has].mean(axis=0)
        order = sorted(range(n_channels), key=lambda c: -abs(contrast[c]))
        assert [use.channel for use in found[k]] == order[:8]
        for use in found[k]:
            assert use.contrast == pytest.approx(contrast[use.channel], abs=1e-12)
            assert use.share == pytest.approx(usage[use.channel] / sum(usage), abs=1e-12)


def test_shares_of_all_channels_add_up_to_one() -> None:
    for uses in use_channels(fill(make_raw(8)), top=100):
        assert len(uses) == 4
        assert sum(use.share for use in uses) == pytest.approx(1)


def test_without_a_contrast_channels_come_by_their_share() -> None:
    raw = make_raw(9)
    labels = raw.labels.copy()
    labels[:, 1] = 0
    uses = use_channels(fill(replace(raw, labels=labels)))[1]
    assert all(np.isnan(use.contrast) for use in uses)
    shares = [use.share for use in uses]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > shares[-1]


def test_a_network_without_evidence_has_shares_of_zero() -> None:
    raw = make_raw(9)
    uses = use_channels(fill(replace(raw, readout=np.zeros_like(raw.readout))))
    assert {(use.share, use.contrast) for each in uses for use in each} == {(0.0, 0.0)}
    assert [use.channel for use in uses[0]] == [0, 1, 2, 3]
