from __future__ import annotations

import numpy as np
import pytest
import torch

from mamviz.config import ModelConfig
from mamviz.data.batches import to_tensor
from mamviz.stats.moments import adjusted_weights
from mamviz.validation.explained import explain_faces
from tests.core.models.stirred import stirred_network

K, N = 3, 70  # more images than are worked on at a time


@pytest.fixture(scope="module")
def world():
    network = stirred_network(ModelConfig(channels=4), n_attributes=K, seed=1)
    rng = np.random.default_rng(1)
    images = rng.integers(256, size=(N, 32, 32, 3), dtype=np.uint8)
    labels = (rng.random((N, K)) < 0.4).astype(np.uint8)
    return network, images, labels


def test_maps_are_sums_over_channels_of_each_image(world):
    network, images, labels = world
    got = explain_faces(network, images, labels)
    for image in (0, 31, 32, 69):
        with torch.inference_mode():
            found = network.explain(to_tensor(images[image : image + 1]))
        for ours, theirs in (
            (got.mask, found.masks.sum(2)),
            (got.evidence, found.evidence.sum(2)),
            (got.logits, found.logits),
        ):
            # float32: a share of the largest value, which stirred weights make hundreds
            assert np.allclose(ours[image], theirs[0].numpy(), rtol=0, atol=1e-4 * float(theirs.abs().max()))


def test_evidence_adds_up_to_the_logit(world):
    network, images, labels = world
    got = explain_faces(network, images, labels)
    bias = network.readout.bias.detach().double().numpy()
    assert np.allclose(got.evidence.sum(axis=(2, 3)) + bias, got.logits, rtol=0, atol=1e-4 * np.abs(got.logits).max())


def test_adjusted_maps_are_weighed_sums_in_absolute_value_then_summed_over_channels(world):
    network, images, labels = world
    got = explain_faces(network, images, labels)
    weights = adjusted_weights(labels).values
    with torch.inference_mode():
        found = network.explain(to_tensor(images))
    for values, ours in ((found.masks, got.mask_adjusted), (found.evidence, got.evidence_adjusted)):
        expected = np.zeros((K, *network.shape))
        for image in range(N):
            expected += weights[image][:, None, None, None] * values[image].double().numpy()
        assert np.allclose(ours, np.abs(expected).sum(axis=1), rtol=0, atol=1e-4 * ours.max())
        assert ours.max() > 1e-3


def test_a_label_that_all_images_have_has_no_map(world):
    network, images, labels = world
    constant = labels.copy()
    constant[:, 1] = 1
    got = explain_faces(network, images, constant)
    assert np.isnan(got.mask_adjusted[1]).all()
    assert np.isfinite(got.mask_adjusted[[0, 2]]).all()
