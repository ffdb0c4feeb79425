from __future__ import annotations

import pytest
import torch

from mamviz.config import ModelConfig, Readout
from mamviz.models.network import compile_network, count_parameters
from tests.core.models.stirred import draw_images, stirred_network

READOUTS: tuple[Readout, ...] = ("shared", "per-attribute")
CONFIGS = [
    ModelConfig(channels=6),
    ModelConfig(channels=6, readout="per-attribute", trunk_kernel=3, position=False, receptive_field=43),
    ModelConfig(preset="resnet18", channels=5, last_stage=3),
]


@pytest.mark.parametrize("config", CONFIGS, ids=["shared", "per-attribute", "resnet"])
def test_evidence_adds_up_to_the_logit_in_float64(config: ModelConfig) -> None:
    network = stirred_network(config).double()
    x = draw_images(3, dtype=torch.float64)
    with torch.no_grad():
        masks, logits = network.explain(x), network.classify(x)
        total = masks.evidence.sum((2, 3, 4)) + network.readout.bias
    scale = float(logits.abs().max())
    assert float((total - logits).abs().max()) <= 1e-12 * scale
    assert float(logits.std()) > 0


@pytest.mark.parametrize("config", CONFIGS[:2], ids=["shared", "per-attribute"])
def test_evidence_adds_up_to_the_logit_in_float32(config: ModelConfig) -> None:
    network = stirred_network(config)
    with torch.no_grad():
        masks, logits = network.explain(draw_images(3)), network.classify(draw_images(3))
        # The bound of a sum in float32: 2^-23 of the sum of absolute terms, times a small number of roundings.
        bound = 8 * 2**-23 * (masks.evidence.abs().sum((2, 3, 4)) + network.readout.bias.abs())
    assert bool(((masks.logits - logits).abs() <= bound).all())


@pytest.mark.parametrize("readout", READOUTS)
def test_evidence_is_the_product_of_weight_mask_and_feature_over_cells(readout: Readout) -> None:
    network = stirred_network(ModelConfig(channels=6, readout=readout)).double()
    with torch.no_grad():
        masks = network.explain(draw_images(2, dtype=torch.float64))
    for image, attribute, channel, row, column in [(0, 0, 0, 0, 0), (1, 3, 5, 2, 1), (0, 2, 3, 3, 3)]:
        scale = network.readout.scale if readout == "shared" else network.readout.scale[attribute]
        expected = scale[channel] * masks.masks[image, attribute, channel, row, column]
        expected = expected * masks.features[image, channel, row, column] / 16
        torch.testing.assert_close(masks.evidence[image, attribute, channel, row, column], expected.detach())


def test_evidence_of_one_attribute_and_channel_never_changes_sign() -> None:
    # What "usage" rests on: |sum of e| is the sum of |e|.
    network = stirred_network()
    with torch.no_grad():
        evidence = network.explain(draw_images(6)).evidence
    positive, negative = (evidence > 0).any(0).any(-1).any(-1), (evidence < 0).any(0).any(-1).any(-1)
    assert not bool((positive & negative).any())
    assert bool(positive.any())
    assert bool(negative.any())


def test_forward_gives_the_logits_of_classify_and_the_level_of_the_masks() -> None:
    network = stirred_network()
    x = draw_images(5)
    with torch.no_grad():
        outputs, masks = network(x), network.explain(x)
        torch.testing.assert_close(outputs.logits, network.classify(x), rtol=0, atol=0)
        torch.testing.assert_close(outputs.mask_level, masks.masks.mean(), rtol=1e-5, atol=0)
        multi = masks.features.mean((2, 3)) @ network.multi.weight.T + network.multi.bias
        torch.testing.assert_close(outputs.multi, multi, rtol=1e-4, atol=1e-3)
        torch.testing.assert_close(outputs.images, network.reconstructor(masks.features), rtol=0, atol=0)


def test_an_image_gets_the_same_masks_alone_and_in_a_batch() -> None:
    network = stirred_network().double()
    x = draw_images(4, dtype=torch.float64)
    with torch.no_grad():
        together, alone = network.explain(x), network.explain(x[2:3])
    torch.testing.assert_close(together.masks[2:3], alone.masks, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(together.logits[2:3], alone.logits, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size", [16, 33, 64])
def test_every_size_gives_masks_of_the_features_grid_and_images_of_its_own(size: int) -> None:
    network = stirred_network(size=size)
    x = draw_images(2, size=size)
    side = -(-size // 8)
    assert network.shape == (6, side, side)
    with torch.no_grad():
        assert network.explain(x).masks.shape == (2, 4, 6, side, side)
        assert network(x).images.shape == (2, 3, size, size)


def test_images_of_another_size_than_the_networks_are_no_broadcast() -> None:
    with pytest.raises(RuntimeError, match="size"), torch.no_grad():
        stirred_network(size=32).explain(draw_images(1, size=48))


def test_parameters_are_counted_component_by_component() -> None:
    configs = [ModelConfig(channels=6, readout=readout, trunk_kernel=3) for readout in READOUTS]
    shared, own = (count_parameters(stirred_network(config)) for config in configs)
    assert list(shared) == ["extractor", "masking", "readout", "multi", "reconstructor"]
    # Trunk 6 x 6 x 3 x 3, norm 2 x 6, position 6 x 4 x 4, masks (6 + 1) x 4 x 6.
    assert shared["masking"] == own["masking"] == 324 + 12 + 96 + 168
    assert (shared["readout"], own["readout"]) == (6 + 4, 4 * 6 + 4)
    assert shared["multi"] == (6 + 1) * 4


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # torch's tracer looks at it, not we
def test_a_compiled_network_gives_the_same_outputs_and_gradients() -> None:
    network, x = stirred_network(), draw_images(3)
    outputs = network(x)
    outputs.logits.square().sum().backward()
    expected = network.masking.mask.weight.grad
    network.zero_grad()
    compiled = compile_network(network, backend="eager")(x)  # the tracing alone: no compiler is run
    compiled.logits.square().sum().backward()
    torch.testing.assert_close(compiled.logits, outputs.logits)
    torch.testing.assert_close(network.masking.mask.weight.grad, expected)
