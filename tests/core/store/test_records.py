from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from mamviz.schema import ExchangeLoss, Floats, Interval
from mamviz.store.records import read_plain, same_work, to_plain, to_record, write_plain
from tests.reports.checked import sanity_report
from tests.reports.records import PROVENANCE

NAN = float("nan")


@dataclass(frozen=True)
class Holder:
    """A field of every kind that reports have."""

    name: str
    count: int
    share: float
    kind: Literal["one", "two"]
    table: Floats
    spans: tuple[Interval, ...]
    maybe: Interval | None = None


def holder() -> Holder:
    return Holder("a", 3, NAN, "two", np.array([[0.1, NAN], [2.0, 1 / 3]]), (Interval(1.0, NAN, 2.0),))


def through_json(value: object) -> object:
    return json.loads(json.dumps(to_plain(value), allow_nan=False))


def test_every_kind_of_field_comes_back_to_the_last_bit() -> None:
    read = to_record(Holder, through_json(holder()))
    np.testing.assert_array_equal(read.table, holder().table)
    assert read.table.dtype == np.float64
    assert repr(replace(read, table=None)) == repr(replace(holder(), table=None))  # NaN equals nothing, reads the same


def test_what_may_be_missing_comes_back_both_ways() -> None:
    span = Interval(0.5, 0.25, 0.75)
    assert to_record(Holder, through_json(replace(holder(), maybe=span))).maybe == span
    assert to_record(Holder, through_json(holder())).maybe is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", 3),
        ("count", 3.5),
        ("count", True),
        ("share", "much"),
        ("share", True),
        ("kind", "three"),
        ("table", [[1.0], [2.0, 3.0]]),
        ("table", ["x"]),
        ("spans", [1]),
        ("spans", 1),
        ("maybe", {"value": 1.0}),
    ],
)
def test_what_does_not_fit_is_refused(name: str, value: object) -> None:
    plain = {**to_plain(holder()), name: value}
    with pytest.raises((KeyError, TypeError, ValueError)):
        to_record(Holder, plain)


def test_a_missing_field_is_refused() -> None:
    plain = to_plain(holder())
    del plain["count"]
    with pytest.raises(KeyError, match="count"):
        to_record(Holder, plain)


def test_numbers_that_json_lacks_come_back_as_nan() -> None:
    loss = sanity_report().exchanges[0]
    gone = replace(loss, accuracy=replace(loss.accuracy, low=NAN, high=NAN))
    plain = to_plain(gone)
    assert plain["accuracy"]["low"] is None
    assert np.isnan(to_record(ExchangeLoss, plain).accuracy.low)


def test_a_file_of_other_work_is_told_apart(tmp_path: Path) -> None:
    settings = sanity_report().settings
    write_plain(tmp_path / "some.json", PROVENANCE, settings, {"part": holder()})
    found = read_plain(tmp_path / "some.json")
    assert to_record(Holder, found["part"]).name == "a"
    assert same_work(found, PROVENANCE, settings)
    assert not same_work(found, replace(PROVENANCE, model_sha256="other"), settings)
    assert not same_work(found, PROVENANCE, replace(settings, seed=1))
    assert not same_work({}, PROVENANCE, settings)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema_version": 99}'])
def test_a_file_that_is_none_reads_as_empty(tmp_path: Path, text: str) -> None:
    file = tmp_path / "some.json"
    assert read_plain(file) == {}
    file.write_text(text)
    assert read_plain(file) == {}
