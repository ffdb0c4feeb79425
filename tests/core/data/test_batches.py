from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mamviz.data.batches import augment, epoch_order, iterate, shard, to_tensor
from mamviz.data.dataset import ImageData


@pytest.fixture
def data(tmp_path: Path) -> ImageData:
    """Return 50 images of random pixels, mapped from a file."""
    np.save(tmp_path / "a.npy", np.random.default_rng(0).integers(0, 256, (50, 8, 8, 3), np.uint8))
    return ImageData(
        images=np.load(tmp_path / "a.npy", mmap_mode="r"),
        names=tuple(map(str, range(50))),
        attributes=("Hat",),
        labels=np.zeros((50, 1), np.uint8),
        split=np.zeros(50, np.int8),
        identity=None,
        fingerprint="",
        skipped=(),
        description="",
    )


def pictures(n: int = 64, size: int = 32) -> torch.Tensor:
    """Return images whose channels are their pixels' x, y (-1 to 1 at the edges) and number."""
    middle = (2 * torch.arange(size) + 1) / size - 1
    x = middle[None, :].expand(size, size)
    stacked = torch.stack([x, x.T, torch.zeros(size, size)]).repeat(n, 1, 1, 1)
    stacked[:, 2] = torch.arange(n)[:, None, None]
    return stacked.contiguous(memory_format=torch.channels_last)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@given(st.integers(0, 300), st.integers(-5, 2**63), st.integers(0, 10**6))
def test_an_order_is_a_permutation(n: int, seed: int, epoch: int) -> None:
    np.testing.assert_array_equal(np.sort(epoch_order(n, seed=seed, epoch=epoch)), np.arange(n))


def test_an_order_is_the_same_on_every_machine() -> None:
    # From Philox4x64-10 written out in plain Python: key (3, 1), counters 1 and 2.
    assert epoch_order(8, seed=3, epoch=1).tolist() == [7, 3, 5, 6, 4, 0, 2, 1]


def test_seeds_and_epochs_differ() -> None:
    orders = [epoch_order(100, seed=seed, epoch=epoch).tolist() for seed in range(3) for epoch in range(3)]
    assert len({tuple(order) for order in orders}) == 9


def test_each_image_comes_first_equally_often() -> None:
    first = np.bincount([epoch_order(5, seed=0, epoch=epoch)[0] for epoch in range(2000)], minlength=5)
    assert ((first - 400.0) ** 2 / 400).sum() < 18.5  # chi squared, 4 degrees of freedom, p = 0.001


@given(st.integers(0, 60), st.integers(1, 9))
def test_shards_hold_each_image_once_and_differ_by_one_at_most(n: int, world: int) -> None:
    parts = [shard(np.arange(n) * 3, rank, world) for rank in range(world)]
    assert sorted(np.concatenate(parts).tolist()) == list(range(0, 3 * n, 3))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_a_rank_beyond_the_world_is_our_mistake() -> None:
    with pytest.raises(AssertionError):
        shard(np.arange(5), 2, 2)


@pytest.mark.parametrize("order", ["ascending", "shuffled", "repeated", "empty"])
@pytest.mark.parametrize("batch_size", [1, 7, 100])
def test_batches_hold_the_images_asked_for_in_their_order(data: ImageData, order: str, batch_size: int) -> None:
    indices = {
        "ascending": np.arange(3, 48),
        "shuffled": np.random.default_rng(1).permutation(50),
        "repeated": np.array([4, 4, 2, 49, 4, 0]),
        "empty": np.array([], np.int64),
    }[order]
    batches = list(iterate(data, indices, batch_size=batch_size))
    assert [len(images) for _, images in batches] == [len(positions) for positions, _ in batches]
    assert all(len(positions) == batch_size for positions, _ in batches[:-1])
    assert [position for positions, _ in batches for position in positions] == list(range(len(indices)))
    for positions, images in batches:
        np.testing.assert_array_equal(images, np.load(str(data.images.filename))[indices[positions]])
        assert images.flags.writeable


