"""Optional parts of a made overview: certainty, entanglement, pruning, sanity and stability of any attributes."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np

from mamviz.schema import (
    AreaDifference,
    AttributeLoss,
    Casualty,
    CausalCheck,
    CertainNeighbour,
    CertainRanking,
    Certainty,
    Correlation,
    Criterion,
    Entanglement,
    EntanglementSettings,
    Explanation,
    Fill,
    Floats,
    Interval,
    Intervals,
    LabelAssociation,
    PairKind,
    PairRelation,
    PruningCurve,
    PruningReport,
    PruningSettings,
    Ranking,
    Reliability,
    RemovalOrder,
    SafeRemoval,
    SanityReport,
    Significance,
)
from tests.reports.checked import sanity_report
from tests.reports.records import around
from tests.reports.thinned import cost, tuned

GAPS = ("tetrachoric", "partial_r", "partial_phi")


def off_diagonal(values: Floats) -> Floats:
    """Return a copy with NaN on the diagonal."""
    found = values.copy()
    np.fill_diagonal(found, np.nan)
    return found


def make_certainty(correlation: Correlation, ranking: Ranking) -> Certainty:
    """Intervals of 0.05 to each side; pairs of |r| above 0.4 differ from the null."""
    values = off_diagonal(correlation.values)
    small = np.where(np.isnan(values), np.nan, 0.02)
    p = np.where(np.isnan(values), np.nan, np.where(np.abs(values) > 0.4, 0.001, 0.6))
    intervals = Intervals(
        correlation=correlation,
        low=np.clip(values - 0.05, -1, 1),
        high=np.clip(values + 0.05, -1, 1),
        standard_error=small,
        jackknife_error=small,
        bias=small / 10,
        level=0.95,
        method="corrected",
        n_replicates=1000,
        n_blocks=64,
    )
    rows = tuple(
        CertainNeighbour(
            target=row.target,
            rank=row.rank,
            name=row.name,
            r=row.r,
            low=row.r - 0.05,
            high=min(row.r + 0.05, 1.0),
            rank_low=max(row.rank - 1, 1),
            rank_high=row.rank + 1,
            inclusion=1 - row.rank / 20,
        )
        for row in ranking.rows
    )
    inclusion = np.where(np.isnan(values), np.nan, np.clip(values, 0, 1))
    certain = CertainRanking(
        rows=rows,
        ties=(),
        cutoffs=(),
        inclusion=inclusion,
        top=ranking.top,
        by=ranking.by,
        level=0.95,
        intervals=intervals,
    )
    n = len(correlation.names)
    reliability = Reliability(
        axis="attribute",
        names=correlation.names,
        choices=correlation.choices,
        n_images=correlation.n_images,
        rows=(around(0.95),) * n,
        maps=(),
        spearman=around(0.94),
        pearson=around(0.95),
        half_spearman=0.887,
        n_splits=200,
        n_blocks=64,
    )
    significance = Significance(
        t=values * 8,
        p=p,
        p_max=p,
        q=p,
        null_mean=small,
        null_low=small - 0.3,
        null_high=small + 0.3,
        n_replicates=1000,
        null="shuffled labels",
        level=0.05,
    )
    return Certainty(ranking=certain, reliability=reliability, significance=significance)


def make_entanglement(correlation: Correlation, phi: Floats) -> Entanglement:
    """Every pair with gap r - |phi|; a pair is listed where both are far apart."""
    names = correlation.names
    pairs = []
    for first, second in combinations(range(len(names)), 2):
        r, f = float(correlation.values[first, second]), float(phi[first, second])
        kind: PairKind | None = (
            "shared" if r > 0.5 and abs(f) < 0.05 else "separate" if r < 0 and abs(f) > 0.2 else None
        )
        pairs.append(
            PairRelation(
                first=names[first],
                second=names[second],
                r=around(r, 0.05),
                phi=around(f, 0.02),
                **{name: around(f / 2, 0.05) for name in GAPS},
                rank=around((1 + r) / 2, 0.05),
                gap=around((r - abs(f)) / 2, 0.05),
                raw_gap=around(r - abs(f), 0.05),
                empty_cell=False,
                kind=kind,
            )
        )
    n = len(names)
    labels = LabelAssociation(
        names=names,
        n_images=correlation.n_images,
        phi=phi,
        tetrachoric=phi,
        partial=phi,
        ridge=0.0,
        empty_cells=np.zeros((n, n), np.bool_),
    )
    return Entanglement(
        correlation=correlation,
        labels=labels,
        pairs=tuple(sorted(pairs, key=lambda pair: (np.isnan(pair.gap.value), -pair.gap.value))),
        explanations=(
            Explanation(relation="phi", r=around(-0.1, 0.1), p=0.4),
            Explanation(relation="size of phi", r=around(0.05, 0.1), p=0.7),
            Explanation(relation="size of tetrachoric", r=around(0.06, 0.1), p=0.6),
        ),
        settings=EntanglementSettings(),
        n_blocks=64,
    )


def make_pruning(attributes: tuple[str, ...], n_channels: int, rng: np.random.Generator) -> PruningReport:
    """Curves of four criteria that fall off ever faster; half the channels can go."""
    removed = tuple(sorted({int(share * n_channels) for share in np.linspace(0, 0.95, 12)}))
    criteria: tuple[Criterion, ...] = ("contrast", "usage", "L1", "random")
    fills: tuple[Fill, ...] = ("zero", "mean")
    curves = tuple(
        _curve(criterion, fill, removed, attributes, n_channels, rng) for fill in fills for criterion in criteria
    )
    differences = tuple(
        AreaDifference(criterion=criterion, other=other, fill=fill, difference=around(0.01 * (place - 1), 0.002))
        for fill in fills
        for criterion in criteria[:2]
        for place, other in enumerate(criteria[2:])
    )
    casualties = tuple(
        Casualty(
            attribute=name,
            before=0.9,
            after=0.9 - 0.001 * k / len(attributes),
            loss=around(0.001 * k / len(attributes), 0.002),
        )
        for k, name in enumerate(attributes)
    )
    safe = tuple(
        SafeRemoval(
            criterion="contrast",
            fill=fill,
            limit=0.002,
            removed=removed[len(removed) // 2],
            validation_loss=Interval(0.0015, 0.0005, 0.0025),
            test_loss=Interval(0.001, 0.0, 0.0018),
            casualties=casualties,
        )
        for fill in ("mean", "zero")
    )
    return PruningReport(
        settings=PruningSettings(n_images=400, n_random=1),
        attributes=attributes,
        n_channels=n_channels,
        ranked=300,
        measured=400,
        n_units=321,
        unit="identity",
        majority=0.8,
        orders=tuple(curve.order for curve in curves if curve.fill == "zero"),
        curves=curves,
        differences=differences,
        safe=safe,
        causal=tuple(_causal(fill, attributes, n_channels, rng) for fill in fills),
        cost=cost(),
        tuned=(replace(tuned(), criterion="contrast"),),
        absent=(),
    )


def make_sanity(attributes: tuple[str, ...]) -> SanityReport:
    """The small report with a loss of every attribute."""
    found = sanity_report()
    exchanges = tuple(
        replace(
            each,
            attributes=tuple(
                AttributeLoss(
                    attribute=name,
                    accuracy=around(each.accuracy.value * (k + 1) / len(attributes)),
                    balanced_accuracy=around(each.balanced_accuracy.value),
                    beyond=k % 5 != 4,
                )
                for k, name in enumerate(attributes)
            ),
        )
        for each in found.exchanges
    )
    return replace(found, exchanges=exchanges)


def _curve(
    criterion: Criterion,
    fill: Fill,
    removed: tuple[int, ...],
    attributes: tuple[str, ...],
    n_channels: int,
    rng: np.random.Generator,
) -> PruningCurve:
    shares = np.array(removed) / n_channels
    steep = {"contrast": 4.0, "usage": 3.0, "L1": 2.0, "random": 1.5}[criterion] + (fill == "mean")
    lost = 0.1 * shares**steep
    return PruningCurve(
        order=RemovalOrder(criterion=criterion, channels=tuple(rng.permutation(n_channels).tolist())),
        fill=fill,
        removed=removed,
        accuracy=tuple(around(0.9 - float(each)) for each in lost),
        loss=tuple(around(float(each), 0.0005) for each in lost),
        attributes=0.9 - lost[:, None] * np.linspace(0, 2, len(attributes)),
        area=around(float(0.9 - lost.mean()), 0.004),
    )


def _causal(fill: Fill, attributes: tuple[str, ...], n_channels: int, rng: np.random.Generator) -> CausalCheck:
    claim = rng.exponential(0.1, (len(attributes), n_channels))
    effect = claim * rng.uniform(0.5, 1.5, claim.shape)
    return CausalCheck(
        fill=fill,
        attributes=attributes,
        claim=claim,
        effect=effect,
        loss_rise=effect / 10,
        accuracy=-effect / 100,
        pairs=around(0.85),
        within=around(0.75),
        loss_within=around(0.4),
        n_images=400,
    )
