"""The state from which an interrupted training goes on bit for bit."""

from __future__ import annotations

import dataclasses
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from mamviz.errors import RunError
from mamviz.run import written_whole
from mamviz.schema import EpochRow

VERSION = 1


@dataclass
class Totals:
    """Running sums of the epoch in work."""

    loss: float = 0.0
    correct: float = 0.0
    n_images: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Shrinking:
    """Memory ran out in `step`: from there on at most `images` of a batch are worked on at once."""

    step: int
    images: int


@dataclass(frozen=True)
class Checkpoint:
    """State dicts of the network, its average, the optimiser and the schedule, and where training stood."""

    network: dict[str, Any]
    average: dict[str, Any]
    optimizer: dict[str, Any]
    schedule: dict[str, Any]
    step: int
    totals: Totals = field(default_factory=Totals)
    rows: tuple[EpochRow, ...] = ()
    shrunk: tuple[Shrinking, ...] = ()


def write_checkpoint(file: Path, checkpoint: Checkpoint) -> None:
    """Write the checkpoint, whole or not at all."""
    values = {entry.name: getattr(checkpoint, entry.name) for entry in dataclasses.fields(checkpoint)}
    values["totals"] = dataclasses.asdict(checkpoint.totals)
    values["rows"] = [dataclasses.asdict(row) for row in checkpoint.rows]
    values["shrunk"] = [dataclasses.asdict(each) for each in checkpoint.shrunk]
    with written_whole(file) as partial:
        torch.save({"version": VERSION, **values}, partial)


def read_checkpoint(file: Path) -> Checkpoint:
    """Read a checkpoint; raises RunError where it can't be read or has another version. Runs no pickled code."""
    try:
        values = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise RunError(
            f"{file}: can't be read as a checkpoint ({_first_line(error)}). Delete it and train again."
        ) from error
    if not isinstance(values, dict) or values.pop("version", None) != VERSION:
        raise RunError(f"{file}: expected a checkpoint of version {VERSION}. Delete it and train again.")
    values["totals"] = Totals(**values["totals"])
    values["rows"] = tuple(EpochRow(**row) for row in values["rows"])
    values["shrunk"] = tuple(Shrinking(**each) for each in values.get("shrunk", ()))
    return Checkpoint(**values)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
