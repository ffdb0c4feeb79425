"""A small report of sanity checks, as core would hand it over."""

from __future__ import annotations

from mamviz.schema import (
    EXCHANGES,
    ORDERS,
    AttributeLoss,
    DeletionCurve,
    ExchangeLoss,
    Interval,
    NullShare,
    Randomisation,
    RandomisedDraw,
    RandomisedStage,
    SanityCheck,
    SanityReport,
    SanitySettings,
    Similarities,
)
from tests.reports.records import NAN, around


def stage(part: str, value: float, *, mode: str = "cascade") -> RandomisedStage:
    """Two draws, 0.1 to each side of the value."""
    limit = Similarities(recommended=0.12, literal=0.1, evidence=0.15, maps=0.5)
    draws = tuple(
        RandomisedDraw(
            accuracy=0.6,
            similarity=Similarities(recommended=value + side, literal=value / 2, evidence=value / 4, maps=0.7),
            unrelated=limit,
        )
        for side in (-0.1, 0.1)
    )
    return RandomisedStage(mode=mode, part=part, draws=draws)


def loss(exchange: str, value: float) -> ExchangeLoss:
    """Two attributes, the first beyond the majority guess."""
    rows = tuple(
        AttributeLoss(
            attribute=name, accuracy=around(value * scale), balanced_accuracy=around(2 * value * scale), beyond=beyond
        )
        for name, scale, beyond in (("Male", 1.5, True), ("Bald", 0.5, False))
    )
    return ExchangeLoss(exchange=exchange, accuracy=around(value), balanced_accuracy=around(2 * value), attributes=rows)


def curve(direction: str, masks: str, order: str) -> DeletionCurve:
    """Three steps; every order has its own heights."""
    height = ORDERS.index(order)
    return DeletionCurve(
        direction=direction,
        masks=masks,
        order=order,
        shares=(0.0, 0.5, 1.0),
        logit=(3.0, height / 10, -1.0),
        accuracy=(1.0, 0.75, 0.5),
        lead=around(float(height), 0.5),
    )


def sanity_report() -> SanityReport:
    """A pass below a threshold, a fail above one, and one that is unclear and has no interval."""
    rows = (
        ("randomisation", "literal table, mask generator permuted", "pass", around(0.05), 0.12, "below"),
        ("exchange", "masks are flattened over cells", "fail", Interval(-0.01, -0.02, 0.03), 0.0, "above"),
        ("null", "recommended table beside random networks", "unclear", Interval(0.4, NAN, NAN), 0.25, "above"),
    )
    return SanityReport(
        settings=SanitySettings(n_images=500, seed=7),
        checks=tuple(
            SanityCheck(
                group=group,
                name=name,
                verdict=verdict,
                figure=figure,
                threshold=threshold,
                passes=passes,
                meaning=f"what {verdict} means",
            )
            for group, name, verdict, figure, threshold, passes in rows
        ),
        randomisation=Randomisation(
            accuracy=0.9,
            majority=0.8,
            stages=(stage("readout", 0.9), stage("mask generator", 0.6), stage("extractor", 0.3, mode="alone")),
        ),
        exchanges=tuple(loss(name, 0.01 * (1 + number)) for number, name in enumerate(EXCHANGES)),
        curves=tuple(
            curve(direction, masks, order)
            for masks in ("kept", "recomputed")
            for direction in ("deletion", "insertion")
            for order in ORDERS
        ),
        nulls=(NullShare(null="random network", outside=0.4, null_outside=(0.25, 0.1), p=0.3),),
        n_images=500,
        n_units=321,
        unit="identity",
        level=0.95,
    )
