"""`mamviz stability`: how far the tables of several runs agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mamviz.errors import DataError, MamvizError, RunError
from mamviz_cli.console import Console
from mamviz_cli.group import stoppable
from mamviz_cli.machine import choose_device, use_threads
from mamviz_cli.missing import MASKS, Masks, RunOptions, with_masks
from mamviz_cli.opening import open_images_of
from mamviz_cli.options import Common, choose
from mamviz_cli.saving import name_files, save, save_table
from mamviz_cli.seeds import family_of, newest_family

if TYPE_CHECKING:
    from mamviz.run import Run
    from mamviz.schema import FeatureProducts, Stability
    from mamviz.stability import Comparison
    from mamviz.stats.comparison import AgreementSettings

# Letters of a folder's name that is put together from those of runs.
_LONGEST = 60


@dataclass(frozen=True, kw_only=True)
class StabilityOptions:
    """Options of `mamviz stability`."""

    compared: Annotated[
        list[str] | None,
        typer.Argument(metavar="RUN RUN ...", help="Runs or masks files; the newest of `train --seeds` if left out."),
    ] = None
    all_tables: Annotated[bool, typer.Option("--all-tables", help="A dozen tables, not the recommended one only.")] = (
        False
    )
    features: Annotated[
        bool, typer.Option(help="Compare features and channels too: one pass over images with all networks.")
    ] = True
    images: Annotated[int, typer.Option(min=2, help="Images that features are compared on.")] = 1000
    top: Annotated[int, typer.Option(min=1, help="How many related ones of each target should be the same.")] = 5
    rank_by: Annotated[str, typer.Option(help="r, or abs: the size of r.")] = "r"
    replicates: Annotated[int, typer.Option(min=0, help="Resamples behind the intervals; 0: no intervals.")] = 1000
    permutations: Annotated[int, typer.Option(min=1, help="Permutations of names behind each p.")] = 4999
    common: Common = field(default_factory=Common)


def stability(options: StabilityOptions) -> None:
    """Say how far the tables of two or more runs agree, such as those of `mamviz train --seeds 0,1,2`.

    A run may also be a masks file by itself: then features are left out, and tables are compared without them.
    """
    import numpy as np

    from mamviz.stability import compare_runs

    settings, common = _settings(options), options.common
    console = Console(json=common.json)
    places = options.compared or [str(run.folder) for run in newest_family(common.runs)]
    masks = [with_masks(RunOptions(run=place, common=common)) for place in places]
    with stoppable("stopped; nothing was written."):
        products = _multiply(masks, options, console) if options.features and len(masks) > 1 else None
        with console.working("runs") as progress:
            found = compare_runs(
                [each.file for each in masks],
                settings,
                products=products,
                generator=np.random.default_rng(0),
                progress=progress,
            )
    _report(found, masks, common.runs / _folder_name(masks, found.stability), console)


def _settings(options: StabilityOptions) -> AgreementSettings:
    from mamviz.schema import NAMED_TABLES, RECOMMENDED
    from mamviz.stats.comparison import AgreementSettings

    tables = {"recommended": RECOMMENDED["attribute"]}
    if options.all_tables:
        tables |= {name: choices for name, choices in NAMED_TABLES.items() if choices != RECOMMENDED["attribute"]}
    return AgreementSettings(
        tables=tables,
        top=options.top,
        by=choose(options.rank_by, ("r", "abs"), "--rank-by"),
        n_replicates=options.replicates,
        n_permutations=options.permutations,
    )


def _multiply(masks: Sequence[Masks], options: StabilityOptions, console: Console) -> FeatureProducts | None:
    """Return the products of the runs' features; where they can't be had, say why and return None."""
    from mamviz.extraction.pairs import multiply_features, spread_images
    from mamviz.models.weights import load_network
    from mamviz.store.masks import mask_provenance

    common = options.common
    try:
        runs = [_run_of(each) for each in masks]
        _check_images(runs)
        device, threads = choose_device(common.device), use_threads(common.threads)
        data = open_images_of(runs[0], common, console, threads=threads)
        networks = [load_network(run, device=device) for run in runs]
        split = choose(mask_provenance(masks[0].file).split, ("train", "validation", "test", "all"), "split")
        indices = spread_images(data, split=split, most=options.images)
    except MamvizError as error:
        console.note(f"features and channels are not compared: {error}")
        return None
    with console.working("features") as progress:
        return multiply_features(networks, data, indices, device=device, progress=progress)


def _run_of(masks: Masks) -> Run:
    """Return the run whose masks these are; raises RunError where they are of other weights, or by themselves."""
    from mamviz.run import file_sha256, open_run
    from mamviz.store.masks import mask_provenance

    if masks.file.name != MASKS or not (masks.file.parent / "run.json").is_file():
        raise RunError(f"{masks.file} is a masks file without its run. Name the run, or take --no-features.")
    run = open_run(masks.file.parent)
    if not run.trained or file_sha256(run.model_file) != mask_provenance(masks.file).model_sha256:
        raise RunError(f"{masks.file} is of other weights than {run.model_file}. Name the run, or take --no-features.")
    return run


def _check_images(runs: Sequence[Run]) -> None:
    """Raise DataError where the runs' networks don't see the same images."""
    first = runs[0]
    for run in runs[1:]:
        same_cut = (run.config.data.size, run.config.data.crop) == (first.config.data.size, first.config.data.crop)
        if run.record["data"]["fingerprint"] != first.record["data"]["fingerprint"] or not same_cut:
            raise DataError(
                f"{run.folder} was trained on other images than {first.folder}. Compare runs of the same data."
            )


def _folder_name(masks: Sequence[Masks], found: Stability) -> str:
    """Name the folder of results: by the family, or by the runs."""
    from mamviz.run import open_run

    folders = [each.file.parent for each in masks]
    known = [open_run(folder) for folder in folders if (folder / "run.json").is_file()]
    families = {family_of(run) for run in known}
    if len(known) == len(masks) and len(families) == 1 and None not in families:
        return f"stability-{families.pop()}"
    names = [Path(run.name).stem if "/" in run.name else run.name for run in found.runs]
    joined = "-".join(names)
    return f"stability-{joined if len(joined) <= _LONGEST else f'{names[0]}-and-{len(names) - 1}-more'}"


def _report(found: Comparison, masks: Sequence[Masks], folder: Path, console: Console) -> None:
    from mamviz.schema import AGREES
    from mamviz.store.stability import write_stability
    from mamviz_reports.agreement import stability_figure
    from mamviz_reports.seeds import seeds_figure
    from mamviz_reports.stability import features_table, matching_table, stability_table
    from mamviz_reports.texts import to_values

    result = found.stability
    tables = {"stability": stability_table(result)}
    if result.features:
        tables["stability-features"] = features_table(result)
    files: list[Path] = []
    for stem, table in tables.items():
        console.table(table)
        files += save_table(table, folder / "tables", stem)
    if result.features:
        files += save_table(matching_table(result), folder / "tables", "stability-matching", kinds=("csv",))
    files += save(stability_figure(result, found.correlations), folder / "figures", "stability")
    files += save(seeds_figure(result), folder / "figures", "stability-tables")
    kept = [write_stability(each.folder, result) for each in masks]
    console.note(f"{name_files(files)}; and {', '.join(map(str, kept))}")
    if result.tables[0].lowest.spearman.value >= AGREES:
        console.suggest("`mamviz correlate --top 5`: another seed tells much the same")
    else:
        console.suggest("`mamviz stability --all-tables` for the tables that seeds agree on")
    values = {name: to_values(table) for name, table in tables.items()}
    console.finish({"runs": [run.name for run in result.runs], **values, "folder": folder, "files": [*files, *kept]})
