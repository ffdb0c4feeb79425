"""`mamviz faces`: the built-in faces as files in CelebA's layout, with the region of every attribute."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mamviz_cli.console import Console
from mamviz_cli.group import stoppable
from mamviz_cli.machine import use_threads
from mamviz_cli.options import Common
from mamviz_cli.saving import name_files, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Faces on the sheet.
ON_SHEET = 64


@dataclass(frozen=True, kw_only=True)
class FacesOptions:
    """Options of `mamviz faces`."""

    folder: Annotated[Path, typer.Argument(metavar="OUT", help="New folder for the faces.")]
    images: Annotated[int, typer.Option(min=1, help="Number of faces.")] = 1000
    size: Annotated[int, typer.Option(help="Side of a picture, 32 to 256 pixels.")] = 64
    seed: Annotated[int, typer.Option(help="Seed of labels and faces.")] = 0
    label_correlation: Annotated[float, typer.Option(help="0: independent labels; 1: CelebA's correlations.")] = 1.0
    regions: Annotated[
        bool, typer.Option("--regions/--no-regions", help="Write the pixels that each attribute changes.")
    ] = True
    common: Common = field(default_factory=Common)


def faces(options: FacesOptions) -> None:
    """Write built-in faces with CelebA's 40 attributes to a folder that `mamviz train --data` reads."""
    from mamviz.data.synthetic.files import write_faces

    console = Console(json=options.common.json)
    use_threads(options.common.threads)
    with (
        stoppable(f"stopped; the faces that are written stay in {options.folder}, the same command goes on."),
        console.working("faces") as progress,
    ):
        write_faces(
            options.folder,
            n_images=options.images,
            size=options.size,
            seed=options.seed,
            label_correlation=options.label_correlation,
            regions=options.regions,
            progress=progress,
        )
        # An SVG of pixels is a larger PNG.
        sheet = save(_draw_sheet(options), options.folder, "sheet", kinds=("png",))
    console.note(f"{options.folder}: {options.images:,} faces of {options.size} px in CelebA's layout")
    console.note(name_files(sheet))
    console.suggest(f"`mamviz train --data {options.folder}`")
    console.finish(
        {
            "folder": options.folder,
            "n_images": options.images,
            "size": options.size,
            "seed": options.seed,
            "label_correlation": options.label_correlation,
            "regions": options.regions,
            "files": sheet,
        }
    )


def _draw_sheet(options: FacesOptions) -> Figure:
    import numpy as np

    from mamviz.data.synthetic.files import name_of
    from mamviz.data.synthetic.labels import ATTRIBUTES, draw_labels
    from mamviz.data.synthetic.render import draw_faces
    from mamviz.extraction.examples import name_rarest
    from mamviz_reports.sheets import images_sheet

    n = min(options.images, ON_SHEET)
    labels = draw_labels(n, seed=options.seed, label_correlation=options.label_correlation)
    pictures = draw_faces(labels, np.arange(n), size=options.size, seed=options.seed).numpy()
    rare = name_rarest(labels, ATTRIBUTES)
    texts = ["\n".join([name_of(index), *rare[index]]) for index in range(n)]
    words = (
        f"The first {n} of {options.images:,} built-in faces, {options.size} px, seed {options.seed}, label correlation"
        f" {options.label_correlation:g}; under each, the rarest of its attributes."
    )
    return images_sheet(pictures, texts, heading="Built-in faces", words=words)
