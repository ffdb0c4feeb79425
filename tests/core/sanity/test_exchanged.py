"""Every exchange against a loop over the masks that the network explains itself by."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mamviz.sanity.exchanged import SCORES, Batch, draw_derangement, exchanged_scores, pool
from mamviz.schema import EXCHANGES, Floats
from tests.core.sanity.sampled import NAMES, logits_of, make_network, make_sample, pixels_of

N_IMAGES = 20


@pytest.fixture(scope="module", params=["shared", "per-attribute"])
def batch(request: pytest.FixtureRequest) -> Batch:
    network = make_network(readout=request.param)
    with torch.no_grad():
        found = network.explain(pixels_of(make_sample(N_IMAGES)))
    scale = network.readout.scale.detach().expand(len(NAMES), -1)
    return Batch(found.masks, found.features, pool(found.masks, found.features), scale, found.masks.mean(0))


def by_loop(batch: Batch, name: str, order: np.ndarray) -> Floats:
    masks, features, scale = (each.double().numpy() for each in (batch.masks, batch.features, batch.scale))
    n_images, n_attributes, channels = masks.shape[:3]
    changed = np.empty_like(masks)
    for n in range(n_images):
        for k in range(n_attributes):
            for c in range(channels):
                changed[n, k, c] = {
                    "trained": lambda n=n, k=k, c=c: masks[n, k, c],
                    "swap": lambda n=n, k=k, c=c: masks[n, order[k], c],
                    "channels": lambda n=n, k=k, c=c: masks[n, k, order[c]],
                    "cells": lambda n=n, k=k, c=c: masks[n, k, c].mean(),
                    "mean channel": lambda n=n, k=k, c=c: masks[n, k].mean(axis=0),
                    "images": lambda n=n, k=k, c=c: masks[:, k, c].mean(axis=0),
                    "number": lambda n=n, k=k, c=c: masks[:, k].mean(),
                }[name]()
    return np.einsum("kc,nkchw,nchw->nk", scale, changed, features)


@pytest.mark.parametrize("name", ["trained", *EXCHANGES])
def test_scores_equal_a_loop(batch: Batch, name: str) -> None:
    order = draw_derangement(6, np.random.default_rng(1))  # as many channels as attributes
    found = SCORES[name](batch, torch.from_numpy(order)).double().numpy()
    expected = by_loop(batch, name, order)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())
    if name != "trained":
        assert np.abs(expected - by_loop(batch, "trained", order)).max() > 1e-3


def test_trained_scores_are_the_logits_without_bias() -> None:
    network, sample = make_network(), make_sample(N_IMAGES)
    scores = exchanged_scores(network, sample, generator=np.random.default_rng(0))
    assert {name: len(drawn) for name, drawn in scores.items()} == {
        "trained": 1, "swap": 5, "channels": 5, "cells": 1, "mean channel": 1, "images": 1, "number": 1
    }  # fmt: skip
    bias = network.readout.bias.detach().numpy()
    np.testing.assert_allclose(scores["trained"][0] + bias, logits_of(network, sample), atol=1e-4)
    assert not np.allclose(scores["swap"][0], scores["swap"][1])


@pytest.mark.parametrize("n", [2, 3, 40])
def test_a_derangement_leaves_none_in_its_place(n: int) -> None:
    for seed in range(20):
        order = draw_derangement(n, np.random.default_rng(seed))
        assert sorted(order) == list(range(n))
        assert (order != np.arange(n)).all()
