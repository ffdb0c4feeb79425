"""`mamviz sanity`: do the masks mean something: randomise, exchange and delete, and see what is lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mamviz_cli.console import Console
from mamviz_cli.extract_masks import choose_split
from mamviz_cli.group import stoppable
from mamviz_cli.machine import choose_device, use_threads
from mamviz_cli.missing import RunOptions, trained_run
from mamviz_cli.opening import open_images_of
from mamviz_cli.options import choose
from mamviz_cli.saving import name_files, save, save_table

if TYPE_CHECKING:
    from mamviz.sanity.checks import Sanity
    from mamviz.schema import SanitySettings

FILLS = ("mean", "zero")


@dataclass(frozen=True, kw_only=True)
class SanityOptions:
    """Options of `mamviz sanity`."""

    images: Annotated[int, typer.Option(min=8, help="Images drawn; 1,000 take about 5 minutes on one core.")] = 1000
    split: Annotated[str, typer.Option(help="Images: train, validation, test or all.")] = "test"
    draws: Annotated[int, typer.Option(min=1, help="Permutations of each part of the network.")] = 3
    networks: Annotated[int, typer.Option(min=19, help="Random networks that tables are compared with.")] = 20
    fill: Annotated[str, typer.Option(help="What a deleted feature is set to: its mean, or zero.")] = "mean"
    seed: Annotated[int, typer.Option(min=0, help="Of everything that is drawn.")] = 0
    target: RunOptions = field(default_factory=RunOptions)


def sanity(options: SanityOptions) -> None:
    """Check that masks mean something: random weights, exchanged masks and deleted features must do harm.

    Each check ends in pass, fail or unclear, with its figure, its threshold and what it means. Checks that are done
    are kept; the same command goes on.
    """
    from mamviz import __version__
    from mamviz.sanity.checks import check_run

    settings, common = _settings(options), options.target.common
    run = trained_run(options.target)
    console = Console(json=common.json)
    device = choose_device(common.device)
    with stoppable(f"stopped; finished checks are kept in {run.folder}, the same command goes on."):
        data = open_images_of(run, common, console, threads=use_threads(common.threads))
        with console.working("sanity") as progress:
            found = check_run(run, data, settings, version=__version__, device=device, progress=progress)
    _report(found, run.folder, console)


def _settings(options: SanityOptions) -> SanitySettings:
    from mamviz.schema import SanitySettings

    return SanitySettings(
        split=choose_split(options.split),
        n_images=options.images,
        seed=options.seed,
        n_draws=options.draws,
        n_networks=options.networks,
        fill=choose(options.fill, FILLS, "--fill"),
    )


def _report(found: Sanity, folder: Path, console: Console) -> None:
    from mamviz_reports.sanity import checks_table, losses_table, sanity_figure
    from mamviz_reports.texts import to_values

    table = checks_table(found.report, found.provenance)
    console.table(table)
    files = [
        *found.files,
        *save_table(table, folder / "tables", "sanity"),
        *save_table(losses_table(found.report, found.provenance), folder / "tables", "sanity-attributes"),
        *save(sanity_figure(found.report, found.provenance), folder / "figures", "sanity"),
    ]
    console.note(name_files(files))
    console.suggest("which attributes use the same features: `mamviz correlate --top 5`")
    console.finish({"run": found.provenance.run, **to_values(table), "files": files})
