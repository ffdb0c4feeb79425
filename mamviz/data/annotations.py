"""Which images there are, with their labels, parts and persons: CelebA's layout, or a CSV table."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mamviz.config import DataConfig
from mamviz.data.celeba import find_images, read_celeba
from mamviz.data.problems import settle_problems
from mamviz.data.splits import split_units
from mamviz.data.table import Table, place_columns, read_lines, read_table, take
from mamviz.errors import DataError

_PARTS = {"train": 0, "validation": 1, "valid": 1, "val": 1, "test": 2, "0": 0, "1": 1, "2": 2}


@dataclass(frozen=True, kw_only=True)
class Annotations:
    """Images that have a file, and all that is known of them; N images, K attributes.

    names       as the table writes them
    labels      (N, K) 0 or 1
    split       (N,) 0 train, 1 validation, 2 test
    identity    (N,) a number a person, or None where persons aren't known
    skipped     what was left out, and why
    """

    names: tuple[str, ...]
    files: tuple[Path, ...]
    attributes: tuple[str, ...]
    labels: npt.NDArray[np.uint8]
    split: npt.NDArray[np.int8]
    identity: npt.NDArray[np.int64] | None
    skipped: tuple[str, ...] = ()

    def keep(self, indices: npt.NDArray[np.int64], skipped: Sequence[str] = ()) -> Annotations:
        """Return the images at `indices`, with more of what was left out."""
        return Annotations(
            names=take(self.names, indices),
            files=take(self.files, indices),
            attributes=self.attributes,
            labels=self.labels[indices],
            split=self.split[indices],
            identity=None if self.identity is None else self.identity[indices],
            skipped=(*self.skipped, *skipped),
        )


def read_annotations(config: DataConfig) -> Annotations:
    """Read the tables of `config.source`, a folder in CelebA's layout or a CSV file.

    A table without a split is split 80/10/10 (see `splits.split_units`). Raises one DataError for all
    rows that can't be used, or with `config.skip_bad` leaves them out; raises where none is left.
    """
    source = Path(config.source).expanduser()
    read = _read_folder if source.is_dir() else _read_csv
    found = read(source, config)
    table = found.table
    problems = [*table.problems, *found.problems]
    missing = find_missing(found.images, table.names)
    problems += _note(table, missing, f"{{name}} is not in {found.images}")
    skipped = settle_problems(problems, source=config.source, skip_bad=config.skip_bad)
    usable = ~missing
    for values in (found.split, found.identity):
        usable &= True if values is None else values >= 0
    if not usable.any():
        why = f"; the first of {len(skipped):,} problems: {skipped[0]}" if skipped else ""
        raise DataError(f"{source}: expected rows with an image, found none{why}. Check the table and the folder.")
    annotations = Annotations(
        names=table.names,
        files=tuple(map(found.images.absolute().joinpath, table.names)),
        attributes=table.attributes,
        labels=table.labels,
        split=split_units(table.names, found.identity) if found.split is None else found.split,
        identity=found.identity,
        skipped=skipped,
    )
    return annotations if usable.all() else annotations.keep(np.flatnonzero(usable))


def find_missing(folder: Path, names: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Say of each name whether `folder` lacks that file, from one listing of each folder it could be in.

    A name may lead through sub-folders, or be a path of its own.
    """
    present: dict[str, frozenset[str]] = {}
    missing = np.zeros(len(names), np.bool_)
    for row, path in enumerate(_join(folder, names)):
        parent, _, name = path.rpartition(os.sep)
        if parent not in present:
            present[parent] = _list_files(parent or os.sep)
        missing[row] = name not in present[parent]
    return missing


def _join(folder: Path, names: Sequence[str]) -> Iterator[str]:
    return map(os.path.join, repeat(str(folder.absolute())), names)


def _list_files(folder: str) -> frozenset[str]:
    try:
        with os.scandir(folder) as entries:
            return frozenset(entry.name for entry in entries if entry.is_file())
    except OSError:
        return frozenset()  # every file in it is told as missing, with the folder's name


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A table, and where its images are; in split and identity -1 stands for no readable value."""

    table: Table
    images: Path
    split: npt.NDArray[np.int8] | None
    identity: npt.NDArray[np.int64] | None
    problems: tuple[str, ...]


def _read_folder(source: Path, config: DataConfig) -> _Found:
    celeba = read_celeba(source)
    names = celeba.table.names
    images = Path(config.images).expanduser() if config.images else find_images(source, names[0] if names else "")
    return _Found(
        table=celeba.table,
        images=images,
        split=celeba.split,
        identity=celeba.identity,
        problems=celeba.problems,
    )


def _read_csv(source: Path, config: DataConfig) -> _Found:
    extras = [name for name in (config.split_column, config.identity_column) if name]
    lines = read_lines(source)
    _, header = next(lines, (0, []))
    table = read_table(source, lines, place_columns(source, header, path=config.path_column, extras=extras))
    texts = dict(zip(extras, zip(*table.extras, strict=True), strict=False))
    problems: list[str] = []
    split = identity = None
    if config.split_column:
        split = np.array([_PARTS.get(text.strip().lower(), -1) for text in texts.get(config.split_column, ())], np.int8)
        problems += _note(table, split < 0, f"{config.split_column} is not train, validation or test")
    if config.identity_column:
        identity = number_persons(texts.get(config.identity_column, ()))
        problems += _note(table, identity < 0, f"{config.identity_column} is blank")
    images = Path(config.images).expanduser() if config.images else source.parent
    return _Found(table=table, images=images, split=split, identity=identity, problems=tuple(problems))


def number_persons(texts: Sequence[str]) -> npt.NDArray[np.int64]:
    """Give each person a number: its own where all have one, else a hash of its text.

    result   (n,) 0 or more, -1 for a blank; a text has the same number in every table
    """
    stripped = [text.strip() for text in texts]
    if all(text.isdecimal() and len(text) <= 18 for text in stripped if text):
        return np.array([int(text) if text else -1 for text in stripped], np.int64)
    numbers = {text: _hash(text) for text in set(stripped) if text}
    return np.array([numbers.get(text, -1) for text in stripped], np.int64)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def _note(table: Table, bad: npt.NDArray[np.bool_], problem: str) -> list[str]:
    return [
        f"{table.file.name}:{table.lines[row]}: {problem.replace('{name}', table.names[row])}"
        for row in np.flatnonzero(bad).tolist()
    ]
