"""`mamviz prune-report`: which channels matter, which repeat each other, which could go, and what that costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from mamviz.errors import ConfigError
from mamviz_cli.console import Console
from mamviz_cli.group import stoppable
from mamviz_cli.machine import choose_device, use_threads
from mamviz_cli.missing import Masks, RunOptions, with_masks
from mamviz_cli.opening import open_images_of
from mamviz_cli.options import choose
from mamviz_cli.prune import FILLS, MAX_LOSS, ORDERS
from mamviz_cli.saving import ALL, name_files, save, save_table

if TYPE_CHECKING:
    from mamviz.pruning.report import Pruning
    from mamviz.run import Run
    from mamviz.schema import ChannelReport, Criterion, Fill, Provenance, PruningSettings

FEWEST_IMAGES = 8
_COST = "What removal costs"


@dataclass(frozen=True, kw_only=True)
class MeasuringOptions:
    """Options of what removing channels costs."""

    images: Annotated[
        int,
        typer.Option(
            min=0,
            rich_help_panel=_COST,
            help="Validation images that rank, and test images that measure, at most so many each; 800 take about 4 "
            "minutes on one core. 0 measures nothing: only the table of channels.",
        ),
    ] = 2000
    max_loss: Annotated[
        float,
        typer.Option(min=0, rich_help_panel=_COST, help="Points of mean accuracy that may be lost without channels."),
    ] = MAX_LOSS
    order: Annotated[
        str,
        typer.Option(
            rich_help_panel=_COST,
            help="What goes first, where it is said what can go; all are compared: "
            f"{', '.join(name.lower().replace(' ', '-') for name in ORDERS)}, or greedy with --oracle.",
        ),
    ] = "contrast"
    fill: Annotated[
        str, typer.Option(rich_help_panel=_COST, help="What a removed channel leaves behind: its mean, or zero.")
    ] = "mean"
    random: Annotated[int, typer.Option(min=0, rich_help_panel=_COST, help="Random orders to compare with.")] = 5
    oracle: Annotated[
        int,
        typer.Option(min=0, rich_help_panel=_COST, help="Images of greedy exact removal, which is slow; 0: none."),
    ] = 0
    tune_epochs: Annotated[
        int,
        typer.Option(
            min=0,
            rich_help_panel=_COST,
            help="Fine-tune for so many epochs at five sizes, and train each from scratch; 0: neither.",
        ),
    ] = 0
    repetitions: Annotated[int, typer.Option(min=1, rich_help_panel=_COST, help="Timings of the largest batch.")] = 15
    seed: Annotated[int, typer.Option(min=0, rich_help_panel=_COST, help="Of everything that is drawn.")] = 0


@dataclass(frozen=True, kw_only=True)
class PruneOptions:
    """Options of `mamviz prune-report`."""

    threshold: Annotated[float, typer.Option(help="A channel repeats another from this |r| on.")] = 0.95
    low_usage: Annotated[
        float, typer.Option(help="A channel is least used below this part of an even share of all evidence.")
    ] = 0.1
    measuring: MeasuringOptions = field(default_factory=MeasuringOptions)
    target: RunOptions = field(default_factory=RunOptions)


def prune_report(options: PruneOptions) -> None:
    """Say of every channel how much it is used and what it repeats, which can go, and what that costs.

    Channels are ranked on validation images, and what goes with them is measured on test images: accuracy as channels
    go, by masks and by the usual criteria, what is safe to remove, and whether the masks' claim is causal. Parts that
    are done are kept; the same command goes on. RUN may also be a masks file by itself: then only the table of
    channels is made, which needs neither a model nor images.
    """
    from mamviz.pruning.redundancy import report
    from mamviz.store.masks import mask_provenance, read_statistics

    settings = _settings(options.measuring)
    masks = with_masks(options.target)
    console = Console(json=options.target.common.json)
    found = report(read_statistics(masks.file), threshold=options.threshold, low_usage=options.low_usage)
    measured = _measure(masks, settings, options, console)
    origin = mask_provenance(masks.file)
    values, files = _show_channels(found, origin, measured, masks.folder, console)
    if measured is not None:
        more, written = _show_measured(measured, masks.folder, console)
        values, files = {**values, "pruning": more}, [*files, *written]
    console.note(name_files(files))
    if measured is not None and masks.run is not None:
        console.suggest(f"a smaller, faster run: `mamviz prune {masks.run.folder}`")
    console.finish({**values, "files": files})


def _settings(options: MeasuringOptions) -> PruningSettings:
    from mamviz.schema import PruningSettings

    if 0 < options.images < FEWEST_IMAGES:
        raise ConfigError(f"--images: expected {FEWEST_IMAGES} or more, or 0 to measure nothing, got {options.images}.")
    orders = {name.lower().replace(" ", "-"): name for name in (*ORDERS, "greedy")}
    order = choose(options.order.lower().replace(" ", "-"), tuple(orders), "--order")
    if order == "greedy" and not options.oracle:
        raise ConfigError("--order: expected --oracle beside greedy, got none. Give --oracle 256.")
    if order == "random" and not options.random:
        raise ConfigError("--order: expected a draw beside random, got --random 0. Give --random 5.")
    return PruningSettings(
        n_images=options.images,
        seed=options.seed,
        n_random=options.random,
        max_loss=options.max_loss / 100,
        criterion=cast("Criterion", orders[order]),
        fill=cast("Fill", choose(options.fill, FILLS, "--fill")),
        oracle=options.oracle,
        tune_epochs=options.tune_epochs,
    )


def _measure(masks: Masks, settings: PruningSettings, options: PruneOptions, console: Console) -> Pruning | None:
    """Measure what removal costs; None, with a note that says why, where that can't be."""
    if masks.run is None:
        console.note(
            f"note: {masks.file} is a masks file by itself: without its network and images nothing is measured; name "
            "its run for what removal costs"
        )
        return None
    return _measure_run(masks.run, settings, options, console) if settings.n_images else None


