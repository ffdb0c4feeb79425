"""The section on attributes: an index, then all that is known of each."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from mamviz.schema import AttributeOverview, Overview
from mamviz_reports.amounts import span
from mamviz_reports.masks import masks_figure
from mamviz_reports.page.anchors import anchors_of
from mamviz_reports.page.colours import palette_colours
from mamviz_reports.page.drawings import Drawing, draw
from mamviz_reports.page.examples import ExampleGroup, group_examples
from mamviz_reports.page.images import CellMap, cell_map
from mamviz_reports.page.known import channels_table, neighbours_table
from mamviz_reports.page.sections import Section, linked
from mamviz_reports.page.tables import table_html
from mamviz_reports.page.templating import fill
from mamviz_reports.tables import NBSP, UNDEFINED, percent


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The colours that all maps of a kind share."""

    title: str
    lowest: str
    highest: str
    gradient: str


@dataclass(frozen=True, kw_only=True)
class Article:
    """All that the page shows of one attribute."""

    name: str
    anchor: str
    score: tuple[tuple[str, str], ...]
    maps: tuple[CellMap, ...]
    channels: Markup
    neighbours: Markup
    groups: tuple[ExampleGroup, ...]


@dataclass(frozen=True, kw_only=True)
class Attributes:
    """What the section shows; has_images: whether examples may be shown at all."""

    articles: tuple[Article, ...]
    scales: tuple[Scale, ...]
    strip: Drawing | None
    has_images: bool
    level: str
    n_channels: int


def attributes_section(overview: Overview) -> Section:
    """Return the section on attributes."""
    anchors = anchors_of(overview.correlation.names)
    part = Attributes(
        articles=tuple(_article(each, overview, anchors[each.attribute]) for each in overview.attributes),
        scales=_scales(overview),
        strip=_strip(overview),
        has_images=any(each.examples for each in overview.attributes),
        level=f"{100 * overview.evaluation.level:g}",
        n_channels=len(overview.channels.rows),
    )
    return Section(id="attributes", heading="Attributes", body=fill("attributes.html", part))


def _article(attribute: AttributeOverview, overview: Overview, address: str) -> Article:
    look = linked(overview, notes=False, bar="share")
    plain = linked(overview, notes=False)
    return Article(
        name=attribute.attribute,
        anchor=address,
        score=_score(attribute),
        maps=_maps(attribute, overview),
        channels=table_html(channels_table(attribute, overview.provenance), f"channels-{address}", look),
        neighbours=table_html(neighbours_table(attribute, overview), f"neighbours-{address}", plain),
        groups=group_examples(attribute, limit=overview.evidence_limit),
    )


def _score(attribute: AttributeOverview) -> tuple[tuple[str, str], ...]:
    score = attribute.score
    return (
        ("Accuracy", _percent(span(score.accuracy, percent))),
        ("Majority guess", _percent(percent(score.majority))),
        ("Balanced", _percent(percent(score.balanced_accuracy.value))),
        ("AP", _percent(percent(score.average_precision.value))),
        ("AUROC", _percent(percent(score.auroc.value))),
        ("Positive", _percent(percent(score.prevalence))),
    )


def _percent(text: str) -> str:
    return UNDEFINED if text.startswith(UNDEFINED) else f"{text}{NBSP}%"


def _maps(attribute: AttributeOverview, overview: Overview) -> tuple[CellMap, ...]:
    name, maps = attribute.attribute, attribute.maps
    contrast, evidence = overview.map_limits
    return (
        cell_map(
            maps.mask, limits=overview.mask_range, palette="sequential", kind="mask", label=f"Mean mask of {name}"
        ),
        cell_map(
            maps.contrast,
            limits=(-contrast, contrast),
            palette="diverging",
            kind="contrast",
            label=f"Contrast of the masks of {name}",
        ),
        cell_map(
            maps.evidence,
            limits=(-evidence, evidence),
            palette="diverging",
            kind="evidence",
            label=f"Contrast of the evidence for {name}",
        ),
    )


def _scales(overview: Overview) -> tuple[Scale, ...]:
    contrast, evidence = overview.map_limits
    signed, single = ", ".join(palette_colours("diverging")), ", ".join(palette_colours("sequential"))
    return (
        Scale(
            title="Mean mask",
            lowest=f"{overview.mask_range[0]:.3g}",
            highest=f"{overview.mask_range[1]:.3g}",
            gradient=single,
        ),
        _signed("Contrast of masks", contrast, signed),
        _signed("Contrast of evidence, logit units", evidence, signed),
        _signed("Evidence over an example, logit units", overview.evidence_limit, signed),
    )


def _signed(title: str, limit: float, gradient: str) -> Scale:
    return Scale(title=title, lowest=f"\N{MINUS SIGN}{limit:.3g}", highest=f"{limit:.3g}", gradient=gradient)


def _strip(overview: Overview) -> Drawing | None:
    if not overview.strip:
        return None
    low, high = overview.mask_range
    figure = masks_figure(
        overview.strip, overview.evaluated, evidence_limit=overview.strip_limit, mean_limits=(low, high)
    )
    return draw(figure, "masks", "Masks of single images, as the poster's Figure 2.")
