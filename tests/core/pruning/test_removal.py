from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mamviz.errors import StatisticsError
from mamviz.pruning.removal import Removal, draw_part_counts, logits_without, right_answers
from mamviz.schema import PruningSettings, RemovalOrder
from tests.core.pruning.removed import CHANNELS, Stop, feature_part, loud_network, masked, means_of, right_without

ORDER = RemovalOrder(criterion="usage", channels=(4, 0, 5, 2, 1, 3))
LEVELS = (0, 2, 5)


@pytest.mark.parametrize("model", [{}, {"readout": "per-attribute", "trunk_kernel": 3}, {"position": False}])
@pytest.mark.parametrize("fill", ["zero", "mean"])
@pytest.mark.parametrize("kept", [(0, 1, 2, 3, 4, 5), (1, 2, 5), (3,)])
def test_logits_without_channels_are_those_of_the_masked_network(fill, model, kept):
    network = loud_network(**model)
    part = feature_part(network)
    means = means_of(network, feature_part(network, 10, seed=1)) if fill == "mean" else None
    found = logits_without(network, part, kept, means=means)
    np.testing.assert_allclose(found, masked(network, part, kept, means), atol=1e-5)  # float32, logits of a few units


def test_all_channels_give_the_networks_own_logits():
    network = loud_network()
    part = feature_part(network)
    with torch.no_grad():
        own = network.readout(network.masking.pool(part.features)[0]).double().numpy()
    np.testing.assert_allclose(logits_without(network, part, range(CHANNELS)), own, atol=1e-6)
    means = means_of(network, part)
    np.testing.assert_allclose(logits_without(network, part, range(CHANNELS), means=means), own, atol=1e-6)


def test_batches_and_a_network_in_training_change_nothing():
    network = loud_network()
    part = feature_part(network)
    expected = logits_without(network, part, (0, 2, 3))
    np.testing.assert_allclose(logits_without(network, part, (0, 2, 3), batch_size=5), expected, atol=1e-6)
    before = network.masking.norm.running_mean.clone()
    found = logits_without(network.train(), part, (0, 2, 3))
    assert np.array_equal(found, expected)
    assert network.training
    assert network.masking.norm.training
    assert torch.equal(network.masking.norm.running_mean, before)


@pytest.mark.parametrize("fill", ["zero", "mean"])
def test_answers_are_right_where_they_are_the_label(fill):
    network = loud_network()
    part = feature_part(network, 23)  # 92 answers: not a whole number of bytes
    means = means_of(network, part) if fill == "mean" else None
    found = right_answers(network, part, Removal(ORDER, means), LEVELS)
    assert found.dtype == np.bool_
    for level, removed in enumerate(LEVELS):
        assert np.array_equal(found[level], right_without(network, part, ORDER.channels[:removed], means))
    assert not np.array_equal(found[0], found[2])


def test_a_stopped_job_repeats_no_finished_answers_and_gives_the_same(tmp_path):
    network = loud_network()
    part = feature_part(network)
    expected = right_answers(network, part, Removal(ORDER), LEVELS)
    with pytest.raises(KeyboardInterrupt):
        right_answers(network, part, Removal(ORDER), LEVELS, folder=tmp_path, progress=Stop(2))
    assert list(tmp_path.iterdir()) == []
    first, again = Stop(), Stop()
    assert np.array_equal(
        right_answers(network, part, Removal(ORDER), LEVELS, folder=tmp_path, progress=first), expected
    )
    assert np.array_equal(
        right_answers(network, part, Removal(ORDER), LEVELS, folder=tmp_path, progress=again), expected
    )
    assert first.seen == [(1, 3), (2, 3), (3, 3)]
    assert again.seen == []


def test_kept_answers_are_of_one_order_fill_set_of_levels_and_images(tmp_path):
    network = loud_network()
    part, means = feature_part(network), means_of(network, feature_part(network, seed=1))
    other = replace(part, labels=1 - part.labels)
    moved = replace(part, indices=part.indices + 100)
    removals = (
        (part, Removal(ORDER), LEVELS),
        (part, Removal(replace(ORDER, channels=ORDER.channels[::-1])), LEVELS),
        (part, Removal(replace(ORDER, criterion="mean mask")), LEVELS),
        (part, Removal(replace(ORDER, draw=1)), LEVELS),
        (part, Removal(ORDER, means), LEVELS),
        (part, Removal(ORDER), (0, 2, 4)),
        (other, Removal(ORDER), LEVELS),
        (moved, Removal(ORDER), LEVELS),
    )
    for number, (images, removal, levels) in enumerate(removals, start=1):
        found = right_answers(network, images, removal, levels, folder=tmp_path)
        assert len(list(tmp_path.iterdir())) == number
        assert np.array_equal(found, right_answers(network, images, removal, levels))


@pytest.mark.parametrize("channels", [(0, 1, 2), (0, 0, 1, 2, 3, 4), (1, 2, 3, 4, 5, 6)])
def test_an_order_of_other_channels_is_refused(channels):
    network = loud_network()
    order = RemovalOrder(criterion="usage", channels=channels)
    with pytest.raises(StatisticsError, match="order of all 6 channels"):
        right_answers(network, feature_part(network), Removal(order), LEVELS)


@pytest.mark.parametrize("level", [-1, CHANNELS])
def test_a_level_that_keeps_no_channel_is_refused(level):
    network = loud_network()
    with pytest.raises(StatisticsError, match="levels from 0 to 5"):
        right_answers(network, feature_part(network), Removal(ORDER), [level])


def test_images_of_a_person_are_drawn_together_and_a_single_one_not_at_all():
    part = feature_part(loud_network())
    counts = draw_part_counts(part, PruningSettings(n_replicates=50), np.random.default_rng(0))
    assert counts.shape == (51, part.n_images)
    assert np.array_equal(counts[:, ::2], counts[:, 1::2])
    assert counts[1:].std() > 0
    alone = replace(part, units=np.zeros_like(part.units))
    assert draw_part_counts(alone, PruningSettings(), np.random.default_rng(0)).shape == (1, part.n_images)
