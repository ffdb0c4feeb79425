"""Small data sets and runs, made on the spot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mamviz.config import RunConfig, from_dict
from mamviz.data.dataset import ImageData
from mamviz.run import Run
from mamviz.training.start import start_run

ATTRIBUTES = ("Red", "Green", "Blue", "Bright")


def make_data(n_images: int = 60, *, size: int = 16, seed: int = 0) -> ImageData:
    """Images whose colour tells their labels: channel k is strong where label k is set."""
    rng = np.random.default_rng(seed)
    labels = (rng.random((n_images, 4)) < 0.5).astype(np.uint8)
    labels[:, 3] = labels[:, :3].sum(axis=1) >= 2
    images = rng.integers(0, 80, (n_images, size, size, 3), dtype=np.uint8) + 120 * labels[:, None, None, :3]
    return ImageData(
        images=images.astype(np.uint8),
        names=tuple(f"{index:03d}.png" for index in range(n_images)),
        attributes=ATTRIBUTES,
        labels=labels,
        split=np.array([0, 0, 0, 0, 0, 0, 1, 2, 0, 2] * (n_images // 10) + [0] * (n_images % 10), np.int8),
        identity=None,
        fingerprint=f"made {n_images} {size} {seed}",
        skipped=(),
        description=f"{n_images} made images",
    )


def make_config(**train: Any) -> RunConfig:
    """Settings small enough for a test: 16 px, C = 4, one thread."""
    settings = {"epochs": 2, "batch_size": 8, "threads": 1, "checkpoint_steps": 2, **train}
    return from_dict(RunConfig, {"data": {"size": 16}, "model": {"channels": 4}, "train": settings})


def make_run(folder: Path, config: RunConfig, data: ImageData) -> Run:
    """An untrained run."""
    return start_run(
        folder, config, data, device="cpu", command=["mamviz", "train"], created="2026-01-01", version="0.0.0"
    )