def test_bytes_become_floats_from_minus_one_to_one(data: ImageData) -> None:
    batch = np.array(data.images[:5])
    batch[0, 0, 0], batch[0, 1, 0] = 0, 255
    x = to_tensor(batch)
    assert x.dtype == torch.float32
    assert x.shape == (5, 3, 8, 8)
    assert x.is_contiguous(memory_format=torch.channels_last)
    assert x[0, :, 0, 0].tolist() == [-1.0] * 3
    assert x[0, :, 1, 0].tolist() == [1.0] * 3
    back = ((x + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1)
    np.testing.assert_array_equal(back.numpy(), batch)


def test_mapped_images_become_floats_without_a_warning(data: ImageData) -> None:
    x = to_tensor(data.images[:2])
    assert x[1, 2, 3, 4] == pytest.approx(float(data.images[1, 3, 4, 2]) / 127.5 - 1)


def test_without_flips_and_crops_nothing_changes() -> None:
    images = pictures()
    assert torch.equal(augment(images, generator=seeded(), flip=False, crop_scale=1.0), images)


def test_flips_mirror_about_half_of_the_images_exactly() -> None:
    images = pictures(400)
    flipped = augment(images, generator=seeded(), flip=True, crop_scale=1.0)
    mirrored = flipped[:, 0, 0, 0] > 0
    assert 150 < int(mirrored.sum()) < 250
    assert torch.equal(flipped[mirrored], images[mirrored].flip(3))
    assert torch.equal(flipped[~mirrored], images[~mirrored])


def test_crops_are_squares_inside_the_image_of_every_allowed_scale() -> None:
    size = 32
    cut = augment(pictures(600, size), generator=seeded(), flip=False, crop_scale=0.6)
    # Channels 0 and 1 hold where each pixel was cut from; the slope is the scale.
    middle = cut[:, :2, 8:24, 8:24]
    across = (middle[:, 0, :, -1] - middle[:, 0, :, 0]).mean(1) / (2 * 15 / size)
    down = (middle[:, 1, -1] - middle[:, 1, 0]).mean(1) / (2 * 15 / size)
    torch.testing.assert_close(across, down, atol=1e-4, rtol=0)
    assert 0.599 < float(across.min()) < 0.62
    assert 0.98 < float(across.max()) < 1.001
    centre = middle.mean((2, 3))
    reach = centre.abs() + across[:, None]
    assert float(reach.max()) < 1.001  # nothing from outside
    assert float((reach > 0.95).float().mean()) > 0.05  # and up to the edge
    # Each image stays itself, up to its edge.
    torch.testing.assert_close(cut[:, 2], torch.arange(600.0)[:, None, None].expand(600, size, size))


def test_flips_and_crops_go_together() -> None:
    plain = augment(pictures(400), generator=seeded(), flip=False, crop_scale=0.8)
    both = augment(pictures(400), generator=seeded(), flip=True, crop_scale=0.8)
    mirrored = both[:, 0, 0, 0] > both[:, 0, 0, -1]
    assert 150 < int(mirrored.sum()) < 250
    torch.testing.assert_close(both[~mirrored], plain[~mirrored])
    torch.testing.assert_close(both[mirrored], plain[mirrored].flip(3), atol=1e-4, rtol=1e-5)


def test_each_image_is_cut_for_itself() -> None:
    cut = augment(pictures(50), generator=seeded(), flip=False, crop_scale=0.8)
    assert len({round(float(value), 5) for value in cut[:, 0, 16, 16]}) > 40


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_seed_gives_the_same_bits(dtype: torch.dtype) -> None:
    images = pictures().to(dtype)
    first, second, other = (augment(images, generator=seeded(s), flip=True, crop_scale=0.8) for s in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert first.dtype == dtype
    assert first.is_contiguous(memory_format=torch.channels_last)


def test_the_images_given_stay_as_they_were() -> None:
    images = pictures()
    augment(images, generator=seeded(), flip=True, crop_scale=0.8)
    assert torch.equal(images, pictures())
