"""The key figures of a run, each with its interval and one line that says what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isnan

from mamviz.schema import Interval, Overview, SafeRemoval, SanityReport, Stability, Verdict
from mamviz_reports.amounts import number, points
from mamviz_reports.tables import NBSP, UNDEFINED, percent


@dataclass(frozen=True, kw_only=True)
class Card:
    """One key figure.

    value    as a person reads it; interval: its ends, "" where there are none
    remark   what to compare it with, in words; target: the section that says more
    """

    label: str
    value: str
    interval: str
    remark: str
    target: str


def make_cards(overview: Overview) -> tuple[Card, ...]:
    """Return the key figures that are known, in the order of the page."""
    return (*_scores(overview), *_tables(overview), *_removal(overview), *_checks(overview.sanity))


def _scores(overview: Overview) -> Iterator[Card]:
    evaluation = overview.evaluation
    majority = percent(evaluation.mean_majority)
    figures = (
        ("Accuracy", evaluation.mean_accuracy, f"Always giving the more frequent answer: {majority}{NBSP}%."),
        (
            "Balanced accuracy",
            evaluation.mean_balanced_accuracy,
            f"Mean of both kinds of answers; guessing: 50{NBSP}%.",
        ),
        ("Average precision", evaluation.mean_average_precision, "Area under precision over recall."),
    )
    n = len(evaluation.scores)
    for label, interval, remark in figures:
        yield Card(
            label=label,
            value=_unit(percent(interval.value)),
            interval=_ends(interval, percent),
            remark=f"Mean over {n} attributes. {remark}",
            target="accuracy",
        )


def _tables(overview: Overview) -> Iterator[Card]:
    certainty = overview.certainty
    if certainty is not None:
        found = certainty.reliability.spearman
        enough = "enough to read single pairs" if certainty.reliability.reliable else "0.9 is asked for"
        yield Card(
            label="Reliability of the relations",
            value=_signed(found.value),
            interval="",
            remark=f"Agreement of tables from two halves of the images, stepped up to all of them: {enough}.",
            target="relations",
        )
    if overview.stability is not None and overview.stability.tables:
        yield _seeds(overview.stability)


def _seeds(stability: Stability) -> Card:
    table = stability.tables[0]
    least = table.lowest
    return Card(
        label="Agreement over seeds",
        value=_signed(least.spearman.value),
        interval=_ends(least.spearman, _signed),
        remark=f"Spearman of the table {table.name}, the lowest of {len(table.agreements)} "
        f"pair{'s' if len(table.agreements) != 1 else ''} of {len(stability.runs)} runs.",
        target="stability",
    )


def _removal(overview: Overview) -> Iterator[Card]:
    report = overview.pruning
    if report is None or not report.safe:
        return
    safe: SafeRemoval = report.safe[0]
    yield Card(
        label="Channels that can go",
        value=f"{safe.removed} of {report.n_channels}",
        interval="",
        remark=f"They cost {points(safe.test_loss.value)} points of accuracy on test images, "
        f"{_ends(safe.test_loss, points)}; the limit was {points(safe.limit)}.",
        target="pruning",
    )


def _checks(report: SanityReport | None) -> Iterator[Card]:
    if report is None:
        return
    n = count_verdicts(report)
    yield Card(
        label="Sanity checks that pass",
        value=f"{n['pass']} of {len(report.checks)}",
        interval="",
        remark=f"{n['fail']} fail, {n['unclear']} unclear.",
        target="sanity",
    )


def count_verdicts(report: SanityReport) -> dict[Verdict, int]:
    """Return how many checks pass, fail and are unclear."""
    verdicts = [check.verdict for check in report.checks]
    kinds: tuple[Verdict, ...] = ("pass", "fail", "unclear")
    return {kind: verdicts.count(kind) for kind in kinds}


def _signed(value: float) -> str:
    return number(value).replace("-", "\N{MINUS SIGN}")


def _unit(text: str) -> str:
    return text if text == UNDEFINED else f"{text}{NBSP}%"


def _ends(interval: Interval, write: Callable[[float], str]) -> str:
    return "" if isnan(interval.low) else f"{write(interval.low)} to {write(interval.high)}"
