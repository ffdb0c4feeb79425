"""`mamviz train`: a new run, or an interrupted one taken up again."""

from __future__ import annotations

import dataclasses
import shlex
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mamviz.config import RunConfig
from mamviz.errors import ConfigError, MamvizError
from mamviz_cli.budget import measure, predict, print_budget
from mamviz_cli.console import Console
from mamviz_cli.epochs import describe_epoch
from mamviz_cli.group import stoppable, typed
from mamviz_cli.machine import choose_device, use_threads
from mamviz_cli.opening import find_unfinished, open_images
from mamviz_cli.options import Common
from mamviz_cli.seeds import parse_seeds, stem_of, train_family
from mamviz_cli.settings import Settings, make_config

if TYPE_CHECKING:
    from mamviz.data.dataset import ImageData
    from mamviz.distributed import Group
    from mamviz.run import Run
    from mamviz.schema import Budget, EpochRow


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """Options of `mamviz train`."""

    run: Annotated[
        str | None,
        typer.Argument(metavar="RUN", help="With --resume: the run; the newest unfinished one if left out."),
    ] = None
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run, with its settings.")] = False
    name: Annotated[str | None, typer.Option(help="Name of the new run. (default: the data's and a number)")] = None
    seeds: Annotated[
        str | None,
        typer.Option(help="Train a run for each of these seeds, such as 0,1,2; what is there already is kept."),
    ] = None
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print parameters, FLOPs, memory, disk and time; train nothing.")
    ] = False
    settings: Settings = field(default_factory=Settings)
    common: Common = field(default_factory=Common)


def train(options: TrainOptions) -> None:
    """Train a network with a mask for every attribute; on the built-in faces where no --data is given."""
    from mamviz.distributed import joined

    _check(options)
    device = choose_device(options.common.device)
    if options.resume:
        run = find_unfinished(options.run, options.common.runs)
        with joined(device) as group:
            resume_run(run, options.common, console=_console(options.common, group), group=group)
        return
    config = make_config(options.settings, threads=use_threads(options.common.threads))
    with joined(device) as group:
        console = _console(options.common, group)
        if options.dry_run:
            print_budget(config, options.common, console, group)
        elif options.seeds is not None:
            train_family(config, parse_seeds(options.seeds), options, group=group)
        else:
            train_new(config, options, console=console, group=group)


def train_new(
    config: RunConfig, options: TrainOptions, *, console: Console, group: Group, family: str | None = None
) -> Run:
    """Train a new run and return it; says where its files are.

    family    of the runs that differ in their seed alone, where it is one of several
    A run that fails before its first checkpoint leaves no folder behind.
    """
    extent = measure(config)
    budget = predict(config, n_attributes=extent.n_attributes, n_images=extent.n_images)
    begun = "stopped before training began; what was decoded or drawn is kept, the same command goes on."
    with stoppable(begun, group):
        data = open_images(config.data, options.common, console, threads=config.train.threads)
        run = _start(config, data, options, group=group, family=family)
    try:
        _train(run, data, budget, console=console, group=group)
    except MamvizError:
        if group.leads and not run.resume_file.is_file():
            (run.folder / "run.json").unlink()
            run.folder.rmdir()
        raise
    return run


def resume_run(run: Run, common: Common, *, console: Console, group: Group) -> None:
    """Go on with an unfinished run, with the settings and the threads it was started with."""
    from mamviz.errors import RunError

    threads = use_threads(run.config.train.threads)
    data = open_images(run.config.data, common, console, threads=threads)
    if data.fingerprint != run.record["data"]["fingerprint"]:
        raise RunError(
            f"{run.folder}: expected the data it was started with, {data.description} has changed since. "
            "Restore the data, or start a new run with `mamviz train`."
        )
    console.note(f"going on with {run.folder}")
    budget = predict(run.config, n_attributes=len(data.attributes), n_images=data.n_images)
    _train(run, data, budget, console=console, group=group)


def _check(options: TrainOptions) -> None:
    typed_settings = options.settings.typed
    if options.resume and typed_settings:
        raise ConfigError(
            f"{typed_settings[0]}: expected no settings with --resume, which goes on with the run's own. Leave it out, "
            "or train a new run."
        )
    if options.seeds is not None:
        parse_seeds(options.seeds)
        if options.resume or options.settings.seed is not None:
            other = "--resume" if options.resume else "--seed"
            raise ConfigError(f"{other}: expected none with --seeds, which goes on by itself. Leave one of them out.")
    if options.run is not None and not options.resume:
        raise ConfigError(
            f"RUN: expected no run without --resume, got {options.run!r}. Add --resume, or give data by --data."
        )
    if options.name is not None and (Path(options.name).name != options.name or options.name.startswith(".")):
        raise ConfigError(f"--name: expected a plain folder name, got {options.name!r}. Give the folder by --runs.")


def _console(common: Common, group: Group) -> Console:
    return Console(json=common.json, quiet=not group.leads)


def _start(config: RunConfig, data: ImageData, options: TrainOptions, *, group: Group, family: str | None) -> Run:
    """Make the run's folder, on one process; return the run on all."""
    from mamviz import __version__
    from mamviz.distributed import gather, wait
    from mamviz.run import next_name, open_run
    from mamviz.training.start import start_run

    runs, folder = options.common.runs, None
    if group.leads:
        folder = runs / (options.name or next_name(runs, stem_of(config)))
        start_run(
            folder,
            config,
            data,
            device=group.device,
            command=("mamviz", *typed.get()),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            version=__version__,
            family=family,
        )
    run = open_run(gather(folder, group)[0])
    wait(group)  # the first process may find fault with the data, and remove the folder, before others have read it
    return run


def _train(run: Run, data: ImageData, budget: Budget, *, console: Console, group: Group) -> None:
    from mamviz.training.loop import train as train_network
    from mamviz_reports.architecture import describe_architecture

    console.show(describe_architecture(budget))
    console.note(f"training {run.folder} on {data.description}; {run.config.train.threads} threads, {group.device}")
    again = shlex.join(["mamviz", "train", "--resume", str(run.folder)])
    advice = f"stopped; {run.folder} keeps what was trained up to its last checkpoint. Go on with `{again}`"
    advice += "." if group.world == 1 else ", alone or under torchrun."

    def show_epoch(row: EpochRow) -> None:
        console.show(describe_epoch(row, run.config.train.epochs))

    with stoppable(advice, group), console.working(run.name) as progress:
        rows = train_network(run, data, group=group, progress=progress, on_epoch=show_epoch)
    if group.leads:
        _finish(run, data, rows, budget, console)


def _finish(run: Run, data: ImageData, rows: tuple[EpochRow, ...], budget: Budget, console: Console) -> None:
    from mamviz_reports.curves import training_figure
    from mamviz_reports.network import network_figure
    from mamviz_reports.style import save_figure

    save_figure(network_figure(budget, run=run.name), run.figures, "network")
    save_figure(training_figure(rows, run=run.name, data=data.description), run.figures, "training")
    console.note(f"{run.folder}: model.safetensors, metrics.csv, figures/network and training, each .png and .svg")
    console.suggest("`mamviz evaluate` for its accuracy, `mamviz extract-masks` and `mamviz correlate` for its masks")
    console.finish(
        {
            "run": run.name,
            "folder": run.folder,
            "n_images": data.n_images,
            "parameters": budget.parameters,
            "flops_per_image": budget.flops_per_image,
            "epochs": [dataclasses.asdict(row) for row in rows],
        }
    )
