"""`mamviz entangle`: what masks share beyond what labels do."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mamviz_cli.console import Console
from mamviz_cli.correlate import ChoiceOptions, CorrelateOptions, make_choices
from mamviz_cli.group import stoppable
from mamviz_cli.missing import RunOptions, with_masks
from mamviz_cli.options import choose
from mamviz_cli.saving import name_files, save, save_table

if TYPE_CHECKING:
    from mamviz.entanglement import EntanglementReport
    from mamviz.schema import Choices, EntanglementSettings, PairKind

_RULE = "Which pairs are listed"


def _bound(words: str) -> Any:
    return typer.Option(help=words, rich_help_panel=_RULE)


@dataclass(frozen=True, kw_only=True)
class RuleOptions:
    """The bounds of schema.PairRule as options."""

    independent: Annotated[float, _bound("Labels are independent where the interval of phi lies within +- this.")] = (
        0.05
    )
    related: Annotated[float, _bound("Labels are related where the interval of |phi| lies above this.")] = 0.2
    high: Annotated[float, _bound("Masks share where more than this share of all pairs is less related.")] = 0.75
    low: Annotated[float, _bound("Masks share little where less than this share is.")] = 0.25


@dataclass(frozen=True, kw_only=True)
class EntangleOptions:
    """Options of `mamviz entangle`."""

    top: Annotated[int, typer.Option(min=1, help="How many pairs of each list.")] = 10
    attribute: Annotated[
        list[str] | None,
        typer.Option(help="Show the pairs of this attribute; may be given several times.", show_default=False),
    ] = None
    scale: Annotated[str, typer.Option(help="What the gap compares: rank among all pairs, or raw r and |phi|.")] = (
        "rank"
    )
    replicates: Annotated[int, typer.Option(min=1, help="Resamples behind the intervals.")] = 1000
    seed: Annotated[int, typer.Option(min=0, help="Seed of the resamples.")] = 0
    rule: RuleOptions = field(default_factory=RuleOptions)
    choices: ChoiceOptions = field(default_factory=ChoiceOptions)
    target: RunOptions = field(default_factory=RunOptions)


def entangle(options: EntangleOptions) -> None:
    """Say which attributes share features though their labels are independent, and which the other way round.

    The entanglement gap of a pair is how much its masks share, minus how much its labels are related.
    RUN may also be a masks file by itself: neither its model nor its images are needed.
    """
    from mamviz.entanglement import find_entanglement

    settings = make_settings(options)
    (choices,) = make_choices(CorrelateOptions(choices=options.choices))
    masks = with_masks(options.target)
    console = Console(json=options.target.common.json)
    with stoppable("stopped; nothing was written."), console.working("resamples") as progress:
        found = find_entanglement(
            masks.file,
            choices=choices,
            settings=settings,
            targets=options.attribute or (),
            seed=options.seed,
            progress=progress,
        )
    _report(found, masks.folder, options, console=console)


def make_settings(options: EntangleOptions) -> EntanglementSettings:
    """Return the settings; raises ConfigError for an unknown scale, StatisticsError for bounds out of order."""
    from typing import get_args

    from mamviz import schema

    return schema.EntanglementSettings(
        n_replicates=options.replicates,
        scale=choose(options.scale, get_args(schema.Scale), "--scale"),
        rule=schema.PairRule(**dataclasses.asdict(options.rule)),
    )


def _report(found: EntanglementReport, folder: Path, options: EntangleOptions, *, console: Console) -> None:
    from mamviz_reports.entanglement import explanation_table, pair_list, pair_table
    from mamviz_reports.gaps import entanglement_figure
    from mamviz_reports.texts import to_values

    result, origin = found.entanglement, found.provenance
    stem = file_stem(result.correlation.choices)
    tables, figures = folder / "tables", folder / "figures"
    explained = explanation_table(result, origin)
    console.table(explained)
    values = {"explained": to_values(explained)}
    files = [*save_table(pair_list(result, origin), tables, stem, kinds=("csv",))]
    files += save_table(explained, tables, f"{stem}-explained")
    kinds: tuple[PairKind, ...] = ("shared", "separate")
    for kind in kinds:
        table = pair_table(result, origin, kind=kind, top=options.top, targets=options.attribute or ())
        console.table(table)
        values[kind] = to_values(table)
        files += save_table(pair_table(result, origin, kind=kind, top=options.top), tables, f"{stem}-{kind}")
    files += save(entanglement_figure(result, origin), figures, stem)
    console.note(name_files(files))
    console.suggest("all pairs of one attribute: `mamviz entangle --attribute NAME`; where it looks: `mamviz show`")
    choices = dataclasses.asdict(result.correlation.choices)
    console.finish({"run": origin.run, "choices": choices, **values, "files": files})


def file_stem(choices: Choices) -> str:
    """Return the name of the files: short for the recommended choices, all choices spelled out otherwise."""
    from mamviz.schema import RECOMMENDED

    recommended = choices == RECOMMENDED["attribute"]
    return "entanglement" if recommended else "-".join(["entanglement", *dataclasses.asdict(choices).values()])
