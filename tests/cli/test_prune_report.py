from __future__ import annotations

import pytest

from tests.cli.filed import read_rows


@pytest.fixture(scope="module")
def ended(small):
    small("extract-masks", "few-1")
    return small("prune-report", "few-1", "--json")


def test_json_and_file_agree(small, ended) -> None:
    filed = read_rows(small.runs / "few-1" / "tables" / "channels.csv")
    rows = ended.json["rows"]
    assert sorted(row["channel"] for row in rows) == list(range(8))
    for row, line in zip(rows, filed, strict=True):
        assert {name: "" if value is None else str(value) for name, value in row.items()}.items() <= line.items()
    assert sum(row["usage"] for row in rows) == pytest.approx(1.0, abs=1e-9)
    assert ended.json["candidates"] == [row["channel"] for row in rows if row["candidate"] is not None]
    assert (small.runs / "few-1" / "figures" / "channels.png").is_file()


def test_a_lower_threshold_finds_more_that_repeat_another(small, ended) -> None:
    def repeats(report) -> set[int]:
        return {row["channel"] for row in report.json["rows"] if row["duplicate_of"] is not None}

    loose = small("prune-report", "few-1", "--threshold", "0.05", "--json")
    assert loose.json["facts"]["threshold"] == 0.05
    assert repeats(ended) < repeats(loose)


def test_a_threshold_that_makes_no_sense_is_refused(small, ended) -> None:
    assert "mamviz: threshold: expected above 0 up to 1, got 2.0" in small.fails(
        "prune-report", "few-1", "--threshold", "2"
    )
