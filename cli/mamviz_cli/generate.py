"""`mamviz generate`: pictures from features, attributes added and removed, and what that does to all logits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mamviz.errors import ConfigError
from mamviz_cli.console import Console
from mamviz_cli.group import stoppable
from mamviz_cli.machine import choose_device, use_threads
from mamviz_cli.missing import RunOptions, trained_run
from mamviz_cli.opening import open_images_of
from mamviz_cli.options import choose
from mamviz_cli.robustness import read_transformation
from mamviz_cli.saving import name_files, save, save_table
from mamviz_cli.show import N_ATTRIBUTES, N_IMAGES

if TYPE_CHECKING:
    from mamviz.data.dataset import ImageData
    from mamviz.generation.gallery import Chosen
    from mamviz.generation.report import Edits, Work
    from mamviz.schema import EditSettings, Gallery


@dataclass(frozen=True, kw_only=True)
class GenerateOptions:
    """Options of `mamviz generate`."""

    image: Annotated[
        list[str] | None, typer.Option(help="Name of an image; may be given several times.", show_default=False)
    ] = None
    attribute: Annotated[
        list[str] | None, typer.Option(help="An attribute; may be given several times.", show_default=False)
    ] = None
    direction: Annotated[str, typer.Option(help="Along what features move: contrast, gradient, own or evidence.")] = (
        "contrast"
    )
    strength: Annotated[
        float,
        typer.Option(help="Change of the attribute's logit that is asked for, in its standard deviations over images."),
    ] = 2.0
    images: Annotated[
        int,
        typer.Option(
            min=0,
            help="Test images without each attribute, and with it, at most so many, on which edits are measured; 100 "
            "take about 2 minutes on one core. 0 measures nothing: only the pictures.",
        ),
    ] = 100
    transform: Annotated[
        str | None,
        typer.Option(
            help="What is done to masks where what they let through is drawn: sharpen:2, power:2, threshold:0.5 or "
            "binary:0.5. (default: nothing)",
            show_default=False,
        ),
    ] = None
    seed: Annotated[int, typer.Option(min=0, help="Of everything that is drawn.")] = 0
    target: RunOptions = field(default_factory=RunOptions)


def generate(options: GenerateOptions) -> None:
    """Draw what masks let through, add and remove attributes, swap features, and measure what edits change.

    Features move where the mask of an attribute is open; the pictures drawn from them are read again by the whole
    network. Attributes that are measured are kept; the same command goes on.
    """
    from mamviz.generation.gallery import make_gallery
    from mamviz.generation.report import begin_work

    settings, common = _settings(options), options.target.common
    run = trained_run(options.target)
    console = Console(json=common.json)
    device = choose_device(common.device)
    with stoppable(f"stopped; attributes that are measured are kept in {run.folder}, the same command goes on."):
        data = open_images_of(run, common, console, threads=use_threads(common.threads))
        chosen = _choose(data, options)
        with console.working("generate") as progress:
            work = begin_work(run, data, settings, device=device, progress=progress)
            gallery = make_gallery(work.network, data, work.reference, settings, chosen=chosen, progress=progress)
        files = _draw(gallery, work)
        edits = _measure(work, console) if settings.n_images else None
    values, written = ({}, []) if edits is None else _report(edits, run.folder, console)
    files += written
    console.note(name_files(files))
    console.suggest(f"everything on one page: `mamviz report {run.folder}`")
    console.finish({"run": run.name, **_describe(gallery), **values, "files": files})


def _settings(options: GenerateOptions) -> EditSettings:
    from mamviz.schema import EDIT_DIRECTIONS, EditSettings

    if not 0 < options.strength < float("inf"):
        raise ConfigError(f"--strength: expected a number above 0, got {options.strength:g}. Try --strength 2.")
    return EditSettings(
        direction=choose(options.direction, EDIT_DIRECTIONS, "--direction"),
        strength=options.strength,
        n_images=options.images,
        seed=options.seed,
    )


def _choose(data: ImageData, options: GenerateOptions) -> Chosen:
    from mamviz.extraction.examples import choose_attributes, choose_images
    from mamviz.generation.gallery import Chosen
    from mamviz.schema import NONE

    images = options.image or choose_images(data, n_images=N_IMAGES)
    known = [name for name in images if name in data.names]
    attributes = options.attribute or choose_attributes(data, known or data.names[:1], n_attributes=N_ATTRIBUTES)
    return Chosen(
        images=tuple(dict.fromkeys(images)),
        attributes=tuple(dict.fromkeys(attributes)),
        transformation=NONE if options.transform is None else read_transformation(options.transform),
    )


def _draw(gallery: Gallery, work: Work) -> list[Path]:
    """Write the figures; return their files."""
    from mamviz import __version__
    from mamviz.data.origin import describe_origin
    from mamviz_reports.reconstructions import features_figure
    from mamviz_reports.strips import strips_figures
    from mamviz_reports.swaps import swaps_figure

    run, data = work.run, work.data
    origin = describe_origin(run, data, split="all", n_images=data.n_images, version=__version__)
    figures = {"generate-features": features_figure(gallery, origin), **strips_figures(gallery, origin)}
    if gallery.swaps:
        figures["generate-swaps"] = swaps_figure(gallery, origin)
    files = [file for stem, figure in figures.items() for file in save(figure, run.figures, stem)]
    for file in set(run.figures.glob("generate-*.[ps][nv]g")) - set(files):
        file.unlink()  # of other images, from an earlier call
    return files


def _measure(work: Work, console: Console) -> Edits:
    from mamviz import __version__
    from mamviz.generation.report import measure_run

    with console.working("generate") as progress:
        return measure_run(work, version=__version__, progress=progress)


def _report(edits: Edits, folder: Path, console: Console) -> tuple[Mapping[str, Any], list[Path]]:
    from mamviz_reports.edits import edit_tables
    from mamviz_reports.texts import to_values

    tables = edit_tables(edits.report, edits.provenance)
    console.table(tables["edits-counts"])
    files = [edits.file]
    for stem, table in tables.items():
        files += save_table(table, folder / "tables", stem)
    return {stem: to_values(table) for stem, table in tables.items()}, files


def _describe(gallery: Gallery) -> Mapping[str, Any]:
    """Return names and logits of what was drawn, for JSON."""
    strips = [
        {
            "image": strip.name,
            "attribute": strip.attribute,
            "label": strip.label,
            "strengths": [each.strength for each in strip.pictures],
            "features": [each.own_features for each in strip.pictures],
            "drawn": [each.own_drawn for each in strip.pictures],
        }
        for strip in gallery.strips
    ]
    swaps = [
        {
            "images": swap.names,
            "attribute": swap.attribute,
            "before": swap.before.tolist(),
            "after": swap.after.tolist(),
        }
        for swap in gallery.swaps
    ]
    return {"strips": strips, "swaps": swaps}
