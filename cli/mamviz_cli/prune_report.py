"""`mamviz prune-report`: which channels matter, which repeat each other, which could go."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

import typer

from mamviz_cli.console import Console
from mamviz_cli.missing import RunOptions, with_masks
from mamviz_cli.saving import name_files, save, save_table


@dataclass(frozen=True, kw_only=True)
class PruneOptions:
    """Options of `mamviz prune-report`."""

    threshold: Annotated[float, typer.Option(help="A channel repeats another from this |r| on.")] = 0.95
    low_usage: Annotated[
        float, typer.Option(help="A channel is least used below this part of an even share of all evidence.")
    ] = 0.1
    target: RunOptions = field(default_factory=RunOptions)


def prune_report(options: PruneOptions) -> None:
    """Say of every channel how much it is used and by which attributes, what it repeats, and why it could go.

    RUN may also be a masks file by itself: neither its model nor its images are needed.
    """
    from mamviz.pruning.redundancy import report
    from mamviz.store.masks import mask_provenance, read_statistics
    from mamviz_reports.channels import channels_figure
    from mamviz_reports.texts import to_values
    from mamviz_reports.usages import channel_table

    masks = with_masks(options.target)
    console = Console(json=options.target.common.json)
    found = report(read_statistics(masks.file), threshold=options.threshold, low_usage=options.low_usage)
    origin = mask_provenance(masks.file)
    table = channel_table(found, origin)
    console.table(table)
    files = [
        *save_table(table, masks.folder / "tables", "channels"),
        *save(channels_figure(found, origin), masks.folder / "figures", "channels"),
    ]
    console.note(name_files(files))
    console.finish(
        {
            "run": origin.run,
            **to_values(table),
            "candidates": [row.channel for row in found.candidates],
            "dead": found.dead,
            "files": files,
        }
    )
