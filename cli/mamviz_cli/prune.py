"""`mamviz prune`: a smaller network as a run of its own."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from mamviz.errors import ConfigError, RunError
from mamviz_cli.console import Console
from mamviz_cli.epochs import describe_epoch
from mamviz_cli.group import stoppable, typed
from mamviz_cli.machine import choose_device, use_threads
from mamviz_cli.missing import RunOptions, trained_run
from mamviz_cli.opening import open_images_of
from mamviz_cli.options import choose
from mamviz_cli.saving import name_files, save_table

if TYPE_CHECKING:
    from mamviz.data.dataset import ImageData
    from mamviz.pruning.plan import Plan
    from mamviz.run import Run
    from mamviz.schema import Criterion, EpochRow, Fill, PrunedRun, RemovalSettings

MAX_LOSS = 0.2  # points
FILLS = ("mean", "zero")
# What ranks channels without trying each; on the command line in small letters, with hyphens.
ORDERS = ("contrast", "usage", "mean mask", "redundancy", "both", "L1", "batch norm", "activation", "Taylor", "random")


@dataclass(frozen=True, kw_only=True)
class RemovalOptions:
    """Options of `mamviz prune`."""

    keep: Annotated[float | None, typer.Option(help="Share of the channels that stays: 0.5.", show_default=False)] = (
        None
    )
    max_loss: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Instead: as few channels as lose at most so many points of mean accuracy on validation images, before"
            f" the fine-tune. (default {MAX_LOSS})",
            show_default=False,
        ),
    ] = None
    round_to: Annotated[int, typer.Option(min=1, help="Round the number kept up to a multiple of this.")] = 1
    order: Annotated[
        str, typer.Option(help=f"What goes first: {', '.join(name.lower().replace(' ', '-') for name in ORDERS)}.")
    ] = "contrast"
    fill: Annotated[str, typer.Option(help="What a removed channel leaves behind: its mean, or zero.")] = "mean"
    tune_epochs: Annotated[int, typer.Option(min=0, help="Passes over the images of the fine-tune; 0: none.")] = 4
    images: Annotated[int, typer.Option(min=8, help="Validation images that rank, and test images that measure.")] = (
        2000
    )
    repetitions: Annotated[int, typer.Option(min=1, help="Timings of the largest batch.")] = 15
    name: Annotated[str | None, typer.Option(help="Name of the new run. (default RUN-pruned-1, -2, ...)")] = None
    seed: Annotated[int, typer.Option(min=0, help="Of the images that are drawn, and of intervals.")] = 0
    target: RunOptions = field(default_factory=RunOptions)


def prune(options: RemovalOptions) -> None:
    """Remove channels for good and fine-tune the rest: a smaller, faster run that all commands accept.

    Channels are ranked and chosen on validation images, and what that costs is measured on test images. The smaller
    network answers exactly as the whole one with these channels masked; the table shows the largest difference.
    """
    settings, common = _settings(options), options.target.common
    run = trained_run(options.target)
    folder = _name_folder(run, options.name)
    console = Console(json=common.json)
    device, threads = choose_device(common.device), use_threads(common.threads)
    with stoppable("stopped; nothing was written."):
        data = open_images_of(run, common, console, threads=threads)
        plan = _plan(run, data, settings, device=device, repetitions=options.repetitions, console=console)
    found = _make(plan, data, folder, device=device, threads=threads, console=console)
    _report(found, data, folder, console)


def _settings(options: RemovalOptions) -> RemovalSettings:
    from mamviz.schema import RemovalSettings

    if options.keep is not None and options.max_loss is not None:
        raise ConfigError("--max-loss: expected none beside --keep, which says how many stay. Leave one of them out.")
    if options.name is not None and (Path(options.name).name != options.name or options.name.startswith(".")):
        raise ConfigError(f"--name: expected a plain folder name, got {options.name!r}. It is made beside the run.")
    orders = {name.lower().replace(" ", "-"): name for name in ORDERS}
    order = choose(options.order.lower().replace(" ", "-"), tuple(orders), "--order")
    return RemovalSettings(
        keep=options.keep,
        max_loss=(MAX_LOSS if options.max_loss is None else options.max_loss) / 100,
        round_to=options.round_to,
        criterion=cast("Criterion", orders[order]),
        fill=cast("Fill", choose(options.fill, FILLS, "--fill")),
        epochs=options.tune_epochs,
        n_images=options.images,
        seed=options.seed,
    )


def _name_folder(run: Run, name: str | None) -> Path:
    """Return the new run's folder, beside the run's; raises RunError where it is taken, before any work."""
    from mamviz.run import next_name

    runs = run.folder.parent
    folder = runs / (name or next_name(runs, f"{run.name}-pruned"))
    if (folder / "run.json").exists():
        raise RunError(f"--name: expected one that is free, {folder} holds a run already. Choose another.")
    return folder


def _plan(
    run: Run, data: ImageData, settings: RemovalSettings, *, device: str, repetitions: int, console: Console
) -> Plan:
    from mamviz.pruning.cost import Timing
    from mamviz.pruning.plan import plan_pruning

    with console.working("pruning") as progress:
        return plan_pruning(run, data, settings, device=device, timing=Timing(n=repetitions), progress=progress)


def _make(plan: Plan, data: ImageData, folder: Path, *, device: str, threads: int, console: Console) -> PrunedRun:
    from mamviz import __version__
    from mamviz.pruning.pruned import prune_run
    from mamviz.pruning.smaller import Maker

    maker = Maker(
        version=__version__,
        device=device,
        threads=threads,
        command=("mamviz", *typed.get()),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    epochs = plan.settings.epochs
    console.note(f"{len(plan.kept)} of {plan.cost.before.channels} channels stay; writing {folder}")
    again = shlex.join(["mamviz", "train", "--resume", str(folder)])
    advice = f"stopped; {folder} keeps the pruned network, and its fine-tune up to a checkpoint. Go on with `{again}`."

    def show_epoch(row: EpochRow) -> None:
        console.note(f"fine-tune, {describe_epoch(row, epochs)}")

    with stoppable(advice), console.working(folder.name) as progress:
        return prune_run(plan, data, folder, maker=maker, progress=progress, on_epoch=show_epoch)


def _report(found: PrunedRun, data: ImageData, folder: Path, console: Console) -> None:
    from mamviz import __version__
    from mamviz.data.origin import describe_origin
    from mamviz.run import open_run
    from mamviz_reports.pruned import pruned_table
    from mamviz_reports.texts import to_values

    run = open_run(folder)
    origin = describe_origin(run, data, split="test", n_images=found.measured, version=__version__)
    table = pruned_table(found, origin)
    console.table(table)
    files = [run.model_file, *save_table(table, run.tables, "prune")]
    console.note(name_files(files))
    console.suggest(f"`mamviz evaluate {run.folder}`, or `mamviz export {run.folder}` for one ONNX file")
    console.finish(
        {
            "run": run.name,
            "folder": run.folder,
            "source": found.source,
            "kept": found.kept,
            **to_values(table),
            "files": files,
        }
    )
