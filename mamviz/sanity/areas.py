"""Curves of deletion and insertion, and by how much the order by evidence leads."""

from __future__ import annotations

import numpy as np

from mamviz.sanity.deletion import DIRECTIONS, Traces
from mamviz.sanity.sample import Sample
from mamviz.schema import ORDERS, DeletionCurve, Fill, Interval, SanityCheck, Verdict
from mamviz.stats.bootstrap import draw_counts, to_interval, weigh_means

BASELINES = ("random", "magnitude")


def draw_curves(
    traces: Traces, sample: Sample, *, generator: np.random.Generator, n_replicates: int = 1000
) -> tuple[DeletionCurve, ...]:
    """Return the mean curves of every order, and the lead of evidence over each with its interval over persons.

    The area under a curve is its mean over the shares by the trapezoidal rule, in logit units. Deletion is better the
    smaller it is, insertion the larger.
    """
    counts = draw_counts(sample.units[traces.rows], n_replicates, generator)
    labels = sample.labels[traces.rows, traces.attributes].astype(bool)
    n_steps = traces.kept.shape[-1] - 1
    curves = []
    for masks, logits in (("kept", traces.kept), ("recomputed", traces.recomputed)):
        areas = (logits[..., :-1] + logits[..., 1:]).mean(axis=-1) / 2  # (direction, order, pair)
        right = (logits * traces.sign[:, None] > 0) == labels[:, None]
        for d, direction in enumerate(DIRECTIONS):
            better = 1.0 if direction == "insertion" else -1.0
            leads = better * (areas[d, ORDERS.index("evidence")] - areas[d])  # (order, pair)
            means = weigh_means(leads.T, counts)
            curves += [
                DeletionCurve(
                    direction=direction,
                    masks=masks,  # type: ignore[arg-type]
                    order=order,
                    shares=tuple((np.arange(n_steps + 1) / n_steps).tolist()),
                    logit=tuple(logits[d, o].mean(axis=0).tolist()),
                    accuracy=tuple(right[d, o].mean(axis=0).tolist()),
                    lead=to_interval(means[:, o]),
                )
                for o, order in enumerate(ORDERS)
            ]
    return tuple(curves)


def judge_curves(curves: tuple[DeletionCurve, ...], *, fill: Fill) -> tuple[SanityCheck, ...]:
    """Say whether evidence orders cells better than chance and than the size of features.

    The figure is the smaller of both leads. Pass: its interval is above 0; fail: below; else unclear.
    """
    checks = []
    for direction in DIRECTIONS:
        for masks in ("kept", "recomputed"):
            leads = {c.order: c.lead for c in curves if c.direction == direction and c.masks == masks}
            lead = min((leads[order] for order in BASELINES), key=lambda each: each.value)  # type: ignore[index]
            verdict: Verdict = "pass" if lead.low > 0 else "fail" if lead.high < 0 else "unclear"
            checks.append(
                SanityCheck(
                    group="deletion",
                    name=f"{direction} by evidence, masks {masks}",
                    verdict=verdict,
                    figure=lead,
                    threshold=0.0,
                    passes="above",
                    meaning=_meaning(verdict, leads["gradient"], by_arithmetic=fill == "zero" and masks == "kept"),
                )
            )
    return tuple(checks)


def _meaning(verdict: Verdict, gradient: Interval, *, by_arithmetic: bool) -> str:
    beside = "behind" if gradient.high < 0 else "ahead of" if gradient.low > 0 else "level with"
    found = {
        "pass": "evidence finds the cells that the answer hangs on sooner than chance and than large features do",
        "fail": "evidence finds the cells that the answer hangs on later than chance or than large features do",
        "unclear": "evidence can't be told from chance or from large features",
    }[verdict]
    note = "; with masks kept and cells set to zero this is arithmetic, not proof" if by_arithmetic else ""
    return f"{found}; it is {beside} gradient times change{note}"
