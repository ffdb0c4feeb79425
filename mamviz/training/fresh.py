"""A new run in one call, for notebooks and programs: its folder made, its network trained."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mamviz
from mamviz.config import RunConfig
from mamviz.data.dataset import ImageData
from mamviz.distributed import Group
from mamviz.run import Run
from mamviz.schema import EpochRow, Progress, silent
from mamviz.training.loop import train
from mamviz.training.start import start_run


def train_run(
    folder: str | Path,
    config: RunConfig,
    data: ImageData,
    *,
    device: str = "cpu",
    created: str = "",
    progress: Progress = silent,
    on_epoch: Callable[[EpochRow], None] | None = None,
) -> Run:
    """Train a new run in `folder` and return it, as `mamviz train` does.

    data       opened by `open_data(config.data, ...)`
    created    the time that run.json states, ISO 8601; empty where it does not matter
    on_epoch   called with each new row of metrics.csv
    A call that is interrupted leaves a run that `mamviz train --resume` goes on with.
    Raises RunError where the folder holds a run already, and what `train` raises.
    """
    run = start_run(
        Path(folder),
        config,
        data,
        device=device,
        command=["mamviz.train_run"],
        created=created,
        version=mamviz.__version__,
    )
    train(run, data, group=Group(device=device), progress=progress, on_epoch=on_epoch)
    return run
