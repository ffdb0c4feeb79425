"""Maps of shuffled and of swapped labels, from one pass over the images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mamviz.data.batches import iterate, to_tensor
from mamviz.data.dataset import ImageData
from mamviz.errors import DataError
from mamviz.models.network import MaskNetwork
from mamviz.schema import Floats, NullMaps, NullSums, Progress, silent
from mamviz.stats.moments import adjusted_weights

# Cells of masks weighed at a time: 64 MB in float64, and more images in one product than the sums would need.
CELLS_AT_A_TIME = 1 << 23


@torch.inference_mode()
def shuffled_maps(
    network: MaskNetwork,
    data: ImageData,
    indices: npt.NDArray[np.int64],
    *,
    n_shuffles: int,
    generator: np.random.Generator,
    batch_size: int = 64,
    device: str = "cpu",
    progress: Progress = silent,
) -> NullMaps:
    """Return maps of masks and evidence whose labels were shuffled, and swapped between attributes.

    indices     the images to use, distinct; a shuffle gives each the labels of another of them, the whole row
    n_shuffles  P; 2 P + 2 K maps of each attribute's masks and evidence are held in float64: 0.35 GB for P = 50,
                K = 40 and 48 channels of 8 x 8

    One matrix product a batch, in float64. An attribute that all these images have, or none, has NaN maps.
    Raises DataError where there are fewer than two images.
    """
    if len(indices) < 2 or n_shuffles < 0:
        raise DataError(
            f"Expected two images or more and 0 shuffles or more, got {len(indices)} and {n_shuffles}. "
            "Choose a split with more images."
        )
    weights = _weigh(data.labels[indices])
    orders = np.array([generator.permutation(len(indices)) for _ in range(n_shuffles)], dtype=np.int64)
    orders = orders.reshape(n_shuffles, len(indices))  # also where there is none
    shape = (len(data.attributes), *network.shape)
    sums = {name: _start(shape, n_shuffles, device) for name in ("mask", "evidence")}
    done = 0
    for positions, images in iterate(data, indices, batch_size=batch_size):
        masks = network.explain(to_tensor(images, device=device))
        factors = _factors(weights, orders[:, positions], positions).to(device)
        _add(sums["mask"], masks.masks, factors)
        _add(sums["evidence"], masks.evidence, factors)
        done += len(positions)
        progress(done, len(indices), "shuffled labels")
    found = {name: _finish(part, shape, n_shuffles, len(indices)) for name, part in sums.items()}
    return NullMaps(attributes=data.attributes, n_images=len(indices), mask=found["mask"], evidence=found["evidence"])


@dataclass(frozen=True)
class _Weights:
    """Each (N, K): sums of masks over images are contrasts, or adjusted maps; NaN where a label is constant."""

    contrast: Floats
    adjusted: Floats


def _weigh(labels: npt.NDArray[np.uint8]) -> _Weights:
    table = labels.astype(np.float64)
    centred = table - table.mean(axis=0)
    square = (centred**2).sum(axis=0)
    constant = table.min(axis=0) == table.max(axis=0)
    adjusted = adjusted_weights(table).values
    adjusted[:, constant] = np.nan
    return _Weights(contrast=centred / np.where(constant, np.nan, square), adjusted=adjusted)


def _factors(weights: _Weights, orders: npt.NDArray[np.int64], positions: npt.NDArray[np.int64]) -> Tensor:
    """Return (K, 1 + 2 P + 2 K, n): ones, shuffled weights of the attribute itself, weights of every attribute."""
    n_images, n_attributes = len(positions), weights.contrast.shape[1]
    tables = (weights.contrast, weights.adjusted)
    parts = [
        np.ones((n_attributes, 1, n_images)),
        *(table[orders].transpose(2, 0, 1) for table in tables),  # (attribute, shuffle, image)
        *(np.broadcast_to(table[positions].T, (n_attributes, n_attributes, n_images)) for table in tables),
    ]
    return torch.from_numpy(np.concatenate(parts, axis=1))


def _start(shape: tuple[int, ...], n_shuffles: int, device: str) -> Tensor:
    maps = 1 + 2 * n_shuffles + 2 * shape[0]
    return torch.zeros((shape[0], maps, int(np.prod(shape[1:]))), dtype=torch.float64, device=device)


def _add(sums: Tensor, values: Tensor, factors: Tensor) -> None:
    """Add factors (K, maps, n) times values (n, K, C, H, W) to sums (K, maps, cells)."""
    step = max(1, CELLS_AT_A_TIME // values[0].numel())
    for start in range(0, len(values), step):
        part = slice(start, start + step)
        cells = values[part].transpose(0, 1).flatten(2).double()  # (attribute, image, cell)
        sums.baddbmm_(factors[:, :, part], cells)


def _finish(sums: Tensor, shape: tuple[int, ...], n_shuffles: int, n_images: int) -> NullSums:
    maps = sums.cpu().numpy().reshape(*sums.shape[:2], *shape[1:]).swapaxes(0, 1)  # (map, attribute of the mask, ...)
    edges = np.cumsum([1, n_shuffles, n_shuffles, shape[0]])
    mean, contrast, adjusted, swapped_contrast, swapped_adjusted = np.split(maps, edges)
    return NullSums(
        mean=mean[0] / n_images,
        contrast=contrast,
        adjusted=adjusted,
        swapped_contrast=swapped_contrast,
        swapped_adjusted=swapped_adjusted,
    )
