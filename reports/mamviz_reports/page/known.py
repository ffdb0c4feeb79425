"""Tables of one attribute: the channels that tell it most, and the attributes related to it."""

from __future__ import annotations

from math import isnan

from mamviz.schema import AttributeOverview, Overview, OverviewNeighbour, Provenance
from mamviz_reports.amounts import number, span
from mamviz_reports.tables import UNDEFINED, Cell, Column, Table, percent, provenance_facts


def channels_table(attribute: AttributeOverview, provenance: Provenance) -> Table:
    """Return the channels that tell an attribute most, the largest |contrast| first."""
    return Table(
        title="Channels that tell it most",
        columns=(
            Column("Channel", ("channel",), "right"),
            Column("Share %", ("share",), "right"),
            Column("Contrast", ("contrast",), "right"),
        ),
        rows=tuple(
            (
                Cell(str(use.channel), (use.channel,)),
                Cell(percent(use.share), (use.share,)),
                Cell(UNDEFINED if isnan(use.contrast) else f"{use.contrast:+.3f}", (use.contrast,)),
            )
            for use in attribute.channels
        ),
        facts=(("attribute", attribute.attribute), *provenance_facts(provenance, provenance.n_images)),
    )


def neighbours_table(attribute: AttributeOverview, overview: Overview) -> Table:
    """Return the attributes related to one by masks, with how their labels go together.

    A star marks an r that differs from what shuffled labels give.
    """
    provenance = overview.provenance
    return Table(
        title="Related by masks",
        columns=(
            Column("Attribute", ("related",)),
            Column("r", ("r", "r_low", "r_high", "marked"), "right"),
            Column(f"In top {overview.ranking.top} %", ("inclusion",), "right"),
            Column("Labels' phi", ("phi", "phi_low", "phi_high"), "right"),
        ),
        rows=tuple(_neighbour(each) for each in attribute.neighbours),
        facts=(("attribute", attribute.attribute), *provenance_facts(provenance, provenance.n_images)),
    )


def _neighbour(each: OverviewNeighbour) -> tuple[Cell, ...]:
    r, phi = each.r, each.phi
    return (
        Cell(each.name, (each.name,)),
        Cell(span(r, number) + ("*" if each.marked else ""), (r.value, r.low, r.high, int(each.marked))),
        Cell(percent(each.inclusion, 0), (each.inclusion,)),
        Cell(
            UNDEFINED if phi is None else span(phi, number),
            (None, None, None) if phi is None else (phi.value, phi.low, phi.high),
        ),
    )
