"""The moving average against its recurrence."""

from __future__ import annotations

import pytest
import torch

from mamviz.training.averaging import update_average


def layer(value: float) -> torch.nn.BatchNorm1d:
    norm = torch.nn.BatchNorm1d(1)
    with torch.no_grad():
        norm.weight.fill_(value)
        norm.running_mean.fill_(value)  # type: ignore[union-attr]
        norm.num_batches_tracked.fill_(int(value))  # type: ignore[union-attr]
    return norm


@pytest.mark.parametrize(("step", "decay"), [(1, 2 / 11), (10_000, 0.99)])
def test_the_average_moves_by_one_minus_decay_and_forgets_the_start(step: int, decay: float) -> None:
    average, network = layer(2.0), layer(6.0)
    update_average(average, network, decay=0.99, step=step)
    for value in (average.weight.detach(), average.running_mean):
        assert float(value) == pytest.approx(decay * 2 + (1 - decay) * 6)  # type: ignore[arg-type]
    assert int(average.num_batches_tracked) == 6  # type: ignore[arg-type]


def test_a_decay_of_zero_is_the_network_itself() -> None:
    average, network = layer(2.0), layer(6.0)
    update_average(average, network, decay=0.0, step=100)
    assert float(average.weight.detach()) == 6.0
