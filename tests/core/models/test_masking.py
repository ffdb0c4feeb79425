from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from mamviz.models import masking
from mamviz.models.masking import MaskedPool, MaskGenerator, ReadoutWeights, cells_last
from tests.core.models.stirred import stir

# images, cells, hidden, attributes, channels
SIZES = (5, 6, 3, 4, 2)


def draw(seed: int = 0, *, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    n_images, n_cells, hidden, n_attributes, channels = SIZES
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=dtype).requires_grad_()

    width = n_attributes * channels
    return normal(n_images, n_cells, hidden), normal(n_images, n_cells, channels), normal(width, hidden), normal(width)


def pool_plainly(hidden: Tensor, features: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """The formula: keeps every mask."""
    masks = torch.sigmoid(torch.einsum("npt,wt->npw", hidden, weight) + bias)
    masks = masks.view(*features.shape[:2], -1, features.shape[2])  # (image, cell, attribute, channel)
    return torch.einsum("npkc,npc->nkc", masks, features) / features.shape[1], masks.mean()


def pool(*tensors: Tensor) -> tuple[Tensor, Tensor]:
    pooled, level = MaskedPool.apply(*tensors)  # type: ignore[no-untyped-call]
    return pooled, level


# One image at a time, two and a rest, all: a mask of one image has 6 x 4 x 2 = 48 cells.
@pytest.fixture(params=[1, 96, 1 << 19])
def chunked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "CELLS_AT_A_TIME", request.param)


@pytest.mark.usefixtures("chunked")
def test_pooling_is_the_einsum_of_all_masks() -> None:
    tensors = draw()
    for got, expected in zip(pool(*tensors), pool_plainly(*tensors), strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-13, atol=1e-14)


@pytest.mark.usefixtures("chunked")
@pytest.mark.parametrize("level_weight", [0.0, 7.0])
def test_gradients_are_those_of_plain_autograd(level_weight: float) -> None:
    tensors = draw(1)
    factors = torch.randn(5, 4, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64)

    def gradients(pooled: Tensor, level: Tensor) -> tuple[Tensor, ...]:
        return torch.autograd.grad((pooled * factors).sum() + level_weight * level, tensors)

    got, expected = gradients(*pool(*tensors)), gradients(*pool_plainly(*tensors))
    for name, one, other in zip(("hidden", "features", "weight", "bias"), got, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-14, msg=name)


@pytest.mark.usefixtures("chunked")
def test_gradients_are_those_of_finite_differences() -> None:
    assert gradcheck(pool, draw(3))


def test_unused_outputs_leave_the_gradient_of_the_other() -> None:
    tensors = draw(4)
    got = torch.autograd.grad(pool(*tensors)[1], tensors)
    expected = torch.autograd.grad(pool_plainly(*tensors)[1], tensors, allow_unused=True, materialize_grads=True)
    for one, other in zip(got, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-15)


def test_pooling_gives_the_same_from_memory_in_another_order() -> None:
    hidden, features, weight, bias = draw(5)
    turned = features.detach().permute(2, 1, 0).contiguous().permute(2, 1, 0)
    assert not turned.is_contiguous()
    assert torch.equal(pool(hidden, turned, weight, bias)[0], pool(hidden, features, weight, bias)[0])


def test_bfloat16_sums_are_float32_and_lose_two_digits_at_most() -> None:
    tensors = draw(6, dtype=torch.float32)
    halves = [tensor.detach().bfloat16() for tensor in tensors]
    pooled, level = pool(*halves)
    assert pooled.dtype == level.dtype == torch.float32
    exact = pool_plainly(*(tensor.double() for tensor in halves))
    # bfloat16 keeps 8 bits: 2^-8 of each product, of features up to 3.
    torch.testing.assert_close(pooled.double(), exact[0], rtol=0, atol=0.012)
    torch.testing.assert_close(level.double(), exact[1], rtol=0.004, atol=0)


def make_generator(*, trunk_kernel: int = 1, position: bool = True) -> MaskGenerator:
    torch.manual_seed(0)
    return MaskGenerator(3, (4, 5, 6), trunk_kernel=trunk_kernel, position=position)


