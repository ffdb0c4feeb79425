"""Masks files of made-up runs: the same images seen by networks that differ by a little of their own."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np

from mamviz.schema import BlockStatistics, BlockSums, Provenance
from mamviz.store.masks import Plan, create_masks, writing
from tests.core.stats.raw import ATTRIBUTES, Raw, fill, make_raw

N_BLOCKS = 16


def provenance_of(run: str, n_images: int) -> Provenance:
    return Provenance(
        run=run,
        n_images=n_images,
        split="test",
        data="made images",
        fingerprint="f00d",
        model_sha256=f"model of {run}",
        readout="shared",
        version="0.0.0",
    )


def seen_by(raw: Raw, seed: int, *, own: float) -> Raw:
    """The same images seen by another network: its masks differ by a part of its own, the labels stay."""
    rng = np.random.default_rng(seed)
    shift = own * rng.normal(size=raw.mask.shape[1:])
    mask = 1 / (1 + np.exp(-(np.log(raw.mask / (1 - raw.mask)) + shift * (1 + raw.labels[:, :, None, None, None]))))
    return replace(raw, mask=mask)


def shared_images(*, n_images: int = 160, n_channels: int = 4) -> Raw:
    return make_raw(8, n_images=n_images, n_channels=n_channels, n_blocks=N_BLOCKS)


def write_masks(file: Path, raw: Raw, *, run: str, origin: Provenance | None = None) -> Path:
    """Write the statistics of raw masks to a masks file."""
    order = np.argsort(raw.blocks, kind="stable")
    labels = raw.labels[order].astype(np.uint8)
    plan = Plan(
        provenance=origin or provenance_of(run, len(labels)),
        attributes=ATTRIBUTES,
        grid=raw.mask.shape[2:],
        n_blocks=N_BLOCKS,
        names=tuple(f"{index:03d}.png" for index in order),
        labels=labels,
        blocks=raw.blocks[order],
        raw=np.zeros(len(labels), dtype=bool),
    )
    create_masks(file, plan)
    statistics = fill(raw, n_blocks=N_BLOCKS)
    with writing(file) as writer:
        for block in range(N_BLOCKS):
            writer.write_block(block, _one_block(statistics, block))
    return file


def _one_block(statistics: BlockStatistics, block: int) -> BlockStatistics:
    def sums(part: BlockSums) -> BlockSums:
        return BlockSums(**{entry.name: getattr(part, entry.name)[block : block + 1] for entry in fields(BlockSums)})

    plain = ("count", "positives", "weight_sum", "label_gram", "feature_sum")
    values = {name: getattr(statistics, name)[block : block + 1] for name in plain}
    return replace(statistics, **values, mask=sums(statistics.mask), evidence=sums(statistics.evidence))
