"""Deletion and insertion of features, cell by cell in the order of their evidence.

Petsiuk et al. 2018, "RISE", arXiv 1806.07421, in feature space: where evidence says what an answer rests on, deleting
the strongest cells first must undo the answer sooner than another order, and inserting them first must give it sooner.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from mamviz.models.network import MaskNetwork
from mamviz.sanity.readings import read_features
from mamviz.sanity.sample import Sample
from mamviz.schema import ORDERS, Direction, Fill, Floats, Order, Progress, silent

N_STEPS = 20  # shares of cells that are changed, after none
PAIRS_AT_A_TIME = 16
DIRECTIONS: tuple[Direction, ...] = ("deletion", "insertion")


@dataclass(frozen=True, kw_only=True)
class Traces:
    """Logits of single attributes while cells are changed.

    kept, recomputed   (direction, order, pair, 1 + steps): with the masks as they were, and made anew from the changed
                       features; counted towards the answer that the network gives at first
    sign               (pair,) 1 where that answer is yes, -1 where it is no
    rows, attributes   (pair,) image of the sample and attribute of each pair
    """

    kept: Floats
    recomputed: Floats
    sign: Floats
    rows: npt.NDArray[np.int64]
    attributes: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Pairs:
    """Images with one attribute, on the device: all that is needed to follow its logit.

    features, masks, scale, fill   (n, C, H, W), (n, C, H, W), (C, 1, 1), (C, H, W); scale is s_c / P
    generator                      gives the masks of this attribute alone, (n, 1, C, H, W)
    """

    features: Tensor
    masks: Tensor
    scale: Tensor
    bias: Tensor
    fill: Tensor
    generator: nn.Module

    def logits(self, features: Tensor, masks: Tensor) -> Tensor:
        """Return the attribute's logits (n,)."""
        return (self.scale * masks * features).sum((1, 2, 3)) + self.bias


def trace_cells(
    network: MaskNetwork,
    sample: Sample,
    *,
    generator: np.random.Generator,
    n_images: int = 32,
    fill: Fill = "mean",
    progress: Progress = silent,
) -> Traces:
    """Follow the logits of every attribute on `n_images` images, half with the attribute where there are enough.

    fill   what a deleted cell is set to: its mean over the sample, or zero. Zero takes away exactly the evidence of a
           cell where masks are kept, and no order could beat evidence there: arithmetic, not proof
    A cell is one number of F. Orders: by evidence towards the answer; by gradient times what the change of the cell
    would be, masks moving along; by the feature's size; at random.
    """
    features = torch.cat([features for _, features in _quietly(network, sample)])
    filling = features.mean(0) if fill == "mean" else torch.zeros_like(features[0])
    chosen = [choose_rows(sample.labels[:, k], n_images, generator) for k in range(network.n_attributes)]
    kept, recomputed, signs, done = [], [], [], 0
    for attribute, rows in enumerate(chosen):
        for start in range(0, len(rows), PAIRS_AT_A_TIME):
            part = rows[start : start + PAIRS_AT_A_TIME]
            pairs = take_pairs(network, features[torch.from_numpy(part)], attribute=attribute, fill=filling)
            sign = torch.where(pairs.logits(pairs.features, pairs.masks) > 0, 1.0, -1.0)
            orders = order_cells(pairs, sign, generator)
            traces = [[follow(pairs, order, direction) for order in orders] for direction in DIRECTIONS]
            stacked = torch.stack([torch.stack(each) for each in traces]) * sign[:, None]  # (2, order, kind, n, step)
            kept.append(stacked[:, :, 0].double().cpu().numpy())
            recomputed.append(stacked[:, :, 1].double().cpu().numpy())
            signs.append(sign.double().cpu().numpy())
            done += len(part)
            progress(done, sum(map(len, chosen)), "cells deleted and inserted")
    return Traces(
        kept=np.concatenate(kept, axis=2),
        recomputed=np.concatenate(recomputed, axis=2),
        sign=np.concatenate(signs),
        rows=np.concatenate(chosen),
        attributes=np.repeat(np.arange(network.n_attributes), [len(rows) for rows in chosen]),
    )


def choose_rows(labels: npt.NDArray[np.uint8], n_images: int, generator: np.random.Generator) -> npt.NDArray[np.int64]:
    """Choose images, half of them with the attribute; more of one kind where there are too few of the other."""
    positive, negative = (generator.permutation(np.flatnonzero(labels == value)) for value in (1, 0))
    n_positive = min(len(positive), max(n_images // 2, n_images - len(negative)))
    return np.sort(np.concatenate([positive[:n_positive], negative[: n_images - n_positive]]))


def take_pairs(network: MaskNetwork, features: Tensor, *, attribute: int, fill: Tensor) -> Pairs:
    """Return what is needed to follow one attribute on some images."""
    masking = copy.copy(network.masking)
    masking._modules = dict(network.masking._modules)  # the copy gets a last layer of its own
    channels = network.shape[0]
    part = slice(attribute * channels, (attribute + 1) * channels)
    last = nn.Linear(channels, channels, device=features.device)
    last.weight = nn.Parameter(network.masking.mask.weight[part].detach())
    last.bias = nn.Parameter(network.masking.mask.bias[part].detach())
    masking.mask = last
    scale = network.readout.scale.expand(network.n_attributes, -1)[attribute].detach()
    with torch.no_grad():
        masks = masking(features)[:, 0]
    return Pairs(
        features=features,
        masks=masks,
        scale=scale[:, None, None] / (network.shape[1] * network.shape[2]),
        bias=network.readout.bias[attribute].detach(),
        fill=fill,
        generator=masking,
    )


def order_cells(pairs: Pairs, sign: Tensor, generator: np.random.Generator) -> list[Tensor]:
    """Return the order of all cells, strongest first, (n, C * H * W) for each of ORDERS."""
    features = pairs.features.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(pairs.logits(features, pairs.generator(features)[:, 0]).sum(), features)
    towards = sign[:, None, None, None]
    drawn = torch.from_numpy(generator.random(tuple(features.shape))).to(features.device)
    strength: dict[Order, Tensor] = {
        "evidence": towards * pairs.scale * pairs.masks * pairs.features,
        "gradient": towards * gradient * (pairs.features - pairs.fill),
        "magnitude": pairs.features,
        "random": drawn,
    }
    return [strength[name].flatten(1).argsort(dim=1, descending=True) for name in ORDERS]


@torch.no_grad()
def follow(pairs: Pairs, order: Tensor, direction: Direction) -> Tensor:
    """Return the logits (2, n, 1 + steps) while cells are changed in order, masks kept and masks made anew."""
    n_images, n_cells = order.shape
    place = order.argsort(dim=1).view(pairs.features.shape)  # of each cell in the order
    shares = [round(step * n_cells / N_STEPS) for step in range(N_STEPS + 1)]
    fill = pairs.fill.expand_as(pairs.features)
    before, after = (pairs.features, fill) if direction == "deletion" else (fill, pairs.features)
    traces = torch.empty(2, n_images, len(shares), device=order.device)
    for step, n_changed in enumerate(shares):
        features = torch.where(place < n_changed, after, before).contiguous(memory_format=torch.channels_last)
        traces[0, :, step] = pairs.logits(features, pairs.masks)
        traces[1, :, step] = pairs.logits(features, pairs.generator(features)[:, 0])
    return traces


@torch.no_grad()
def _quietly(network: MaskNetwork, sample: Sample) -> Iterator[tuple[slice, Tensor]]:
    yield from read_features(network, sample)
