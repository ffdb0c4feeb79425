"""Block statistics of random numbers and the plan of their file: what a reader must give back, or refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mamviz.errors import MaskFileError
from mamviz.schema import BlockStatistics, BlockSums, Provenance
from mamviz.store.masks import Plan, create_masks, writing

Reader = Callable[[Path], Any]

ATTRIBUTES = ("Bald", "Größe", "Male")
GRID = (4, 2, 3)
N_BLOCKS = 3
# By block: 3, 0 and 4 images.
BLOCKS = np.array([0, 0, 0, 2, 2, 2, 2])
PROVENANCE = Provenance(
    run="faces-1",
    n_images=7,
    split="test",
    data="7 drawn images",
    fingerprint="f00d",
    model_sha256="beef",
    readout="shared",
    version="0.1.0",
)


def draw_plan(*, raw: tuple[int, ...] = (0, 2, 5)) -> Plan:
    rng = np.random.default_rng(0)
    return Plan(
        provenance=PROVENANCE,
        attributes=ATTRIBUTES,
        grid=GRID,
        n_blocks=N_BLOCKS,
        names=tuple(f"bild {n:03d}.jpg" for n in range(len(BLOCKS))),
        labels=rng.integers(2, size=(len(BLOCKS), len(ATTRIBUTES))).astype(np.uint8),
        blocks=BLOCKS,
        raw=np.isin(np.arange(len(BLOCKS)), raw),
    )


def draw_block(block: int) -> BlockStatistics:
    """One block's numbers; those stored in float32 fit into it."""
    rng = np.random.default_rng(100 + block)
    k, (c, h, w) = len(ATTRIBUTES), GRID

    def sums() -> BlockSums:
        return BlockSums(
            total=rng.normal(size=(1, k, c, h, w)).astype(np.float32),
            positive=rng.normal(size=(1, k, c, h, w)).astype(np.float32),
            adjusted=rng.normal(size=(1, k, c, h, w)).astype(np.float32),
            attribute_gram=rng.normal(size=(1, 3, k, k)),
            channel_gram=rng.normal(size=(1, c, c)),
            image_r=rng.normal(size=(1, 3, 2, k, k)),
            image_count=rng.integers(9, size=(1, 3, 2, k, k)).astype(np.float64),
        )

    return BlockStatistics(
        attributes=ATTRIBUTES,
        grid=GRID,
        count=np.array([float(np.count_nonzero(block == BLOCKS))]),
        positives=rng.integers(5, size=(1, k)).astype(np.float64),
        weight_sum=rng.normal(size=(1, k)),
        label_gram=rng.normal(size=(1, k, k)),
        feature_sum=rng.normal(size=(1, c, h, w)),
        mask=sums(),
        evidence=sums(),
    )


def draw_logits() -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.random.default_rng(1).normal(size=(len(BLOCKS), len(ATTRIBUTES)))


def draw_masks() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Masks of all images, (N, K, C, H, W)."""
    shape = (len(BLOCKS), len(ATTRIBUTES), *GRID)
    return np.random.default_rng(2).random(shape).astype(np.float32)


def fill(file: Path, plan: Plan, *, blocks: Iterable[int] = range(N_BLOCKS)) -> Path:
    """Write a file of the drawn numbers, block by block, in batches of two images."""
    if not file.exists():
        create_masks(file, plan)
    logits, masks = draw_logits(), draw_masks()
    with writing(file) as writer:
        for block in blocks:
            rows = plan.rows_of(block)
            for start in range(rows.start, rows.stop, 2):
                part = slice(start, min(start + 2, rows.stop))
                writer.write_logits(part, logits[part])
                writer.write_raw(part, masks[part], plan.raw[part])
            writer.write_block(block, draw_block(block))
    return file


def refusal(read: Reader, file: Path) -> str:
    """Return the one line by which a reader refuses a file."""
    with pytest.raises(MaskFileError) as caught:
        read(file)
    message = str(caught.value)
    assert "\n" not in message
    assert str(file) in message
    return message
