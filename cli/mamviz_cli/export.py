"""`mamviz export`: the network as one ONNX file, checked against onnxruntime."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from mamviz_cli.console import Console
from mamviz_cli.group import stoppable
from mamviz_cli.machine import use_threads
from mamviz_cli.missing import RunOptions, trained_run
from mamviz_cli.opening import open_images_of


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """Options of `mamviz export`."""

    file: Annotated[
        Path | None, typer.Option(help="The ONNX file. (default model.onnx in the run's folder)", show_default=False)
    ] = None
    check: Annotated[
        int, typer.Option(min=0, help="Images that onnxruntime and the network are compared on; 0: none.")
    ] = 64
    target: RunOptions = field(default_factory=RunOptions)


def export(options: ExportOptions) -> None:
    """Write what classifies as one ONNX file: images (n, 3, S, S) in [-1, 1] to logits (n, attributes), any n.

    It holds neither the multi-label classifier nor the reconstructor, and gives no masks. Attributes, run and data
    stand in its metadata. Needs the extra onnx: pip install 'mamviz[onnx]'.
    """
    from mamviz import __version__
    from mamviz.models.export import require_onnx
    from mamviz.pruning.exported import export_run

    require_onnx()
    common = options.target.common
    run = trained_run(options.target)
    console = Console(json=common.json)
    file = options.file or run.folder / "model.onnx"
    with stoppable("stopped; nothing was written."):
        data = open_images_of(run, common, console, threads=use_threads(common.threads))
        console.note(f"exporting {run.folder}")
        found = export_run(run, data, file, n_images=options.check, version=__version__)
    if found.n_images:
        console.show(
            f"{found.file}: the logits of {found.n_images:,} images differ by at most {found.error:.1e} from the "
            f"network's, whose largest is {found.largest:.3g}"
        )
    else:
        console.show(f"{found.file}: not compared with the network")
    console.note(f"wrote {found.file}, {found.n_bytes / 1e6:.3g} MB")
    console.suggest("`mamviz prune` for a smaller network of the same attributes")
    console.finish({"run": run.name, **dataclasses.asdict(found)})
