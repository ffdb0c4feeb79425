from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from mamviz.errors import StatisticsError
from mamviz.stats.calibration import calibrate


def make_scores(seed: int = 0, n_images: int = 80) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.random((n_images, 3)) < (0.5, 0.1, 0.8)
    return rng.normal(size=(n_images, 3)) * (1.0, 8.0, 0.05) + labels * (2.0, 3.0, 0.05) + (0.0, -40.0, 5.0), labels


def loss(parameters: np.ndarray, logits: np.ndarray, labels: np.ndarray) -> float:
    """Platt's loss of one attribute, image by image."""
    yes, no = int(labels.sum()), int((~labels).sum())
    total = 0.0
    for logit, label in zip(logits, labels, strict=True):
        target = (yes + 1) / (yes + 2) if label else 1 / (no + 2)
        z = parameters[0] * logit + parameters[1]
        total += np.logaddexp(0, z) - target * z
    return total / len(logits)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_fit_is_the_one_that_a_general_minimiser_finds(seed: int) -> None:
    logits, labels = make_scores(seed)
    found = calibrate(logits, labels)
    for k in range(3):
        spread = logits[:, k].std()
        scaled = (logits[:, k] - logits[:, k].mean()) / spread
        best = minimize(loss, np.zeros(2), args=(scaled, labels[:, k]), options={"gtol": 1e-9})
        own = np.array([found.scale[k] * spread, found.bias[k] + found.scale[k] * logits[:, k].mean()])
        np.testing.assert_allclose(own, best.x, atol=1e-5)


def test_the_slope_of_the_loss_is_zero_at_the_fit() -> None:
    logits, labels = make_scores(3)
    found = calibrate(logits, labels)
    yes = labels.sum(axis=0)
    target = np.where(labels, (yes + 1) / (yes + 2), 1 / (len(labels) - yes + 2))
    error = 1 / (1 + np.exp(-found.apply(logits))) - target
    np.testing.assert_allclose(error.mean(axis=0), 0, atol=1e-8)
    np.testing.assert_allclose((error * (logits - logits.mean(axis=0)) / logits.std(axis=0)).mean(axis=0), 0, atol=1e-8)


def test_stretched_and_shifted_logits_are_calibrated_to_the_same() -> None:
    logits, labels = make_scores()
    plain = calibrate(logits, labels).apply(logits)
    moved = logits * (100.0, -0.01, 1e4) + (7.0, -300.0, 0.0)
    np.testing.assert_allclose(calibrate(moved, labels).apply(moved), plain, atol=1e-6)


def test_the_order_of_images_changes_nothing() -> None:
    logits, labels = make_scores()
    order = np.random.default_rng(1).permutation(len(logits))
    found, again = calibrate(logits, labels), calibrate(logits[order], labels[order])
    np.testing.assert_allclose(found.scale, again.scale, rtol=1e-8)
    np.testing.assert_allclose(found.bias, again.bias, rtol=1e-8)


def test_separable_single_and_constant_ones_have_a_finite_fit() -> None:
    labels = np.array([[True, True, False]] * 4 + [[False, True, True]] * 4)
    logits = np.column_stack([np.linspace(9, -9, 8), np.linspace(0, 5, 8), np.full(8, 3.0)])
    found = calibrate(logits, labels)
    answers = found.apply(logits) > 0
    assert np.isfinite(found.apply(logits)).all()
    assert (answers[:, :2] == labels[:, :2]).all()
    assert found.scale[2] == 0
    assert found.bias[2] == pytest.approx(0, abs=1e-8)  # half of them yes


def test_one_image_is_answered_with_its_label() -> None:
    found = calibrate(np.array([[2.0, -1.0]]), np.array([[1, 0]]))
    assert (found.apply(np.array([[2.0, -1.0]])) > 0).tolist() == [[True, False]]


@pytest.mark.parametrize(
    ("logits", "labels"),
    [
        (np.zeros((3, 2)), np.zeros((3, 1))),
        (np.zeros((0, 2)), np.zeros((0, 2))),
        (np.full((3, 2), np.nan), np.ones((3, 2))),
    ],
)
def test_what_can_not_be_calibrated_is_refused(logits: np.ndarray, labels: np.ndarray) -> None:
    with pytest.raises(StatisticsError, match="finite logits and labels of one shape"):
        calibrate(logits, labels)
