from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from mamviz.config import ModelConfig
from mamviz.models.network import MaskNetwork
from mamviz.sanity.permuting import list_parts, permute_parts
from mamviz.sanity.readings import read_network
from tests.core.sanity.sampled import NAMES, make_network, make_sample, pixels_of


@pytest.fixture
def network() -> MaskNetwork:
    return make_network()


def permute(network: MaskNetwork, names: tuple[str, ...], seed: int = 0) -> MaskNetwork:
    parts = [part for part in list_parts(network) if part.name in names]
    assert len(parts) == len(names)
    return permute_parts(network, parts, make_sample(), generator=np.random.default_rng(seed))


def test_parts_stand_from_the_top_down_and_hold_every_weight_once(network: MaskNetwork) -> None:
    parts = list_parts(network)
    assert [part.name for part in parts[:3]] == ["readout", "mask generator", "extractor 7 of 7"]
    assert parts[-1].name == "extractor 1 of 7"
    assert parts[-1].modules == ("extractor.layers.0.0", "extractor.layers.0.1")
    held = [id(p) for part in parts for name in part.modules for p in network.get_submodule(name).parameters()]
    whole = [network.extractor, network.masking, network.readout]
    assert sorted(held) == sorted(id(p) for module in whole for p in module.parameters())


def test_layers_of_a_deep_extractor_are_taken_together() -> None:
    deep = MaskNetwork(ModelConfig(preset="resnet18", channels=0), n_attributes=2, size=32)
    parts = list_parts(deep)
    assert len(parts) == 9
    held = [id(p) for part in parts[2:] for name in part.modules for p in deep.get_submodule(name).parameters()]
    assert sorted(held) == sorted(id(p) for p in deep.extractor.parameters())


def test_every_tensor_keeps_its_values_in_another_order(network: MaskNetwork) -> None:
    names = tuple(part.name for part in list_parts(network))
    changed = permute(network, names)
    for name, before in network.named_parameters():
        after = changed.get_parameter(name)
        assert torch.equal(before.flatten().sort().values, after.flatten().sort().values), name
        touched = name.startswith(("extractor", "masking", "readout"))
        assert torch.equal(before, after) != touched, name


def test_the_trained_network_is_left_alone(network: MaskNetwork) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    permute(network, ("mask generator", "extractor 1 of 7"))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_permuted_readout_leaves_masks_and_norms_as_they_were(network: MaskNetwork) -> None:
    changed = permute(network, ("readout",))
    with torch.no_grad():
        before, after = (each.explain(pixels_of(make_sample())) for each in (network, changed))
    assert torch.equal(before.masks, after.masks)
    assert not torch.allclose(before.logits, after.logits)
    assert all(torch.equal(value, changed.state_dict()[name]) for name, value in network.named_buffers())


def test_batch_norm_is_measured_anew_from_the_first_permuted_layer_on(network: MaskNetwork) -> None:
    changed = permute(network, ("extractor 3 of 7",))
    layers, sample = changed.extractor.layers, make_sample()
    with torch.no_grad():
        parts = pixels_of(sample).split(16)
        inputs = [layers[2][0](layers[1](layers[0](part))) for part in parts]
    mean = torch.stack([each.mean((0, 2, 3)) for each in inputs]).mean(0)
    assert torch.allclose(layers[2][1].running_mean, mean, atol=1e-5)
    for place in (0, 1):
        assert torch.equal(layers[place][1].running_mean, network.extractor.layers[place][1].running_mean)
    for norm, old in ((layers[6][1], network.extractor.layers[6][1]), (changed.masking.norm, network.masking.norm)):
        assert not torch.allclose(norm.running_mean, old.running_mean)
    assert not any(module.training for module in changed.modules())


def test_the_generator_decides(network: MaskNetwork) -> None:
    sample = make_sample()
    logits = [read_network(permute(network, ("mask generator",), seed), sample).logits for seed in (0, 0, 1)]
    np.testing.assert_array_equal(logits[0], logits[1])
    assert not np.allclose(logits[0], logits[2])
    assert logits[0].shape[1] == len(NAMES)


def test_an_extractor_without_batch_norm_is_permuted_too() -> None:
    network = make_network()
    network.extractor = nn.Sequential(nn.Conv2d(3, 6, 8, stride=8), nn.ReLU())
    changed = permute(network, ("extractor 1 of 1",))
    assert not torch.equal(changed.extractor[0].weight, network.extractor[0].weight)
