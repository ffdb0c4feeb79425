from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mamviz.sanity.exchange import exchange_masks, judge_exchange
from mamviz.schema import AttributeLoss, Exchange, ExchangeLoss, Interval
from tests.core.sanity.sampled import NAMES, learned_sample, make_network, make_sample


def losses(network, sample, seed: int = 0) -> dict[Exchange, ExchangeLoss]:
    found = exchange_masks(network, sample, generator=np.random.default_rng(seed), n_replicates=200)
    return {loss.exchange: loss for loss in found}


@pytest.fixture(scope="module")
def known() -> dict[Exchange, ExchangeLoss]:
    network = make_network()
    return losses(network, learned_sample(network))


def test_swapped_masks_cost_where_labels_are_known(known) -> None:
    swap = known["swap"]
    assert swap.n_beyond == len(NAMES)
    assert swap.n_lost > len(NAMES) / 2
    assert 0.1 < swap.accuracy.low < swap.accuracy.value < swap.accuracy.high
    assert swap.accuracy.value == pytest.approx(np.mean([row.accuracy.value for row in swap.attributes]))
    # half of the labels are yes: both accuracies weigh them nearly alike
    assert swap.balanced_accuracy.value == pytest.approx(swap.accuracy.value, abs=0.05)
    assert judge_exchange((swap,))[0].verdict == "pass"


def test_flat_masks_lose_nothing_by_being_flattened() -> None:
    network = make_network()
    with torch.no_grad():
        network.masking.mask.weight.zero_()
        network.masking.mask.bias.copy_(network.masking.mask.bias.reshape(6, 6)[:, :1].expand(6, 6).reshape(-1))
    found = losses(network, learned_sample(network))
    for name in ("channels", "cells", "mean channel", "images", "number"):
        assert found[name].accuracy == Interval(0, 0, 0), name
        assert judge_exchange((found[name],))[0].verdict == "fail"


def test_labels_that_nobody_knows_are_not_lost() -> None:
    found = losses(make_network(), make_sample(120))
    for loss in found.values():
        assert loss.n_beyond <= 1
        assert abs(loss.accuracy.value) < 0.08
        assert judge_exchange((loss,))[0].verdict != "pass"


def test_an_exchange_is_judged_by_most_of_the_known_attributes() -> None:
    lost, kept = Interval(0.2, 0.1, 0.3), Interval(0.0, -0.1, 0.1)

    def row(interval: Interval, beyond: bool) -> AttributeLoss:
        return AttributeLoss(attribute="x", accuracy=interval, balanced_accuracy=interval, beyond=beyond)

    def verdict(rows: list[AttributeLoss], mean: Interval = lost) -> str:
        loss = ExchangeLoss(exchange="swap", accuracy=mean, balanced_accuracy=mean, attributes=tuple(rows))
        (check,) = judge_exchange((loss,))
        assert (check.figure, check.threshold, check.passes) == (mean, 0.0, "above")
        return check.verdict

    assert verdict([row(lost, True), row(lost, True), row(kept, True)]) == "pass"
    assert verdict([row(lost, True), row(kept, True), row(lost, False)]) == "unclear"
    assert verdict([row(lost, False)]) == "unclear"
    assert verdict([row(kept, True)], kept) == "fail"


def test_persons_are_resampled_not_images() -> None:
    network = make_network()
    sample = learned_sample(network)
    alone = losses(network, replace(sample, units=np.arange(sample.n_images)))["swap"].accuracy
    together = losses(network, replace(sample, units=np.arange(sample.n_images) // 30))["swap"].accuracy
    assert together.high - together.low != pytest.approx(alone.high - alone.low, rel=0.02)
