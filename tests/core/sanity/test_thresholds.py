from __future__ import annotations

import numpy as np
import pytest

from mamviz.sanity.thresholds import answer, fit_thresholds


def gain(scores: np.ndarray, labels: np.ndarray, threshold: float, *, balanced: bool) -> float:
    right = (scores > threshold) == labels
    if not balanced or labels.all() or not labels.any():
        return float(right.mean())
    return float((right[labels].mean() + right[~labels].mean()) / 2)


@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize("seed", range(10))
def test_no_other_threshold_is_better(seed: int, balanced: bool) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.random((15, 3)) < 0.3
    scores = rng.integers(0, 8, (15, 3)) + 2.0 * labels  # with ties
    found = fit_thresholds(scores, labels, balanced=balanced)
    for k in range(3):
        tried = [-np.inf, *(np.unique(scores[:, k]) + 0.25)]
        best = max(gain(scores[:, k], labels[:, k], each, balanced=balanced) for each in tried)
        assert gain(scores[:, k], labels[:, k], found[k], balanced=balanced) == pytest.approx(best)


@pytest.mark.parametrize("balanced", [False, True])
def test_one_label_alone_is_always_answered(balanced: bool) -> None:
    scores = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
    labels = np.array([[True, False]] * 3)
    answers = scores > fit_thresholds(scores, labels, balanced=balanced)
    if not balanced:
        np.testing.assert_array_equal(answers, labels)
    assert answers.shape == labels.shape


def test_answers_use_the_other_half_alone() -> None:
    scores = np.array([[0.0], [1.0], [10.0], [11.0]])
    labels = np.array([[False], [True], [False], [True]])
    halves = np.array([True, True, False, False])
    # each half's own threshold (0.5, 10.5) would be right everywhere; the other half's isn't
    np.testing.assert_array_equal(answer(scores, labels, halves, balanced=False).ravel(), [False, False, True, True])
