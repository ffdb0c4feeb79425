"""sanity.json and sanity-nulls.npz: what was found, and what an interrupted job has found so far."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from mamviz.errors import RunError
from mamviz.run import written_whole
from mamviz.schema import SanityReport, Significance
from mamviz.store.records import read_plain, to_record


def read_sanity(file: Path) -> SanityReport:
    """Return the report in a sanity.json.

    Raises RunError where there is none, or one of another version or shape.
    """
    try:
        report: SanityReport = to_record(SanityReport, read_plain(file))
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{file}: expected the sanity checks of a run, found none that can be read ({error!r}). "
            "Make them with `mamviz sanity`."
        ) from error
    return report


def write_nulls(file: Path, nulls: tuple[Significance, ...], attributes: tuple[str, ...]) -> None:
    """Write what each null shows in the place of every pair of the recommended table."""
    arrays: dict[str, Any] = {"attributes": np.array(attributes)}
    for null in nulls:
        arrays |= {f"{null.null}/{field.name}": getattr(null, field.name) for field in dataclasses.fields(null)}
    with written_whole(file) as partial:
        np.savez_compressed(partial, **arrays)


def read_nulls(file: Path) -> tuple[Significance, ...]:
    """Return the nulls of a sanity-nulls.npz.

    Raises RunError where there is none, or one that can't be read.
    """
    try:
        with np.load(file, allow_pickle=False) as arrays:
            names = dict.fromkeys(key.rpartition("/")[0] for key in arrays if "/" in key)
            return tuple(
                Significance(**{f.name: _unpack(arrays[f"{name}/{f.name}"]) for f in dataclasses.fields(Significance)})
                for name in names
            )
    except (OSError, ValueError, KeyError) as error:
        raise RunError(
            f"{file}: expected the nulls of a run, found none that can be read ({error}). Run `mamviz sanity`."
        ) from error


def _unpack(array: Any) -> Any:
    return array.item() if array.ndim == 0 else array
