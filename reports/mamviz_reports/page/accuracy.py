"""The section on accuracy: every attribute's scores beside the poster's, how training went, and the network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isnan

from markupsafe import Markup

from mamviz.errors import ConfigError
from mamviz.schema import Overview, PosterRow
from mamviz_reports.accuracies import poster_figure, scores_figure
from mamviz_reports.architecture import describe_architecture
from mamviz_reports.curves import training_figure
from mamviz_reports.network import network_figure
from mamviz_reports.page.drawings import Drawing, draw
from mamviz_reports.page.sections import Section, linked
from mamviz_reports.page.tables import table_html
from mamviz_reports.page.templating import fill
from mamviz_reports.scores import evaluation_table, poster_table
from mamviz_reports.tables import UNDEFINED, Cell, Column, Table

_POSTER = (
    ("Poster", "poster", ".2f"),
    ("MT-RBM PCA [1]", "mt_rbm_pca", "g"),
    ("LNets+ANet [2]", "lnets_anet", "g"),
    ("FaceTracer [3]", "facetracer", "g"),
)


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """What the section shows; has_poster: the data have attributes of the poster's table."""

    table: Markup
    has_poster: bool
    drawings: tuple[Drawing, ...]
    training: Drawing | None
    network: Drawing | None
    architecture: str


def accuracy_section(overview: Overview) -> Section:
    """Return the section on accuracy."""
    run = overview.run
    part = Accuracy(
        table=table_html(accuracy_table(overview), "accuracy", linked(overview)),
        has_poster=bool(known_rows(overview)),
        drawings=tuple(_drawings(overview)),
        training=draw(
            training_figure(run.epochs, run=run.name, data=overview.evaluated.data), "training", "Training by epoch."
        )
        if run.epochs
        else None,
        network=_network(overview),
        architecture=describe_architecture(run.budget),
    )
    return Section(id="accuracy", heading="Accuracy", body=fill("accuracy.html", part))


def accuracy_table(overview: Overview) -> Table:
    """Return each attribute's scores, and in the same row what the poster prints for it.

    Raw values are shares. Without an attribute of the poster's table there are no such columns. The best accuracy of
    a row is strong, as the poster marks it.
    """
    table = evaluation_table(overview.evaluation, overview.evaluated)
    rows = {row.attribute: row for row in known_rows(overview)}
    if not rows:
        return table
    average = overview.poster_average
    mean = average if average is not None and average.ours is not None else None
    found = [*(rows.get(score.attribute) for score in overview.evaluation.scores), mean]
    notes = poster_table(overview.poster, overview.evaluated, remark=overview.poster_remark if mean else "").notes
    return replace(
        table,
        columns=(*table.columns, *(Column(heading, (field,), "right") for heading, field, _ in _POSTER)),
        rows=tuple(_beside(cells, row) for cells, row in zip(table.rows, found, strict=True)),
        notes=(*table.notes, *notes[:-1]),
    )


def known_rows(overview: Overview) -> tuple[PosterRow, ...]:
    """Return the rows of the poster's table that the data have."""
    return tuple(row for row in overview.poster if row.ours is not None)


def _beside(cells: tuple[Cell, ...], row: PosterRow | None) -> tuple[Cell, ...]:
    if row is None:
        return (*cells, *(Cell(UNDEFINED, (None,)) for _ in _POSTER))
    name, ours, *others = cells
    published = [_published(getattr(row, field), form, best=field in row.best) for _, field, form in _POSTER]
    return (name, replace(ours, strong="ours" in row.best), *others, *published)


def _published(value: float, form: str, *, best: bool) -> Cell:
    return Cell(UNDEFINED if isnan(value) else format(value, form), (round(value / 100, 6),), strong=best)


def _drawings(overview: Overview) -> list[Drawing]:
    scores = scores_figure(overview.evaluation, overview.evaluated)
    drawings = [draw(scores, "accuracy", "Accuracy of each attribute, with its interval and the majority guess.")]
    rows = known_rows(overview)
    if rows:
        accuracy = {score.attribute: score.accuracy for score in overview.evaluation.scores}
        intervals = [accuracy.get(row.attribute or "") for row in rows]
        beside = poster_figure(rows, overview.evaluated, intervals=intervals)
        drawings.append(draw(beside, "poster", "The same beside what the poster prints."))
    return drawings


def _network(overview: Overview) -> Drawing | None:
    """Return the network as a drawing; None for one that has other parts than the poster's."""
    try:
        figure = network_figure(overview.run.budget, run=overview.run.name)
    except ConfigError:
        return None
    return draw(figure, "network", "The network, as the poster's Figure 1.")
