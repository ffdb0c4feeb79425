from __future__ import annotations

import tracemalloc
import warnings
from dataclasses import fields

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap
from sklearn.metrics import accuracy_score, average_precision_score, balanced_accuracy_score, roc_auc_score

from mamviz.errors import StatisticsError
from mamviz.schema import Evaluation, Floats, Interval
from mamviz.stats.resampling import draw_units
from mamviz.stats.scores import WeightedScores, evaluate, score_weighted

SEEDS = st.integers(0, 2**32 - 1)
KINDS = [spec.name for spec in fields(WeightedScores)]


def make_answers(seed: int, *, n: int = 40, k: int = 3, digits: int | None = None) -> tuple[Floats, Floats]:
    """Logits, rounded so that some are equal and some are 0, and labels of different prevalence."""
    rng = np.random.default_rng(seed)
    labels = (rng.uniform(size=(n, k)) < np.linspace(0.2, 0.8, k)).astype(np.float64)
    labels[0], labels[1] = 0, 1
    logits = rng.normal(size=(n, k)) + labels - 0.5
    return logits if digits is None else np.round(logits, digits), labels


def slow_auroc(logits: Floats, labels: Floats, weights: Floats) -> float:
    """Share of pairs of a positive and a negative where the positive is higher, half for equal ones."""
    won = pairs = 0.0
    for i in np.flatnonzero(labels == 1):
        for j in np.flatnonzero(labels == 0):
            both = weights[i] * weights[j]
            pairs += both
            won += both * (1.0 if logits[i] > logits[j] else 0.5 if logits[i] == logits[j] else 0.0)
    return won / pairs


def slow_precision(logits: Floats, labels: Floats, weights: Floats) -> float:
    """Mean over positives of the precision at their threshold."""
    total = 0.0
    for i in np.flatnonzero(labels == 1):
        above = logits >= logits[i]
        if weights[i] > 0:
            total += weights[i] * weights[above & (labels == 1)].sum() / weights[above].sum()
    return total / float(weights[labels == 1].sum())


def by_sklearn(logits: Floats, labels: Floats, weights: Floats) -> dict[str, float]:
    kept = weights > 0
    y, z, w = labels[kept], logits[kept], weights[kept]
    return {
        "accuracy": accuracy_score(y, z > 0, sample_weight=w),
        "balanced_accuracy": balanced_accuracy_score(y, z > 0, sample_weight=w),
        "average_precision": average_precision_score(y, z, sample_weight=w),
        "auroc": roc_auc_score(y, z, sample_weight=w),
    }


@given(seed=SEEDS, digits=st.sampled_from([0, 1, None]))
@settings(max_examples=12, deadline=None)
def test_scores_agree_with_scikit_learn_and_with_slow_loops(seed: int, digits: int | None) -> None:
    logits, labels = make_answers(seed, digits=digits)
    weights = np.column_stack([np.ones(40), draw_units(40, 2, np.random.default_rng(seed)).T])
    weights[:2] += 1  # each attribute has a positive and a negative in every replicate
    scores = score_weighted(logits, labels, weights)
    for k in range(3):
        for replicate in range(3):
            given_to = logits[:, k], labels[:, k], weights[:, replicate]
            for kind, expected in by_sklearn(*given_to).items():
                assert getattr(scores, kind)[k, replicate] == pytest.approx(expected, abs=1e-12), kind
            assert scores.auroc[k, replicate] == pytest.approx(slow_auroc(*given_to), abs=1e-12)
            assert scores.average_precision[k, replicate] == pytest.approx(slow_precision(*given_to), abs=1e-12)


@given(seed=SEEDS)
@settings(max_examples=15, deadline=None)
def test_weights_are_the_same_as_repeated_images(seed: int) -> None:
    logits, labels = make_answers(seed, digits=1)
    counts = draw_units(40, 1, np.random.default_rng(seed))[0] + 1
    weighted = score_weighted(logits, labels, counts[:, None])
    ones = np.ones((int(counts.sum()), 1))
    repeated = score_weighted(np.repeat(logits, counts, axis=0), np.repeat(labels, counts, axis=0), ones)
    for kind in KINDS:
        np.testing.assert_allclose(getattr(weighted, kind), getattr(repeated, kind), atol=1e-12, err_msg=kind)


def test_a_logit_of_zero_says_no() -> None:
    scores = score_weighted([[0.0], [0.0], [1e-9]], [[0], [1], [1]], np.ones((3, 1)))
    assert scores.accuracy[0, 0] == pytest.approx(2 / 3)


@pytest.mark.parametrize(("label", "precision"), [(0, np.nan), (1, 1.0)])
def test_a_constant_label_has_an_accuracy_and_nothing_that_compares(label: int, precision: float) -> None:
    logits = np.array([[1.0], [-1.0], [2.0], [3.0]])
    scores = score_weighted(logits, np.full((4, 1), label), np.ones((4, 1)))
    assert scores.accuracy[0, 0] == (0.75 if label else 0.25)
    assert np.isnan(scores.balanced_accuracy[0, 0])
    assert np.isnan(scores.auroc[0, 0])
    np.testing.assert_equal(scores.average_precision[0, 0], precision)


def run_evaluation(
    logits: Floats, labels: Floats, units: npt.ArrayLike | None = None, *, n_replicates: int = 200, level: float = 0.9
) -> Evaluation:
    n, k = labels.shape
    return evaluate(
        logits,
        labels,
        np.arange(n) if units is None else units,
        [f"attribute{index}" for index in range(k)],
        n_replicates=n_replicates,
        level=level,
        generator=np.random.default_rng(5),
        protocol="whole image",
    )


