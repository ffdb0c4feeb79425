"""A small report of pruning, as core would hand it over: 8 channels, 3 attributes, 4 levels."""

from __future__ import annotations

import numpy as np

from mamviz.schema import (
    AreaDifference,
    Casualty,
    CausalCheck,
    CostChange,
    Criterion,
    Fill,
    FillDifference,
    Interval,
    Latency,
    NetworkCost,
    PruningCurve,
    PruningReport,
    PruningSettings,
    RemovalOrder,
    SafeRemoval,
    TunedPoint,
)
from tests.reports.records import around

ATTRIBUTES = ("Smiling", "Male", "Bald")
REMOVED = (0, 2, 4, 6)
# accuracy lost at each level with fill zero; the fill mean costs half of it
LOST: dict[Criterion, tuple[float, ...]] = {
    "usage": (0.0, 0.001, 0.01, 0.05),
    "L1": (0.0, 0.02, 0.05, 0.1),
    "Taylor": (0.0, 0.001, 0.008, 0.05),
    "random": (0.0, 0.03, 0.06, 0.12),
}
WHOLE = 0.9


def curve(criterion: Criterion, fill: Fill, *, draw: int = 0) -> PruningCurve:
    """Smiling loses nothing, Male as much as the mean, Bald twice as much; each draw loses 0.01 more."""
    lost = np.array(LOST[criterion]) * (1 if fill == "zero" else 0.5) + 0.01 * draw * (np.array(REMOVED) > 0)
    shares = [removed / 8 for removed in REMOVED]
    area = float(np.trapezoid(WHOLE - lost, shares)) / shares[-1]
    channels = tuple((channel * 3 + draw) % 8 for channel in range(8))
    return PruningCurve(
        order=RemovalOrder(criterion=criterion, channels=channels, draw=draw),
        fill=fill,
        removed=REMOVED,
        accuracy=tuple(around(float(WHOLE - each)) for each in lost),
        loss=(Interval(0.0, 0.0, 0.0), *(around(float(each), 0.0005) for each in lost[1:])),
        attributes=WHOLE - lost[:, None] * np.array([0.0, 1.0, 2.0]),
        area=around(area, 0.004),
    )


def difference(criterion: Criterion, other: Criterion, fill: Fill, value: float) -> AreaDifference:
    return AreaDifference(criterion=criterion, other=other, fill=fill, difference=around(value, 0.002))


def casualty(attribute: str, lost: float) -> Casualty:
    return Casualty(attribute=attribute, before=0.9, after=0.9 - lost, loss=around(lost, 0.002))


def safe(fill: Fill = "mean", *, removed: int = 4, high: float = 0.0018) -> SafeRemoval:
    return SafeRemoval(
        criterion="usage",
        fill=fill,
        limit=0.002,
        removed=removed,
        validation_loss=Interval(0.0015, 0.0005, 0.0025),
        test_loss=Interval(0.001, 0.0, high),
        casualties=(casualty("Bald", 0.01), casualty("Male", 0.001), casualty("Smiling", -0.001)),
    )


def causal() -> CausalCheck:
    """Smiling agrees to 1, Male to -1; no channel does anything to Bald."""
    claim = np.array([[1.0, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4]]) / 10
    effect = np.array([[0.01, 0.02, 0.03, 0.04], [0.4, 0.3, 0.2, 0.1], [0, 0, 0, 0]])
    return CausalCheck(
        fill="zero",
        attributes=ATTRIBUTES,
        claim=claim,
        effect=effect,
        loss_rise=effect / 10 - 0.001,
        accuracy=-effect / 10,
        pairs=around(0.85),
        within=around(0.75),
        loss_within=around(0.4),
        n_images=400,
    )


def network_cost(channels: int, scale: float) -> NetworkCost:
    latency = tuple(
        Latency(batch_size=n, median=scale * n, low=0.9 * scale * n, high=1.2 * scale * n, n=15, peak_bytes=n * 2**20)
        for n in (1, 16)
    )
    return NetworkCost(
        channels=channels,
        parameters=int(200_000 * scale),
        inference=int(100_000 * scale),
        flops=2e7 * scale,
        file_bytes=int(800_000 * scale),
        latency=latency,
    )


def cost() -> CostChange:
    return CostChange(
        before=network_cost(8, 2.0),
        after=network_cost(4, 1.0),
        ratio=(Interval(2.0, 1.9, 2.1), Interval(2.0, 1.5, 2.5)),
        error=3e-6,
        device="cpu",
        threads=1,
    )


def tuned(kept: int = 4, *, gain: float = 0.001) -> TunedPoint:
    return TunedPoint(
        criterion="usage",
        fill="mean",
        kept=kept,
        epochs=2,
        pruned=around(0.895),
        tuned=around(0.9 + gain),
        scratch=around(0.88),
        pruned_loss=around(0.005, 0.001),
        tuned_loss=around(-gain, 0.0005),
        scratch_loss=around(0.02, 0.001),
    )


def pruning_report() -> PruningReport:
    curves = tuple(
        curve(criterion, fill, draw=draw)
        for fill in ("zero", "mean")
        for criterion in LOST
        for draw in range(2 if criterion == "random" else 1)
    )
    return PruningReport(
        settings=PruningSettings(criterion="usage", n_images=400, seed=7, n_random=2, n_replicates=500),
        attributes=ATTRIBUTES,
        n_channels=8,
        ranked=300,
        measured=400,
        n_units=321,
        unit="identity",
        majority=0.8,
        orders=tuple(each.order for each in curves if each.fill == "zero"),
        curves=curves,
        differences=(
            difference("usage", "L1", "zero", 0.02),
            difference("usage", "Taylor", "zero", -0.0005),
            difference("usage", "random", "zero", 0.03),
            difference("usage", "L1", "mean", 0.01),
            difference("usage", "Taylor", "mean", -0.003),
            difference("usage", "random", "mean", 0.0015),
        ),
        safe=(safe("mean"), safe("zero", removed=2, high=0.004)),
        causal=(causal(),),
        cost=cost(),
        tuned=(tuned(),),
        fills=(FillDifference(criterion="usage", difference=around(0.006, 0.002)),),
        absent=("batch norm: the extractor's last layer has none",),
    )
