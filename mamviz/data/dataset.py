"""Images with labels, parts and persons, whichever of the three kinds of source they come from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from mamviz.config import BUILT_IN_FACES, DataConfig
from mamviz.data.annotations import read_annotations
from mamviz.data.images import pack
from mamviz.data.splits import blocks_of
from mamviz.errors import DataError
from mamviz.schema import SPLITS, Array, Progress, silent

SplitName = Literal["train", "validation", "test", "all"]

Indices = npt.NDArray[np.int64]
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class ImageData:
    """A data set that is ready to be cut into batches; N images of S x S pixels, K attributes.

    images        (N, S, S, 3) RGB, mapped from the cache read-only
    labels        (N, K) 0 or 1
    split         (N,) 0 train, 1 validation, 2 test
    identity      (N,) a number a person, or None where persons aren't known
    fingerprint   sha256 of images, labels and parts; the same wherever the folder lies
    skipped       what was left out, and why
    description   for captions
    """

    images: Pixels
    names: tuple[str, ...]
    attributes: tuple[str, ...]
    labels: Pixels
    split: npt.NDArray[np.int8]
    identity: Indices | None
    fingerprint: str
    skipped: tuple[str, ...]
    description: str

    @property
    def n_images(self) -> int:
        """Number of images."""
        return len(self.names)

    @property
    def size(self) -> int:
        """Side of an image, in pixels."""
        return int(self.images.shape[1])

    @property
    def units(self) -> Indices:
        """What is observed once, (N,): the person where known, else the image's own index."""
        return np.arange(self.n_images) if self.identity is None else self.identity

    def select(self, split: SplitName) -> Indices:
        """Return the indices of one part, or of "all", ascending; empty where the part has no image."""
        if split == "all":
            return np.arange(self.n_images)
        return np.flatnonzero(self.split == SPLITS.index(split))

    def blocks(self, n_blocks: int) -> Indices:
        """Give each image its block, (N,) in [0, n_blocks): see `splits.blocks_of`."""
        return blocks_of(self.names, self.identity, n_blocks=n_blocks)


def open_data(config: DataConfig, *, cache: Path, progress: Progress = silent, threads: int = 1) -> ImageData:
    """Open the data set that `config` names, from the cache or into it.

    cache      folder of packed images; made where missing, may be deleted at any time
    threads    of decoding

    The first time, images are decoded (or drawn), and a stopped job goes on where it was. Raises DataError
    for a source that isn't there, and for what `read_annotations` and `pack` raise it.
    """
    if config.source == BUILT_IN_FACES:
        return _open_faces(config, cache, progress)
    source = Path(config.source).expanduser()
    if not source.exists():
        raise DataError(
            f"{source.absolute()}: expected images with labels, found nothing there. Give "
            f"{BUILT_IN_FACES!r} for the built-in ones, a folder in CelebA's layout, or a CSV file."
        )
    return _open_files(config, cache, progress, threads)


def read_image(data: ImageData, index: int) -> Pixels:
    """Return a copy of one image, (S, S, 3)."""
    return np.array(data.images[index])


def _open_files(config: DataConfig, cache: Path, progress: Progress, threads: int) -> ImageData:
    found = read_annotations(config)
    packed = pack(
        found.files,
        size=config.size,
        crop=config.crop,
        folder=cache,
        threads=threads,
        skip_bad=config.skip_bad,
        progress=progress,
    )
    if packed.skipped:
        found = found.keep(packed.kept, packed.skipped)
    cut = "square crop" if config.crop == "square" else "whole images"
    return ImageData(
        images=packed.images,
        names=found.names,
        attributes=found.attributes,
        labels=found.labels,
        split=found.split,
        identity=found.identity,
        fingerprint=_fingerprint([*found.names, "", *found.attributes], [packed.sizes, found.labels, found.split]),
        skipped=found.skipped,
        description=f"{len(found.names):,} images of {Path(config.source).absolute().name}, {config.size} px, {cut}",
    )


def _open_faces(config: DataConfig, cache: Path, progress: Progress) -> ImageData:
    from mamviz.data.faces import draw_all  # needs torch; tables and image files don't

    faces = draw_all(config, folder=cache, progress=progress)
    drawn = f"faces {faces.version}, {config.size} px, seed {config.faces_seed}"
    return ImageData(
        images=faces.images,
        names=faces.names,
        attributes=faces.attributes,
        labels=faces.labels,
        split=faces.split,
        identity=None,
        fingerprint=_fingerprint([drawn, "", *faces.attributes], [faces.labels, faces.split]),
        skipped=(),
        description=(
            f"{config.n_faces:,} built-in faces, {config.size} px, label correlation {config.label_correlation:g}"
        ),
    )


def _fingerprint(texts: Iterable[str], arrays: Iterable[Array]) -> str:
    digest = hashlib.sha256("\0".join(texts).encode("utf-8", "surrogateescape"))
    for array in arrays:
        digest.update(f"\0{array.shape}".encode())
        digest.update(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()
