"""What both HDF5 files share: attributes of provenance, opening with checks, allocation."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from mamviz.errors import MaskFileError
from mamviz.schema import SCHEMA_VERSION, Array, Provenance

# Bytes from which a dataset is mapped: those of a few dozen attributes are read at once, which is faster.
MAPPED_BYTES = 2**25

STRING = h5py.string_dtype("utf-8")
WRITERS = {"masks": "mamviz extract-masks", "analysis": "mamviz correlate"}


@contextmanager
def opened(file: Path, *, kind: str, mode: str = "r") -> Iterator[h5py.File]:
    """Open an HDF5 file of this project.

    Raises MaskFileError, naming the file, where it is missing, truncated, of another kind or schema version.
    """
    if not file.is_file():
        raise MaskFileError(f"{file}: expected a file of {kind}, found none. Write it with `{WRITERS[kind]}`.")
    try:
        handle = h5py.File(file, mode)
    except BlockingIOError as error:
        raise MaskFileError(f"{file}: another process is writing to it. Wait until it has finished.") from error
    except OSError as error:
        reason = str(error).splitlines()[0]
        raise MaskFileError(f"{file}: truncated, or no HDF5 file ({reason}). Delete it and write it again.") from error
    with handle:
        if handle.attrs.get("kind") != kind:
            raise MaskFileError(
                f"{file}: expected a file of {kind}, got {handle.attrs.get('kind')!r}. Name another file."
            )
        version = handle.attrs.get("schema_version")
        if version != SCHEMA_VERSION:
            raise MaskFileError(
                f"{file} has schema version {version}; this mamviz reads {SCHEMA_VERSION}. "
                "Upgrade mamviz or export again."
            )
        yield handle


def write_provenance(handle: h5py.File, provenance: Provenance, *, kind: str) -> None:
    """Write kind, schema version and provenance as attributes of the file."""
    handle.attrs["kind"] = kind
    handle.attrs["schema_version"] = SCHEMA_VERSION
    handle.attrs["created_by"] = f"mamviz {provenance.version}"
    for name, value in asdict(provenance).items():
        handle.attrs[name] = value


def read_provenance(handle: h5py.File) -> Provenance:
    """Return the provenance that `write_provenance` wrote; raises MaskFileError where a part is missing."""
    names = [entry.name for entry in fields(Provenance)]
    missing = [name for name in names if name not in handle.attrs]
    if missing:
        raise MaskFileError(
            f"{handle.filename}: the attribute {missing[0]!r} is missing. Delete it and write it again."
        )
    values: dict[str, Any] = {name: handle.attrs[name] for name in names}
    values["n_images"] = int(values["n_images"])
    return Provenance(**values)


def take(dataset: h5py.Dataset) -> Array:
    """Return all of a dataset; a large one is mapped, and each part of it read when it is first used.

    Of the sums of 1,000 attributes, 5 GB, a correlation uses a tenth. A mapped array holds what the file had when it
    was opened as long as nobody writes into that very file: mamviz only ever replaces finished ones. Not on Windows,
    where a mapped file can't be replaced.
    """
    offset = dataset.id.get_offset()
    if os.name != "posix" or dataset.nbytes < MAPPED_BYTES or offset is None or offset % dataset.dtype.alignment:
        return np.asarray(dataset[:])
    # The very file that is open: its name may be another file's by now.
    with os.fdopen(os.dup(dataset.file.id.get_vfd_handle()), "rb") as file:
        return np.asarray(np.memmap(file, dataset.dtype, mode="c", offset=offset, shape=dataset.shape))


def allocate(group: h5py.Group, name: str, shape: tuple[int, ...], dtype: Any, *, chunk: bool = False) -> h5py.Dataset:
    """Create a dataset with its space taken at once, so that a kill later leaves no half-written structure.

    chunk    one chunk a row of the first axis, else contiguous; no filter: mask mantissas are noise
    """
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    properties.set_obj_track_times(False)
    if chunk and shape[0]:
        properties.set_chunk((1, *shape[1:]))
    kind = h5py.h5t.py_create(np.dtype(dtype), logical=True)
    *parents, name = name.split("/")
    for parent in parents:
        group = group.require_group(parent)
    dataset = h5py.h5d.create(group.id, name.encode(), kind, h5py.h5s.create_simple(shape), properties)
    return h5py.Dataset(dataset)
