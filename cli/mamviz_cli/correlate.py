"""`mamviz correlate`: which attributes, or channels, use the same features."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mamviz.errors import ConfigError
from mamviz_cli.console import Console
from mamviz_cli.group import stoppable
from mamviz_cli.missing import Masks, RunOptions, with_masks
from mamviz_cli.options import choose
from mamviz_cli.saving import name_files, save, save_table

if TYPE_CHECKING:
    from mamviz.analysis import Analysis
    from mamviz.schema import Axis, Certainty, Choices

_CHOICES = "What is correlated"
ANALYSIS = "analysis.h5"

# The poster's Table 2, read literally.
LITERAL: dict[Axis, str] = {
    "attribute": "mamviz correlate --estimand mean --sign signed --view full",
    "channel": "mamviz correlate --channels --map mask --estimand mean",
}


def _choice(words: str) -> Any:
    return typer.Option(help=words, rich_help_panel=_CHOICES)


@dataclass(frozen=True, kw_only=True)
class ChoiceOptions:
    """The choices of schema.Choices as options; None is what is recommended."""

    map: Annotated[
        str | None, _choice("mask, or evidence: what adds up to the logit. (default mask, of channels evidence)")
    ] = None
    sign: Annotated[
        str | None, _choice("absolute: how much, or signed: which way. (default absolute, of channels signed)")
    ] = None
    estimand: Annotated[
        str | None,
        _choice(
            "adjusted: other labels held fixed; contrast, mean, image, across. (default adjusted, of channels across)"
        ),
    ] = None
    view: Annotated[
        str | None,
        _choice(
            "full: every cell; channel: sum over positions; spatial: over channels. (default spatial, of channels full)"
        ),
    ] = None
    centring: Annotated[str | None, _choice("none, or common: minus what all share. (default none)")] = None


@dataclass(frozen=True, kw_only=True)
class CorrelateOptions:
    """Options of `mamviz correlate`."""

    top: Annotated[int, typer.Option(min=1, help="How many related ones of each target.")] = 5
    attribute: Annotated[
        list[str] | None, typer.Option(help="Show this target only; may be given several times.", show_default=False)
    ] = None
    channels: Annotated[bool, typer.Option("--channels", help="Correlate channels instead of attributes.")] = False
    rank_by: Annotated[str, typer.Option(help="r, or abs: the size of r.")] = "r"
    replicates: Annotated[
        int, typer.Option(min=0, help="Resamples behind the intervals, and draws of the null, 100 or more; 0: neither.")
    ] = 1000
    all_estimands: Annotated[bool, typer.Option("--all-estimands", help="One table for every estimand.")] = False
    choices: ChoiceOptions = field(default_factory=ChoiceOptions)
    target: RunOptions = field(default_factory=RunOptions)


def correlate(options: CorrelateOptions) -> None:
    """Say which attributes (or channels) are related: the top of each, and a clustered heatmap of all.

    RUN may also be a masks file by itself: neither its model nor its images are needed.
    """
    from mamviz.analysis import require_replicates
    from mamviz.schema import RankBy
    from mamviz.stats.names import find_names
    from mamviz.store.masks import mask_provenance, read_statistics

    axis: Axis = "channel" if options.channels else "attribute"
    by: RankBy = choose(options.rank_by, ("r", "abs"), "--rank-by")
    if options.channels and options.attribute:
        raise ConfigError(
            "--attribute: expected none with --channels, which ranks all channels. Leave one of them out."
        )
    wanted = make_choices(options)
    if options.replicates:
        require_replicates(options.replicates)
    masks = with_masks(options.target)
    if options.attribute:
        find_names(options.attribute, read_statistics(masks.file).attributes, what="--attribute")
    console = Console(json=options.target.common.json)
    tables = [_report(masks, options, choices, axis=axis, by=by, console=console) for choices in wanted]
    console.suggest("the poster's Figure 2: `mamviz show`; channels that could go: `mamviz prune-report`")
    console.finish({"run": mask_provenance(masks.file).run, "tables": tables})


def make_choices(options: CorrelateOptions) -> tuple[Choices, ...]:
    """Return the choices to compute: one, or one for every estimand.

    The sign is absolute where the estimand has a data-set map to take it of, unless it is given.
    Raises ConfigError for a word that is no choice, StatisticsError for choices that don't go together.
    """
    from typing import get_args

    from mamviz import schema

    kinds = {"map": schema.Map, "sign": schema.Sign, "estimand": schema.Estimand, "view": schema.View}
    kinds |= {"centring": schema.Centring}
    given = {name: value for name, value in vars(options.choices).items() if value is not None}
    for name, value in given.items():
        choose(value, get_args(kinds[name]), f"--{name}")
    axis: Axis = "channel" if options.channels else "attribute"
    if not options.all_estimands:
        return (_complete(given, axis),)
    if "estimand" in given:
        raise ConfigError(
            "--estimand: expected none with --all-estimands, which takes every one. Leave one of them out."
        )
    estimands = [name for name in get_args(schema.Estimand) if axis == "attribute" or name != "image"]
    return tuple(_complete({**given, "estimand": estimand}, axis) for estimand in estimands)


def _complete(given: dict[str, Any], axis: Axis) -> Choices:
    from mamviz.schema import RECOMMENDED, Choices

    signless = given.get("estimand") in ("image", "across")
    recommended = dataclasses.asdict(RECOMMENDED[axis])
    return Choices(**recommended | ({"sign": "signed"} if signless else {}) | given)


def _report(
    masks: Masks, options: CorrelateOptions, choices: Choices, *, axis: Axis, by: Any, console: Console
) -> dict[str, Any]:
    from mamviz.analysis import analyse
    from mamviz_reports.certainty import certainty_warnings
    from mamviz_reports.rankings import ranking_table
    from mamviz_reports.texts import to_values

    kept = masks.folder / ANALYSIS
    analysis = analyse(masks.file, kept, axis=axis, choices=choices, top=options.top, by=by)
    certainty = _measure(masks, analysis, options, console)
    table = ranking_table(analysis.ranking, analysis.provenance, targets=options.attribute, certainty=certainty)
    console.show(_heading(choices, axis))
    console.table(table)
    warnings = certainty_warnings(certainty) if certainty else ()
    for warning in warnings:
        console.note(f"warning: {warning}")
    files = _save(masks, analysis, certainty, options.attribute)
    console.note(name_files([kept, *files]))
    return {
        "choices": dataclasses.asdict(choices),
        "axis": axis,
        **to_values(table),
        "warnings": warnings,
        "files": files,
    }


def _measure(masks: Masks, analysis: Analysis, options: CorrelateOptions, console: Console) -> Certainty | None:
    """Measure how sure the table is; None where that is not wanted, or can't be done: then say why."""
    from mamviz.analysis import measure_certainty
    from mamviz.errors import StatisticsError

    if not options.replicates:
        return None
    kept = masks.folder / ANALYSIS
    try:
        with stoppable(f"stopped; the table without intervals is in {kept}."), console.working("certainty") as bar:
            return measure_certainty(masks.file, kept, analysis.ranking, n_replicates=options.replicates, progress=bar)
    except StatisticsError as error:
        console.note(f"warning: no intervals, and nothing is marked: {error}")
        return None


