from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mamviz.pruning.removal import Removal
from mamviz.pruning.safety import choose_removal, find_safe_removal, measure_removal
from mamviz.schema import PruningSettings, RemovalOrder
from mamviz.stats.bootstrap import draw_counts
from tests.core.pruning.removed import (
    CHANNELS,
    Stop,
    feature_part,
    half_of,
    known_part,
    loud_network,
    means_of,
    right_without,
    silence,
)

SETTINGS = PruningSettings(max_loss=0.05, n_replicates=40)
ORDER = RemovalOrder(criterion="both", channels=(4, 0, 5, 2, 1, 3))
NETWORK = loud_network()
VALIDATION, TEST = (half_of(feature_part(NETWORK, 80), half) for half in (0, 1))
MEANS = means_of(NETWORK, VALIDATION)


def losses(order: RemovalOrder, part, means) -> list[float]:
    right = [right_without(NETWORK, part, order.channels[:removed], means).mean() for removed in range(CHANNELS)]
    return [right[0] - each for each in right]


def last_before(lost: list[float], limit: float) -> int:
    above = [removed for removed, loss in enumerate(lost) if loss > limit]
    return (above[0] if above else len(lost)) - 1


@pytest.mark.parametrize("fill", ["zero", "mean"])
def test_the_last_level_before_the_first_loss_above_the_limit_is_chosen(fill):
    means = MEANS if fill == "mean" else None
    seen = set()
    for limit in (0.0, 0.02, 0.05, 0.1, 0.2, 1.0):
        found = choose_removal(NETWORK, Removal(ORDER, means), VALIDATION, limit=limit)
        assert found == last_before(losses(ORDER, VALIDATION, means), limit)
        seen.add(found)
    assert len(seen) > 1
    assert CHANNELS - 1 in seen  # one is always kept


def test_a_lucky_number_of_channels_behind_a_loss_is_not_chosen():
    rng, lucky = np.random.default_rng(0), 0
    for _ in range(20):
        order = replace(ORDER, channels=tuple(int(channel) for channel in rng.permutation(CHANNELS)))
        lost = losses(order, VALIDATION, None)
        for limit in sorted({loss + 1e-9 for loss in lost if loss >= 0}):
            safe = last_before(lost, limit)
            lucky += any(loss <= limit for loss in lost[safe + 1 :])
            assert choose_removal(NETWORK, Removal(order), VALIDATION, limit=limit) == safe
    assert lucky > 0


def test_channels_without_use_are_safe_and_no_more():
    network = loud_network(readout="per-attribute")
    for channel in (4, 0, 5):
        silence(network, channel, attributes=range(4))
    part = known_part(network, VALIDATION)
    found = find_safe_removal(
        network,
        Removal(ORDER),
        part,
        known_part(network, TEST),
        settings=replace(SETTINGS, max_loss=0.0),
        generator=np.random.default_rng(0),
    )
    assert (found.removed, found.verdict, found.fill, found.criterion) == (3, "kept", "zero", "both")
    assert {(each.before, each.after) for each in found.casualties} == {(1.0, 1.0)}
    assert (found.test_loss.value, found.test_loss.low, found.test_loss.high) == (0, 0, 0)


def test_a_loss_of_just_the_limit_is_safe():
    lost = losses(ORDER, VALIDATION, None)
    limit = round(max(lost) * VALIDATION.labels.size) / VALIDATION.labels.size
    assert choose_removal(NETWORK, Removal(ORDER), VALIDATION, limit=limit) == CHANNELS - 1


def test_many_channels_are_tried_in_steps():
    network = loud_network(channels=130)
    part = feature_part(network, 10)
    removal = Removal(RemovalOrder(criterion="usage", channels=tuple(range(130))))
    told = Stop()
    assert choose_removal(network, removal, part, limit=1.0, progress=told) == 128
    assert [done for done, _ in told.seen] == [*range(2, 130, 2), 130]


