from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from mamviz.config import DataConfig, ModelConfig, RunConfig
from mamviz.models.weights import build_network, write_network
from mamviz.pruning.cost import Timing, compare_costs, count_flops, measure_size, median_interval
from tests.core.models.stirred import stirred_network

QUICK = Timing(batch_sizes=(1, 4), n=3, n_replicates=50)


@pytest.fixture(scope="module")
def change():
    return compare_costs(
        stirred_network(ModelConfig(channels=8), size=16),
        stirred_network(ModelConfig(channels=4), size=16),
        size=16,
        error=1e-6,
        timing=QUICK,
        generator=np.random.default_rng(0),
    )


def test_products_are_those_of_classifying_by_hand() -> None:
    network = stirred_network(ModelConfig(channels=6), n_attributes=4, size=16)
    extractor = 8 * 8 * 48 * (27 + 48) + 4 * 4 * 96 * (432 + 96) + 2 * 2 * 192 * (864 + 192) + 4 * 192 * 6
    masks = 4 * (6 * 6 + 6 * 4 * 6)  # the trunk, and the linear layer inside MaskedPool
    assert count_flops(network, size=16) == 2 * (extractor + masks)
    network.train()
    count_flops(network, size=16)
    assert network.training


def test_the_file_is_as_long_as_the_one_that_is_written(tmp_path) -> None:
    config = RunConfig(data=DataConfig(size=16), model=ModelConfig(channels=4))
    network = build_network(config, n_attributes=3)
    file = tmp_path / "model.safetensors"
    write_network(file, network, config=config, attributes=("A", "B", "C"))
    text = file.stat().st_size - measure_size(network, size=16).file_bytes
    assert 0 < text < 3000  # the settings


def test_helpers_are_saved_but_not_needed_to_classify() -> None:
    network = stirred_network(ModelConfig(channels=6), n_attributes=4, size=16)
    cost = measure_size(network, size=16)
    helpers = sum(p.numel() for part in (network.multi, network.reconstructor) for p in part.parameters())
    assert cost.parameters == sum(p.numel() for p in network.parameters())
    assert cost.inference == cost.parameters - helpers
    assert cost.channels == 6


def test_both_networks_are_timed_as_often_and_small_batches_more(change) -> None:
    for cost in (change.before, change.after):
        assert [latency.batch_size for latency in cost.latency] == [1, 4]
        assert [latency.n for latency in cost.latency] == [12, 3]
        for latency in cost.latency:
            assert 0 < latency.low <= latency.median <= latency.high
    assert (change.device, change.threads, change.error) == ("cpu", torch.get_num_threads(), 1e-6)
    assert len(change.ratio) == 2


def test_a_smaller_network_costs_less_in_all_that_is_counted(change) -> None:
    assert change.after.channels < change.before.channels
    assert change.after.parameters < change.before.parameters
    assert change.after.flops < change.before.flops
    assert change.after.file_bytes < change.before.file_bytes
    assert change.before.latency[1].peak_bytes == 4 * change.before.latency[0].peak_bytes


def test_networks_take_turns_and_warming_up_is_not_timed() -> None:
    calls = []
    pair = [stirred_network(ModelConfig(channels=4), size=16) for _ in range(2)]
    for name, network in zip("ab", pair, strict=True):
        network.extractor.register_forward_pre_hook(
            lambda module, inputs, name=name: calls.append(name) if torch.is_inference_mode_enabled() else None
        )
    found = compare_costs(
        *pair,
        size=16,
        error=0.0,
        timing=Timing(batch_sizes=(2,), n=4, n_replicates=0),
        generator=np.random.default_rng(0),
    )
    assert len(calls) == 2 * (3 + 4)
    assert found.before.latency[0].n == 4
    assert all(set(calls[turn : turn + 2]) == {"a", "b"} for turn in range(0, len(calls), 2))
    assert calls[0::2].count("a") in (3, 4)  # neither is always the first


def test_the_interval_of_a_median_is_scipys() -> None:
    values = np.random.default_rng(1).gamma(2.0, size=25)
    ours = median_interval(values, n_replicates=20_000, generator=np.random.default_rng(2))
    theirs = stats.bootstrap(
        (values,), np.median, n_resamples=20_000, method="percentile", rng=np.random.default_rng(3)
    ).confidence_interval
    assert ours.value == np.median(values)
    # Medians of resamples are a few of the 25 values: both limits are steps, at most one apart.
    ranks = np.searchsorted(np.sort(values), [ours.low, theirs.low, ours.high, theirs.high])
    assert abs(ranks[0] - ranks[1]) <= 1
    assert abs(ranks[2] - ranks[3]) <= 1


def test_a_single_repetition_has_no_interval() -> None:
    found = median_interval(np.array([2.0]), n_replicates=100, generator=np.random.default_rng(0))
    assert found.value == 2.0
    assert np.isnan([found.low, found.high]).all()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_is_named_and_timed() -> None:
    pair = [stirred_network(ModelConfig(channels=c), size=16) for c in (8, 4)]
    found = compare_costs(*pair, size=16, error=0.0, device="cuda", timing=QUICK, generator=np.random.default_rng(0))
    assert found.device == torch.cuda.get_device_name()
    assert all(latency.peak_bytes > 0 for latency in found.before.latency)
