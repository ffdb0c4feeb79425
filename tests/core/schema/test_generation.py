"""Counts of edits that change what they are meant to."""

from __future__ import annotations

import math

import pytest

from mamviz.schema import EditEffect, EditReport, EditSettings, Interval

NAN = Interval(math.nan, math.nan, math.nan)


def effect(name: str, own: float, other: float, own_sd: float, other_sd: float, *, n_images: int = 5) -> EditEffect:
    values = [Interval(value, value - 1, value + 1) if n_images else NAN for value in (own, other, own_sd, other_sd)]
    return EditEffect(
        attribute=name,
        action="add",
        reading="drawn",
        n_images=n_images,
        own=values[0],
        other=values[1],
        other_name="Other",
        own_sd=values[2],
        other_sd=values[3],
        other_sd_name="Other",
        largest=Interval(own / 10, 0, 1) if n_images else NAN,
    )


def report_of(*effects: EditEffect) -> EditReport:
    return EditReport(
        attributes=tuple(each.attribute for each in effects),
        settings=EditSettings(),
        effects=effects,
        split="test",
        n_images=9,
        n_reference=20,
        unit="image",
    )


def test_an_own_change_must_be_larger_than_the_size_of_every_other() -> None:
    report = report_of(
        effect("Both", 4, 3, 2, -1),
        effect("Raw", 2, -1, 1, -2),
        effect("Neither", 2, -3, 1, 1),
        effect("Backwards", -4, 1, -2, 1),
        effect("Nobody", 0, 0, 0, 0, n_images=0),
    )
    count = report.count("add", "drawn")
    assert (count.n_attributes, count.wins, count.wins_sd) == (4, 2, 1)
    assert count.own == pytest.approx((4 + 2 + 2 - 4) / 4)
    assert count.other == pytest.approx((3 + 1 + 3 + 1) / 4)
    assert count.largest == pytest.approx(0.1)


def test_nothing_measured_counts_nothing() -> None:
    count = report_of(effect("Both", 4, 3, 2, -1)).count("remove", "features")
    assert (count.n_attributes, count.wins) == (0, 0)
    assert math.isnan(count.own)
