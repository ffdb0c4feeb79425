"""`mamviz evaluate`: how well each attribute is classified, and the poster's table with our column."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mamviz.config import BUILT_IN_FACES
from mamviz_cli.console import Console
from mamviz_cli.extract_masks import choose_split
from mamviz_cli.group import stoppable
from mamviz_cli.machine import choose_device, use_threads
from mamviz_cli.missing import RunOptions, trained_run
from mamviz_cli.opening import open_images_of
from mamviz_cli.saving import name_files, save, save_table

if TYPE_CHECKING:
    from mamviz.run import Run
    from mamviz.schema import Evaluation, Provenance
    from mamviz_reports.tables import Table


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions:
    """Options of `mamviz evaluate`."""

    split: Annotated[str, typer.Option(help="Images: train, validation, test or all.")] = "test"
    data: Annotated[str | None, typer.Option(help="Other data with the same attributes.")] = None
    replicates: Annotated[int, typer.Option(min=0, help="Resamples behind the intervals; 0: no intervals.")] = 1000
    target: RunOptions = field(default_factory=RunOptions)


def evaluate(options: EvaluateOptions) -> None:
    """Score a run: accuracy, balanced accuracy, average precision and AUROC of every attribute, with intervals."""
    from mamviz import __version__
    from mamviz.data.origin import describe_origin
    from mamviz.distributed import joined
    from mamviz.training.evaluation import evaluate_run

    split, common = choose_split(options.split), options.target.common
    run = trained_run(options.target)
    advice = "stopped; nothing was written, the same command begins again."
    with joined(choose_device(common.device)) as group, stoppable(advice, group):
        console = Console(json=common.json, quiet=not group.leads)
        data = open_images_of(run, common, console, threads=use_threads(common.threads), source=options.data)
        with console.working(split) as progress:
            evaluation = evaluate_run(
                run, data, split=split, n_replicates=options.replicates, group=group, progress=progress
            )
        if group.leads:
            origin = describe_origin(run, data, split=split, n_images=evaluation.n_images, version=__version__)
            _report(run, evaluation, origin, suffix=_suffix(options), console=console)


def _suffix(options: EvaluateOptions) -> str:
    """Name files of another split or other data apart from those of the run's own test images."""
    split = "" if options.split == "test" else f"-{options.split}"
    return split if options.data is None else f"{split}-{Path(options.data).stem}"


def _report(run: Run, evaluation: Evaluation, origin: Provenance, *, suffix: str, console: Console) -> None:
    from mamviz.stats.poster import describe_average, poster_average, poster_intervals, poster_table
    from mamviz_reports.accuracies import poster_figure, scores_figure
    from mamviz_reports.scores import evaluation_table
    from mamviz_reports.scores import poster_table as render_poster
    from mamviz_reports.texts import to_values

    tables: dict[str, Table] = {"accuracy": evaluation_table(evaluation, origin)}
    figures = {"accuracy": scores_figure(evaluation, origin)}
    average = poster_average(evaluation)
    if average.ours is not None:
        rows = poster_table(evaluation)
        tables["poster"] = render_poster(rows, origin, average=average, remark=describe_average())
        figures["poster"] = poster_figure(rows, origin, intervals=poster_intervals(evaluation))
        if run.config.data.source == BUILT_IN_FACES:
            console.note("note: the poster's figures are of CelebA's photographs, ours are of drawn faces")
    files: list[Path] = []
    for name, table in tables.items():
        console.table(table)
        files += save_table(table, run.tables, name + suffix)
    for name, figure in figures.items():
        files += save(figure, run.figures, name + suffix)
    console.note(name_files(files))
    values = {name: to_values(table) for name, table in tables.items()}
    console.finish({"run": run.name, "protocol": evaluation.protocol, **values, "files": files})