@pytest.mark.parametrize("fill", ["zero", "mean"])
def test_losses_and_casualties_are_paired_on_the_part_that_is_asked(fill):
    means = MEANS if fill == "mean" else None
    found = measure_removal(
        NETWORK, Removal(ORDER, means), TEST, 3, settings=SETTINGS, generator=np.random.default_rng(5)
    )
    before, after = (right_without(NETWORK, TEST, ORDER.channels[:removed], means) for removed in (0, 3))
    counts = draw_counts(TEST.units, SETTINGS.n_replicates, np.random.default_rng(5))
    replicates = []
    for drawn in counts:  # a slow loop over replicates
        rows = [row for row in range(TEST.n_images) for _ in range(int(drawn[row]))]
        replicates.append([np.mean([before[row, k] * 1.0 - after[row, k] for row in rows]) for k in range(4)])
    lost = np.array(replicates)
    assert found.removed == 3
    assert [each.attribute for each in found.casualties] == list(TEST.attributes)
    for k, each in enumerate(found.casualties):
        assert (each.before, each.after) == pytest.approx((before[:, k].mean(), after[:, k].mean()))
        low, high = np.quantile(lost[1:, k], [0.025, 0.975])
        assert (each.loss.value, each.loss.low, each.loss.high) == pytest.approx((lost[0, k], low, high), abs=1e-12)
    low, high = np.quantile(lost[1:].mean(axis=1), [0.025, 0.975])
    assert (found.loss.value, found.loss.low, found.loss.high) == pytest.approx((lost[0].mean(), low, high), abs=1e-12)
    assert found.loss.low < found.loss.high


def test_a_channel_of_one_attribute_alone_harms_only_that():
    network = loud_network(readout="per-attribute")
    silence(network, 4, attributes=(0, 1, 3))
    found = measure_removal(
        network, Removal(ORDER), known_part(network, TEST), 1, settings=SETTINGS, generator=np.random.default_rng(0)
    )
    assert [each.loss.value > 0 for each in found.casualties] == [False, False, True, False]
    assert [each.loss.high > 0 for each in found.casualties] == [False, False, True, False]


def find(validation, test):
    return find_safe_removal(
        NETWORK, Removal(ORDER, MEANS), validation, test, settings=SETTINGS, generator=np.random.default_rng(0)
    )


def test_validation_images_choose_and_test_images_measure():
    assert not set(VALIDATION.indices) & set(TEST.indices)
    found = find(VALIDATION, TEST)
    lost, paid = losses(ORDER, VALIDATION, MEANS), losses(ORDER, TEST, MEANS)
    assert found.removed == last_before(lost, SETTINGS.max_loss) > 0
    assert found.validation_loss.value == pytest.approx(lost[found.removed])
    assert found.test_loss.value == pytest.approx(paid[found.removed])
    assert paid[found.removed] != pytest.approx(lost[found.removed])


def test_other_test_images_change_what_is_paid_but_not_what_is_chosen():
    wrong = replace(TEST, labels=1 - TEST.labels)
    found, turned = find(VALIDATION, TEST), find(VALIDATION, wrong)
    assert turned.removed == found.removed
    assert turned.validation_loss == found.validation_loss
    assert turned.test_loss.value == pytest.approx(-found.test_loss.value) != 0
    known = known_part(NETWORK, VALIDATION)
    assert find(known, TEST).validation_loss != found.validation_loss


def test_a_stopped_search_goes_on_and_gives_the_same(tmp_path):
    def choose(after: int | None) -> int:
        told = Stop(after)
        return choose_removal(NETWORK, Removal(ORDER), VALIDATION, limit=0.2, folder=tmp_path, progress=told)

    expected = choose_removal(NETWORK, Removal(ORDER), VALIDATION, limit=0.2)
    with pytest.raises(KeyboardInterrupt):
        choose(2)
    kept = {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    assert len(kept) == 3
    assert choose(None) == expected
    assert {file.name: file.stat().st_mtime_ns for file in tmp_path.iterdir() if file.name in kept} == kept
