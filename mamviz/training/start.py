"""Making the folder of a new run."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mamviz import config as settings
from mamviz.data.dataset import ImageData
from mamviz.errors import RunError
from mamviz.run import Run, open_run, write_json
from mamviz.schema import SCHEMA_VERSION


def start_run(  # noqa: PLR0913 - the parts of a record
    folder: Path,
    config: settings.RunConfig,
    data: ImageData,
    *,
    device: str,
    command: Sequence[str],
    created: str,
    version: str,
    family: str | None = None,
    pruned: Mapping[str, Any] | None = None,
) -> Run:
    """Make the folder of a new run with its run.json, and return it.

    command    the command line, as typed; created: the time, ISO 8601
    family     name that it shares with runs that differ in their seed alone, or None
    pruned     of a pruned run: what it was pruned from, and how
    Raises RunError where the folder already holds a run.
    """
    if (folder / "run.json").exists():
        raise RunError(
            f"{folder}: holds a run already. Go on with it by `mamviz train --resume {folder}`, "
            "or choose another --name."
        )
    record: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "created": created,
        "command": list(command),
        "seed": config.seed,
        "family": family,
        "device": device,
        "attributes": list(data.attributes),
        "data": {
            "fingerprint": data.fingerprint,
            "description": data.description,
            "n_images": len(data.names),
            "skipped": list(data.skipped),
        },
        "versions": {
            "mamviz": version,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
        },
        "machine": {"platform": platform.platform(), "processor": platform.machine()},
        "config": settings.to_dict(config),
        **({} if pruned is None else {"pruned": dict(pruned)}),
    }
    write_json(folder / "run.json", record)
    return open_run(folder)
