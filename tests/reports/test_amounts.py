from __future__ import annotations

import pytest

from mamviz.schema import Interval
from mamviz_reports.amounts import count, number, points, signed_points, size, span, times_of
from mamviz_reports.tables import NBSP
from tests.reports.records import NAN


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


@pytest.mark.parametrize(
    ("value", "text"),
    [(7, "7"), (999, "999"), (12_345, "12.3 k"), (4_560_000, "4.56 M"), (7.89e9, "7.89 G"), (0, "0")],
)
def test_large_numbers_have_three_digits(value: float, text: str) -> None:
    assert plain(count(value)) == text


@pytest.mark.parametrize(("value", "text"), [(999, "999 B"), (1_000, "1 kB"), (2_180_000, "2.18 MB")])
def test_sizes_have_their_unit(value: float, text: str) -> None:
    assert plain(size(value)) == text


def test_shares_read_as_points_and_a_rounded_zero_has_no_sign() -> None:
    assert [points(share) for share in (0.0123, -0.002, -0.00001, NAN)] == ["1.23", "-0.20", "0.00", "n/a"]
    assert [signed_points(share) for share in (0.0123, -0.002, NAN)] == ["+1.23", "-0.20", "n/a"]
    assert [number(value) for value in (0.876, NAN)] == ["0.88", "n/a"]


def test_an_interval_stands_behind_its_figure_and_never_breaks() -> None:
    assert span(Interval(0.01, 0.0, 0.02), points) == f"1.00{NBSP}[0.00,{NBSP}2.00]"
    assert span(Interval(0.01, NAN, NAN), points) == "1.00"
    assert plain(times_of(Interval(2.0, 1.5, 2.5))) == "2.00 [1.50, 2.50] x"
