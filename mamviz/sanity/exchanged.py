"""Scores of a network whose masks were exchanged, its features and its readout kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mamviz.models.network import MaskNetwork
from mamviz.sanity.readings import read_features
from mamviz.sanity.sample import Sample
from mamviz.schema import Exchange, Floats, Progress, silent

N_DRAWS = 5  # of what is permuted


@dataclass(frozen=True)
class Batch:
    """What scores are made of.

    masks (n, K, C, H, W), features (n, C, H, W); pooled (n, K, C), their product summed over cells
    scale (K, C), the readout; mean_mask (K, C, H, W), over all images
    """

    masks: Tensor
    features: Tensor
    pooled: Tensor
    scale: Tensor
    mean_mask: Tensor


@torch.inference_mode()
def exchanged_scores(
    network: MaskNetwork, sample: Sample, *, generator: np.random.Generator, progress: Progress = silent
) -> dict[Exchange | str, list[Floats]]:
    """Return logits without bias, (n, K) for each draw, of the trained network ("trained") and every exchange."""
    _, height, width = network.shape
    scale = network.readout.scale.expand(network.n_attributes, -1)
    mean_mask = torch.zeros(network.n_attributes, *network.shape, dtype=torch.float64, device=scale.device)
    total = 2 * sample.n_images
    for rows, features in read_features(network, sample):
        mean_mask += network.masking(features).sum(0, dtype=torch.float64)
        progress(rows.stop, total, "mean masks")
    mean_mask = (mean_mask / sample.n_images).to(scale.dtype)
    draws = {name: _draw_orders(name, network, generator) for name in SCORES}
    scores = {
        name: [np.empty((sample.n_images, network.n_attributes)) for _ in orders] for name, orders in draws.items()
    }
    for rows, features in read_features(network, sample):
        masks = network.masking(features)
        batch = Batch(masks, features, pool(masks, features), scale, mean_mask)
        for name, orders in draws.items():
            for values, order in zip(scores[name], orders, strict=True):
                values[rows] = (SCORES[name](batch, order) / (height * width)).double().cpu().numpy()
        progress(sample.n_images + rows.stop, total, "exchanged masks")
    return scores


def _trained(batch: Batch, order: Tensor) -> Tensor:  # noqa: ARG001
    return (batch.pooled * batch.scale).sum(2)


def _swap(batch: Batch, order: Tensor) -> Tensor:
    return (batch.pooled[:, order] * batch.scale).sum(2)


def _permute_channels(batch: Batch, order: Tensor) -> Tensor:
    place = order.argsort()  # mask channel order[c] meets feature c: mask channel c meets feature place[c]
    return (pool(batch.masks, batch.features[:, place]) * batch.scale[:, place]).sum(2)


def _flatten_cells(batch: Batch, order: Tensor) -> Tensor:  # noqa: ARG001
    return (batch.masks.mean((3, 4)) * batch.features.sum((2, 3)).unsqueeze(1) * batch.scale).sum(2)


def _flatten_channels(batch: Batch, order: Tensor) -> Tensor:  # noqa: ARG001
    read = torch.einsum("kc,nchw->nkhw", batch.scale, batch.features)
    return (batch.masks.mean(2) * read).sum((2, 3))


def _flatten_images(batch: Batch, order: Tensor) -> Tensor:  # noqa: ARG001
    return torch.einsum("kchw,nchw->nk", batch.mean_mask * batch.scale[:, :, None, None], batch.features)


def _flatten_all(batch: Batch, order: Tensor) -> Tensor:  # noqa: ARG001
    return batch.features.sum((2, 3)) @ (batch.mean_mask.mean((1, 2, 3)).unsqueeze(1) * batch.scale).T


SCORES: dict[Exchange | str, Callable[[Batch, Tensor], Tensor]] = {
    "trained": _trained,
    "swap": _swap,
    "channels": _permute_channels,
    "cells": _flatten_cells,
    "mean channel": _flatten_channels,
    "images": _flatten_images,
    "number": _flatten_all,
}


def pool(masks: Tensor, features: Tensor) -> Tensor:
    """Return masks times features, summed over cells: (n, K, C)."""
    return (masks * features.unsqueeze(1)).sum((3, 4))


def _draw_orders(name: str, network: MaskNetwork, generator: np.random.Generator) -> list[Tensor]:
    """Return permutations that leave nothing in its place, one for each draw; a single one where nothing is drawn."""
    if name not in ("swap", "channels"):
        return [torch.empty(0, dtype=torch.long)]
    n = network.n_attributes if name == "swap" else network.shape[0]
    return [torch.from_numpy(draw_derangement(n, generator)) for _ in range(N_DRAWS)]


def draw_derangement(n: int, generator: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return a permutation of 0 ... n - 1 that leaves none in its place: a random ring. One alone stays."""
    ring = generator.permutation(n)
    order = np.empty(n, dtype=np.int64)
    order[ring] = np.roll(ring, 1)
    return order
