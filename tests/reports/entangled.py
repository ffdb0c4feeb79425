"""Four attributes whose masks and labels are known, as core would hand them over."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from mamviz.schema import (
    Entanglement,
    EntanglementSettings,
    Explanation,
    Interval,
    LabelAssociation,
    PairKind,
    PairRelation,
    Scale,
)
from tests.reports.records import around, correlation_of

NAN = float("nan")
NAMES = ("Bald", "Hat", "Male", "Young")
GONE = Interval(NAN, NAN, NAN)


def pair(first: str, second: str, r: float, phi: float, gap: float, kind: PairKind | None) -> PairRelation:
    """Intervals of 0.1 to each side, of phi 0.03."""
    return PairRelation(
        first=first,
        second=second,
        r=around(r, 0.1),
        phi=around(phi, 0.03),
        tetrachoric=around(2 * phi, 0.05),
        partial_r=around(r - 0.5, 0.1),
        partial_phi=around(0.0, 0.05),
        rank=around(0.5, 0.1),
        gap=around(gap, 0.1),
        raw_gap=around(r - abs(phi), 0.1),
        empty_cell=False,
        kind=kind,
    )


def entanglement(*, scale: Scale = "rank", kinds: bool = True) -> Entanglement:
    """Two pairs share, one is apart, two are neither, and one is undefined; `kinds` False lists none."""
    shared: PairKind | None = "shared" if kinds else None
    gone = dict.fromkeys(("r", "phi", "tetrachoric", "partial_r", "partial_phi", "rank", "gap", "raw_gap"), GONE)
    pairs = (
        pair("Bald", "Hat", 0.9, 0.01, 0.8, shared),
        pair("Hat", "Male", 0.85, -0.01, 0.6, shared),
        pair("Bald", "Male", 0.5, 0.3, 0.1, None),
        pair("Bald", "Young", 0.3, -0.4, -0.2, None),
        pair("Male", "Young", -0.2, 0.5, -0.7, "separate" if kinds else None),
        PairRelation(first="Hat", second="Young", **gone, empty_cell=True, kind=None),
    )
    values = np.eye(4)
    for each in pairs:
        place = NAMES.index(each.first), NAMES.index(each.second)
        values[place] = values[place[::-1]] = each.r.value
    labels = LabelAssociation(
        names=NAMES,
        n_images=1234,
        phi=np.eye(4),
        tetrachoric=np.eye(4),
        partial=np.eye(4),
        ridge=0.0,
        empty_cells=np.zeros((4, 4), np.bool_),
    )
    assert len(pairs) == len(list(combinations(NAMES, 2)))
    return Entanglement(
        correlation=correlation_of(values, NAMES),
        labels=labels,
        pairs=pairs,
        explanations=(
            Explanation(relation="phi", r=around(-0.1, 0.1), p=0.4),
            Explanation(relation="size of phi", r=around(0.3, 0.1), p=0.01),
            Explanation(relation="size of tetrachoric", r=GONE, p=NAN),
        ),
        settings=EntanglementSettings(scale=scale, n_replicates=500, level=0.9),
        n_blocks=64,
    )
