"""What is done about a missing run, an unfinished one, or missing masks: say so in one line, then do it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mamviz.config import RunConfig
from mamviz.errors import MaskFileError, RunError
from mamviz_cli.console import Console
from mamviz_cli.machine import choose_device, use_threads
from mamviz_cli.opening import find_run
from mamviz_cli.options import Common, FirstRun, RunArgument
from mamviz_cli.settings import DataOptions, Settings, TrainingOptions, make_config
from mamviz_cli.train import TrainOptions, resume_run, train_new

if TYPE_CHECKING:
    from mamviz.distributed import Group
    from mamviz.run import Run

# How long the default training takes on two cores, in words.
FIRST_TRAINING = "about 5 minutes"


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Which run a command works on, and how to make one where there is none."""

    run: RunArgument = None
    first: FirstRun = field(default_factory=FirstRun)
    common: Common = field(default_factory=Common)


def trained_run(options: RunOptions) -> Run:
    """Return the run that is asked for, trained; trains one where there is none, finishes one that was stopped."""
    from mamviz.run import open_run

    run = find_run(options.run, options.common.runs)
    console = Console(aside=True)
    if run is None:
        return _train_first(options, console)
    if options.first.given:
        console.note(f"note: --faces, --size and --epochs are for a first run; {run.folder} is there and used as it is")
    if not run.trained:
        console.note(f"{run.folder} is unfinished: going on with it first; Ctrl-C stops it, the same command goes on")
        resume_run(run, options.common, console=console, group=_alone(options.common))
    return open_run(run.folder)


def with_masks(options: RunOptions) -> Run:
    """Return the trained run with a masks.h5 of its present weights, extracted now where there is none.

    A masks.h5 that is named by itself is taken as it is, without its model or its images.
    """
    if options.run is not None and Path(options.run).is_file():
        return _around(Path(options.run))
    from mamviz.run import file_sha256
    from mamviz.store.masks import mask_provenance

    run = trained_run(options)
    if run.masks_file.is_file():
        if mask_provenance(run.masks_file).model_sha256 == file_sha256(run.model_file):
            return run
        reason = "is of older weights"
    else:
        reason = "is missing"
    from mamviz_cli.extract_masks import ExtractOptions, extract

    console = Console(aside=True)
    console.note(f"{run.masks_file} {reason}: extracting the masks of all images first; Ctrl-C keeps what is finished")
    extract(run, ExtractOptions(target=options), console=console, group=_alone(options.common))
    return run


def _around(file: Path) -> Run:
    """Return the folder of a masks file as a run without a network; raises MaskFileError for another file."""
    from mamviz.run import Run
    from mamviz.store.masks import read_statistics

    if file.name != "masks.h5":
        raise MaskFileError(
            f"{file}: expected a run or a file called masks.h5, as its tables are written beside it. Rename the file."
        )
    return Run(file.parent, RunConfig(), read_statistics(file).attributes, {})


def _train_first(options: RunOptions, console: Console) -> Run:
    first, common = options.first, options.common
    settings = Settings(
        data=DataOptions(n_faces=first.faces, size=first.size), train=TrainingOptions(epochs=first.epochs)
    )
    config = make_config(settings, threads=use_threads(common.threads))
    length = "" if first.given else f" {FIRST_TRAINING};"
    console.note(
        f"no run under {common.runs}/: training one on the built-in faces first;{length} Ctrl-C stops it and the same "
        "command goes on"
    )
    options_then = TrainOptions(settings=settings, common=common)
    return train_new(config, options_then, console=console, group=_alone(common))


def _alone(common: Common) -> Group:
    """Return a group of this one process; raises RunError where torchrun started several."""
    from mamviz.distributed import Group

    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise RunError(
            "Several processes were started for a step that first needs another one. Run that one by itself: "
            "`torchrun ... -m mamviz_cli train`, then `... extract-masks`."
        )
    return Group(device=choose_device(common.device))
