"""Images whose bytes stay on the GPU while they are worked on again and again, where they fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Indices = npt.NDArray[np.int64]
Pixels = npt.NDArray[np.uint8]

# Of the device's free memory.
SHARE = 0.5
BYTES_AT_A_TIME = 1 << 26


@dataclass(frozen=True)
class Rows:
    """Images of a batch that are still to be taken from those on the GPU: by who works on them, not by who reads."""

    images: Tensor
    rows: Indices

    def take(self) -> Tensor:
        """Return the images (n, S, S, 3), in the order of `rows`, free to write to."""
        return self.images[torch.from_numpy(self.rows).to(self.images.device)]


def settle(images: Pixels | Tensor, device: str) -> Pixels | Tensor:
    """Return images (N, S, S, 3) on a CUDA device where they take half of its free memory at most.

    To be asked when work has begun and has the memory that it needs. Elsewhere, and where they take more, images are
    returned as they are, and batches are copied as they come.
    """
    if isinstance(images, Tensor) or not device.startswith("cuda"):
        return images
    if images.nbytes > SHARE * torch.cuda.mem_get_info(device)[0]:
        return images
    return copy_to(images, device)


def copy_to(images: Pixels, device: str) -> Tensor:
    """Return a copy on a device, made a part at a time: the images may be mapped from a file larger than memory."""
    kept = torch.empty(images.shape, dtype=torch.uint8, device=device)
    step = max(1, BYTES_AT_A_TIME // max(1, images[:1].nbytes))
    for start in range(0, len(images), step):
        kept[start : start + step] = torch.from_numpy(np.array(images[start : start + step]))
    return kept


def read(images: Pixels | Tensor, rows: Indices) -> Pixels | Rows:
    """Return the images at `rows`, in their order; of those on a GPU which ones, for nothing needs to be read."""
    return Rows(images, rows) if isinstance(images, Tensor) else np.asarray(images[rows])
