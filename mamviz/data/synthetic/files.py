"""The built-in faces as files: CelebA's own layout, with the region of every label beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from mamviz.data.synthetic.draws import SPLIT_STREAM, uniforms
from mamviz.data.synthetic.labels import ATTRIBUTES, draw_labels
from mamviz.data.synthetic.render import THRESHOLD, draw_faces, draw_regions
from mamviz.errors import DataError
from mamviz.run import write_text, written_whole
from mamviz.schema import Progress, silent

Labels = npt.NDArray[np.uint8]

IMAGES = "img_align_celeba"
REGIONS = "regions"
REGION_SIZE = 32  # side of a stored region, whatever the pictures' side: finer than any feature grid
BLOCK = 1000  # images to a file of regions

# Of the drawing: goes up when the same settings would give other bytes.
VERSION = 1

_MANIFEST = "faces.json"
_STEP = 64
_README = f"""regions/0000.npy holds images 000001.jpg to 001000.jpg, 0001.npy the next thousand, and so on.

Each is a uint8 array (image, attribute, byte): the pixels that change by more than {THRESHOLD} of the range when that
attribute alone is switched, as bits, row by row, the first pixel in the highest bit, on {REGION_SIZE} x {REGION_SIZE}
pixels of the whole picture. The attributes stand in the order of list_attr_celeba.txt. To read one image:

    bits = numpy.load("regions/0000.npy", mmap_mode="r")[12]                                    # 000013.jpg
    region = numpy.unpackbits(bits, axis=-1).reshape(-1, {REGION_SIZE}, {REGION_SIZE}).astype(bool)

or mamviz.data.synthetic.files.read_regions(folder, "000013.jpg").
"""


@dataclass(frozen=True)
class _Settings:
    """What decides every byte of the folder; written to faces.json before the first image."""

    version: int
    n_images: int
    size: int
    seed: int
    label_correlation: float
    regions: bool


def name_of(index: int) -> str:
    """Return the file name of image `index`, which counts from 0; CelebA's names count from 1."""
    return f"{index + 1:06d}.jpg"


def split_of(n_images: int, seed: int) -> npt.NDArray[np.int8]:
    """Return 0 (train, 80 %), 1 (validation, 10 %) or 2 (test, 10 %) for each image, (n_images,).

    Image i's split depends on (seed, i) only.
    """
    place = uniforms(np.arange(n_images), seed=seed, stream=SPLIT_STREAM, count=1)[:, 0]
    return ((place >= 0.8).astype(np.int8) + (place >= 0.9)).astype(np.int8)


def write_faces(
    folder: Path,
    *,
    n_images: int,
    size: int,
    seed: int,
    label_correlation: float,
    regions: bool = True,
    progress: Progress = silent,
) -> None:
    """Write the built-in faces to `folder` as CelebA would be: images, labels, split, identities.

    Every image is a person of its own. JPEG quality 95 without colour subsampling. An interrupted job goes on where
    it stopped and ends with the same bytes; the tables are written last, so a folder that has them is whole.
    Raises DataError for a folder that holds anything else, or faces of other settings.
    """
    folder = Path(folder)
    settings = _Settings(VERSION, n_images, size, seed, float(label_correlation), regions)
    labels = draw_labels(n_images, seed=seed, label_correlation=label_correlation)
    _claim(folder, settings)
    done = 0
    for indices in _steps(n_images, _STEP):
        _write_images(folder, labels, indices, settings)
        done += len(indices)
        progress(done, n_images, "images")
    if regions:
        write_text(folder / REGIONS / "README.txt", _README)
        for block, indices in enumerate(_steps(n_images, BLOCK)):
            _write_regions(folder / REGIONS / f"{block:04d}.npy", labels, indices, seed)
            progress(int(indices[-1]) + 1, n_images, "regions")
    _write_tables(folder, labels, seed)


def read_regions(folder: Path, name: str) -> npt.NDArray[np.bool_]:
    """Read the regions of one image by its file name, (40, 32, 32), in the order of ATTRIBUTES.

    Raises DataError where the folder has none for that image.
    """
    stem = Path(name).stem
    index = int(stem) - 1 if stem.isdecimal() else -1
    path = Path(folder) / REGIONS / f"{index // BLOCK:04d}.npy"
    if index < 0 or not path.is_file():
        raise DataError(f"{name}: expected its regions in {path.parent}, found none. Write the faces with regions.")
    packed = np.load(path, mmap_mode="r")
    if index % BLOCK >= len(packed):
        raise DataError(f"{name}: {path.name} ends with {name_of(index - index % BLOCK + len(packed) - 1)}. Check it.")
    bits = np.unpackbits(np.asarray(packed[index % BLOCK]), axis=-1)
    return bits.reshape(len(ATTRIBUTES), REGION_SIZE, REGION_SIZE).astype(bool)


def _claim(folder: Path, settings: _Settings) -> None:
    """Take an empty folder, or one that was begun with the same settings."""
    manifest = folder / _MANIFEST
    wanted = json.dumps(asdict(settings), indent=1) + "\n"
    if manifest.is_file():
        if manifest.read_text(encoding="utf-8") != wanted:
            raise DataError(f"{folder} holds faces of other settings (see {_MANIFEST}). Choose another folder.")
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder}: expected an empty or new folder, found something else. Choose another folder.")
    else:
        write_text(manifest, wanted)


def _steps(n_images: int, step: int) -> Iterator[npt.NDArray[np.int64]]:
    for start in range(0, n_images, step):
        yield np.arange(start, min(start + step, n_images))


def _write_images(folder: Path, labels: Labels, indices: npt.NDArray[np.int64], settings: _Settings) -> None:
    """Draw and write those of `indices` that are not there yet."""
    paths = {int(index): folder / IMAGES / name_of(int(index)) for index in indices}
    missing = np.array([index for index, path in paths.items() if not path.is_file()], np.int64)
    pictures = draw_faces(labels[missing], missing, size=settings.size, seed=settings.seed).numpy()
    for index, picture in zip(missing, pictures, strict=True):
        with written_whole(paths[int(index)]) as partial:
            Image.fromarray(picture).save(partial, format="JPEG", quality=95, subsampling=0)


def _write_regions(path: Path, labels: Labels, indices: npt.NDArray[np.int64], seed: int) -> None:
    """Draw and write the regions of a block, packed to bits, unless they are there."""
    if path.is_file():
        return
    found = draw_regions(labels[indices], indices, size=REGION_SIZE, seed=seed).numpy()
    packed = np.packbits(found.reshape(len(indices), len(ATTRIBUTES), -1), axis=-1)
    with written_whole(path) as partial, partial.open("wb") as file:
        np.save(file, packed)


def _write_tables(folder: Path, labels: Labels, seed: int) -> None:
    """Write labels, split and identities in CelebA's formats."""
    names = [name_of(index) for index in range(len(labels))]
    signs = np.where(labels == 1, " 1", "-1")
    rows = [f"{name} {' '.join(row)}" for name, row in zip(names, signs, strict=True)]
    header = [str(len(names)), " ".join(ATTRIBUTES)]
    split = [f"{name} {part}" for name, part in zip(names, split_of(len(names), seed), strict=True)]
    identity = [f"{name} {index + 1}" for index, name in enumerate(names)]
    write_text(folder / "list_eval_partition.txt", "\n".join(split) + "\n")
    write_text(folder / "identity_CelebA.txt", "\n".join(identity) + "\n")
    write_text(folder / "list_attr_celeba.txt", "\n".join([*header, *rows]) + "\n")
