"""Images of noise with labels of chance: for trying how long work takes and how much it holds, before there is data."""

from __future__ import annotations

import numpy as np

from mamviz.config import DataConfig
from mamviz.data.dataset import ImageData


def make_noise(config: DataConfig, *, n_images: int, n_attributes: int) -> ImageData:
    """Return n_images images of the size that `config` asks for, the same each time; all are training images."""
    generator = np.random.default_rng(0)
    return ImageData(
        images=generator.integers(0, 256, (n_images, config.size, config.size, 3), dtype=np.uint8),
        names=tuple(map(str, range(n_images))),
        attributes=tuple(map(str, range(n_attributes))),
        labels=generator.integers(0, 2, (n_images, n_attributes), dtype=np.uint8),
        split=np.zeros(n_images, np.int8),
        identity=None,
        fingerprint="",
        skipped=(),
        description="noise",
    )
