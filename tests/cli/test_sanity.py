from __future__ import annotations

import pytest

from mamviz.sanity.kept import read_nulls, read_sanity
from tests.cli.filed import read_rows

FEW = ("--split", "all", "--images", "32", "--draws", "1", "--networks", "19")


@pytest.fixture(scope="module")
def ended(small):
    return small("sanity", "few-1", *FEW, "--json")


def test_json_files_and_table_agree(small, ended) -> None:
    folder = small.runs / "few-1"
    report = read_sanity(folder / "sanity.json")
    rows = ended.json["rows"]
    assert [(row["check"], row["verdict"]) for row in rows] == [(c.name, c.verdict) for c in report.checks]
    for row, line in zip(rows, read_rows(folder / "tables" / "sanity.csv"), strict=True):
        assert {name: "" if value is None else str(value) for name, value in row.items()}.items() <= line.items()
    for check in report.checks:
        assert check.name.split(",")[0] in ended.out
    assert len(read_rows(folder / "tables" / "sanity-attributes.csv")) == 7
    assert [null.n_replicates for null in read_nulls(folder / "sanity-nulls.npz")] == [19, 19]
    assert (folder / "figures" / "sanity.png").is_file()
    assert "sanity.json" in ended.err
    assert "next: " in ended.err


def test_a_second_time_nothing_is_computed(small, ended) -> None:
    stamp = (small.runs / "few-1" / "sanity.json").stat().st_mtime_ns
    again = small("sanity", "few-1", *FEW, "--json")
    assert again.json["rows"] == ended.json["rows"]
    assert (small.runs / "few-1" / "sanity.json").stat().st_mtime_ns == stamp


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--fill", "noise"], "--fill: expected one of mean, zero, got 'noise'"),
        (["--split", "exam"], "--split: expected one of train, validation, test, all"),
    ],
)
def test_words_that_are_no_choice_are_refused(small, arguments: list[str], words: str) -> None:
    assert words in small.fails("sanity", "few-1", *arguments)
