"""Fresh built-in faces that a network never saw, with the region of every attribute on its feature grid."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mamviz.config import DataConfig
from mamviz.data.synthetic.labels import ATTRIBUTES, draw_labels
from mamviz.data.synthetic.render import draw_faces, draw_regions
from mamviz.schema import Array, Floats, Progress, TrueRegions, silent
from mamviz.store.pieces import compute_pieces

# An attribute is local where its region touches less than this share of the cells, on average.
LOCAL = 0.25


@dataclass(frozen=True, kw_only=True)
class FreshFaces:
    """Faces beyond those of a run, with the same seed and dial.

    images     (n, S, S, 3) uint8
    labels     (n, K) 0 or 1
    regions    (n, K, H, W) share of each cell's pixels that change when the label alone is switched, in [0, 1]
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint8]
    regions: Floats


def draw_fresh_faces(
    config: DataConfig,
    grid: tuple[int, int],
    *,
    n_images: int = 1000,
    folder: Path | None = None,
    progress: Progress = silent,
) -> FreshFaces:
    """Draw the faces that come after the run's own, and their regions.

    grid     (H, W) of the features
    folder   of the regions drawn so far: see `pieces.compute_pieces`

    Image i depends on (seed, i, its labels) only, so faces beyond n_faces are new persons from the same source.
    Raises DataError for what the drawing can't do: a size, or a dial outside [0, 1].
    """
    indices = np.arange(config.n_faces, config.n_faces + n_images)
    drawn = draw_labels(config.n_faces + n_images, seed=config.faces_seed, label_correlation=config.label_correlation)
    labels = drawn[config.n_faces :]

    def find_regions(rows: slice) -> Floats:
        pixels = draw_regions(labels[rows], indices[rows], size=config.size, seed=config.faces_seed)
        return pool_regions(pixels.numpy(), grid)

    return FreshFaces(
        images=draw_faces(labels, indices, size=config.size, seed=config.faces_seed).numpy(),
        labels=labels,
        regions=compute_pieces(find_regions, n_images, folder=folder, name="regions", progress=progress),
    )


def pool_regions(regions: Array, grid: tuple[int, int]) -> Floats:
    """Average pixels over the cells of a grid: (..., S, T) -> (..., H, W).

    A pixel on a border between cells counts for each by the part that lies in it.
    """
    rows, columns = _overlaps(regions.shape[-2], grid[0]), _overlaps(regions.shape[-1], grid[1])
    pooled: Floats = rows @ regions.astype(np.float64) @ columns.T
    return pooled


def describe_regions(regions: Floats, labels: Array, *, attributes: tuple[str, ...] = ATTRIBUTES) -> TrueRegions:
    """Sum up the regions of many faces: where each attribute is, and which share a place.

    regions   (n, K, H, W), in [0, 1]; labels (n, K)
    """
    mean: Floats = regions.mean(axis=0)
    visible = (labels == 1) & (regions > 0).any(axis=(2, 3))
    touched = np.where(visible, (regions > 0).mean(axis=(2, 3)), 0.0)
    n_visible = visible.sum(axis=0).astype(np.float64)
    chance = touched.sum(axis=0) / np.where(n_visible > 0, n_visible, np.nan)
    return TrueRegions(
        attributes=attributes,
        mean=mean,
        relation=relate_maps(mean),
        n_visible=n_visible,
        chance=chance,
        local=tuple(name for name, share in zip(attributes, chance, strict=True) if share < LOCAL),
        n_images=len(regions),
    )


def relate_maps(maps: Floats) -> Floats:
    """Correlate every two of the maps (K, H, W) over their cells, (K, K).

    A map that is constant, or not finite somewhere, has no correlation: NaN row and column.
    """
    rows = maps.reshape(len(maps), -1)
    unit = _standardise(rows)
    values = np.clip(unit @ unit.T, -1.0, 1.0)
    np.fill_diagonal(values, np.where(np.isnan(unit).any(axis=1), np.nan, 1.0))
    return np.asarray((values + values.T) / 2)


def compare_maps(maps: Floats, others: Floats) -> Floats:
    """Correlate each map with the other of its attribute over cells, (K,); NaN where either is constant."""
    a, b = (_standardise(each.reshape(len(each), -1)) for each in (maps, others))
    return np.asarray(np.clip((a * b).sum(axis=1), -1.0, 1.0))


def _standardise(rows: Floats) -> Floats:
    """Return rows of mean 0 and length 1; NaN for a constant row or one that is not finite."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    length = np.sqrt((centred**2).sum(axis=1, keepdims=True))
    level = np.abs(rows).max(axis=1, keepdims=True)
    return np.asarray(centred / np.where(length > 1e-12 * level, length, np.nan))


def _overlaps(n_pixels: int, n_cells: int) -> Floats:
    """Return the share of each pixel in each cell's mean, (cell, pixel); rows add up to 1."""
    edges = np.linspace(0.0, n_pixels, n_cells + 1)
    first, last = edges[:-1, None], edges[1:, None]
    pixel = np.arange(n_pixels)[None, :]
    inside = np.clip(np.minimum(last, pixel + 1) - np.maximum(first, pixel), 0.0, None)
    return np.asarray(inside / inside.sum(axis=1, keepdims=True))
