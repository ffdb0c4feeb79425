"""Batches of images: their order, their shards, and their way to a device."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from mamviz.data.dataset import ImageData
from mamviz.data.prefetch import prefetch

Indices = npt.NDArray[np.int64]
Pixels = npt.NDArray[np.uint8]

_WORD = 2**64


def epoch_order(n: int, *, seed: int, epoch: int) -> Indices:
    """Return a random order of 0 ... n - 1, the same for the same seed and epoch everywhere.

    It sorts raw Philox words (Salmon et al. 2011), which numpy promises never to change; it makes no such
    promise for its own `permutation`.
    """
    key = np.array([seed % _WORD, epoch % _WORD], np.uint64)
    words = np.random.Philox(key=key).random_raw(n)
    return np.argsort(words, kind="stable")


def shard(indices: Indices, rank: int, world: int) -> Indices:
    """Return every `world`-th index from `rank` on.

    Over all ranks each index comes once; shards differ in length by one at most, and may be empty.
    """
    assert 0 <= rank < world
    return indices[rank::world]


def iterate(data: ImageData, indices: Indices, *, batch_size: int) -> Iterator[tuple[Indices, Pixels]]:
    """Read the images at `indices` batch by batch, the next ones in the background.

    yields   positions (n,) in `indices`, so that data.labels[indices[positions]] are the labels,
             and images (n, S, S, 3) in the same order, free to write to

    Within a batch the file is read in ascending order. The last batch may be smaller.
    """
    images = np.asarray(data.images)

    def read() -> Iterator[tuple[Indices, Pixels]]:
        for start in range(0, len(indices), batch_size):
            positions = np.arange(start, min(start + batch_size, len(indices)))
            yield positions, _gather(images, indices[positions])

    return prefetch(read())


def to_tensor(images: Pixels | Tensor, *, device: torch.device | str = "cpu") -> Tensor:
    """Move images (n, S, S, 3), an array or a tensor of bytes, to a device as floats.

    result   (n, 3, S, S) float32 in [-1, 1], channels last in memory

    Bytes cross to the device, a quarter of the floats; none where they are there already.
    """
    if not isinstance(images, Tensor):
        images = torch.from_numpy(images if images.flags.writeable else images.copy())
    pixels = images.to(device)
    return pixels.permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


def augment(images: Tensor, *, generator: torch.Generator, flip: bool, crop_scale: float) -> Tensor:
    """Mirror images and cut random squares from them, resized to the whole.

    images       (n, 3, S, S), any float; the result has their shape, device and memory order
    generator    on the CPU, so that a seed means the same on every device
    crop_scale   smallest side of the square as a share of the image's; 1 cuts nothing

    Squares lie inside the image: wide or stretched crops cut attributes away. Each image draws for itself.
    On one device and number of threads the same generator gives the same bits.
    """
    n = len(images)
    mirrored = torch.rand(n, generator=generator) < (0.5 if flip else 0.0)
    if crop_scale == 1.0:
        return torch.where(mirrored.to(images.device)[:, None, None, None], images.flip(3), images) if flip else images
    scale = crop_scale + (1.0 - crop_scale) * torch.rand(n, generator=generator)
    shift = (2.0 * torch.rand(n, 2, generator=generator) - 1.0) * (1.0 - scale)[:, None]
    affine = torch.zeros(n, 2, 3)
    affine[:, 0, 0] = torch.where(mirrored, -scale, scale)
    affine[:, 1, 1] = scale
    affine[:, :, 2] = shift
    grid = F.affine_grid(affine.to(images.device), list(images.shape), align_corners=False)
    # In float32: a grid in bfloat16 misses its place by a quarter of a pixel.
    cut = F.grid_sample(images.float(), grid, mode="bilinear", padding_mode="border", align_corners=False)
    return cut.to(images.dtype, memory_format=torch.channels_last)


def _gather(images: Pixels, wanted: Indices) -> Pixels:
    if len(wanted) and np.array_equal(wanted, np.arange(wanted[0], wanted[0] + len(wanted))):
        return images[wanted[0] : wanted[0] + len(wanted)].copy()
    order = np.argsort(wanted, kind="stable")
    batch = np.empty((len(wanted), *images.shape[1:]), np.uint8)
    batch[order] = images[wanted[order]]
    return batch
