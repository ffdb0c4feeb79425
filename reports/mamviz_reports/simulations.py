"""Tables of made-up data sets: how often intervals cover, and how often tests are wrong."""

from __future__ import annotations

from collections.abc import Sequence

from mamviz.schema import Choices, Coverage, FalsePositives, Interval
from mamviz_reports.tables import NBSP, Cell, Column, Table, percent


def coverage_table(found: Sequence[Coverage]) -> Table:
    """Return a row a table of correlations and method of intervals: how often they hold the truth."""
    columns = (
        Column("Table", ("map", "sign", "estimand", "view", "centring")),
        Column("Method", ("method",)),
        Column("Covered %", ("covered", "error"), "right"),
        Column("Below %", ("below",), "right"),
        Column("Above %", ("above",), "right"),
        Column("Width", ("width",), "right"),
        Column("Defined %", ("defined",), "right"),
    )
    rows = tuple(
        (
            _choices(entry.choices),
            Cell(entry.method, (entry.method,)),
            Cell(f"{percent(entry.covered)}{NBSP}±{NBSP}{percent(entry.error)}", (entry.covered, entry.error)),
            Cell(percent(entry.below), (entry.below,)),
            Cell(percent(entry.above), (entry.above,)),
            Cell(f"{entry.width:.3f}", (entry.width,)),
            Cell(percent(entry.defined), (entry.defined,)),
        )
        for entry in found
    )
    first = found[0]
    return Table(
        title="How often intervals hold the true correlation",
        columns=columns,
        rows=rows,
        notes=(
            f"{first.n_datasets:,} made-up data sets of {first.n_images:,} images, {first.n_pairs:,} pairs each; "
            f"{100 * first.level:g} % intervals. Below, above: the truth lies there. ±: standard error.",
        ),
        facts=(("level", first.level), ("n_datasets", first.n_datasets), ("n_images", first.n_images)),
    )


def false_positives_table(found: Sequence[FalsePositives]) -> Table:
    """Return a row a table of correlations: how often relations are called that are not there, and those that are."""
    shares = {
        "any_survivor": "Any survivor %",
        "pairs": "Pairs %",
        "any_discovery": "Any discovery %",
        "among_ignorant": "Among ignorant %",
        "false_discoveries": "False discoveries %",
        "power": "Power %",
    }
    columns = (
        Column("Table", ("map", "sign", "estimand", "view", "centring")),
        *(Column(words, (name, f"{name}_low", f"{name}_high"), "right") for name, words in shares.items()),
    )
    rows = tuple((_choices(entry.choices), *(_share(getattr(entry, name)) for name in shares)) for entry in found)
    first = found[0]
    return Table(
        title="How often tests call what is not there",
        columns=columns,
        rows=rows,
        notes=(
            f"{first.n_datasets:,} made-up data sets whose masks know nothing of the labels: a survivor of max-T, "
            f"pairs with p of {first.level:g} or less, a discovery (q). {first.n_mixed:,} in which some masks know "
            f"theirs: a survivor among those that do not, false discoveries, and power, the pairs of two that know "
            f"and survive. "
            f"With 95 % intervals over data sets.",
        ),
        facts=(("level", first.level), ("n_datasets", first.n_datasets), ("n_replicates", first.n_replicates)),
    )


def _choices(choices: Choices) -> Cell:
    words = f"{choices.sign} {choices.map}, {choices.estimand}, {choices.view}"
    return Cell(words, (choices.map, choices.sign, choices.estimand, choices.view, choices.centring))


def _share(share: Interval) -> Cell:
    text = f"{percent(share.value)}{NBSP}[{percent(share.low)},{NBSP}{percent(share.high)}]"
    return Cell(text, (share.value, share.low, share.high))
