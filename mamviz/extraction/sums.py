"""Sums of masks and evidence over the images of one block, on the device, in float64.

Everything here is a sum over images: adding up the results of any split of the images gives those of the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from mamviz.models.network import Masks
from mamviz.schema import CENTRINGS, VIEWS, Array, BlockStatistics, BlockSums

# A per-image map whose variance over cells is below this share of its mean square is constant but for float32 rounding.
CONSTANT = 1e-12
# Of a symmetric matrix with more rows, blocks of so many are worked out from the diagonal on, and the rest copied
# (measured: half the time at 1,000 rows, nine tenths at 200).
TRIANGLE_ROWS = 128


@dataclass
class MapSums:
    """The fields of `schema.BlockSums` of one block, as tensors on the device.

    weighed    (K, 3, H, W, C): the sums of maps, of those with the label, and of maps times weights
    """

    weighed: Tensor
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
        channels, height, width = grid
        pairs = (n_attributes, n_attributes)

        return MapSums(
            weighed=zeros(n_attributes, 3, height, width, channels),
            attribute_gram=zeros(len(VIEWS), *pairs),
            channel_gram=zeros(channels, channels),
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
        total, positive, adjusted = (host(each) for each in part.weighed.permute(1, 0, 4, 2, 3))
        return BlockSums(
            total=total,
            positive=positive,
            adjusted=adjusted,
            attribute_gram=host(part.attribute_gram),
            channel_gram=host(part.channel_gram),
            image_r=host(part.image_r),
            image_count=host(part.image_count),
        )

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
    """Add a map (n, K, C, H, W); factors (K, 3, n): 1, the label and the weight of every image.

    One copy in float64, channels last, from which everything is a product: in float32 a channel whose evidence is
    small, or a mask that hardly moves, would be lost beside the others.
    """
    n_images, n_attributes, channels, height, width = values.shape
    # The network lays its maps out as (image, cell, attribute, channel).
    cells = torch.empty(n_images, n_attributes, height, width, channels, dtype=torch.float64, device=values.device)
    cells.copy_(values.permute(0, 1, 3, 4, 2))
    whole = cells.flatten(2)  # (image, attribute, cell * channel)
    # Added in the product itself: products kept and then added cost five times as much.
    sums.weighed.flatten(2).baddbmm_(factors, whole.transpose(0, 1))
    flat = cells.view(-1, channels)  # (image * attribute * cell, channel)
    sums.channel_gram += _gram(flat.T)
    for index, view in enumerate((whole, cells.sum((2, 3)), cells.sum(4).flatten(2))):  # full, channel, spatial
        gram = _gram(view)
        sums.attribute_gram[index] += gram.sum(0)
        _add_image_r(sums, index, gram, view.sum(2) / view.shape[2] ** 0.5)


def _gram(rows: Tensor) -> Tensor:
    """Return the inner products (..., m, m) of rows (..., m, p), each pair multiplied once."""
    n_rows = rows.shape[-2]
    if n_rows <= TRIANGLE_ROWS:
        return rows @ rows.mT
    gram = rows.new_empty(*rows.shape[:-1], n_rows)
    for few, rest in _upper_triangle(n_rows):
        products = rows[..., few, :] @ rows[..., rest, :].mT
        gram[..., few, rest] = products
        gram[..., few.stop :, few] = products[..., TRIANGLE_ROWS:].mT
    return gram


def _upper_triangle(n_rows: int) -> Iterator[tuple[slice, slice]]:
    """Yield rows and the columns from them on: blocks that hold every pair of a symmetric matrix."""
    for start in range(0, n_rows, TRIANGLE_ROWS):
        yield slice(start, min(start + TRIANGLE_ROWS, n_rows)), slice(start, n_rows)


def _add_image_r(sums: MapSums, view: int, gram: Tensor, root: Tensor) -> None:
    """Add arctanh of the r over cells within each image, with and without the mean over attributes.

    gram   (n, K, K) inner products; root (n, K): the sum over the view's cells by the root of their number
    """
    covariance = torch.baddbmm(gram, root.unsqueeze(2), root.unsqueeze(1), alpha=-1)
    level = torch.diagonal(gram, dim1=1, dim2=2).mean(1, keepdim=True)
    common = covariance - covariance.mean(1, keepdim=True)
    common -= common.mean(2, keepdim=True)
    for centring, values in enumerate((covariance, common)):
        variance = torch.diagonal(values, dim1=1, dim2=2)
        varies = variance > CONSTANT * level
        # An r that is not defined becomes 0, and so does its z.
        scale = torch.where(varies, torch.where(varies, variance, 1.0).rsqrt(), 0.0)
        total = sums.image_r[view, centring]
        for few, rest in _upper_triangle(values.shape[1]):
            r = values[:, few, rest].mul_(scale[:, None, rest]).mul_(scale[:, few, None])
            # |r| = 1 has no finite z; the diagonal, where it is sure, carries nothing.
            z = r.clamp_(-1 + 1e-12, 1 - 1e-12).atanh_().sum(0)
            total[few, rest] += z
            total[few.stop :, few] += z[:, TRIANGLE_ROWS:].T
        total.fill_diagonal_(0)
        known = varies.double()
        sums.image_count[view, centring] += (known.T @ known).fill_diagonal_(0)
