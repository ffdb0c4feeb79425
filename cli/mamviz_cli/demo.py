"""`mamviz demo`: the whole chain on the built-in faces, in one go."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mamviz_cli.console import Console, steps
from mamviz_cli.correlate import CorrelateOptions, correlate
from mamviz_cli.evaluate import EvaluateOptions, evaluate
from mamviz_cli.extract_masks import ExtractOptions, extract_masks
from mamviz_cli.faces import FacesOptions, faces
from mamviz_cli.missing import RunOptions
from mamviz_cli.opening import list_runs
from mamviz_cli.options import Common
from mamviz_cli.prune_report import MeasuringOptions, PruneOptions, prune_report
from mamviz_cli.report import ReportOptions, report
from mamviz_cli.settings import DataOptions, Settings, TrainingOptions
from mamviz_cli.show import ShowOptions, show
from mamviz_cli.train import TrainOptions, train

if TYPE_CHECKING:
    from mamviz.run import Run

# Sized for four minutes on two cores.
N_FACES = 3000
EPOCHS = 8
# What removing channels costs is measured on so many images, and latency so often.
PRUNE_IMAGES = 64
PRUNE_REPETITIONS = 2
# Resamples behind the intervals of the page: a quarter of the time of the usual 1,000, which correlate takes.
REPORT_REPLICATES = 200
# Of the sheet of faces.
SHEET_FACES = 64

STEM = "demo"


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """Options of `mamviz demo`."""

    faces: Annotated[int, typer.Option(min=1, help="Built-in faces to draw and train on.")] = N_FACES
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training images.")] = EPOCHS
    size: Annotated[int | None, typer.Option(help="Side of an image in pixels. (default train's)")] = None
    common: Common = field(default_factory=Common)


def demo(options: DemoOptions) -> None:
    """Draw faces, train, evaluate, extract masks, correlate, show, prune, report: four minutes on two cores."""
    common = dataclasses.replace(options.common, json=False)
    console = Console(json=options.common.json)
    sheet = common.runs / f"{STEM}-faces"
    with steps():
        run = _walk(options, sheet, common, console)
    _finish(run, sheet, console)


def _walk(options: DemoOptions, sheet: Path, common: Common, console: Console) -> Run:
    """Run every command of the chain; return the run they worked on."""
    _announce(console, 1, "a sheet of the built-in faces")
    faces(FacesOptions(folder=sheet, images=SHEET_FACES, regions=False, common=common))
    run = _train(options, common, console)
    target = RunOptions(run=str(run.folder), common=common)
    _announce(console, 3, "how well each attribute is classified")
    evaluate(EvaluateOptions(target=target))
    _announce(console, 4, "the masks of all images, summed up")
    extract_masks(ExtractOptions(target=target))
    _announce(console, 5, "which attributes, and which channels, are related")
    correlate(CorrelateOptions(target=target))
    correlate(CorrelateOptions(channels=True, target=target))
    _announce(console, 6, "masks of a few images")
    show(ShowOptions(target=target))
    _announce(console, 7, "channels that could go, and what that costs")
    few = MeasuringOptions(images=PRUNE_IMAGES, random=2, repetitions=PRUNE_REPETITIONS)
    prune_report(PruneOptions(measuring=few, target=target))
    _announce(console, 8, "everything on one page")
    report(ReportOptions(replicates=REPORT_REPLICATES, target=target))
    return run


def _announce(console: Console, step: int, words: str) -> None:
    console.note(f"\n[{step}/8] {words}")


def _train(options: DemoOptions, common: Common, console: Console) -> Run:
    """Train a run called demo-N, or go on with one that was stopped; return it."""
    from mamviz.run import next_name, open_run

    _announce(console, 2, f"training on {options.faces:,} faces, {options.epochs} epochs")
    before = [folder for folder in list_runs(common.runs) if folder.name.startswith(f"{STEM}-")]
    if before and not open_run(before[0]).trained:
        train(TrainOptions(run=str(before[0]), resume=True, common=common))
        return open_run(before[0])
    name = next_name(common.runs, STEM)
    settings = Settings(
        data=DataOptions(n_faces=options.faces, size=options.size), train=TrainingOptions(epochs=options.epochs)
    )
    train(TrainOptions(name=name, settings=settings, common=common))
    return open_run(common.runs / name)


def _finish(run: Run, sheet: Path, console: Console) -> None:
    """Say where to look."""
    places = {
        "everything on one page": run.report_file,
        "faces": sheet / "sheet.png",
        "accuracy of each attribute": run.figures / "accuracy.png",
        "related attributes": run.figures / "correlate-attributes.png",
        "related channels": run.figures / "correlate-channels.png",
        "masks of a few images": run.figures / "masks.png",
        "channels that could go": run.figures / "channels.png",
        "what removing channels costs": run.figures / "pruning-curves.png",
        "all tables": run.tables,
    }
    places = {words: place for words, place in places.items() if place.exists()}  # few faces measure no pruning
    width = max(map(len, places))
    console.note("\nwhere to look:\n" + "\n".join(f"  {words:<{width}}  {place}" for words, place in places.items()))
    console.suggest("your own faces: `mamviz train --data FOLDER`")
    console.finish({"run": run.name, "folder": run.folder, "files": places})
