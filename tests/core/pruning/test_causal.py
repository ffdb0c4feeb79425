from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats as scipy_stats

from mamviz.errors import StatisticsError
from mamviz.pruning.causal import agree, check_claim, cross_entropy, draw_images
from mamviz.schema import CausalCheck, Floats, PruningSettings
from mamviz.stats.agreement import agreement_interval
from mamviz.stats.bootstrap import draw_counts
from mamviz.store.records import to_plain
from tests.core.pruning.removed import (
    CHANNELS,
    Stop,
    feature_part,
    half_of,
    known_part,
    loud_network,
    masked,
    means_of,
    silence,
)

SETTINGS = PruningSettings(n_replicates=25)
NETWORK = loud_network()
VALIDATION, TEST = (half_of(feature_part(NETWORK, 60), half) for half in (0, 1))
CLAIM = means_of(NETWORK, VALIDATION).evidence.abs().double().numpy()


def check(network=NETWORK, part=TEST, claim=CLAIM, *, fill="zero", **options) -> CausalCheck:
    means = means_of(network, VALIDATION) if fill == "mean" else None
    generator = np.random.default_rng(3)
    return check_claim(network, part, claim, means=means, settings=SETTINGS, generator=generator, **options)


def changes(part=TEST, *, fill="zero", network=NETWORK) -> tuple[Floats, Floats, Floats]:
    """Of each image, attribute and channel (n, K, C): change of the logit, of the loss, of being right."""
    means = means_of(network, VALIDATION) if fill == "mean" else None
    labels = torch.from_numpy(part.labels).double()

    def judge(kept) -> list[Floats]:
        logits = masked(network, part, kept, means)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(torch.from_numpy(logits), labels, reduction="none")
        return [logits, loss.numpy(), ((logits > 0) == part.labels).astype(float)]

    before = judge(range(CHANNELS))
    after = [judge([other for other in range(CHANNELS) if other != channel]) for channel in range(CHANNELS)]
    return tuple(np.stack([each[kind] - before[kind] for each in after], axis=2) for kind in range(3))


def mean_spearman(claim: Floats, found: Floats) -> float:
    return float(np.mean([scipy_stats.spearmanr(*pair).statistic for pair in zip(claim, found, strict=True)]))


