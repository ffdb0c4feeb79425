"""What every section of the page is, and what several of them show."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from mamviz.schema import AbsentPart, Overview, OverviewPart
from mamviz_reports.page.anchors import anchors_of
from mamviz_reports.page.tables import TableLook


@dataclass(frozen=True, kw_only=True)
class Section:
    """One section: its address, its heading, and all that stands under it."""

    id: str
    heading: str
    body: Markup


def absent_part(overview: Overview, part: OverviewPart) -> AbsentPart | None:
    """Return what is known of a part that is not there; None where it is, or where nobody said why it is not."""
    return next((each for each in overview.absent if each.part == part), None)


def linked(overview: Overview, *, sortable: bool = True, notes: bool = True, bar: str | None = None) -> TableLook:
    """Return the look of a table whose attributes lead to their articles."""
    links = anchors_of(overview.correlation.names)
    return TableLook(links=links, sortable=sortable, notes=notes, bar=bar)
