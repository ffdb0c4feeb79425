"""`mamviz validate`: the tables beside a planted answer, and the statistics beside a known truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mamviz.errors import RunError
from mamviz_cli.console import Console, plain
from mamviz_cli.group import stoppable
from mamviz_cli.machine import choose_device, use_threads
from mamviz_cli.missing import RunOptions, trained_run, with_masks
from mamviz_cli.opening import find_run
from mamviz_cli.options import Common, FirstRun
from mamviz_cli.saving import name_files, save, save_table
from mamviz_cli.settings import DataOptions, Settings, TrainingOptions, make_config
from mamviz_cli.train import TrainOptions, train_new

if TYPE_CHECKING:
    from mamviz.run import Run
    from mamviz.schema import Coverage, FaceValidation, FalsePositives, Goal
    from mamviz_reports.tables import Table

# Of the runs that are trained where none is named: CelebA's label correlations, and none.
DIALS = (1.0, 0.0)
FOLDER = "validation"


@dataclass(frozen=True, kw_only=True)
class ValidateOptions:
    """Options of `mamviz validate`."""

    run: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN]...", help="Runs on built-in faces; two of its own where left out."),
    ] = None
    images: Annotated[int, typer.Option(min=8, help="Fresh faces a run; 1,000 take about 5 minutes on one core.")] = (
        1000
    )
    skip_others: Annotated[bool, typer.Option("--skip-others", help="Leave out GradCAM and occlusion.")] = False
    skip_simulations: Annotated[
        bool, typer.Option("--skip-simulations", help="Leave out the coverage of intervals and false positives.")
    ] = False
    seed: Annotated[int, typer.Option(min=0, help="Of everything that is drawn.")] = 0
    first: FirstRun = field(default_factory=FirstRun)
    common: Common = field(default_factory=Common)


@dataclass(frozen=True, kw_only=True)
class Results:
    """All that was measured; the last two are empty where they were left out."""

    faces: tuple[FaceValidation, ...]
    goals: tuple[Goal, ...]
    coverage: tuple[Coverage, ...] = ()
    false_positives: tuple[FalsePositives, ...] = ()


def validate(options: ValidateOptions) -> None:
    """Prove that maps and tables are right, on faces whose answer is known, beside GradCAM and occlusion.

    Also that intervals cover and tests don't call what isn't there, on made-up data sets. Everything that takes long
    is kept as it is finished: the same command goes on.
    """
    console = Console(json=options.common.json)
    runs = _find_runs(options)
    folder = options.common.runs / FOLDER
    with stoppable(f"stopped; what is finished is kept in {folder}, the same command goes on."):
        results = _measure(runs, options, folder, console)
    _report(results, folder, console)


def _find_runs(options: ValidateOptions) -> tuple[Run, ...]:
    """Return the runs, trained and with masks; those that are named must be on built-in faces."""
    from mamviz.run import open_run
    from mamviz.validation.truth import require_faces

    common = options.common
    if options.run:
        folders = []
        for name in options.run:
            found = find_run(name, common.runs)
            assert found is not None
            require_faces(found)
            folders.append(found.folder)
    else:
        folders = [_train_missing(dial, options) for dial in DIALS]
    if len({folder.name for folder in folders}) < len(folders):
        raise RunError(f"RUN: expected runs of different names, got {', '.join(map(str, folders))}. Rename one.")
    for folder in folders:
        target = RunOptions(run=str(folder), common=common)
        trained_run(target)
        with_masks(target)
    return tuple(open_run(folder) for folder in folders)


def _train_missing(dial: float, options: ValidateOptions) -> Path:
    """Return the folder of the run for a dial of label correlation; trains it where there is none."""
    from mamviz.distributed import Group

    first, common = options.first, options.common
    name = f"validate-dial-{dial:g}"
    folder = common.runs / name
    console = Console(aside=True)
    if (folder / "run.json").is_file():
        console.note(f"{folder} is there and used as it is")
        return folder
    settings = Settings(
        data=DataOptions(n_faces=first.faces, size=first.size, label_correlation=dial),
        train=TrainingOptions(epochs=first.epochs),
    )
    console.note(f"training {folder} on built-in faces with label correlation {dial:g}; Ctrl-C stops it")
    then = TrainOptions(name=name, settings=settings, common=common)
    config = make_config(settings, threads=use_threads(common.threads))
    return train_new(config, then, console=console, group=Group(device=choose_device(common.device))).folder


def _measure(runs: tuple[Run, ...], options: ValidateOptions, folder: Path, console: Console) -> Results:
    import numpy as np

    from mamviz import __version__
    from mamviz.validation.attributions import has_captum
    from mamviz.validation.goals import judge_coverage, judge_faces, judge_false_positives
    from mamviz.validation.truth import FaceSettings, validate_faces

    use_threads(options.common.threads)
    if not (options.skip_others or has_captum()):
        console.note("note: captum is not installed: no GradCAM and occlusion beside ours; `pip install captum`")
    settings = FaceSettings(
        n_images=options.images,
        others=not options.skip_others,
        device=choose_device(options.common.device),
        folder=folder / "pieces",
    )
    faces = []
    for run in runs:
        with console.working(run.name) as progress:
            generator = np.random.default_rng(options.seed)
            faces.append(validate_faces(run, settings, generator=generator, version=__version__, progress=progress))
    goals = tuple(goal for each in faces for goal in judge_faces(each))
    if options.skip_simulations:
        return Results(faces=tuple(faces), goals=goals)
    coverage, false_positives = _simulate(options, console)
    goals += (*judge_coverage(coverage), *judge_false_positives(false_positives))
    return Results(faces=tuple(faces), goals=goals, coverage=coverage, false_positives=false_positives)


def _simulate(options: ValidateOptions, console: Console) -> tuple[tuple[Coverage, ...], tuple[FalsePositives, ...]]:
    import numpy as np

    from mamviz.validation.coverage import CoverageSettings, measure_coverage
    from mamviz.validation.false_positives import FalsePositiveSettings, measure_false_positives

    generators = np.random.default_rng(options.seed).spawn(2)
    with console.working("coverage of intervals") as progress:
        coverage = measure_coverage(CoverageSettings(), generator=generators[0], progress=progress)
    with console.working("false positives") as progress:
        false_positives = measure_false_positives(FalsePositiveSettings(), generator=generators[1], progress=progress)
    return coverage, false_positives


def _report(results: Results, folder: Path, console: Console) -> None:
    from mamviz.run import write_json
    from mamviz_reports.regions import regions_figure
    from mamviz_reports.texts import to_values
    from mamviz_reports.validation import goals_table

    tables = _tables(results)
    goals = goals_table(results.goals)
    for stem, table in tables.items():
        if not stem.endswith("-attributes"):
            console.table(table)
    console.table(goals)
    files = [
        path
        for stem, table in {**tables, "goals": goals}.items()
        for path in save_table(table, folder / "tables", stem)
    ]
    for found in results.faces:
        files += save(regions_figure(found), folder / "figures", f"{found.provenance.run}-regions")
    values: dict[str, Any] = {
        "runs": [found.provenance.run for found in results.faces],
        "goals": to_values(goals)["rows"],
        "tables": {stem: to_values(table) for stem, table in tables.items()},
    }
    kept = folder / "validation.json"
    write_json(kept, plain(values))
    console.note(name_files([kept, *files]))
    console.suggest("do the masks mean something in a run of your own: `mamviz sanity`")
    console.finish({**values, "files": [kept, *files]})


def _tables(results: Results) -> dict[str, Table]:
    """Return the tables by their files' names, in the order in which they are shown."""
    from mamviz_reports.simulations import coverage_table, false_positives_table
    from mamviz_reports.validation import attributes_table, maps_table, pointing_table

    tables: dict[str, Table] = {}
    for found in results.faces:
        run = found.provenance.run
        tables[f"{run}-pointing"] = pointing_table(found)
        tables[f"{run}-maps"] = maps_table(found)
        tables[f"{run}-attributes"] = attributes_table(found)
    if results.coverage:
        tables["coverage"] = coverage_table(results.coverage)
    if results.false_positives:
        tables["false-positives"] = false_positives_table(results.false_positives)
    return tables
