from __future__ import annotations

import pytest

from mamviz.pruning.report import read_pruning
from mamviz_cli import prune_report
from tests.cli.filed import read_rows

QUICK = ("--images", "100", "--random", "1", "--repetitions", "1", "--max-loss", "10")
TABLES = ("criteria", "differences", "safe", "casualties", "cost", "causal")


@pytest.fixture(scope="module")
def ended(small):
    small("extract-masks", "few-1")
    return small("prune-report", "few-1", *QUICK, "--json")


@pytest.fixture(scope="module")
def report(small, ended):
    return read_pruning(small.runs / "few-1" / "pruning.json")


def test_json_and_file_agree(small, ended) -> None:
    filed = read_rows(small.runs / "few-1" / "tables" / "channels.csv")
    rows = ended.json["rows"]
    assert sorted(row["channel"] for row in rows) == list(range(8))
    for row, line in zip(rows, filed, strict=True):
        assert {name: "" if value is None else str(value) for name, value in row.items()}.items() <= line.items()
    assert sum(row["usage"] for row in rows) == pytest.approx(1.0, abs=1e-9)
    assert ended.json["candidates"] == [row["channel"] for row in rows if row["candidate"] is not None]
    assert (small.runs / "few-1" / "figures" / "channels.png").is_file()


def test_a_channel_goes_where_the_report_lets_it_go(ended, report) -> None:
    going = {row["channel"] for row in ended.json["rows"] if row["goes"]}
    assert 0 < len(going) < 8
    assert going == set(report.going)


def test_validation_images_rank_and_test_images_measure(report) -> None:
    # the table's parts: 48 train, 16 validation, 32 test
    assert (report.ranked, report.measured, report.unit) == (16, 32, "identity")
    assert (report.settings.max_loss, report.settings.n_random) == (0.1, 1)


def test_every_table_is_written_shown_and_in_the_json(small, ended, report) -> None:
    folder = small.runs / "few-1" / "tables"
    stems = [*(f"pruning-{name}" for name in TABLES), "pruning"]
    assert list(ended.json["pruning"]) == stems
    for stem in stems:
        rows = ended.json["pruning"][stem]["rows"]
        lines = read_rows(folder / f"{stem}.csv")
        for row, line in zip(rows, lines, strict=True):
            assert {name: "" if value is None else str(value) for name, value in row.items()}.items() <= line.items()
        assert {path.suffix for path in folder.glob(f"{stem}.*")} == {".csv", ".md", ".tex"}
        assert ended.json["pruning"][stem]["title"] in ended.out
    first = ended.json["pruning"]["pruning-safe"]["rows"][0]
    assert (first["removed"], first["verdict"]) == (report.safe[0].removed, report.safe[0].verdict)
    assert f"{report.safe[0].removed} of 8 channels" in ended.out


def test_every_effect_is_in_a_csv_alone(small, ended, report) -> None:
    folder = small.runs / "few-1" / "tables"
    rows = read_rows(folder / "pruning-effects.csv")
    assert len(rows) == 2 * 6 * 8
    assert float(rows[9]["effect"]) == report.causal[0].effect[1, 1]
    assert [path.suffix for path in folder.glob("pruning-effects.*")] == [".csv"]


def test_figures_are_drawn_and_files_are_named(small, ended) -> None:
    for name in ("curves", "casualties", "causal"):
        assert (small.runs / "few-1" / "figures" / f"pruning-{name}.png").is_file()
        assert f"pruning-{name}.png .svg" in ended.err
    assert str(small.runs / "few-1" / "pruning.json") in ended.json["files"]
    assert "next: a smaller, faster run: `mamviz prune" in ended.err


def test_a_second_time_nothing_is_measured(small, ended) -> None:
    stamp = (small.runs / "few-1" / "pruning.json").stat().st_mtime_ns
    again = small("prune-report", "few-1", *QUICK, "--json")
    assert again.json["pruning"] == ended.json["pruning"]
    assert (small.runs / "few-1" / "pruning.json").stat().st_mtime_ns == stamp


def test_a_lower_threshold_finds_more_that_repeat_another(small, ended) -> None:
    def repeats(report) -> set[int]:
        return {row["channel"] for row in report.json["rows"] if row["duplicate_of"] is not None}

    loose = small("prune-report", "few-1", "--threshold", "0.05", "--images", "0", "--json")
    assert loose.json["facts"]["threshold"] == 0.05
    assert repeats(ended) < repeats(loose)


def test_without_images_there_is_the_table_of_channels_alone(small, ended) -> None:
    alone = small("prune-report", "few-1", "--images", "0", "--json")
    assert "pruning" not in alone.json
    assert "goes" not in alone.json["rows"][0]
    assert "What can go" not in alone.out


def test_data_without_a_part_have_the_table_of_channels_and_a_note(small, ended, monkeypatch) -> None:
    from dataclasses import replace

    import numpy as np

    opened = prune_report.open_images_of

    def without_test(*arguments, **options):
        data = opened(*arguments, **options)
        return replace(data, split=np.zeros_like(data.split))

    monkeypatch.setattr(prune_report, "open_images_of", without_test)
    found = small("prune-report", "few-1", *QUICK, "--json")
    assert "0 images of the split 'validation', of which 8 are needed: what removal costs is not measured" in found.err
    assert "pruning" not in found.json
    assert len(found.json["rows"]) == 8


def test_a_stopped_report_goes_on(small, ended, monkeypatch: pytest.MonkeyPatch) -> None:
    from mamviz.pruning import tasks

    def stop(*arguments, **options) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tasks, "check_claim", stop)
    other = (*QUICK, "--order", "mean-mask", "--fill", "zero")
    stopped = small("prune-report", "few-1", *other, code=130)
    assert "the same command goes on" in stopped.err.splitlines()[-1]
    monkeypatch.undo()
    monkeypatch.setattr(tasks, "trace_curves", stop)  # is done
    found = small("prune-report", "few-1", *other, "--json")
    first = found.json["pruning"]["pruning-safe"]["rows"][0]
    assert (first["criterion"], first["fill"]) == ("mean mask", "zero")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--threshold", "2", "--images", "0"), "mamviz: threshold: expected above 0 up to 1, got 2.0"),
        (("--images", "7"), "--images: expected 8 or more, or 0 to measure nothing, got 7"),
        (("--order", "size"), "--order: expected one of contrast, usage, mean-mask"),
        (("--order", "greedy"), "--order: expected --oracle beside greedy"),
        (("--order", "random", "--random", "0"), "--order: expected a draw beside random"),
        (("--fill", "noise"), "--fill: expected one of mean, zero, got 'noise'"),
    ],
)
def test_choices_that_make_no_sense_are_refused(small, ended, arguments: tuple[str, ...], words: str) -> None:
    assert words in small.fails("prune-report", "few-1", *arguments)
