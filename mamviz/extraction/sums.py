"""Sums of masks and evidence over the images of one block, on the device, added up in float64.

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
        channels, height, width = grid
        pairs = (n_attributes, n_attributes)

        def cells() -> Tensor:
            # channels last, as products come
            return zeros(n_attributes, height, width, channels).permute(0, 3, 1, 2)

        return MapSums(
            total=cells(),
            positive=cells(),
            adjusted=cells(),
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
    """Add a map (n, K, C, H, W); factors (K, 3, n): 1, the label and the weight of every image.

    Sums over channels or cells are in float64. Products of whole maps are made in the map's own precision, of what is
    left of each image's map without its level, which is put back in float64: where a map hardly varies, float32 would
    lose what varies in the level.
    """
    n_images, n_attributes, channels, height, width = values.shape
    n_cells = height * width
    # A view of the memory as the network lays it out: (image, cell, attribute, channel).
    cells = values.permute(0, 3, 4, 1, 2).reshape(n_images, n_cells, n_attributes, channels)
    wide = cells.double()
    by_channel, by_cell = wide.sum(1), wide.sum(3).transpose(1, 2)  # (image, attribute, ...)
    totals = by_channel.sum(2)
    level = (totals / (channels * n_cells)).to(values.dtype)
    rest = values.new_empty(n_images, n_attributes, n_cells, channels)
    torch.sub(cells.transpose(1, 2), level[:, :, None, None], out=rest)
    level = level.double()
    _add_products(sums, rest, level, factors)
    _add_channel_gram(sums, rest, level, by_channel)
    _add_view(sums, 1, _vary(by_channel), totals, channels)
    _add_view(sums, 2, _vary(by_cell), totals, n_cells)
    # Last: it overwrites the rest.
    _add_view(sums, 0, _vary_whole(rest, totals - channels * n_cells * level), totals, channels * n_cells)


@dataclass(frozen=True)
class _Spread:
    """Sums of products over cells about the mean, (n, K, K); common: of maps minus their mean over attributes."""

    raw: Tensor
    common: Tensor


def _vary(view: Tensor) -> _Spread:
    """Return the sums of products about the mean of a view (n, K, L) in float64."""
    centred = view - view.mean(2, keepdim=True)
    raw = centred @ centred.transpose(1, 2)
    common = raw - raw.mean(1, keepdim=True)
    return _Spread(raw, common - common.mean(2, keepdim=True))


def _vary_whole(rest: Tensor, totals: Tensor) -> _Spread:
    """Return the sums of products about the mean of rest (n, K, P, C), which is overwritten; totals (n, K) of it.

    What attributes share is taken out before their products: `common` is what remains of nearly equal maps.
    """
    whole = rest.flatten(2)
    own = torch.linalg.vector_norm(whole, dim=2).double().square()
    shared = whole.mean(1, keepdim=True)
    whole -= shared
    apart = (whole @ whole.transpose(1, 2)).double()
    beside = (whole @ shared.transpose(1, 2)).double()  # (image, attribute, 1)
    raw = (
        apart + beside + beside.transpose(1, 2) + torch.linalg.vector_norm(shared, dim=2).double().square()[:, :, None]
    )
    torch.diagonal(raw, dim1=1, dim2=2).copy_(own)
    left = totals - totals.mean(1, keepdim=True)
    return _Spread(*(each - _outer(sums) / whole.shape[2] for each, sums in ((raw, totals), (apart, left))))


def _outer(vectors: Tensor) -> Tensor:
    return vectors.unsqueeze(2) * vectors.unsqueeze(1)


def _add_products(sums: MapSums, rest: Tensor, level: Tensor, factors: Tensor) -> None:
    """Add the sums over images, over those with the attribute, and weighted."""
    _, n_attributes, n_cells, channels = rest.shape
    products = torch.bmm(factors.to(rest.dtype), rest.flatten(2).transpose(0, 1))
    levels = torch.bmm(factors, level.T.unsqueeze(2))  # (attribute, 3, 1)
    parts = products.view(n_attributes, 3, n_cells, channels)
    for place, total in enumerate((sums.total, sums.positive, sums.adjusted)):
        cells = total.flatten(2).transpose(1, 2)  # (attribute, cell, channel)
        cells += parts[:, place].double().add_(levels[:, place, :, None])


def _add_channel_gram(sums: MapSums, rest: Tensor, level: Tensor, by_channel: Tensor) -> None:
    """Add sum over images, attributes and cells of M_c M_c'; by_channel (n, K, C): the map summed over cells."""
    n_cells, channels = rest.shape[2:]
    flat = rest.view(-1, channels)
    sums.channel_gram += (flat.T @ flat).double()
    crossed = (level.unsqueeze(2) * (by_channel - 0.5 * n_cells * level.unsqueeze(2))).sum((0, 1))  # (channel,)
    sums.channel_gram += crossed.unsqueeze(0) + crossed.unsqueeze(1)


def _add_view(sums: MapSums, index: int, spread: _Spread, totals: Tensor, length: int) -> None:
    """Add a view of `length` cells: its inner products, and arctanh of r over cells within each image.

    totals   (n, K) sums over the view's cells
    """
    gram = spread.raw + _outer(totals) / length
    sums.attribute_gram[index] += gram.sum(0)
    level = torch.diagonal(gram, dim1=1, dim2=2).mean(1, keepdim=True)
    for centring, values in enumerate((spread.raw, spread.common)):
        variance = torch.diagonal(values, dim1=1, dim2=2)
        varies = variance > CONSTANT * level
        # An r that is not defined becomes 0, and so does its z.
        scale = torch.where(varies, torch.where(varies, variance, 1.0).rsqrt(), 0.0)
        r = (values * scale.unsqueeze(1)).mul_(scale.unsqueeze(2))
        # |r| = 1 has no finite z; the diagonal, where it is sure, carries nothing.
        z = r.clamp_(-1 + 1e-12, 1 - 1e-12).atanh_().sum(0)
        known = varies.double()
        sums.image_r[index, centring] += z.fill_diagonal_(0)
        sums.image_count[index, centring] += (known.T @ known).fill_diagonal_(0)
