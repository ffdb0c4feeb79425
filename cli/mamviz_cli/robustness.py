"""`mamviz robustness`: what noise and attacks do to the network, and whether transformed masks help."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from mamviz.errors import ConfigError
from mamviz_cli.console import Console
from mamviz_cli.group import stoppable
from mamviz_cli.machine import choose_device, use_threads
from mamviz_cli.missing import RunOptions, trained_run
from mamviz_cli.opening import open_images_of
from mamviz_cli.saving import name_files, save, save_table

if TYPE_CHECKING:
    from mamviz.robustness.report import Robustness
    from mamviz.schema import RobustnessSettings, Transformation, TransformationKind

FEWEST_IMAGES = 8


@dataclass(frozen=True, kw_only=True)
class RobustnessOptions:
    """Options of `mamviz robustness`."""

    transform: Annotated[
        list[str] | None,
        typer.Option(
            help="What is done to masks, with its dial: sharpen:2, power:0.5, threshold:0.5 or binary:0.5; may be "
            "given several times. (default: five of them)",
            show_default=False,
        ),
    ] = None
    noise: Annotated[str, typer.Option(help="Standard deviations of Gaussian noise, in grey levels of 255.")] = (
        "8,16,32"
    )
    epsilon: Annotated[str, typer.Option(help="Sizes of FGSM's step, in grey levels of 255.")] = "1,2,4,8"
    images: Annotated[
        int, typer.Option(min=FEWEST_IMAGES, help="Test images at most; 1,000 take about 6 minutes on one core.")
    ] = 1000
    seed: Annotated[int, typer.Option(min=0, help="Of everything that is drawn.")] = 0
    target: RunOptions = field(default_factory=RunOptions)


def robustness(options: RobustnessOptions) -> None:
    """Measure what noise and FGSM attacks do, and whether sharpened, powered or cut off masks withstand more.

    The attack goes through the transformation; gains over the masks as they are come with paired intervals. Images
    that are done are kept; the same command goes on.
    """
    from mamviz import __version__
    from mamviz.robustness.report import measure_robustness

    settings, common = _settings(options), options.target.common
    run = trained_run(options.target)
    console = Console(json=common.json)
    device = choose_device(common.device)
    with stoppable(f"stopped; images that are done are kept in {run.folder}, the same command goes on."):
        data = open_images_of(run, common, console, threads=use_threads(common.threads))
        with console.working("robustness") as progress:
            found = measure_robustness(run, data, settings, version=__version__, device=device, progress=progress)
    _report(found, run.folder, console)


def _settings(options: RobustnessOptions) -> RobustnessSettings:
    from mamviz.schema import RobustnessSettings

    settings = RobustnessSettings(
        n_images=options.images,
        seed=options.seed,
        sigmas=_numbers(options.noise, "--noise"),
        epsilons=_numbers(options.epsilon, "--epsilon"),
    )
    if options.transform is None:
        return settings
    return replace(settings, transformations=tuple(read_transformation(word) for word in options.transform))


def _numbers(words: str, option: str) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in words.split(","))
    except ValueError as error:
        raise ConfigError(f"{option}: expected numbers with commas, got {words!r}. Try {option} 2,4,8.") from error


def read_transformation(word: str) -> Transformation:
    """Return what a word such as sharpen:2 says; raises ConfigError for another."""
    from mamviz.schema import Transformation

    kind, _, dial = word.partition(":")
    try:
        return Transformation(cast("TransformationKind", kind), float(dial))
    except ValueError as error:
        raise ConfigError(f"--transform: expected a name and its dial, got {word!r}. Try sharpen:2.") from error


def _report(found: Robustness, folder: Path, console: Console) -> None:
    from mamviz_reports.robustness import LONG, robustness_figure, robustness_tables
    from mamviz_reports.robustness_words import common_notes
    from mamviz_reports.texts import to_values

    report, origin = found.report, found.provenance
    tables = robustness_tables(report, origin)
    files = [found.file]
    shared = common_notes(report, origin)
    for stem, table in tables.items():
        if stem == "robustness-answers":
            console.table(table)
        elif stem != LONG:
            console.table(replace(table, notes=tuple(note for note in table.notes if note not in shared)))
        files += save_table(table, folder / "tables", stem)
    files += save(robustness_figure(report, origin), folder / "figures", "robustness")
    console.note(name_files(files))
    console.suggest(f"whether the masks mean something: `mamviz sanity {folder}`")
    console.finish({"run": origin.run, **{stem: to_values(table) for stem, table in tables.items()}, "files": files})
