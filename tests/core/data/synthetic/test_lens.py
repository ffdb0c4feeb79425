import pytest
import torch

from mamviz.data.synthetic.lens import add_noise, blur


def test_blur_keeps_a_flat_picture_and_spreads_a_point():
    flat = torch.full((1, 3, 64, 64), 0.3)
    torch.testing.assert_close(blur(flat, 64), flat)
    point = torch.zeros(1, 3, 64, 64)
    point[..., 32, 32] = 1.0
    spread = blur(point, 64)
    assert spread.sum() == pytest.approx(3.0, abs=1e-4)
    assert spread[0, 0, 32, 32] < 0.2
    assert torch.equal(spread[..., 32, 30], spread[..., 32, 34])


def test_blur_widens_with_the_size():
    sigma = {}
    for size in (64, 128, 256):
        point = torch.zeros(1, 1, size, size)
        point[..., size // 2, size // 2] = 1.0
        line = blur(point, size)[0, 0].sum(dim=0)
        away = torch.arange(size) - size // 2
        sigma[size] = float((line * away**2).sum().sqrt()) / size
    assert max(sigma.values()) < 1.3 * min(sigma.values())


def test_noise_has_the_asked_width_and_belongs_to_the_key():
    rgb = torch.zeros(2, 3, 64, 64)
    add_noise(rgb, torch.tensor([5, 9], dtype=torch.int32), torch.full((2, 1, 1), 0.1))
    assert rgb.std() == pytest.approx(0.1 * 1.7 / 3**0.5, rel=0.03)
    assert rgb.mean().abs() < 0.003
    flat = rgb.reshape(6, -1)
    assert (torch.corrcoef(flat) - torch.eye(6)).abs().max() < 0.07
    neighbours = torch.corrcoef(torch.stack([flat[0, :-1], flat[0, 1:]]))[0, 1]
    assert abs(neighbours) < 0.07
    alone = torch.zeros(1, 3, 64, 64)
    add_noise(alone, torch.tensor([9], dtype=torch.int32), torch.full((1, 1, 1), 0.1))
    assert torch.equal(alone[0], rgb[1])
