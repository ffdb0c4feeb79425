from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from mamviz.config import ModelConfig
from mamviz.models.transforming import transform_masks
from mamviz.robustness.attack import Defence, attack_direction, draw_noise, perturb
from mamviz.schema import NONE, Transformation
from tests.core.models.stirred import draw_images, settled_network

SHARPEN = Transformation("sharpen", 2.0)
BINARY = Transformation("binary", 0.5)
SCALE, BIAS = (0.5, 1.0, 2.0, 0.1), (0.3, -1.0, 0.0, 2.0)


def make_defence(transformation: Transformation, *, dtype: torch.dtype = torch.float64) -> Defence:
    network = settled_network(ModelConfig(channels=6), size=16).to(dtype)
    return Defence(network, transformation, torch.tensor(SCALE, dtype=dtype), torch.tensor(BIAS, dtype=dtype))


def make_labels(n_images: int) -> Tensor:
    return torch.randint(0, 2, (n_images, 4), generator=torch.Generator().manual_seed(5))


def loss(defence: Defence, x: Tensor, labels: Tensor) -> float:
    """The attacked loss, from the definition: explained masks, transformed, one attribute after the other."""
    with torch.no_grad():
        explained = defence.network.explain(x)
        masks = transform_masks(explained.masks, defence.transformation)
        total = 0.0
        for k in range(4):
            pooled = (masks[:, k] * explained.features).mean((2, 3)) @ defence.network.readout.scale
            z = SCALE[k] * (pooled + defence.network.readout.bias[k]) + BIAS[k]
            chance = torch.sigmoid(z)
            total -= float(torch.where(labels[:, k] == 1, chance.log(), (1 - chance).log()).sum())
        return total


@pytest.mark.parametrize("transformation", [NONE, SHARPEN, Transformation("power", 0.5)], ids=lambda each: each.name)
def test_the_direction_is_the_sign_of_finite_differences(transformation: Transformation) -> None:
    defence = make_defence(transformation)
    x, labels = draw_images(2, size=16, dtype=torch.float64), make_labels(2)
    direction = attack_direction(defence, x, labels)
    rng = np.random.default_rng(0)
    for place in rng.choice(x.numel(), 40, replace=False):
        step = torch.zeros(x.numel(), dtype=torch.float64)
        step[place] = 1e-7
        step = step.view_as(x)
        slope = (loss(defence, x + step, labels) - loss(defence, x - step, labels)) / 2e-7
        if abs(slope) > 1e-5:
            assert direction.flatten()[place] == np.sign(slope)


def test_a_small_step_raises_the_loss_of_every_image_and_more_than_noise_does() -> None:
    defence = make_defence(SHARPEN)
    x, labels = draw_images(6, size=16, dtype=torch.float64), make_labels(6)
    direction = attack_direction(defence, x, labels)
    random = torch.from_numpy(np.sign(np.random.default_rng(1).normal(size=tuple(x.shape))))
    for image in range(6):
        part = slice(image, image + 1)
        before = loss(defence, x[part], labels[part])
        attacked = loss(defence, perturb(x[part], direction[part], 0.5), labels[part])
        assert attacked > before
        assert attacked > loss(defence, perturb(x[part], random[part], 0.5), labels[part])


def test_images_do_not_touch_each_other() -> None:
    defence = make_defence(SHARPEN)
    x, labels = draw_images(5, size=16, dtype=torch.float64), make_labels(5)
    together = attack_direction(defence, x, labels)
    for image in range(5):
        part = slice(image, image + 1)
        assert torch.equal(attack_direction(defence, x[part], labels[part]), together[part])


def test_opposite_labels_are_attacked_in_the_opposite_direction_where_there_is_one_attribute_of_weight() -> None:
    defence = make_defence(NONE)
    alone = Defence(defence.network, NONE, torch.tensor([1.0, 0, 0, 0], dtype=torch.float64), defence.bias)
    x, labels = draw_images(2, size=16, dtype=torch.float64), make_labels(2)
    assert torch.equal(attack_direction(alone, x, labels), -attack_direction(alone, x, 1 - labels))


def test_the_attack_goes_through_the_transformation_and_through_its_surrogate() -> None:
    x, labels = draw_images(4, size=16, dtype=torch.float64), make_labels(4)
    plain, sharp, binary = (attack_direction(make_defence(each), x, labels) for each in (NONE, SHARPEN, BINARY))
    smooth = attack_direction(make_defence(BINARY), x, labels, surrogate=True)
    for one, other in ((plain, sharp), (plain, binary), (binary, smooth)):
        assert 0.001 < float((one != other).double().mean()) < 0.9


def test_the_attack_leaves_the_images_and_the_network_as_they_were() -> None:
    defence = make_defence(SHARPEN)
    x = draw_images(2, size=16, dtype=torch.float64)
    before = x.clone()
    with torch.no_grad():
        attack_direction(defence, before, make_labels(2))
    assert torch.equal(x, before)
    assert all(parameter.grad is None for parameter in defence.network.parameters())


def test_a_grey_level_is_one_of_255_and_images_stay_images() -> None:
    x = torch.tensor([-1.0, -0.5, 0.0, 1.0])
    torch.testing.assert_close(perturb(x, torch.ones(4), 2), torch.tensor([-1, -0.5, 0, 1 - 4 / 255]) + 4 / 255)
    assert torch.equal(perturb(x, torch.ones(4), 0), x)
    assert perturb(x, torch.tensor([-1.0, 1, 1, 1]), 400).tolist() == [-1, 1, 1, 1]


def test_an_images_noise_is_its_own_and_standard() -> None:
    noise = draw_noise(np.arange(20), size=16, seed=3)
    assert noise.shape == (20, 3, 16, 16)
    assert torch.equal(draw_noise(np.array([7, 2]), size=16, seed=3), noise[[7, 2]])
    assert not torch.equal(draw_noise(np.arange(20), size=16, seed=4), noise)
    assert float(noise.mean()) == pytest.approx(0, abs=0.04)  # 15,360 draws: a standard error of 0.008
    assert float(noise.std()) == pytest.approx(1, abs=0.03)
    assert abs(np.corrcoef(noise[0].flatten(), noise[1].flatten())[0, 1]) < 0.2
