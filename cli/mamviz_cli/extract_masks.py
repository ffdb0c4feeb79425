"""`mamviz extract-masks`: one pass over the images, into masks.h5."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from mamviz.errors import ConfigError, DataError, RunError
from mamviz_cli.budget import measure, predict_masks, warn_of_limits
from mamviz_cli.console import Console
from mamviz_cli.group import stoppable
from mamviz_cli.machine import choose_device, use_threads
from mamviz_cli.missing import RunOptions, trained_run
from mamviz_cli.opening import config_for, find_run, open_images_of, require_attributes
from mamviz_cli.options import choose

if TYPE_CHECKING:
    from mamviz.data.dataset import SplitName
    from mamviz.distributed import Group
    from mamviz.run import Run
    from mamviz.store.masks import Plan

SPLIT_NAMES = ("train", "validation", "test", "all")


@dataclass(frozen=True, kw_only=True)
class ExtractOptions:
    """Options of `mamviz extract-masks`."""

    split: Annotated[str, typer.Option(help="Images: train, validation, test or all.")] = "all"
    raw: Annotated[str, typer.Option(help="Images whose raw masks are stored too: a number, or all.")] = "0"
    batch_size: Annotated[int, typer.Option(min=1, help="Images at once.")] = 64
    data: Annotated[str | None, typer.Option(help="Other data with the same attributes.")] = None
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print memory, disk and time; extract nothing.")] = False
    target: RunOptions = field(default_factory=RunOptions)


def extract_masks(options: ExtractOptions) -> None:
    """Write the statistics of all masks of a run to its masks.h5, and raw masks on request."""
    choose_split(options.split), count_raw(options.raw)
    from mamviz.distributed import joined

    common = options.target.common
    if options.dry_run:
        with joined(choose_device(common.device)) as group:
            _print_budget(options, Console(json=common.json, quiet=not group.leads), group)
        return
    run = trained_run(options.target)
    with joined(choose_device(common.device)) as group:
        extract(run, options, console=Console(json=common.json, quiet=not group.leads), group=group)


def extract(run: Run, options: ExtractOptions, *, console: Console, group: Group) -> None:
    """Fill masks.h5 and say where it is; what an interrupted pass finished is kept."""
    from mamviz import __version__
    from mamviz.extraction import extract_masks as write_masks
    from mamviz.extraction import plan_extraction
    from mamviz.models.weights import build_network

    common = options.target.common
    threads = use_threads(common.threads)
    kept = "finished blocks of all processes" if group.world > 1 else "finished blocks"
    goes_on = "the same command goes on" + (" with any number of processes" if group.world > 1 else "")
    with stoppable(f"stopped; {kept} are kept in {run.folder}, {goes_on}.", group):
        data = open_images_of(run, common, console, threads=threads, source=options.data)
        shape = build_network(run.config, n_attributes=len(run.attributes), pretrained=False).shape
        split, n_raw = choose_split(options.split), count_raw(options.raw)
        plan, indices = plan_extraction(run, data, split=split, n_raw=n_raw, version=__version__, shape=shape)
        with console.working("masks") as progress:
            write_masks(run, data, plan, indices, group=group, batch_size=options.batch_size, progress=progress)
    if group.leads:
        _finish(run, plan, console)


def _print_budget(options: ExtractOptions, console: Console, group: Group) -> None:
    from mamviz_reports.architecture import describe_budget

    common = options.target.common
    run = find_run(options.target.run, common.runs)
    if run is None:
        raise RunError(
            f"{common.runs}/: expected a run, found none. `mamviz train --dry-run` tells what a first one needs, "
            "its masks included."
        )
    use_threads(common.threads)
    config, split = config_for(run, options.data), choose_split(options.split)
    extent = measure(config)
    require_attributes(run, extent.attributes, config.data.source)
    if not extent.count(split):
        raise DataError(f"{config.data.source}: expected images in the split {split!r}, found none. Use --split all.")
    console.note("timing a few batches of noise")
    budget = predict_masks(
        config,
        extent,
        split,
        n_raw=count_raw(options.raw),
        device=group.device,
        batch_size=options.batch_size,
    )
    console.show(describe_budget(budget).rstrip())
    warn_of_limits(budget, run.folder, console, group)
    console.note("a dry run: nothing was extracted or written")
    console.finish(dataclasses.asdict(budget))


def _finish(run: Run, plan: Plan, console: Console) -> None:
    from mamviz_reports.architecture import describe_bytes

    size, n_raw = run.masks_file.stat().st_size, int(plan.raw.sum())
    shape = " x ".join(map(str, (len(plan.attributes), *plan.grid)))
    console.note(
        f"{run.masks_file}: {describe_bytes(size)}; masks of {shape} (attribute, channel, height, width) over "
        f"{len(plan.names):,} images ({plan.provenance.split}) in {plan.n_blocks} blocks, raw masks of {n_raw:,}"
    )
    console.suggest("`mamviz correlate --top 5`, `mamviz correlate --channels`, `mamviz show`, `mamviz prune-report`")
    console.finish(
        {
            "run": run.name,
            "file": run.masks_file,
            "bytes": size,
            "split": plan.provenance.split,
            "n_images": len(plan.names),
            "n_raw": n_raw,
            "n_blocks": plan.n_blocks,
            "n_attributes": len(plan.attributes),
            "grid": plan.grid,
        }
    )


def choose_split(name: str) -> SplitName:
    """Return a part of the data; raises ConfigError for another name."""
    split: SplitName = choose(name, SPLIT_NAMES, "--split")
    return split


def count_raw(text: str) -> int | None:
    """Return how many images' raw masks to store, None for all; raises ConfigError for another word."""
    if text == "all":
        return None
    if not text.isdecimal():
        raise ConfigError(f"--raw: expected a number of images or all, got {text!r}. Give 0 for none.")
    return int(text)