def _measure_run(run: Run, settings: PruningSettings, options: PruneOptions, console: Console) -> Pruning | None:
    from mamviz import __version__
    from mamviz.pruning.cost import Timing
    from mamviz.pruning.report import find_obstacle, measure_pruning
    from mamviz.pruning.smaller import Maker

    common = options.target.common
    device, threads = choose_device(common.device), use_threads(common.threads)
    timing = Timing(n=options.measuring.repetitions)
    with stoppable(f"stopped; what is done is kept in {run.folder}, the same command goes on."):
        data = open_images_of(run, common, console, threads=threads)
        if obstacle := find_obstacle(data, settings):
            console.note(f"note: {obstacle}: what removal costs is not measured")
            return None
        maker = Maker(version=__version__, device=device, threads=threads)
        with console.working("pruning report") as progress:
            return measure_pruning(run, data, settings, maker=maker, timing=timing, progress=progress)


def _show_channels(
    found: ChannelReport, origin: Provenance, measured: Pruning | None, folder: Path, console: Console
) -> tuple[Mapping[str, Any], list[Path]]:
    from mamviz_reports.channels import channels_figure
    from mamviz_reports.texts import to_values
    from mamviz_reports.usages import channel_table

    table = channel_table(found, origin, going=None if measured is None else measured.report.going)
    console.table(table)
    candidates = [row.channel for row in found.candidates]
    values = {"run": origin.run, **to_values(table), "candidates": candidates, "dead": found.dead}
    figure = channels_figure(found, origin)
    return values, [*save_table(table, folder / "tables", "channels"), *save(figure, folder / "figures", "channels")]


def _show_measured(measured: Pruning, folder: Path, console: Console) -> tuple[Mapping[str, Any], list[Path]]:
    from mamviz_reports.pruning_report import LONG, pruning_figures, pruning_tables, shown_tables
    from mamviz_reports.texts import to_values

    report, origin = measured.report, measured.provenance
    for table in shown_tables(report, origin):
        console.table(table)
    tables = pruning_tables(report, origin)
    files = [measured.file]
    for stem, table in tables.items():
        files += save_table(table, folder / "tables", stem, kinds=("csv",) if stem == LONG else ALL)
    for stem, figure in pruning_figures(report, origin).items():
        files += save(figure, folder / "figures", stem)
    return {stem: to_values(table) for stem, table in tables.items() if stem != LONG}, files
