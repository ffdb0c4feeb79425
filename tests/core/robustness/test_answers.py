from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from mamviz.config import ModelConfig
from mamviz.models.transforming import transform_masks
from mamviz.robustness.answers import Batch, make_defences, read_logits, right_answers
from mamviz.robustness.attack import Defence, attack_direction, draw_noise, perturb
from mamviz.schema import RobustnessSettings, Transformation
from mamviz.stats.calibration import calibrate
from tests.core.models.stirred import draw_images, settled_network

SETTINGS = RobustnessSettings(
    transformations=(Transformation("sharpen", 3.0), Transformation("threshold", 0.5), Transformation("binary", 0.5)),
    sigmas=(20.0, 60.0),
    epsilons=(2.0, 8.0),
)
ALL = SETTINGS.all_transformations
N_IMAGES = 12


@pytest.fixture(scope="module")
def defences() -> tuple[Defence, ...]:
    network = settled_network(ModelConfig(channels=6), size=16).requires_grad_(False)
    x = draw_images(40, size=16, seed=1)
    labels = (network.classify(x) + torch.randn(40, 4, generator=torch.Generator().manual_seed(0)) > 0).numpy()
    return make_defences(network, ALL, read_logits(network, x, ALL), labels)


@pytest.fixture(scope="module")
def batch(defences: tuple[Defence, ...]) -> Batch:
    x = draw_images(N_IMAGES, size=16, seed=2)
    logits = defences[0].network.classify(x)
    labels = logits + torch.randn(logits.shape, generator=torch.Generator().manual_seed(1)) > 0
    return Batch(x, labels.to(torch.uint8), draw_noise(np.arange(N_IMAGES), size=16, seed=0))


@pytest.fixture(scope="module")
def right(defences: tuple[Defence, ...], batch: Batch) -> np.ndarray:
    return right_answers(defences, batch, SETTINGS)


def slow_logits(defence: Defence, x: Tensor) -> Tensor:
    """Calibrated logits from explained masks: another path than the one under test."""
    with torch.no_grad():
        explained = defence.network.explain(x)
        masks = transform_masks(explained.masks, defence.transformation)
        pooled = (masks * explained.features[:, None]).mean((3, 4))
        return defence.network.readout(pooled) * defence.scale + defence.bias


def slow_answers(defences: tuple[Defence, ...], batch: Batch, place: int, kind: str, strength: float) -> np.ndarray:
    defence, x = defences[place], batch.x
    if kind == "kept":
        defence = replace(defence, scale=torch.ones(4), bias=torch.zeros(4))
    if kind == "noise":
        x = perturb(x, batch.noise, strength)
    if kind == "transfer":
        x = perturb(x, attack_direction(defences[0], x, batch.labels), strength)
    if kind in ("through", "surrogate"):
        x = perturb(x, attack_direction(defence, x, batch.labels, surrogate=kind == "surrogate"), strength)
    return ((slow_logits(defence, x) > 0) == batch.labels.bool()).numpy()


@pytest.mark.parametrize("place", range(4))
def test_answers_are_those_of_explained_masks(
    defences: tuple[Defence, ...], batch: Batch, right: np.ndarray, place: int
) -> None:
    for level, each in enumerate(SETTINGS.perturbations):
        expected = slow_answers(defences, batch, place, each.kind, each.strength)
        assert np.array_equal(right[:, place, level], expected), each


def test_perturbations_and_transformations_change_answers(right: np.ndarray) -> None:
    flat = {place: right[:, place].reshape(N_IMAGES, -1, 4) for place in range(4)}
    assert all((flat[0] != flat[place]).any() for place in (1, 2, 3))
    kinds = [each.kind for each in SETTINGS.perturbations]
    surrogate, through = (
        right[:, :, [p for p, kind in enumerate(kinds) if kind == name]] for name in ("surrogate", "through")
    )
    assert np.array_equal(surrogate[:, :2], through[:, :2])  # none and sharpen have no step
    strongest = {name: right[:, :, len(kinds) - 1 - kinds[::-1].index(name)] for name in set(kinds)}
    assert strongest["through"].mean() < strongest["clean"].mean()
    assert strongest["noise"].mean() < strongest["clean"].mean()


def test_batches_change_nothing(defences: tuple[Defence, ...], batch: Batch, right: np.ndarray) -> None:
    parts = [
        right_answers(defences, Batch(batch.x[rows], batch.labels[rows], batch.noise[rows]), SETTINGS)
        for rows in (slice(0, 5), slice(5, N_IMAGES))
    ]
    assert np.array_equal(np.concatenate(parts), right)


def test_no_step_is_no_attack(defences: tuple[Defence, ...], batch: Batch) -> None:
    tiny = replace(SETTINGS, epsilons=(1e-9,), sigmas=(1e-9,))
    right = right_answers(defences, batch, tiny)
    for level, each in enumerate(tiny.perturbations):
        if each.kind != "kept":
            assert np.array_equal(right[:, :, level], right[:, :, 0])


def test_each_transformation_is_calibrated_on_its_own_logits(defences: tuple[Defence, ...]) -> None:
    network, x = defences[0].network, draw_images(40, size=16, seed=1)
    labels = (network.classify(x) + torch.randn(40, 4, generator=torch.Generator().manual_seed(0)) > 0).numpy()
    logits = read_logits(network, x, ALL)
    assert logits.shape == (40, 4, 4)
    for place, defence in enumerate(defences):
        assert defence.transformation == ALL[place]
        fitted = calibrate(logits[:, place], labels)
        np.testing.assert_allclose(defence.scale.numpy(), fitted.scale, rtol=1e-6)
        np.testing.assert_allclose(defence.bias.numpy(), fitted.bias, rtol=1e-5, atol=1e-6)