def draw_features(n_images: int = 2) -> Tensor:
    return torch.randn(n_images, 4, 5, 6, generator=torch.Generator().manual_seed(1)).relu()


@pytest.mark.parametrize("trunk_kernel", [1, 3])
@pytest.mark.parametrize("position", [True, False])
def test_every_mask_starts_at_exactly_a_half(trunk_kernel: int, position: bool) -> None:
    generator = make_generator(trunk_kernel=trunk_kernel, position=position)
    masks = generator(draw_features())
    assert masks.shape == (2, 3, 4, 5, 6)
    assert torch.equal(masks, torch.full_like(masks, 0.5))
    assert float(generator.pool(draw_features())[1].detach()) == 0.5


@pytest.mark.parametrize("trunk_kernel", [1, 3])
@pytest.mark.parametrize("position", [True, False])
def test_pooling_without_masks_is_pooling_with_them(trunk_kernel: int, position: bool) -> None:
    generator = make_generator(trunk_kernel=trunk_kernel, position=position).double().eval()
    stir(generator, 2)
    features = draw_features().double()
    masks = generator(features)
    pooled, level = generator.pool(features)
    torch.testing.assert_close(pooled, (masks * features.unsqueeze(1)).mean((3, 4)), rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(level, masks.mean(), rtol=1e-12, atol=0)
    assert float(masks.detach().std()) > 0.02


def test_masks_see_one_cell_with_a_trunk_of_one_and_neighbours_with_three() -> None:
    for kernel, reach in ((1, 0), (3, 1)):
        generator = make_generator(trunk_kernel=kernel).double().eval()
        stir(generator, 3)
        features = draw_features().double()
        changed = features.clone()
        changed[:, :, 2, 3] += 1
        differs = (generator(changed) != generator(features)).any(0).any(0).any(0)
        rows, columns = differs.nonzero().T.tolist()
        assert (min(rows), max(rows)) == (2 - reach, 2 + reach)
        assert (min(columns), max(columns)) == (3 - reach, 3 + reach)


def test_only_a_map_of_positions_tells_equal_features_apart() -> None:
    features = torch.ones(1, 4, 5, 6)
    for position in (True, False):
        generator = make_generator(position=position).eval()
        stir(generator, 4)
        masks = generator(features)[0, 0, 0].detach()
        assert (len(masks.unique()) > 1) is position


def test_autocast_pools_in_bfloat16() -> None:
    generator = make_generator().eval()
    stir(generator, 5)
    exact = generator.pool(draw_features())[0]
    with torch.autocast("cpu", torch.bfloat16):
        pooled = generator.pool(draw_features())[0]
    assert pooled.dtype == torch.float32
    assert not torch.equal(pooled, exact)
    torch.testing.assert_close(pooled, exact, rtol=0.02, atol=0.02)


def test_readout_starts_at_plus_and_minus_one_in_turn() -> None:
    shared, own = ReadoutWeights(3, 5, readout="shared"), ReadoutWeights(3, 5, readout="per-attribute")
    assert shared.scale.tolist() == [1, -1, 1, -1, 1]
    assert own.scale.tolist() == [[1, -1, 1, -1, 1]] * 3


@pytest.mark.parametrize("readout", ["shared", "per-attribute"])
def test_logits_are_weighted_sums_and_the_bias(readout: str) -> None:
    weights = ReadoutWeights(3, 4, readout="shared" if readout == "shared" else "per-attribute")
    stir(weights, 6)
    pooled = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(7))
    logits, bias = weights(pooled).detach(), weights.bias.detach()
    for image in range(2):
        for attribute in range(3):
            scale = (weights.scale if readout == "shared" else weights.scale[attribute]).detach()
            expected = sum(float(scale[c]) * float(pooled[image, attribute, c]) for c in range(4))
            assert float(logits[image, attribute]) == pytest.approx(expected + float(bias[attribute]), abs=1e-6)


def test_cells_run_along_rows_and_are_a_view_of_channels_last_memory() -> None:
    features = draw_features().to(memory_format=torch.channels_last)
    cells = cells_last(features)
    assert torch.equal(cells[1, 2 * 6 + 3], features[1, :, 2, 3])
    assert cells.data_ptr() == features.data_ptr()
