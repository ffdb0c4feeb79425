"""Tables of how well attributes are classified, alone and beside the poster's."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mamviz.schema import Evaluation, Interval, PosterRow, Provenance
from mamviz_reports.captions import describe_provenance
from mamviz_reports.tables import NBSP, UNDEFINED, Cell, Column, Table, percent, provenance_facts


def evaluation_table(evaluation: Evaluation, provenance: Provenance) -> Table:
    """Return each attribute's scores in percent, and their means under a rule.

    Raw values are shares.
    """
    rows = [
        _score_row(
            s.attribute, (s.accuracy, s.balanced_accuracy, s.average_precision, s.auroc), s.prevalence, s.majority
        )
        for s in evaluation.scores
    ]
    means = (
        evaluation.mean_accuracy,
        evaluation.mean_balanced_accuracy,
        evaluation.mean_average_precision,
        evaluation.mean_auroc,
    )
    rows.append(_score_row("Mean", means, math.nan, evaluation.mean_majority))
    facts = (("level", evaluation.level), ("unit", evaluation.unit), ("n_units", evaluation.n_units))
    return Table(
        title="Classification of each attribute",
        columns=_score_columns(evaluation.level),
        rows=tuple(rows),
        rule=1,
        notes=_notes(evaluation, provenance),
        facts=(*facts, *provenance_facts(provenance, evaluation.n_images)),
    )


def poster_table(
    rows: Sequence[PosterRow], provenance: Provenance, *, average: PosterRow | None = None, remark: str = ""
) -> Table:
    """Return the poster's accuracy table with a column of ours.

    rows      the best of each is strong
    average   the mean over the attributes, set under a rule; computed in core, as the rows
    remark    a sentence about it, put among the notes
    Accuracies are compared as they are shown, with two decimals: equal ones are all strong.
    """
    headings = ("Ours", "Poster", "MT-RBM PCA [1]", "LNets+ANet [2]", "FaceTracer [3]")
    fields = ("ours", "poster", "mt_rbm_pca", "lnets_anet", "facetracer")
    columns = tuple(Column(head, (name,), "right") for head, name in zip(headings, fields, strict=True))
    return Table(
        title="Accuracy beside the poster's, percent",
        columns=(Column("Attribute", ("attribute",)), *columns),
        rows=tuple(_poster_row(row) for row in [*rows, *([average] if average else [])]),
        rule=1 if average else 0,
        notes=(
            "Poster: Kimura and Tanaka, CVPRW 2019, 182,637 training and 19,962 test images; [1] Ehrlich et al. 2016, "
            "[2] Liu et al. 2015, [3] Kumar et al. 2008, as the poster quotes them. "
            "Ours is comparable only on the same images. Best of a row: marked.",
            *([remark] if remark else []),
            describe_provenance(provenance),
        ),
        facts=provenance_facts(provenance, provenance.n_images),
    )


def _score_columns(level: float) -> tuple[Column, ...]:
    names = ("accuracy", "balanced_accuracy", "average_precision", "auroc")
    headings = (f"Accuracy [{100 * level:g}{NBSP}%]", "Balanced", "AP", "AUROC")
    return (
        Column("Attribute", ("attribute",)),
        *(
            Column(heading, (name, f"{name}_low", f"{name}_high"), "right")
            for heading, name in zip(headings, names, strict=True)
        ),
        Column("Positive", ("prevalence",), "right"),
        Column("Majority", ("majority",), "right"),
    )


def _notes(evaluation: Evaluation, provenance: Provenance) -> tuple[str, ...]:
    return (
        f"In percent; AP: average precision; Positive: share of images with the attribute; Majority: accuracy of "
        f"always giving the more frequent answer. {evaluation.protocol}",
        f"Intervals ({100 * evaluation.level:g} %) resample {evaluation.n_units:,} units (unit: {evaluation.unit}) "
        f"{evaluation.n_replicates:,} times.",
        describe_provenance(provenance, n_images=evaluation.n_images),
    )


def _score_row(name: str, intervals: tuple[Interval, ...], prevalence: float, majority: float) -> tuple[Cell, ...]:
    accuracy, *others = intervals
    span = f"{percent(accuracy.value)}{NBSP}[{percent(accuracy.low)},{NBSP}{percent(accuracy.high)}]"
    texts = [UNDEFINED if math.isnan(accuracy.value) else span, *(percent(other.value) for other in others)]
    scores = tuple(
        Cell(text, (score.value, score.low, score.high)) for text, score in zip(texts, intervals, strict=True)
    )
    shares = tuple(Cell(percent(share), (share,)) for share in (prevalence, majority))
    return (Cell(name, (name,)), *scores, *shares)


def _poster_row(row: PosterRow) -> tuple[Cell, ...]:
    numbers = (row.ours, row.poster, row.mt_rbm_pca, row.lnets_anet, row.facetracer)
    rounded = [None if number is None or math.isnan(number) else round(number, 2) for number in numbers]
    best = max(number for number in rounded if number is not None)
    forms = (".2f", ".2f", "g", "g", "g")  # [1] to [3] were published in whole percent
    cells = tuple(
        Cell(UNDEFINED if shown is None else format(shown, form), (number,), strong=shown == best)
        for number, shown, form in zip(numbers, rounded, forms, strict=True)
    )
    return (Cell(row.label, (row.label,)), *cells)