def test_intervals_are_percentiles_of_resampled_units() -> None:
    """The same draws, with images really repeated and scored by scikit-learn."""
    logits, labels = make_answers(1, n=60)
    identities = np.random.default_rng(1).integers(25, size=60)
    result = run_evaluation(logits, labels, identities, n_replicates=30)
    names, place = np.unique(identities, return_inverse=True)
    drawn = draw_units(len(names), 30, np.random.default_rng(5))[:, place]
    for k in range(3):
        rows = [np.repeat(np.arange(60), counts) for counts in drawn]
        ones = [np.ones(len(row)) for row in rows]
        scores = [by_sklearn(logits[row, k], labels[row, k], one) for row, one in zip(rows, ones, strict=True)]
        for kind in KINDS:
            low, high = np.quantile([score[kind] for score in scores], [0.05, 0.95])
            got: Interval = getattr(result.scores[k], kind)
            assert (got.low, got.high) == pytest.approx((low, high), abs=1e-12)
    assert (result.n_units, result.unit, result.level, result.n_replicates) == (len(names), "identity", 0.9, 30)


def test_an_interval_agrees_with_scipy() -> None:
    """2,000 replicates each: ends of the interval vary by 3 % of its width between seeds."""
    logits, labels = make_answers(2, n=200, k=1)
    interval = run_evaluation(logits, labels, n_replicates=2000, level=0.95).scores[0].accuracy
    right = (logits > 0) == labels
    theirs = bootstrap(
        (right[:, 0],), np.mean, n_resamples=2000, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    assert (interval.low, interval.high) == pytest.approx((theirs.low, theirs.high), abs=0.012)


def test_identities_of_several_images_widen_the_interval() -> None:
    """Ten copies of each image are one observation: sqrt(10) times as wide."""
    logits, labels = (np.repeat(values, 10, axis=0) for values in make_answers(3, n=100, k=1))
    wide = run_evaluation(logits, labels, np.repeat(np.arange(100), 10)).scores[0].auroc
    narrow = run_evaluation(logits, labels).scores[0].auroc
    assert wide.value == narrow.value
    assert 2.4 < (wide.high - wide.low) / (narrow.high - narrow.low) < 4.2


def test_means_are_over_attributes_where_defined() -> None:
    logits, labels = make_answers(4)
    labels[:, 1] = 0
    result = run_evaluation(logits, labels)
    values = [score.auroc.value for score in result.scores]
    assert np.isnan(values[1])
    assert np.isnan(result.scores[1].auroc.low)
    assert result.mean_auroc.value == pytest.approx((values[0] + values[2]) / 2)
    assert result.mean_auroc.low < result.mean_auroc.value < result.mean_auroc.high
    accuracies = [score.accuracy.value for score in result.scores]
    assert result.mean_accuracy.value == pytest.approx(np.mean(accuracies))
    assert [score.majority for score in result.scores] == pytest.approx(
        [max(rate, 1 - rate) for rate in labels.mean(axis=0)]
    )
    assert (result.unit, result.n_units, result.n_images) == ("image", 40, 40)
    assert result.mean_majority == pytest.approx(np.mean([score.majority for score in result.scores]))
    assert [score.prevalence for score in result.scores] == pytest.approx(labels.mean(axis=0).tolist())


def test_a_rare_attribute_has_an_interval_without_warnings() -> None:
    """With one positive, a third of the replicates have none."""
    logits, labels = make_answers(5, k=1)
    labels[:] = 0
    labels[7] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        interval = run_evaluation(logits, labels).scores[0].auroc
    assert 0 <= interval.low <= interval.high <= 1


@pytest.mark.parametrize(("units", "n_replicates"), [(np.zeros(40), 100), (None, 0)])
def test_without_units_to_resample_there_is_no_interval(units: Floats | None, n_replicates: int) -> None:
    result = run_evaluation(*make_answers(6), units, n_replicates=n_replicates)
    assert np.isfinite(result.mean_accuracy.value)
    assert np.isnan([result.mean_accuracy.low, result.scores[0].auroc.high]).all()


def test_one_seed_gives_one_interval() -> None:
    assert run_evaluation(*make_answers(7)) == run_evaluation(*make_answers(7))


def test_memory_does_not_grow_with_replicates() -> None:
    logits, labels = make_answers(8, n=30_000, k=1)
    tracemalloc.start()
    run_evaluation(logits, labels, n_replicates=300)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300e6, "9 million cells at once would take 144 MB for the counts alone"


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        (np.zeros((3, 2)), np.zeros((3, 1)), r"got \(3, 2\) and \(3, 1\)"),
        (np.zeros((0, 2)), np.zeros((0, 2)), r"got \(0, 2\)"),
        (np.full((2, 1), np.nan), np.zeros((2, 1)), "finite logits"),
        (np.zeros((2, 1)), np.array([[-1], [1]]), "labels of 0 and 1"),
    ],
)
def test_answers_that_do_not_fit_are_refused(logits: Floats, labels: Floats, message: str) -> None:
    with pytest.raises(StatisticsError, match=message):
        score_weighted(logits, labels, np.ones((len(labels), 1)))


@pytest.mark.parametrize(("n_units", "n_names", "level"), [(39, 3, 0.9), (40, 2, 0.9), (40, 3, 1.0)])
def test_a_unit_for_each_image_and_a_name_for_each_attribute(n_units: int, n_names: int, level: float) -> None:
    logits, labels = make_answers(9)
    with pytest.raises(StatisticsError, match="Expected a unit for each of 40 images"):
        evaluate(
            logits,
            labels,
            np.arange(n_units),
            ["a", "b", "c"][:n_names],
            level=level,
            generator=np.random.default_rng(0),
            protocol="",
        )
