from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from mamviz.config import ModelConfig
from mamviz.models import transforming
from mamviz.models.network import MaskNetwork
from mamviz.models.transforming import WIDTH, classify_features, classify_transformed, transform_masks
from mamviz.schema import NONE, Transformation
from tests.core.models.stirred import draw_images, settled_network

ALL = (
    NONE,
    Transformation("sharpen", 3.0),
    Transformation("sharpen", 0.4),
    Transformation("power", 2.0),
    Transformation("power", 0.5),
    Transformation("threshold", 0.5),
    Transformation("binary", 0.5),
)
CONFIGS = (ModelConfig(channels=6), ModelConfig(channels=6, readout="per-attribute", trunk_kernel=3, position=False))


def exact_network(config: ModelConfig = CONFIGS[0]) -> MaskNetwork:
    return settled_network(config, size=16).double()


def exact_images(n_images: int, *, seed: int = 0) -> Tensor:
    return draw_images(n_images, size=16, seed=seed, dtype=torch.float64)


def by_hand(m: float, transformation: Transformation) -> float:
    dial = transformation.dial
    return {
        "none": lambda: m,
        "sharpen": lambda: m**dial / (m**dial + (1 - m) ** dial),
        "power": lambda: math.exp(dial * math.log(m)),
        "threshold": lambda: m if m >= dial else 0.0,
        "binary": lambda: float(m >= dial),
    }[transformation.kind]()


