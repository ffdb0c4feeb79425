"""What is done about a missing run, an unfinished one, or missing masks: say so in one line, then do it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mamviz.errors import RunError
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
# The name of a run's masks file.
MASKS = "masks.h5"


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


@dataclass(frozen=True)
class Masks:
    """A masks file, and the folder that tables/, figures/ and analysis.h5 of it are written into.

    run    that the file is of; None where it was named by itself
    """

    file: Path
    folder: Path
    run: Run | None = None


def with_masks(options: RunOptions) -> Masks:
    """Return the masks.h5 of the run's present weights, extracted now where there is none.

    A masks file that is named by itself is taken as it is, without its model or its images. Results go beside a
    masks.h5, and into a folder of its own for a file of another name: two of them in one place must not mix.
    """
    if options.run is not None and (file := Path(options.run)).is_file():
        own = file.parent / f"{file.stem}-results"
        return Masks(file, file.parent if file.name == MASKS else own)
    run = trained_run(options)
    if reason := _why_not(run):
        from mamviz_cli.extract_masks import ExtractOptions, extract

        console = Console(aside=True)
        console.note(
            f"{run.masks_file} {reason}: extracting the masks of all images first; Ctrl-C keeps what is finished"
        )
        extract(run, ExtractOptions(target=options), console=console, group=_alone(options.common))
    return Masks(run.masks_file, run.folder, run)


def _why_not(run: Run) -> str:
    """Say why the run's masks.h5 can't be used; nothing where it can."""
    from mamviz.run import file_sha256
    from mamviz.store.masks import mask_provenance

    if not run.masks_file.is_file():
        return "is missing"
    current = mask_provenance(run.masks_file).model_sha256 == file_sha256(run.model_file)
    return "" if current else "is of older weights"


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
