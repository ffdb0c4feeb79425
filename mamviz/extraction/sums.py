"""Sums of masks and evidence over the images of one block, on the device, in float64.

Everything here is a sum over images: adding up the results of any split of the images gives those of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from mamviz.models.network import Masks
from mamviz.schema import CENTRINGS, VIEWS, Array, BlockStatistics, BlockSums

# A per-image map whose variance over cells is below this share of its mean square is constant but for float32 rounding.
CONSTANT = 1e-12


@dataclass
class MapSums:
    """The fields of `schema.BlockSums` of one block, as tensors on the device."""

    total: Tensor
    positive: Tensor
    adjusted: Tensor
    attribute_gram: Tensor
    channel_gram: Tensor
    image_r: Tensor
    image_count: Tensor


@dataclass
class Sums:
    """The fields of `schema.BlockStatistics` of one block, as tensors on the device."""

    count: Tensor
    positives: Tensor
    weight_sum: Tensor
    label_gram: Tensor
    feature_sum: Tensor
    mask: MapSums
    evidence: MapSums


def start_sums(n_attributes: int, grid: tuple[int, int, int], *, device: str) -> Sums:
    """Return sums over no images."""

    def zeros(*shape: int) -> Tensor:
        return torch.zeros(shape, dtype=torch.float64, device=device)

    def start_map() -> MapSums:
        cells, pairs = (n_attributes, *grid), (n_attributes, n_attributes)
        return MapSums(
            total=zeros(*cells),
            positive=zeros(*cells),
            adjusted=zeros(*cells),
            attribute_gram=zeros(len(VIEWS), *pairs),
            channel_gram=zeros(grid[0], grid[0]),
            image_r=zeros(len(VIEWS), len(CENTRINGS), *pairs),
            image_count=zeros(len(VIEWS), len(CENTRINGS), *pairs),
        )

    return Sums(
        count=zeros(),
        positives=zeros(n_attributes),
        weight_sum=zeros(n_attributes),
        label_gram=zeros(n_attributes, n_attributes),
        feature_sum=zeros(*grid),
        mask=start_map(),
        evidence=start_map(),
    )


def add_images(sums: Sums, masks: Masks, *, labels: Tensor, weights: Tensor) -> None:
    """Add a batch of images; labels (n, K) 0 or 1 and weights w_k(n) (n, K), both float64."""
    sums.count += len(labels)
    sums.positives += labels.sum(0)
    sums.weight_sum += weights.sum(0)
    sums.label_gram += labels.T @ labels
    sums.feature_sum += masks.features.sum(0, dtype=torch.float64)
    factors = torch.stack([torch.ones_like(labels), labels, weights]).permute(2, 0, 1)  # (attribute, 3, image)
    _add_map(sums.mask, masks.masks, factors)
    _add_map(sums.evidence, masks.evidence, factors)


def to_statistics(sums: Sums, attributes: tuple[str, ...]) -> BlockStatistics:
    """Return the sums as statistics of a single block, on the host."""
    channels, height, width = sums.feature_sum.shape

    def host(value: Tensor) -> Array:
        return value[None].cpu().numpy()

    def block(part: MapSums) -> BlockSums:
        return BlockSums(**{entry.name: host(getattr(part, entry.name)) for entry in fields(MapSums)})

    return BlockStatistics(
        attributes=attributes,
        grid=(channels, height, width),
        count=host(sums.count),
        positives=host(sums.positives),
        weight_sum=host(sums.weight_sum),
        label_gram=host(sums.label_gram),
        feature_sum=host(sums.feature_sum),
        mask=block(sums.mask),
        evidence=block(sums.evidence),
    )


def _add_map(sums: MapSums, values: Tensor, factors: Tensor) -> None:
    n_images, n_attributes, channels, height, width = values.shape
    # A view of the memory as the network lays it out: (image, cell, attribute, channel).
    cells = values.permute(0, 3, 4, 1, 2).reshape(n_images, height * width, n_attributes, channels).double()
    pooled = cells.reshape(-1, channels)  # (image * cell * attribute, channel)
    sums.channel_gram += pooled.T @ pooled
    stacked = cells.permute(2, 0, 3, 1).reshape(n_attributes, n_images, -1)  # (attribute, image, channel * cell)
    products = torch.bmm(factors, stacked).view(n_attributes, 3, channels, height, width)
    total, positive, adjusted = products.unbind(1)
    sums.total += total
    sums.positive += positive
    sums.adjusted += adjusted
    full = stacked.transpose(0, 1)
    views = (full, cells.sum(1), cells.sum(3).transpose(1, 2))  # (image, attribute, ...): full, channel, spatial
    for index, view in enumerate(views):
        gram = view @ view.transpose(1, 2)
        sums.attribute_gram[index] += gram.sum(0)
        _add_image_r(sums, index, gram, view)


def _add_image_r(sums: MapSums, view_index: int, gram: Tensor, view: Tensor) -> None:
    """Add arctanh of the r over cells within each image, with and without the mean over attributes."""
    totals = view.sum(2)
    covariance = gram - totals.unsqueeze(2) * totals.unsqueeze(1) / view.shape[2]
    level = torch.diagonal(gram, dim1=1, dim2=2).mean(1, keepdim=True)
    common = covariance - covariance.mean(1, keepdim=True)
    common = common - common.mean(2, keepdim=True)
    for index, values in enumerate((covariance, common)):
        variance = torch.diagonal(values, dim1=1, dim2=2)
        varies = variance > CONSTANT * level
        scale = torch.where(varies, variance, 1.0).rsqrt()
        r = values * scale.unsqueeze(1) * scale.unsqueeze(2)
        known = varies.unsqueeze(1) & varies.unsqueeze(2)
        # |r| = 1 has no finite z; the diagonal, where it is sure, carries nothing.
        z = torch.atanh(r.clamp(-1 + 1e-12, 1 - 1e-12))
        known &= ~torch.eye(r.shape[1], dtype=torch.bool, device=r.device)
        sums.image_r[view_index, index] += torch.where(known, z, 0.0).sum(0)
        sums.image_count[view_index, index] += known.sum(0)