@pytest.mark.parametrize("transformation", ALL, ids=lambda each: each.name)
def test_every_mask_is_transformed_by_the_formula(transformation: Transformation) -> None:
    masks = torch.rand(2, 3, 4, 5, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 0.98 + 0.01
    found = transform_masks(masks, transformation)
    expected = torch.tensor([by_hand(m, transformation) for m in masks.flatten().tolist()], dtype=torch.float64)
    torch.testing.assert_close(found.flatten(), expected, atol=1e-12, rtol=0)


@pytest.mark.parametrize("surrogate", [False, True])
@pytest.mark.parametrize("transformation", ALL, ids=lambda each: each.name)
def test_masks_stay_masks_and_keep_their_order(transformation: Transformation, surrogate: bool) -> None:
    masks = torch.cat(
        [torch.zeros(1), torch.linspace(1e-30, 1, 200), torch.full((1,), transformation.dial).clamp(0, 1)]
    )
    masks = masks.sort().values.requires_grad_()
    found = transform_masks(masks, transformation, surrogate=surrogate)
    assert found.shape == masks.shape
    assert 0 <= found.min() <= found.max() <= 1
    assert bool((found.diff() >= 0).all())
    if found.requires_grad:
        (gradient,) = torch.autograd.grad(found.sum(), masks)
        assert bool(torch.isfinite(gradient).all())


@pytest.mark.parametrize("kind", ["sharpen", "power"])
def test_a_dial_of_one_changes_nothing(kind) -> None:
    masks = torch.rand(1000, generator=torch.Generator().manual_seed(0))
    assert float((transform_masks(masks, Transformation(kind, 1.0)) - masks).abs().max()) <= 2e-6
    network, x = settled_network(), draw_images(5)
    with torch.no_grad():
        found = classify_transformed(network, x, Transformation(kind, 1.0))
        torch.testing.assert_close(found, network.classify(x), atol=1e-4, rtol=0)  # logits of a few units, float32


@pytest.mark.parametrize("config", CONFIGS)
def test_no_transformation_gives_the_networks_own_logits(config: ModelConfig) -> None:
    network, x = exact_network(config), exact_images(5)
    with torch.no_grad():
        torch.testing.assert_close(classify_transformed(network, x, NONE), network.classify(x), atol=1e-10, rtol=0)
    network, x = settled_network(config), draw_images(5)
    with torch.no_grad():
        torch.testing.assert_close(classify_transformed(network, x, NONE), network.classify(x), atol=1e-5, rtol=1e-6)


@pytest.mark.parametrize("chunk", [1, 1 << 21])
@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("transformation", ALL, ids=lambda each: each.name)
def test_logits_are_those_of_transformed_masks_and_features(
    transformation: Transformation, config: ModelConfig, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transforming, "CELLS_AT_A_TIME", chunk)
    network, x = exact_network(config), exact_images(3)
    with torch.no_grad():
        explained = network.explain(x)
        found = classify_transformed(network, x, transformation)
        scale = network.readout.scale.expand(4, -1)
        for image in range(3):
            for k in range(4):
                logit = network.readout.bias[k].item()
                for channel in range(6):
                    mask = transform_masks(explained.masks[image, k, channel], transformation)
                    logit += (scale[k, channel] * (mask * explained.features[image, channel]).mean()).item()
                assert found[image, k].item() == pytest.approx(logit, abs=1e-9)


@pytest.mark.parametrize("transformation", ALL[:5], ids=lambda each: each.name)
def test_gradients_by_the_image_are_those_of_finite_differences(transformation: Transformation) -> None:
    network, x = exact_network(), exact_images(2)
    weights = torch.randn(2, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

    def value(images: Tensor) -> Tensor:
        return (classify_transformed(network, images, transformation) * weights).sum()

    x.requires_grad_()
    (gradient,) = torch.autograd.grad(value(x), x)
    rng = torch.Generator().manual_seed(2)
    for _ in range(8):
        move = torch.randn(x.shape, generator=rng, dtype=torch.float64)
        with torch.no_grad():
            slope = (value(x + 1e-8 * move) - value(x - 1e-8 * move)) / 2e-8  # larger steps cross kinks of the relu
        assert (gradient * move).sum().item() == pytest.approx(slope.item(), rel=1e-4, abs=1e-6)


def test_chunks_change_no_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    network = exact_network()
    found = []
    for chunk in (1, 1 << 21):
        monkeypatch.setattr(transforming, "CELLS_AT_A_TIME", chunk)
        x = exact_images(3).requires_grad_()
        found.append(torch.autograd.grad(classify_transformed(network, x, ALL[1]).square().sum(), x)[0])
    torch.testing.assert_close(found[0], found[1], atol=1e-12, rtol=0)


@pytest.mark.parametrize("kind", ["threshold", "binary"])
def test_a_surrogate_has_the_values_of_the_step_and_the_gradient_of_the_smooth_one(kind) -> None:
    transformation = Transformation(kind, 0.4)
    masks = torch.tensor([0.1, 0.39, 0.41, 0.9], dtype=torch.float64, requires_grad=True)
    plain = transform_masks(masks, transformation)
    smooth = transform_masks(masks, transformation, surrogate=True)
    torch.testing.assert_close(smooth, plain, atol=1e-15, rtol=0)
    (gradient,) = torch.autograd.grad(smooth.sum(), masks)
    for m, slope in zip(masks.tolist(), gradient.tolist(), strict=True):
        gate = 1 / (1 + math.exp(-(m - 0.4) / WIDTH))
        rise = gate * (1 - gate) / WIDTH
        assert slope == pytest.approx(rise if kind == "binary" else gate + m * rise)


def test_a_binary_mask_has_no_gradient_but_through_the_surrogate() -> None:
    masks = torch.rand(10, requires_grad=True)
    assert not transform_masks(masks, Transformation("binary", 0.5)).requires_grad
    assert transform_masks(masks, Transformation("binary", 0.5), surrogate=True).requires_grad
    network = exact_network()
    gradients = []
    for surrogate in (False, True):
        x = exact_images(2).requires_grad_()
        logits = classify_transformed(network, x, Transformation("binary", 0.5), surrogate=surrogate)
        gradients.append(torch.autograd.grad(logits.sum(), x)[0])
    assert float(gradients[0].abs().max()) > 0  # features alone still carry one
    assert float((gradients[0] - gradients[1]).abs().max()) > 1e-3


def test_transformed_masks_give_other_logits() -> None:
    network, x = exact_network(), exact_images(4)
    with torch.no_grad():
        features = network.extractor(x)
        found = [classify_features(network, features, each) for each in ALL]
    for place, one in enumerate(found):
        for other in found[:place]:
            assert float((one - other).abs().max()) > 1e-3
