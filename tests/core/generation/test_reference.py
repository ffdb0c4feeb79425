"""Contrasts and spreads of training images, against one image after the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mamviz.errors import DataError
from mamviz.generation.reference import read_drawn, read_logits, read_reference
from tests.core.generation.drawn import features_of, make_network
from tests.core.made import make_data

DATA = make_data(60)


def test_contrasts_are_least_squares_effects_of_the_labels() -> None:
    """Regress each feature on all labels at once with numpy: its slopes are the contrasts."""
    network = make_network(double=False)
    rows = DATA.select("train")
    features = features_of(network, DATA, rows.tolist()).double().numpy()
    design = np.column_stack([np.ones(len(rows)), DATA.labels[rows]])
    slopes = np.linalg.lstsq(design, features.reshape(len(rows), -1), rcond=None)[0][1:]
    found = read_reference(network, DATA, n_images=500, generator=np.random.default_rng(0))
    assert found.n_images == len(rows)
    np.testing.assert_allclose(found.contrasts.flatten(1), slopes, atol=1e-4)
    assert np.abs(slopes).max() > 0.01


def test_spreads_are_standard_deviations_of_both_readings() -> None:
    network = make_network(double=False)
    rows = DATA.select("train").tolist()
    found = read_reference(network, DATA, n_images=500, generator=np.random.default_rng(0))
    logits, drawn = [], []
    with torch.no_grad():
        for row in rows:
            features = features_of(network, DATA, [row])
            logits.append(network.readout(network.masking.pool(features)[0])[0].numpy())
            drawn.append(network.classify(network.reconstructor(features))[0].numpy())
    np.testing.assert_allclose(found.spread, np.std(logits, axis=0), rtol=1e-4)
    np.testing.assert_allclose(found.drawn_spread, np.std(drawn, axis=0), rtol=1e-4)


def test_no_more_images_are_drawn_than_asked_for() -> None:
    found = read_reference(make_network(double=False), DATA, n_images=20, generator=np.random.default_rng(0))
    assert found.n_images == 20


def test_logits_of_features_are_those_of_their_images() -> None:
    network = make_network(double=False)
    features = features_of(network, DATA, [0, 1, 2])
    with torch.no_grad():
        pictures = network.reconstructor(features)
        again = network.extractor(pictures)
    np.testing.assert_allclose(read_drawn(network, features), read_logits(network, again), atol=1e-5)


def test_too_few_images_are_refused() -> None:
    few = replace(DATA, split=np.ones(60, np.int8))
    with pytest.raises(DataError, match="expected at least 8 images to find directions on, got 5"):
        read_reference(make_network(double=False), few, n_images=5, generator=np.random.default_rng(0))
