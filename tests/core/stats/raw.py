"""Raw masks of made-up images, and block statistics filled from them by brute force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mamviz.schema import CENTRINGS, VIEWS, BlockStatistics, BlockSums, Floats
from mamviz.stats.moments import adjusted_weights

ATTRIBUTES = ("Bald", "Bangs", "Goatee", "Male", "Young")


@dataclass(frozen=True)
class Raw:
    """mask (N, K, C, H, W), features (N, C, H, W), readout (K, C), labels (N, K), blocks (N,)."""

    mask: Floats
    features: Floats
    readout: Floats
    labels: Floats
    blocks: npt.NDArray[np.int64]

    @property
    def evidence(self) -> Floats:
        cells = self.mask.shape[3] * self.mask.shape[4]
        evidence: Floats = self.readout[None, :, :, None, None] * self.mask * self.features[:, None] / cells
        return evidence

    def maps(self, name: str) -> Floats:
        return self.mask if name == "mask" else self.evidence

    def reordered(self, order: Sequence[int]) -> Raw:
        rows = list(order)
        return Raw(self.mask[rows], self.features[rows], self.readout, self.labels[rows], self.blocks[rows])


def make_raw(seed: int, *, n_images: int = 60, n_channels: int = 4, side: int = 3, n_blocks: int = 6) -> Raw:
    """Masks that depend on labels, with correlated labels; every label is 0 for one image and 1 for another."""
    rng = np.random.default_rng(seed)
    k = len(ATTRIBUTES)
    common = rng.normal(size=(n_images, 1))
    labels = (common + rng.normal(size=(n_images, k)) > 0.4).astype(np.float64)
    labels[0], labels[1] = 0, 1
    grid = (n_channels, side, side)
    own = rng.normal(size=(k, *grid))
    level = rng.normal(size=(k, *grid)) + rng.normal(size=grid)
    noise = 0.5 * rng.normal(size=(n_images, k, *grid)) + 0.5 * rng.normal(size=(n_images, 1, *grid))
    mask = 1 / (1 + np.exp(-(level + labels[:, :, None, None, None] * own + noise)))
    features = np.maximum(rng.normal(0.5, 1.0, size=(n_images, *grid)), 0)
    readout = rng.normal(size=(k, n_channels))
    return Raw(mask, features, readout, labels, rng.integers(n_blocks, size=n_images))


def pearson(x: Floats, y: Floats) -> float:
    """The formula, by a loop."""
    mx, my = sum(x) / len(x), sum(y) / len(y)
    xy = sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True))
    xx, yy = sum((a - mx) ** 2 for a in x), sum((b - my) ** 2 for b in y)
    return float(xy / np.sqrt(xx * yy))


def seen(maps: Floats, view: str) -> Floats:
    """(..., cells) of maps (..., other, height, width)."""
    kept = {"full": "ohw", "channel": "o", "spatial": "hw"}[view]
    summed: Floats = np.einsum(f"...ohw->...{kept}", maps)
    return summed.reshape(*maps.shape[:-3], -1)


def fill(raw: Raw, *, n_blocks: int = 6, rows: Sequence[int] | None = None) -> BlockStatistics:
    """Fill the statistics of all images, or of some rows; the weights are those of all."""
    weights = adjusted_weights(raw.labels).values
    chosen = range(len(raw.labels)) if rows is None else rows
    members = [[n for n in chosen if raw.blocks[n] == block] for block in range(n_blocks)]
    labels = raw.labels
    return BlockStatistics(
        attributes=ATTRIBUTES,
        grid=raw.mask.shape[2:],
        count=np.array([float(len(rows)) for rows in members]),
        positives=np.array([labels[rows].sum(axis=0) for rows in members]),
        weight_sum=np.array([weights[rows].sum(axis=0) for rows in members]),
        label_gram=np.array([labels[rows].T @ labels[rows] for rows in members]),
        feature_sum=np.array([raw.features[rows].sum(axis=0) for rows in members]),
        mask=_sums(raw.mask, labels, weights, members),
        evidence=_sums(raw.evidence, labels, weights, members),
    )


def _sums(maps: Floats, labels: Floats, weights: Floats, members: list[list[int]]) -> BlockSums:
    def add(values: Floats) -> Floats:
        return np.array([values[rows].sum(axis=0) for rows in members])

    spread = labels[:, :, None, None, None], weights[:, :, None, None, None]
    views = [seen(maps, view) for view in VIEWS]  # each (image, attribute, cells)
    by_channel = seen(maps.swapaxes(1, 2), "full")
    r = np.array([[_within(view, centring) for centring in CENTRINGS] for view in views])
    known = np.isfinite(r)
    z = np.where(known, np.arctanh(np.clip(np.where(known, r, 0), -1 + 1e-12, 1 - 1e-12)), 0)
    return BlockSums(
        total=add(maps),
        positive=add(maps * spread[0]),
        adjusted=add(maps * spread[1]),
        attribute_gram=add(np.stack([np.einsum("nkp,nlp->nkl", view, view) for view in views], axis=1)),
        channel_gram=add(np.einsum("ncp,ndp->ncd", by_channel, by_channel)),
        image_r=add(np.moveaxis(z, 2, 0)),
        image_count=add(np.moveaxis(known.astype(np.float64), 2, 0)),
    )


def _within(rows: Floats, centring: str) -> Floats:
    """r between the rows of each image, (image, attribute, attribute); NaN where a row is constant."""
    if centring == "common":
        rows = rows - rows.mean(axis=1, keepdims=True)
    rows = rows - rows.mean(axis=2, keepdims=True)
    norm = np.sqrt((rows**2).sum(axis=2, keepdims=True))
    unit = rows / np.where(norm > 1e-12, norm, np.nan)
    r: Floats = np.einsum("nkp,nlp->nkl", unit, unit)
    return r


def many_names(n: int, *, axis: str = "attribute", n_blocks: int = 12) -> BlockStatistics:
    """Block sums of n attributes with two channels, or of n channels with two attributes: a few factors, and noise."""
    rng = np.random.default_rng(0)
    k, c = (n, 2) if axis == "attribute" else (2, n)
    shape, per_block = (k, c, 2, 2), 50
    labels = (rng.normal(size=(n_blocks * per_block, 3)) @ rng.normal(size=(3, k)) > 0.5).astype(np.float64)
    y, weights = (values.reshape(n_blocks, per_block, k) for values in (labels, adjusted_weights(labels).values))
    level, effect = (1 + rng.normal(size=(k * c, 3)) @ rng.normal(size=(3, 4)) for _ in range(2))

    def add(weight: Floats) -> Floats:
        whole, own, square = (each.sum(axis=1)[:, :, None, None, None] for each in (weight, weight * y, weight**2))
        noise = rng.normal(size=(n_blocks, *shape))
        found: Floats = whole * level.reshape(shape) + own * effect.reshape(shape) + np.sqrt(square) * noise
        return found

    def gram(rows: Floats) -> Floats:
        noise = rng.normal(size=(n_blocks, rows.shape[1], 9)) + 0.1
        found: Floats = rows @ rows.swapaxes(1, 2) / per_block + 40 * noise @ noise.swapaxes(1, 2)
        return found

    total = add(np.ones_like(y))
    by_attribute = gram(total.reshape(n_blocks, k, -1))
    sums = BlockSums(
        total=total,
        positive=add(y),
        adjusted=add(weights),
        attribute_gram=np.repeat(by_attribute[:, None], len(VIEWS), axis=1),
        channel_gram=gram(total.swapaxes(1, 2).reshape(n_blocks, c, -1)),
        image_r=np.zeros((n_blocks, len(VIEWS), len(CENTRINGS), 1, 1)),
        image_count=np.zeros((n_blocks, len(VIEWS), len(CENTRINGS), 1, 1)),
    )
    return BlockStatistics(
        attributes=tuple(f"name {index:03d}" for index in range(k)),
        grid=shape[1:],
        count=np.full(n_blocks, float(per_block)),
        positives=y.sum(axis=1),
        weight_sum=weights.sum(axis=1),
        label_gram=y.swapaxes(1, 2) @ y,
        feature_sum=np.ones((n_blocks, *shape[1:])),
        mask=sums,
        evidence=sums,
    )
