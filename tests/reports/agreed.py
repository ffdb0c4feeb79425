"""A stability of two or three runs with known numbers, as core would hand it over."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from mamviz.schema import (
    Agreement,
    Choices,
    ComparedRun,
    Correlation,
    FeatureAgreement,
    Interval,
    MantelTest,
    Matching,
    Stability,
    TableAgreement,
    TopOverlap,
)

SPEARMAN = {("one", "two"): 0.875, ("one", "three"): 0.5, ("two", "three"): -0.25}


def agreement_of(first: str, second: str, *, value: float | None = None) -> Agreement:
    r = SPEARMAN[first, second] if value is None else value
    overlap = TopOverlap(
        top=5, by="r", targets=("Hat", "Male", "Young"), shares=(0.6, 0.8, 0.4), mean=0.6, chance=0.125
    )
    return Agreement(
        first=first,
        second=second,
        spearman=Interval(r, r - 0.05, r + 0.05),
        n_pairs=3,
        mantel=MantelTest(p_greater=0.0002, p_two_sided=0.0123, n_permutations=4999),
        overlap=overlap,
    )


def stability_of(*names: str, features: bool = True) -> Stability:
    runs = tuple(
        ComparedRun(
            name=name,
            model_sha256=f"model {name}",
            fingerprint="f00d",
            split="test",
            data="made faces",
            n_images=1996,
            seed=seed,
        )
        for seed, name in enumerate(names)
    )
    pairs = list(itertools.combinations(names, 2))
    tables = (
        TableAgreement(
            name="recommended",
            axis="attribute",
            choices=Choices(),
            agreements=tuple(agreement_of(*pair) for pair in pairs),
            n_replicates=1000,
        ),
        TableAgreement(
            name="literal",
            axis="attribute",
            choices=Choices(sign="signed", estimand="mean", view="full"),
            agreements=tuple(agreement_of(*pair, value=0.9375) for pair in pairs),
            n_replicates=1000,
        ),
    )
    matching = Matching(first=(0, 1), second=(2, 0), r=(0.75, 0.25), unmatched_first=(), unmatched_second=(1,))
    return Stability(
        runs=runs,
        tables=tables,
        features=tuple(
            FeatureAgreement(first=a, second=b, cka=0.8125, matching=matching, n_images=1000)
            for a, b in (pairs if features else ())
        ),
        same_settings=True,
        paired=True,
        level=0.95,
    )


def tables_of(stability: Stability) -> tuple[Correlation, ...]:
    """A table of three names of each run: the r of its pairs are 0.1, 0.2, 0.3 in the first, 0.1 more in the next."""
    found = []
    for number in range(len(stability.runs)):
        values = np.eye(3)
        for place, (a, b) in enumerate(((0, 1), (0, 2), (1, 2))):
            values[a, b] = values[b, a] = 0.1 * (place + 1) + 0.1 * number
        found.append(
            Correlation(
                axis="attribute", names=("Hat", "Male", "Young"), values=values, choices=Choices(), n_images=1996
            )
        )
    return tuple(found)


def without_limits(stability: Stability) -> Stability:
    """The same without an interval of the first table."""
    table = stability.tables[0]
    agreements = tuple(
        replace(each, spearman=replace(each.spearman, low=float("nan"), high=float("nan"))) for each in table.agreements
    )
    return replace(stability, tables=(replace(table, agreements=agreements), *stability.tables[1:]))
