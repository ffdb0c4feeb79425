"""`mamviz show`: the poster's Figure 2, masks and evidence of chosen images and attributes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from mamviz_cli.console import Console
from mamviz_cli.group import stoppable
from mamviz_cli.machine import choose_device, use_threads
from mamviz_cli.missing import RunOptions, trained_run
from mamviz_cli.opening import open_images_of
from mamviz_cli.saving import name_files, save

if TYPE_CHECKING:
    from mamviz.data.dataset import ImageData
    from mamviz.run import Run
    from mamviz.schema import ImageMasks

# A figure of 3 x 4 rows and 6 channels fits a page.
N_IMAGES = 3
N_ATTRIBUTES = 4


@dataclass(frozen=True, kw_only=True)
class ShowOptions:
    """Options of `mamviz show`."""

    image: Annotated[
        list[str] | None, typer.Option(help="Name of an image; may be given several times.", show_default=False)
    ] = None
    attribute: Annotated[
        list[str] | None, typer.Option(help="An attribute; may be given several times.", show_default=False)
    ] = None
    channel: Annotated[
        list[int] | None, typer.Option(help="A channel; may be given several times.", show_default=False)
    ] = None
    n_channels: Annotated[int, typer.Option(min=0, help="Without --channel: how many, the most used first.")] = 6
    data: Annotated[str | None, typer.Option(help="Other data with the same attributes.")] = None
    target: RunOptions = field(default_factory=RunOptions)


def show(options: ShowOptions) -> None:
    """Draw images with their masks channel by channel, the mean mask and the evidence of chosen attributes."""
    from mamviz import __version__
    from mamviz.data.origin import describe_origin
    from mamviz.extraction.examples import evidence_limit, mean_mask_limits
    from mamviz_reports.masks import masks_figure

    common = options.target.common
    console = Console(json=common.json)
    run = trained_run(options.target)
    with stoppable("stopped; nothing was written."):
        data = open_images_of(run, common, console, threads=use_threads(common.threads), source=options.data)
        found = _explain(run, data, options)
        origin = describe_origin(run, data, split="all", n_images=data.n_images, version=__version__)
        limit, ends = evidence_limit(found), mean_mask_limits(found)
        files = save(masks_figure(found, origin, evidence_limit=limit, mean_limits=ends), run.figures, "masks")
    console.note(name_files(files))
    console.finish(
        {
            "run": run.name,
            "images": [
                {
                    "name": image.name,
                    "labels": dict(zip(image.attributes, image.labels.tolist(), strict=True)),
                    "logits": dict(zip(image.attributes, image.logits.tolist(), strict=True)),
                }
                for image in found
            ],
            "channels": found[0].channels,
            "files": files,
        }
    )


def _explain(run: Run, data: ImageData, options: ShowOptions) -> tuple[ImageMasks, ...]:
    from mamviz.extraction import explain_images
    from mamviz.extraction.examples import choose_attributes, choose_images
    from mamviz.models.weights import load_network

    device = choose_device(options.target.common.device)
    images = options.image or choose_images(data, n_images=N_IMAGES)
    known = [name for name in images if name in data.names]
    attributes = options.attribute or choose_attributes(data, known or data.names[:1], n_attributes=N_ATTRIBUTES)
    return explain_images(
        load_network(run, device=device),
        data,
        images=images,
        attributes=attributes,
        channels=options.channel or options.n_channels,
        device=device,
    )
