from __future__ import annotations

import pytest

from mamviz.robustness.report import read_robustness
from tests.cli.filed import read_rows

FEW = ("--images", "16", "--transform", "sharpen:2", "--transform", "binary:0.5", "--noise", "20", "--epsilon", "4,16")


@pytest.fixture(scope="module")
def ended(small):
    return small("robustness", "few-1", *FEW, "--json")


def test_json_files_and_table_agree(small, ended) -> None:
    folder = small.runs / "few-1"
    report = read_robustness(folder / "robustness.json")
    assert [row.transformation.name for row in report.rows] == ["none", "sharpen 2", "binary 0.5"]
    assert (report.settings.sigmas, report.settings.epsilons, report.measured) == ((20.0,), (4.0, 16.0), 16)
    rows = ended.json["robustness"]["rows"]
    for row, found in zip(rows, report.rows, strict=True):
        assert row["clean_accuracy"] == found.clean.accuracy.value
        assert row["fgsm_16_accuracy"] == found.worst[1].accuracy.value
        assert f"{100 * found.clean.accuracy.value:.1f}" in ended.out
    for name, count in (
        ("robustness", 3),
        ("robustness-gains", 2),
        ("robustness-scores", 27),
        ("robustness-answers", 7),
    ):
        assert len(read_rows(folder / "tables" / f"{name}.csv")) == count
    assert (folder / "figures" / "robustness.svg").is_file()
    assert "robustness.json" in ended.err
    assert "next: " in ended.err


def test_a_second_time_nothing_is_computed(small, ended) -> None:
    stamp = (small.runs / "few-1" / "robustness.json").stat().st_mtime_ns
    again = small("robustness", "few-1", *FEW, "--json")
    assert again.json["robustness"] == ended.json["robustness"]
    assert (small.runs / "few-1" / "robustness.json").stat().st_mtime_ns == stamp


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--transform", "sharpen"], "--transform: expected a name and its dial, got 'sharpen'"),
        (["--transform", "blur:2"], "expected one of none, sharpen, power, threshold, binary, got 'blur'"),
        (["--transform", "binary:2"], "binary: expected a dial above 0 and below 1"),
        (["--noise", "much"], "--noise: expected numbers with commas, got 'much'"),
        (["--epsilon", "4,2"], "epsilons: expected ascending sizes above 0"),
    ],
)
def test_words_that_mean_nothing_are_refused(small, arguments: list[str], words: str) -> None:
    assert words in small.fails("robustness", "few-1", *arguments)
