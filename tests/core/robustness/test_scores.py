from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from mamviz.robustness.scores import replicate_scores, score_answers
from mamviz.schema import RobustnessSettings, Transformation
from mamviz.stats.bootstrap import draw_counts

SETTINGS = RobustnessSettings(
    transformations=(Transformation("sharpen", 3.0), Transformation("binary", 0.5)),
    sigmas=(8.0, 16.0),
    epsilons=(1.0, 2.0),
    n_replicates=60,
)
N, T, L, K = 30, 3, len(SETTINGS.perturbations), 4
UNITS = np.arange(N) // 2


def make_answers(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.random((N, T, L, K)) < rng.uniform(0.5, 0.95, (T, L, K)), (rng.random((N, K)) < 0.4).astype(np.uint8)


def score(right: np.ndarray, labels: np.ndarray, settings: RobustnessSettings = SETTINGS, units: np.ndarray = UNITS):
    return score_answers(right, labels, units, settings, generator=np.random.default_rng(0))


def test_accuracies_are_those_of_loops_and_of_scikit_learn() -> None:
    right, labels = make_answers()
    rows = score(right, labels)
    for t, row in enumerate(rows):
        for level, found in enumerate(row.scores):
            said = np.where(right[:, t, level], labels, 1 - labels)
            balanced = np.mean([balanced_accuracy_score(labels[:, k], said[:, k]) for k in range(K)])
            total = sum(bool(right[n, t, level, k]) for n in range(N) for k in range(K))
            assert found.perturbation == SETTINGS.perturbations[level]
            assert found.accuracy.value == pytest.approx(total / (N * K), abs=1e-12)
            assert found.balanced_accuracy.value == pytest.approx(balanced, abs=1e-12)
            assert found.gain.value == pytest.approx(right[:, t, level].mean() - right[:, 0, level].mean(), abs=1e-12)


def test_replicates_are_the_scores_of_the_drawn_images() -> None:
    right, labels = make_answers()
    counts = draw_counts(UNITS, 5, np.random.default_rng(1))
    drawn = replicate_scores(right, labels, counts)
    for number, count in enumerate(counts.astype(int)):
        rows = np.repeat(np.arange(N), count)
        alone = replicate_scores(right[rows], labels[rows], np.ones((1, len(rows))))
        np.testing.assert_allclose(drawn.accuracy[number], alone.accuracy[0], atol=1e-12)
        np.testing.assert_allclose(drawn.balanced[number], alone.balanced[0], atol=1e-12)


def test_gains_are_paired_and_intervals_are_percentiles_over_drawn_persons() -> None:
    right, labels = make_answers()
    right[:, 1] = right[:, 0]
    right[0, 1] = True
    rows = score(right, labels)
    drawn = replicate_scores(right, labels, draw_counts(UNITS, 60, np.random.default_rng(0)))
    for level in range(L):
        gain = rows[1].scores[level].gain
        # only one person differs: pairing leaves nothing of the others' chance
        assert 0 <= gain.low <= gain.value <= gain.high < 0.1
        again = drawn.accuracy[1:, 1, level] - drawn.accuracy[1:, 0, level]
        assert (gain.low, gain.high) == pytest.approx(tuple(np.quantile(again, [0.025, 0.975])))
    assert all(each.gain.value == each.gain.low == each.gain.high == 0 for each in rows[0].scores)


def test_mean_gains_are_over_sigmas_and_over_the_worst_attack_at_each_epsilon() -> None:
    right, labels = make_answers()
    row = score(right, labels)[2]
    assert row.noise_gain.value == pytest.approx(np.mean([each.gain.value for each in row.of("noise")]))
    lowest = [
        min((each for each in row.scores if each.perturbation.strength == epsilon and each.perturbation.kind in kinds),
            key=lambda each: each.accuracy.value)
        for epsilon in SETTINGS.epsilons
        for kinds in [("through", "surrogate", "transfer")]
    ]  # fmt: skip
    assert list(row.worst) == lowest
    assert row.attack_gain.value == pytest.approx(np.mean([each.gain.value for each in lowest]))
    assert row.attack_balanced_gain.value == pytest.approx(np.mean([each.balanced_gain.value for each in lowest]))


def test_gradients_are_masked_where_another_attack_takes_more_image_by_image() -> None:
    right, labels = make_answers()
    through, transfer = (
        [level for level, each in enumerate(SETTINGS.perturbations) if each.kind == kind]
        for kind in ("through", "transfer")
    )
    right[:, 1:, 5:] = right[:, 1:, through[:1]]  # all attacks take the same
    right[:, 1, through, 0] = True
    right[::2, 1, transfer[1], 0] = False  # of every person one image
    rows = score(right, labels)
    lost = [(right[:, 1, one].mean() - right[:, 1, other].mean()) for one, other in zip(through, transfer, strict=True)]
    worst = [right[:, 1, [level, level + 2, level + 4]].mean(axis=(0, 2)).min() for level in through]
    expected = np.mean([right[:, 1, level].mean() - low for level, low in zip(through, worst, strict=True)])
    assert rows[1].hidden.value == pytest.approx(expected)
    assert max(lost) > 0
    assert rows[1].masked_gradients
    assert rows[1].worst[1].perturbation.kind == "transfer"
    assert (rows[2].hidden.low, rows[2].hidden.value, rows[2].hidden.high) == (0, 0, 0)
    assert not rows[2].masked_gradients
    assert [each.perturbation.kind for each in rows[2].worst] == ["through"] * 2


def test_the_order_of_images_changes_no_value() -> None:
    right, labels = make_answers()
    order = np.random.default_rng(1).permutation(N)
    for one, other in zip(score(right, labels), score(right[order], labels[order], units=UNITS[order]), strict=True):
        assert [each.accuracy.value for each in one.scores] == pytest.approx(
            [each.accuracy.value for each in other.scores]
        )


def test_an_attribute_of_one_label_is_left_out_of_balanced_accuracy_alone() -> None:
    right, labels = make_answers()
    labels[:, 0] = 0
    found = score(right, labels)[0].clean
    without = score(right[..., 1:], labels[:, 1:])[0].clean
    assert found.balanced_accuracy.value == pytest.approx(without.balanced_accuracy.value)
    assert found.accuracy.value == pytest.approx(right[:, 0, 0].mean())
    alone = score(right, np.zeros_like(labels))[0].clean
    assert np.isnan(alone.balanced_accuracy.value)


def test_one_person_has_no_interval() -> None:
    right, labels = make_answers()
    found = score(right, labels, units=np.zeros(N, dtype=np.int64))[1]
    assert np.isnan(found.noise_gain.low)
    assert np.isfinite(found.noise_gain.value)
    assert not found.masked_gradients


def test_a_wider_level_gives_wider_intervals() -> None:
    right, labels = make_answers()
    narrow, wide = (score(right, labels, replace(SETTINGS, level=level))[1].attack_gain for level in (0.5, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high
