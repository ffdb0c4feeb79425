from __future__ import annotations

import numpy as np
import pytest
import torch

from mamviz.extraction.sums import add_images, start_sums, to_statistics
from mamviz.sanity.readings import read_network
from mamviz.schema import Choices
from mamviz.stats.correlation import correlate_attributes
from tests.core.sanity.sampled import NAMES, logits_of, make_network, make_sample, pixels_of

N_IMAGES = 37  # no whole number of batches


@pytest.mark.parametrize("readout", ["shared", "per-attribute"])
def test_sums_and_logits_are_those_of_the_extraction(readout: str) -> None:
    network, sample = make_network(readout=readout), make_sample(N_IMAGES)
    found = read_network(network, sample)
    sums = start_sums(len(NAMES), network.shape, device="cpu")
    with torch.no_grad():
        masks = network.explain(pixels_of(sample))
    add_images(sums, masks, labels=torch.from_numpy(sample.labels).double(), weights=torch.from_numpy(sample.weights))
    expected = to_statistics(sums, NAMES)
    for name in ("count", "positives", "weight_sum", "label_gram", "feature_sum"):
        ours, theirs = getattr(found.statistics, name), getattr(expected, name)
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-9, err_msg=name)
    for each in ("mask", "evidence"):
        largest = np.abs(expected.sums(each).total).max() / N_IMAGES
        added = {"total": N_IMAGES, "positive": N_IMAGES, "adjusted": np.abs(sample.weights).sum(axis=0).max()}
        for name, weight in added.items():
            ours, theirs = (getattr(part.sums(each), name) for part in (found.statistics, expected))
            # float32 products lose 6e-8 of each summand
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6 * weight * largest, err_msg=f"{each} {name}")
    np.testing.assert_allclose(found.logits, logits_of(network, sample), atol=1e-4)


def test_sums_that_are_not_taken_give_no_table() -> None:
    statistics = read_network(make_network(), make_sample(N_IMAGES)).statistics
    for estimand in ("image", "across"):
        assert np.isnan(correlate_attributes(statistics, Choices(sign="signed", estimand=estimand)).values).all()


def test_progress_counts_images() -> None:
    seen = []
    read_network(
        make_network(), make_sample(N_IMAGES), progress=lambda done, total, note="": seen.append((done, total))
    )
    assert seen[-1] == (N_IMAGES, N_IMAGES)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
