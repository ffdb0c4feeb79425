"""stability.json: how far the tables of a run agree with those of other seeds, as last compared."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mamviz.errors import RunError
from mamviz.run import write_text
from mamviz.schema import (
    SCHEMA_VERSION,
    Agreement,
    Choices,
    ComparedRun,
    FeatureAgreement,
    Interval,
    MantelTest,
    Matching,
    Stability,
    TableAgreement,
    TopOverlap,
)

NAME = "stability.json"


def write_stability(folder: Path, stability: Stability) -> Path:
    """Write stability.json of a run's folder, in place of an older one, and return its path."""
    record = {"schema_version": SCHEMA_VERSION, **asdict(stability)}
    file = folder / NAME
    write_text(file, json.dumps(_without_nan(record), indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return file


def read_stability(folder: Path) -> Stability | None:
    """Read the stability.json of a run's folder; None where the run was never compared.

    Raises RunError where it can't be read, or has another schema version.
    """
    file = folder / NAME
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        version = record["schema_version"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _unreadable(file, error) from error
    if version != SCHEMA_VERSION:
        raise RunError(
            f"{file} has schema version {version}; this mamviz reads {SCHEMA_VERSION}. Run `mamviz stability` again."
        )
    try:
        return _stability(record)
    except (TypeError, KeyError, AttributeError) as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> RunError:
    return RunError(
        f"{file}: can't be read as a record of stability ({error}). Delete it and run `mamviz stability` again."
    )


def _stability(record: Mapping[str, Any]) -> Stability:
    values = {name: value for name, value in record.items() if name != "schema_version"}
    return Stability(
        **values
        | {
            "runs": tuple(ComparedRun(**each) for each in values["runs"]),
            "tables": tuple(_table(each) for each in values["tables"]),
            "features": tuple(_features(each) for each in values["features"]),
        }
    )


def _table(values: Mapping[str, Any]) -> TableAgreement:
    agreements = tuple(_agreement(each) for each in values["agreements"])
    return TableAgreement(**dict(values) | {"choices": Choices(**values["choices"]), "agreements": agreements})


def _agreement(values: Mapping[str, Any]) -> Agreement:
    overlap = values["overlap"]
    return Agreement(
        **dict(values)
        | {
            "spearman": Interval(**_with_nan(values["spearman"], "value", "low", "high")),
            "mantel": MantelTest(**_with_nan(values["mantel"], "p_greater", "p_two_sided")),
            "overlap": TopOverlap(
                **_with_nan(overlap, "mean", "chance")
                | {
                    "targets": tuple(overlap["targets"]),
                    "shares": tuple(math.nan if share is None else share for share in overlap["shares"]),
                }
            ),
        }
    )


def _features(values: Mapping[str, Any]) -> FeatureAgreement:
    matching = Matching(**{name: tuple(each) for name, each in values["matching"].items()})
    return FeatureAgreement(**_with_nan(values, "cka") | {"matching": matching})


def _with_nan(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return the values with NaN where one of `names` is null."""
    return {name: math.nan if name in names and value is None else value for name, value in values.items()}


def _without_nan(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_nan(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and math.isnan(value) else value
