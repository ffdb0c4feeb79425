"""`mamviz report`: everything known of a run on one page, report.html."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mamviz.errors import ConfigError, RunError
from mamviz_cli.console import Console
from mamviz_cli.group import stoppable
from mamviz_cli.machine import choose_device, use_threads
from mamviz_cli.missing import RunOptions, with_masks
from mamviz_cli.opening import open_images_of

if TYPE_CHECKING:
    from mamviz.overview.settings import OverviewSettings
    from mamviz.run import Run
    from mamviz.schema import Overview


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """Options of `mamviz report`."""

    thumbnails: Annotated[
        bool, typer.Option(help="Show images; without, no pixel and no name of an image is in the page.")
    ] = True
    examples: Annotated[int, typer.Option(min=0, help="Images of each outcome of each attribute.")] = 3
    replicates: Annotated[
        int, typer.Option(min=0, help="Resamples behind the intervals, 100 or more; 0: no intervals, nothing tested.")
    ] = 1000
    output: Annotated[
        Path | None, typer.Option(help="File to write. (default report.html of the run)", show_default=False)
    ] = None
    target: RunOptions = field(default_factory=RunOptions)


def report(options: ReportOptions) -> None:
    """Write one page with everything known of a run: accuracy, attributes, relations, channels, pruning and checks.

    It opens from disk, without a network. What `mamviz prune-report`, `sanity`, `stability`, `generate` and
    `robustness` found is in it where they were run.
    """
    from mamviz.analysis import require_replicates

    if options.replicates:
        require_replicates(options.replicates)
    if options.output is not None and options.output.is_dir():
        raise ConfigError(f"--output: expected a file, got the folder {options.output}. Name a file in it.")
    masks = with_masks(options.target)
    if masks.run is None:
        raise RunError(
            f"{masks.file}: expected a run, got a masks file by itself, without its network and images. Name its run."
        )
    console = Console(json=options.target.common.json)
    with stoppable("stopped; no report was written."):
        overview = _collect(masks.run, options, console)
        file = _write(masks.run, overview, options)
    _finish(masks.run, overview, file, console)


def _collect(run: Run, options: ReportOptions, console: Console) -> Overview:
    from mamviz import __version__
    from mamviz.overview.collection import collect

    common = options.target.common
    device, threads = choose_device(common.device), use_threads(common.threads)
    data = open_images_of(run, common, console, threads=threads)
    with console.working("overview") as progress:
        return collect(run, data, settings=_settings(options), version=__version__, device=device, progress=progress)


def _settings(options: ReportOptions) -> OverviewSettings:
    from mamviz.overview.settings import OverviewSettings

    return OverviewSettings(n_examples=options.examples, n_replicates=options.replicates, thumbnails=options.thumbnails)


def _write(run: Run, overview: Overview, options: ReportOptions) -> Path:
    from mamviz.run import write_text
    from mamviz_reports.page import render_page

    file = options.output or run.report_file
    write_text(file, render_page(overview))
    return file


def _finish(run: Run, overview: Overview, file: Path, console: Console) -> None:
    for warning in overview.warnings:
        console.note(f"note: {warning}")
    size = file.stat().st_size
    console.note(f"wrote {file} ({size / 1e6:.1f} MB): open it in a browser, no network is needed")
    commands = [each.command.replace(f" {run.name}", f" {run.folder}") for each in overview.absent]
    if commands:
        told = ", ".join(f"`{command}`" for command in dict.fromkeys(commands))
        console.suggest(f"what the page lacks: {told}; then `mamviz report {run.folder}` again")
    else:
        console.suggest(f"a smaller, faster run: `mamviz prune {run.folder}`")
    console.finish(
        {
            "run": run.name,
            "n_images": overview.evaluation.n_images,
            "accuracy": overview.evaluation.mean_accuracy.value,
            "warnings": overview.warnings,
            "absent": [{"part": each.part, "reason": each.reason, "command": each.command} for each in overview.absent],
            "bytes": size,
            "files": [file],
        }
    )
