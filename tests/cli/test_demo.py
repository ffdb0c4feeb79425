from __future__ import annotations

from pathlib import Path

import pytest

from mamviz.run import open_run
from mamviz.training import loop
from mamviz_cli import demo, show
from mamviz_reports import accuracies
from tests.cli.filed import read_rows


def test_the_whole_chain_runs_and_says_where_to_look(world, monkeypatch: pytest.MonkeyPatch) -> None:
    # fewer pictures to draw: drawing is what takes time here
    monkeypatch.setattr(demo, "SHEET_FACES", 2)
    monkeypatch.setattr(show, "N_IMAGES", 1)
    monkeypatch.setattr(demo, "REPORT_REPLICATES", 0)
    drawn = {}

    def draw(rows, origin, *, intervals):
        for row, interval in zip(rows, intervals, strict=True):
            drawn.setdefault(row.label, interval)  # of the evaluation; the page, without resamples, comes later
        return true_figure(rows, origin, intervals=intervals)

    true_figure = accuracies.poster_figure
    monkeypatch.setattr(accuracies, "poster_figure", draw)
    options = ("demo", "--faces", "64", "--epochs", "1", "--size", "32")
    true_epoch = loop._train_epoch

    def stop(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "_train_epoch", stop)
    assert "mamviz train --resume" in world(*options, code=130).err.splitlines()[-1]
    monkeypatch.setattr(loop, "_train_epoch", true_epoch)
    ended = world(*options, "--json")
    assert "going on with" in ended.err
    assert [line[:5] for line in ended.err.splitlines() if line.startswith("[")] == [f"[{n}/8]" for n in range(1, 9)]
    hints = [line for line in ended.err.splitlines() if line.startswith("next: ")]
    assert hints == ["next: your own faces: `mamviz train --data FOLDER`"]
    assert ended.out.count("\n{") == 1  # one JSON object, the demo's own
    files = {name: Path(file) for name, file in ended.json["files"].items()}
    assert len(files) == 8
    assert "what removal costs is not measured" in ended.err  # of 64 faces too few are kept apart
    for words, file in files.items():
        assert file.exists()
        assert f"{words} " in ended.err
        assert str(file) in ended.err
    run = open_run(world.runs / "demo-1")
    assert (run.config.data.n_faces, run.config.train.epochs) == (64, 1)
    # the built-in faces have CelebA's attributes, so the poster's table is written, with a word of caution
    rows = read_rows(run.tables / "poster.csv")
    assert len(rows) == 41
    assert all(row["ours"] for row in rows)
    assert "ours are of drawn faces" in ended.err
    assert "which is 90.17" in (run.tables / "poster.md").read_text()
    for row in rows[:-1]:
        interval = drawn[row["attribute"]]
        assert 100 * interval.value == pytest.approx(float(row["ours"]))
        assert interval.low <= interval.value <= interval.high