@pytest.mark.parametrize("fill", ["zero", "mean"])
def test_effects_are_those_of_the_network_without_one_channel(fill):
    found = check(fill=fill)
    logit, loss, right = changes(fill=fill)
    np.testing.assert_allclose(found.effect, np.abs(logit).mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(found.loss_rise, loss.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(found.accuracy, right.mean(axis=0), atol=1e-12)
    assert found.fill == fill
    assert found.attributes == TEST.attributes
    assert found.n_images == TEST.n_images
    assert np.array_equal(found.claim, CLAIM)
    assert found.accuracy.any()


@pytest.mark.parametrize("fill", ["zero", "mean"])
def test_agreement_is_spearmans(fill):
    found = check(fill=fill)
    pairs = scipy_stats.spearmanr(CLAIM.ravel(), found.effect.ravel()).statistic
    assert found.pairs.value == pytest.approx(pairs)
    assert found.within.value == pytest.approx(mean_spearman(CLAIM, found.effect))
    assert found.loss_within.value == pytest.approx(mean_spearman(CLAIM, found.loss_rise))


def test_intervals_resample_the_persons_of_the_test_images():
    found = check()
    logit, loss, _ = changes()
    counts = draw_counts(TEST.units, SETTINGS.n_replicates, np.random.default_rng(3))[1:]
    drawn = [[row for row in range(TEST.n_images) for _ in range(int(count[row]))] for count in counts]
    effects = [np.abs(logit[rows]).mean(axis=0) for rows in drawn]
    rises = [loss[rows].mean(axis=0) for rows in drawn]
    expected = {
        "pairs": [scipy_stats.spearmanr(CLAIM.ravel(), effect.ravel()).statistic for effect in effects],
        "within": [mean_spearman(CLAIM, effect) for effect in effects],
        "loss_within": [mean_spearman(CLAIM, rise) for rise in rises],
    }
    for name, replicates in expected.items():
        got, n_pairs = getattr(found, name), CLAIM.size if name == "pairs" else CHANNELS
        limits = agreement_interval(got.value, np.array(replicates), n_pairs=n_pairs, n_blocks=TEST.n_units)
        assert (got.low, got.high) == pytest.approx((limits.low, limits.high), abs=1e-6)
        assert got.low < got.value < got.high


def test_a_channel_of_one_attribute_alone_changes_only_that():
    network = loud_network(readout="per-attribute")
    silence(network, 4, attributes=(0, 1, 3))
    found = check(network, known_part(network, TEST))
    np.testing.assert_allclose(found.effect[[0, 1, 3], 4], 0, atol=1e-5)
    assert found.effect[2, 4] > 0.1
    assert found.accuracy[[0, 1, 3], 4].tolist() == [0, 0, 0]
    assert found.accuracy[2, 4] < 0
    assert found.loss_rise[2, 4] > 0.01


@pytest.mark.parametrize("fill", ["zero", "mean"])
def test_a_channel_without_use_changes_nothing_and_is_not_compared(fill):
    network = loud_network(readout="per-attribute")
    silence(network, 2, attributes=range(4))
    claim = CLAIM.copy()  # claims of channel 2 what is not so
    found = check(network, claim=claim, fill=fill)
    np.testing.assert_allclose(found.effect[:, 2], 0, atol=1e-5)
    np.testing.assert_allclose(found.loss_rise[:, 2], 0, atol=1e-5)
    others = [0, 1, 3, 4, 5]
    assert found.within.value == pytest.approx(mean_spearman(claim[:, others], found.effect[:, others]))
    claim[:, 1] = 0  # nothing is claimed of channel 1
    found, others = check(network, claim=claim, fill=fill), [0, 3, 4, 5]
    assert found.within.value == pytest.approx(mean_spearman(claim[:, others], found.effect[:, others]))
    pairs = scipy_stats.spearmanr(claim[:, others].ravel(), found.effect[:, others].ravel()).statistic
    assert found.pairs.value == pytest.approx(pairs)


def test_an_attribute_without_any_claim_is_in_no_mean():
    claim = CLAIM.copy()
    claim[1] = 0.3
    found = check(claim=claim)
    rows = [0, 2, 3]
    assert found.within.value == pytest.approx(mean_spearman(claim[rows], found.effect[rows]))


def test_a_true_claim_agrees_and_a_shuffled_one_does_not():
    effect = np.abs(changes()[0]).mean(axis=0)
    true = check(claim=effect)
    assert true.pairs.value == pytest.approx(1)
    assert true.within.low > 0.5
    rng = np.random.default_rng(0)
    shuffled = [check(claim=rng.permuted(effect, axis=1)).within.value for _ in range(8)]
    assert abs(np.mean(shuffled)) < 0.3


def test_rows_are_left_out_where_they_are_constant():
    claim = np.array([[1.0, 2, 3, 4], [2, 2, 2, 2]])
    found = np.array([[[1.0, 3, 2, 4], [1, 2, 3, 4]]] * 3)
    assert agree(claim, found, 20, level=0.95).value == pytest.approx(0.8)
    assert np.isnan(agree(claim[1:], found[:, 1:], 20, level=0.95).value)
    assert np.isnan(agree(claim[:, :2], found[:, :, :2], 20, level=0.95).value)  # of two, no correlation
    assert np.isnan(agree(claim, found, 9, level=0.95).low)


def test_replicates_in_pieces_give_the_same(monkeypatch):
    rng = np.random.default_rng(0)
    claim, found = rng.random((3, 20)), rng.random((8, 3, 20))
    expected = agree(claim, found, 30, level=0.9)
    monkeypatch.setattr("mamviz.pruning.causal._AT_A_TIME", 130)
    assert agree(claim, found, 30, level=0.9) == expected


def test_entropy_is_torchs():
    logits, labels = np.array([[-800.0, -1.5, 0], [800.0, 2.5, 0.1]]), np.array([[1.0, 0, 1], [1, 0, 0]])
    expected = torch.nn.functional.binary_cross_entropy_with_logits(
        torch.from_numpy(logits), torch.from_numpy(labels), reduction="none"
    )
    np.testing.assert_allclose(cross_entropy(logits, labels), expected.numpy(), rtol=1e-12)


@pytest.mark.parametrize("fill", ["zero", "mean"])
def test_a_stopped_job_goes_on_with_the_next_channel_and_gives_the_same_bits(tmp_path, fill):
    expected = check(fill=fill)
    with pytest.raises(KeyboardInterrupt):
        check(fill=fill, folder=tmp_path, progress=Stop(3))
    kept = {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    assert len(kept) == 3
    found = check(fill=fill, folder=tmp_path)
    assert to_plain(found) == to_plain(expected)
    assert {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir() if file.name in kept} == kept


def test_kept_channels_are_of_one_fill_and_of_the_same_images(tmp_path):
    check(folder=tmp_path)
    mean, other = check(fill="mean", folder=tmp_path), check(part=VALIDATION, folder=tmp_path)
    assert to_plain(mean) == to_plain(check(fill="mean"))
    assert to_plain(other) == to_plain(check(part=VALIDATION))
    assert len(list(tmp_path.iterdir())) == 3 * CHANNELS


@pytest.mark.parametrize("shape", [(4, 5), (3, 6), (24,)])
def test_a_claim_of_other_channels_is_refused(shape):
    with pytest.raises(StatisticsError, match="4 attributes and 6 channels"):
        check(claim=np.ones(shape))


def test_fewer_images_are_drawn_without_replacement():
    few = draw_images(TEST, 10, np.random.default_rng(0))
    rows = [int(np.flatnonzero(TEST.indices == index)[0]) for index in few.indices]
    assert rows == sorted(set(rows))
    assert len(rows) == few.n_images == 10
    assert np.array_equal(few.labels, TEST.labels[rows])
    assert np.array_equal(few.units, TEST.units[rows])
    assert torch.equal(few.features, TEST.features[rows])
    assert draw_images(TEST, 30, np.random.default_rng(0)) is TEST


def test_a_single_person_has_no_intervals():
    alone = replace(TEST, units=np.zeros_like(TEST.units))
    found = check(part=alone)
    assert np.isnan([found.pairs.low, found.within.high]).all()
    assert np.isfinite(found.pairs.value)
