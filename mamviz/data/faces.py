"""The built-in faces, drawn once into the same kind of cache as image files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mamviz.config import DataConfig
from mamviz.data.cache import LAYOUT_VERSION, Chunk, fill, finish, open_packed
from mamviz.data.slot import Slot
from mamviz.data.synthetic.files import VERSION, name_of, split_of
from mamviz.data.synthetic.labels import ATTRIBUTES, draw_labels
from mamviz.data.synthetic.render import draw_faces
from mamviz.schema import Progress

Pixels = npt.NDArray[np.uint8]

_AT_ONCE = 128  # faces drawn together: a renderer's intermediate pictures are many times an image
_PROBE = 4


@dataclass(frozen=True, kw_only=True)
class Faces:
    """Drawn faces: images (N, size, size, 3), labels (N, 40) 0 or 1, split (N,) 0, 1, 2.

    names     those of the same faces written to files, so that both fall into the same blocks
    version   of the drawing: another one means other faces for the same settings
    """

    images: Pixels
    names: tuple[str, ...]
    attributes: tuple[str, ...]
    labels: Pixels
    split: npt.NDArray[np.int8]
    version: int


def draw_all(config: DataConfig, *, folder: Path, progress: Progress) -> Faces:
    """Draw the faces of `config` into a cache under `folder`, or open the one that is there.

    Stopped, it goes on where it was. Raises DataError first where the disk has too little room.
    """
    labels = draw_labels(config.n_faces, seed=config.faces_seed, label_correlation=config.label_correlation)

    def draw(start: int, stop: int) -> Chunk:
        ranges = [(first, min(first + _AT_ONCE, stop)) for first in range(start, stop, _AT_ONCE)]
        return Chunk(np.concatenate([_draw(labels, first, last, config) for first, last in ranges]))

    # Keyed by faces as they come out here, not by a version: another torch may round a pixel otherwise.
    digest = hashlib.sha256(f"{LAYOUT_VERSION} {config.size} {config.faces_seed}".encode())
    digest.update(labels.tobytes())
    digest.update(_draw(labels, 0, min(_PROBE, config.n_faces), config).tobytes())
    slot = Slot(folder=folder, key=f"faces-{digest.hexdigest()[:24]}", n_images=config.n_faces, size=config.size)
    packed = open_packed(slot) or finish(slot, fill(slot, draw, progress=progress, note="drawing faces"))
    return Faces(
        images=packed.images,
        names=tuple(map(name_of, range(config.n_faces))),
        attributes=tuple(ATTRIBUTES),
        labels=labels,
        split=split_of(config.n_faces, config.faces_seed),
        version=VERSION,
    )


def _draw(labels: Pixels, start: int, stop: int, config: DataConfig) -> Pixels:
    faces = draw_faces(labels[start:stop], np.arange(start, stop), size=config.size, seed=config.faces_seed)
    return np.asarray(faces.cpu().numpy())