def _save(masks: Masks, analysis: Analysis, certainty: Certainty | None, named: Sequence[str] | None) -> list[Path]:
    """Write all targets of a table, whichever of them are shown, its heatmap and its tree; of attributes panels too."""
    from mamviz.stats.ranking import choose_targets
    from mamviz_reports.dendrograms import dendrogram_figure
    from mamviz_reports.heatmaps import correlation_figure
    from mamviz_reports.neighbours import neighbours_figure
    from mamviz_reports.rankings import ranking_list, ranking_table

    ranking, origin, correlation = analysis.ranking, analysis.provenance, analysis.correlation
    stem = file_stem(correlation.choices, correlation.axis)
    tables, figures = masks.folder / "tables", masks.folder / "figures"
    heatmap = correlation_figure(correlation, analysis.clustering, origin, certainty=certainty)
    files = [
        *save_table(ranking_list(ranking, origin, certainty=certainty), tables, stem, kinds=("csv",)),
        *save_table(ranking_table(ranking, origin, certainty=certainty), tables, stem, kinds=("md", "tex")),
        *save(heatmap, figures, stem),
        *save(dendrogram_figure(correlation, analysis.clustering, origin), figures, stem.replace("correlate", "tree")),
    ]
    targets = choose_targets(correlation, named=named) if correlation.axis == "attribute" else ()
    if targets:
        panels = neighbours_figure(ranking, origin, targets=targets, certainty=certainty)
        files += save(panels, figures, stem.replace("correlate", "neighbours"))
    return files


def file_stem(choices: Choices, axis: Axis) -> str:
    """Return the name of a table's files: short for the recommended choices, all choices spelled out otherwise."""
    from mamviz.schema import RECOMMENDED

    stem = f"correlate-{axis}s"
    return stem if choices == RECOMMENDED[axis] else "-".join([stem, *dataclasses.asdict(choices).values()])


def _heading(choices: Choices, axis: Axis) -> str:
    """Say which table this is, and how to get the other one."""
    from mamviz.schema import RECOMMENDED

    also = " --channels" if axis == "channel" else ""
    words = f"{choices.describe(axis)}."
    if choices == RECOMMENDED[axis]:
        return f"The recommended table: {words}\nThe poster read literally: `{LITERAL[axis]}`.\n"
    return f"{words[0].upper()}{words[1:]}\nThe recommended choices: `mamviz correlate{also}`.\n"
