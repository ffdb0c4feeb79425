"""sanity.json and sanity-nulls.npz: what was found, and what an interrupted job has found so far."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import numpy as np

from mamviz.errors import RunError
from mamviz.run import write_json, written_whole
from mamviz.schema import SCHEMA_VERSION, Provenance, SanityReport, SanitySettings, Significance

Record = TypeVar("Record")


def to_plain(value: Any) -> Any:
    """Return records as dictionaries and lists that JSON can hold; NaN becomes None."""
    if dataclasses.is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [to_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def to_record(kind: Any, value: Any) -> Any:
    """Return what `to_plain` was given: a record, a tuple[..., ...] or a plain value of type `kind`.

    Raises KeyError, TypeError or ValueError where the value does not fit.
    """
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        made: Any = kind
        return made(
            **{field.name: to_record(hints[field.name], value[field.name]) for field in dataclasses.fields(kind)}
        )
    if get_origin(kind) is tuple:
        return tuple(to_record(get_args(kind)[0], each) for each in value)
    return float("nan") if kind is float and value is None else value


def same_work(found: Mapping[str, Any], provenance: Provenance, settings: SanitySettings) -> bool:
    """Tell whether a file's numbers are of the same images, weights, version and settings."""
    expected = {"provenance": to_plain(provenance), "settings": to_plain(settings)}
    return {name: found.get(name) for name in expected} == expected


def read_plain(file: Path) -> dict[str, Any]:
    """Return a file's values; empty where there is none, or none that can be read."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) and values.get("schema_version") == SCHEMA_VERSION else {}


def write_plain(file: Path, provenance: Provenance, settings: SanitySettings, parts: Mapping[str, Any]) -> None:
    """Write parts of a report, under what they are of."""
    head = {"schema_version": SCHEMA_VERSION, "provenance": provenance, "settings": settings}
    write_json(file, {name: to_plain(value) for name, value in {**head, **parts}.items()})


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
