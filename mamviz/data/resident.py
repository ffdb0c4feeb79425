"""Images whose bytes stay on the GPU while they are worked on again and again, where they fit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Indices = npt.NDArray[np.int64]
Pixels = npt.NDArray[np.uint8]

# Of the device's free memory; the rest is for the network and its batches.
SHARE = 0.25
BYTES_AT_A_TIME = 1 << 26


def settle(images: Pixels, device: str) -> Pixels | Tensor:
    """Return images (N, S, S, 3) on a CUDA device where they take a quarter of its free memory at most.

    Elsewhere, and where they take more, they are returned as they are, and batches are copied as they come.
    """
    if not device.startswith("cuda") or images.nbytes > SHARE * torch.cuda.mem_get_info(device)[0]:
        return images
    return copy_to(images, device)


def copy_to(images: Pixels, device: str) -> Tensor:
    """Return a copy on a device, made a part at a time: the images may be mapped from a file larger than memory."""
    kept = torch.empty(images.shape, dtype=torch.uint8, device=device)
    step = max(1, BYTES_AT_A_TIME // max(1, images[:1].nbytes))
    for start in range(0, len(images), step):
        kept[start : start + step] = torch.from_numpy(np.array(images[start : start + step]))
    return kept


def take(images: Pixels | Tensor, rows: Indices) -> Pixels | Tensor:
    """Return the images at `rows`, in their order, wherever they are; free to write to."""
    if isinstance(images, Tensor):
        return images[torch.from_numpy(rows).to(images.device)]
    return np.asarray(images[rows])
