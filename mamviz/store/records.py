"""Records as JSON: what a report holds, under what it is of, so that an interrupted job knows its own parts again."""

from __future__ import annotations

import dataclasses
import json
import math
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from mamviz.run import write_json
from mamviz.schema import SCHEMA_VERSION, Provenance


def to_plain(value: Any) -> Any:
    """Return records as dictionaries and lists that JSON can hold; arrays are nested lists, NaN becomes None."""
    if dataclasses.is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return to_plain(value.tolist())
    if isinstance(value, (tuple, list)):
        return [to_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def to_record(kind: Any, value: Any) -> Any:
    """Return what `to_plain` was given: a record, a tuple[..., ...], an array or a plain value of type `kind`.

    Raises KeyError, TypeError or ValueError where the value does not fit.
    """
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        made: Any = kind
        return made(
            **{field.name: to_record(hints[field.name], value[field.name]) for field in dataclasses.fields(kind)}
        )
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple:
        return tuple(to_record(arguments[0], each) for each in value)
    if origin is np.ndarray:
        return np.array(value, dtype=np.float64)  # None becomes NaN
    if origin in (Union, types.UnionType):  # only `X | None`
        return None if value is None else to_record(arguments[0], value)
    return _check(kind, value)


def _check(kind: Any, value: Any) -> Any:
    """Return a plain value of its type; raises TypeError for another."""
    if get_origin(kind) is Literal:
        fits = value in get_args(kind)
    elif kind is float:
        value = math.nan if value is None else value
        fits = isinstance(value, (int, float)) and not isinstance(value, bool)
    else:
        fits = type(value) is kind
    if not fits:
        raise TypeError(f"expected {kind}, got {value!r}")
    return value


def same_work(found: Mapping[str, Any], provenance: Provenance, settings: object) -> bool:
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


def write_plain(file: Path, provenance: Provenance, settings: object, parts: Mapping[str, Any]) -> None:
    """Write parts of a report, under what they are of."""
    head = {"schema_version": SCHEMA_VERSION, "provenance": provenance, "settings": settings}
    write_json(file, {name: to_plain(value) for name, value in {**head, **parts}.items()})
