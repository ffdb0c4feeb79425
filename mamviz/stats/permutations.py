"""Correlations of maps whose labels were really shuffled, or swapped between attributes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mamviz.errors import StatisticsError
from mamviz.schema import Axis, Choices, Floats, NullMaps
from mamviz.stats.noise import require_labels
from mamviz.stats.nulls import correlate_maps

# Numbers of one array computed at once; a few such arrays are held, 0.1 GB.
CHUNK_CELLS = 2**22


def correlate_shuffled(maps: NullMaps, choices: Choices, *, axis: Axis = "attribute") -> Floats:
    """Correlate the maps of each shuffle of the labels: (P, n, n).

    A null for `test_against_null`, and the witness of `null_correlations`. Raises StatisticsError as that one.
    """
    require_labels(choices)
    found = maps.sums(choices.map)
    shuffled = found.contrast if choices.estimand == "contrast" else found.adjusted
    return _in_pieces(shuffled, np.arange(len(shuffled))[:, None], choices, np.abs(found.mean), axis)


def correlate_swapped(
    maps: NullMaps,
    choices: Choices,
    *,
    n_replicates: int = 1000,
    generator: np.random.Generator,
    axis: Axis = "attribute",
) -> Floats:
    """Correlate maps of masks weighed with another attribute's labels: (R, n, n).

    In each replicate every attribute's labels meet the masks of another (`draw_swaps`): what is left was not learned
    for that attribute. Masks still see the image, so that a swapped table is not one of noise; where it is as
    strong as the table itself, the table tells of labels and shared masks and not of each attribute's own mask.
    Raises StatisticsError as `null_correlations`, and for fewer than two attributes.
    """
    require_labels(choices)
    found = maps.sums(choices.map)
    swapped = found.swapped_contrast if choices.estimand == "contrast" else found.swapped_adjusted
    n_attributes = swapped.shape[0]
    swaps = draw_swaps(n_attributes, n_replicates, generator=generator)
    # (label * mask, 1, C, H, W): a replicate picks one mask for each label
    flat = swapped.reshape(n_attributes**2, *swapped.shape[2:])
    return _in_pieces(flat, np.arange(n_attributes) * n_attributes + swaps, choices, np.abs(found.mean), axis)


def draw_swaps(n: int, n_replicates: int, *, generator: np.random.Generator) -> npt.NDArray[np.int64]:
    """Draw permutations of n in which nothing keeps its place, each as likely: (n_replicates, n)."""
    if n < 2:
        raise StatisticsError(f"Expected two attributes or more to swap, got {n}. Use data with more attributes.")
    swaps = np.empty((n_replicates, n), dtype=np.int64)
    for row in swaps:
        row[:] = generator.permutation(n)
        while (row == np.arange(n)).any():  # e = 2.7 tries on average
            row[:] = generator.permutation(n)
    return swaps


def _in_pieces(maps: Floats, picks: npt.NDArray[np.int64], choices: Choices, sizes: Floats, axis: Axis) -> Floats:
    """Correlate maps[picks], a few replicates at a time."""
    step = max(1, CHUNK_CELLS // sizes.size)
    shape = (-1, *sizes.shape)
    parts = [
        correlate_maps(maps[picks[start : start + step]].reshape(shape), choices, sizes=sizes, axis=axis)
        for start in range(0, len(picks), step)
    ]
    return np.concatenate(parts)
