from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from torch import Tensor

from mamviz.config import ModelConfig
from mamviz.errors import ConfigError
from mamviz.models.network import MaskNetwork
from mamviz.models.surgery import ChannelMeans, masked_logits, prune_head, prune_network
from tests.core.models import stirred
from tests.core.models.stirred import settled_network

KEPT = [1, 2, 5]
CONFIGS = {
    "default": ModelConfig(channels=6),
    "per attribute, 3x3": ModelConfig(channels=6, readout="per-attribute", trunk_kernel=3),
    "no position": ModelConfig(channels=6, position=False, trunk_kernel=3),
    "resnet18": ModelConfig(preset="resnet18", channels=6),
    "resnet18, coupled": ModelConfig(preset="resnet18", last_stage=3, channels=0),
}


# In float64, so that what is left of a difference is not rounding; float32 has a test of its own.
EXACT = 1e-9


def make_network(config: ModelConfig = CONFIGS["default"]) -> MaskNetwork:
    return settled_network(config).double()


def draw_images(n_images: int, *, seed: int = 0) -> Tensor:
    return stirred.draw_images(n_images, seed=seed, dtype=torch.float64)


def means_of(network: MaskNetwork, x: Tensor) -> ChannelMeans:
    with torch.no_grad():
        found = network.explain(x)
    return ChannelMeans(found.features.mean(0), found.evidence.sum((3, 4)).mean(0))


def plain_logits(network: MaskNetwork, x: Tensor, kept: list[int], means: ChannelMeans | None) -> Tensor:
    """The definition, channel by channel: no witness of ours is used."""
    features = network.extractor(x)
    removed = [c for c in range(features.shape[1]) if c not in kept]
    for c in removed:
        features[:, c] = 0 if means is None else means.features[c]
    masks = network.masking(features)
    logits = network.readout.bias.repeat(len(x), 1)
    scale = network.readout.scale.expand(network.n_attributes, -1)
    for c in kept:
        logits = logits + scale[:, c] * (masks[:, :, c] * features[:, None, c]).mean((2, 3))
    for c in removed:
        logits = logits + (0 if means is None else means.evidence[:, c])
    return logits


@pytest.mark.parametrize("filled", [False, True], ids=["zero", "mean"])
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@torch.no_grad()
def test_the_pruned_network_answers_as_the_masked_one(config: ModelConfig, filled: bool) -> None:
    network = make_network(config)
    x = draw_images(5)
    means = means_of(network, draw_images(7, seed=1)) if filled else None
    expected = masked_logits(network, network.extractor(x), KEPT, means=means)
    pruned = prune_network(network, KEPT, means=means)
    assert (pruned.classify(x) - expected).abs().max() <= EXACT
    head = prune_head(network, KEPT, means=means)
    assert (head.classify(network.extractor(x)[:, KEPT]) - expected).abs().max() <= EXACT
    assert (network.classify(x) - expected).abs().max() > 0.1  # what was removed mattered
    assert (plain_logits(network, x, KEPT, means) - expected).abs().max() <= EXACT


@torch.no_grad()
def test_in_float32_logits_are_equal_to_1e_5() -> None:
    network = settled_network(ModelConfig(channels=24))
    x, kept = stirred.draw_images(20), list(range(0, 24, 2))
    expected = masked_logits(network, network.extractor(x), kept)
    assert 3 < expected.abs().max() < 50
    difference = (prune_network(network, kept).classify(x) - expected).abs()
    assert (difference / expected.abs().clamp(min=1)).max() <= 1e-5  # logits of up to 30: six digits


@torch.no_grad()
def test_masks_and_evidence_of_the_pruned_network_are_those_of_the_masked_one() -> None:
    network = make_network()
    x = draw_images(3)
    pruned = prune_network(network, KEPT).explain(x)
    features = network.extractor(x)
    features[:, [0, 3, 4]] = 0
    masks = network.masking(features)
    assert torch.allclose(pruned.masks, masks[:, :, KEPT])
    assert torch.allclose(pruned.features, features[:, KEPT])
    assert torch.allclose(pruned.logits, pruned.evidence.sum((2, 3, 4)) + network.readout.bias)


@torch.no_grad()
def test_multi_label_classifier_and_reconstructor_see_what_is_left() -> None:
    network = make_network()
    x = draw_images(3)
    means = means_of(network, x)
    features = network.extractor(x)
    features[:, [0, 3, 4]] = 0
    assert torch.allclose(prune_network(network, KEPT)(x).images, network.reconstructor(features))
    expected = network.multi(features.mean((2, 3)))
    assert torch.allclose(prune_network(network, KEPT)(x).multi, expected)
    features[:, [0, 3, 4]] = means.features[[0, 3, 4]]
    expected = network.multi(features.mean((2, 3)))
    assert torch.allclose(prune_network(network, KEPT, means=means)(x).multi, expected)


@torch.no_grad()
def test_keeping_all_channels_changes_nothing() -> None:
    network = make_network()
    x = draw_images(2)
    for means in (None, means_of(network, x)):
        assert torch.allclose(prune_network(network, range(6), means=means).classify(x), network.classify(x))


@torch.no_grad()
def test_the_whole_network_stays_as_it_was() -> None:
    network = make_network()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    prune_network(network, KEPT, means=means_of(network, draw_images(2)))
    assert network.shape == (6, 4, 4)
    after = network.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


@pytest.mark.parametrize("filled", [False, True], ids=["zero", "mean"])
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@torch.no_grad()
def test_its_settings_build_a_network_that_its_weights_fit(config: ModelConfig, filled: bool) -> None:
    network = make_network(config)
    x = draw_images(2)
    pruned = prune_network(network, KEPT, means=means_of(network, x) if filled else None)
    settings: dict[str, Any] = {"kept": tuple(KEPT), "position": config.position or filled}
    built = MaskNetwork(dataclasses.replace(config, **settings), n_attributes=4, size=32).double().eval()
    built.load_state_dict(pruned.state_dict())
    expected = pruned.classify(x)
    assert (built.classify(x) - expected).abs().max() <= EXACT
    assert built.shape == pruned.shape == (3, *network.shape[1:])


@torch.no_grad()
def test_pruning_twice_is_pruning_once() -> None:
    network = make_network()
    x = draw_images(3)
    twice = prune_network(prune_network(network, [0, 1, 2, 5]), [1, 3]).classify(x)
    once = prune_network(network, [1, 5]).classify(x)
    assert (once - twice).abs().max() <= EXACT


@pytest.mark.parametrize("kept", [(), (1, 1), (2, 1), (0, 6), (-1, 2)])
def test_settings_that_keep_no_such_channels_are_refused(kept: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match=r"^kept: expected ascending channels from 0 to 5"):
        MaskNetwork(ModelConfig(channels=6, kept=kept), n_attributes=4, size=32)
