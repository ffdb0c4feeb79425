from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mamviz.generation.report import read_edits
from mamviz.run import open_run
from mamviz_cli import generate, show
from tests.cli.filed import read_rows

FEW = ("--images", "3", "--attribute", "Male", "--attribute", "Young", "--image", "000009.jpg", "--image", "000021.jpg")


@pytest.fixture(scope="module")
def ended(small):
    return small("generate", "few-1", *FEW, "--json")


def test_json_files_and_table_agree(small, ended) -> None:
    folder = small.runs / "few-1"
    report = read_edits(folder / "generate.json")
    assert (report.settings.n_images, report.settings.direction, report.split) == (3, "contrast", "test")
    counts = ended.json["edits-counts"]["rows"]
    assert [(row["reading"], row["action"]) for row in counts] == [
        (reading, action) for reading in ("features", "drawn") for action in ("add", "remove")
    ]
    for row in counts:
        count = report.count(row["action"], row["reading"])
        assert (row["wins"], row["wins_sd"], row["own"]) == (count.wins, count.wins_sd, count.own)
        assert f"{count.wins} of {count.n_attributes}" in ended.out.replace("\N{NO-BREAK SPACE}", " ")
    rows = read_rows(folder / "tables" / "edits.csv")
    assert len(rows) == 2 * len(report.attributes)
    effect = report.of("add", "drawn")[1]
    (row,) = [row for row in rows if (row["attribute"], row["action"]) == (effect.attribute, "add")]
    assert float(row["drawn_own"]) == pytest.approx(effect.own.value)
    assert "partly by construction" in " ".join(ended.out.split())
    assert ended.err.splitlines()[-1].startswith("next: ")


def test_figures_are_drawn_and_their_logits_told(small, ended) -> None:
    figures = small.runs / "few-1" / "figures"
    stems = ("generate-features", "generate-edits-1", "generate-edits-2", "generate-swaps")
    for stem in stems:
        assert (figures / f"{stem}.png").stat().st_size > 1000
        assert str(figures / f"{stem}.svg") in ended.json["files"]
    strips = ended.json["strips"]
    assert [(strip["image"], strip["attribute"]) for strip in strips] == [
        (image, attribute) for image in ("000009.jpg", "000021.jpg") for attribute in ("Male", "Young")
    ]
    for strip in strips:
        assert strip["strengths"] == [-4, -2, 0, 2, 4]
        assert strip["features"] == sorted(strip["features"])
        assert np.ptp(strip["features"]) > 0
    assert [swap["attribute"] for swap in ended.json["swaps"]] == ["Male", "Young"]


def test_without_images_only_pictures_are_drawn_and_those_of_others_go(small, ended) -> None:
    folder = small.runs / "few-1"
    stamp = (folder / "generate.json").stat().st_mtime_ns
    again = small("generate", "few-1", "--images", "0", "--attribute", "Male", "--image", "000009.jpg", "--json").json
    names = [Path(file).name for file in again["files"] if file.endswith(".png")]
    assert names == ["generate-features.png", "generate-edits-1.png", "generate-swaps.png"]
    assert not (folder / "figures" / "generate-edits-2.png").exists()
    assert "edits" not in again
    assert (folder / "generate.json").stat().st_mtime_ns == stamp
    assert again["strips"][0]["features"] == pytest.approx(ended.json["strips"][0]["features"], abs=1e-4)


def test_without_names_images_and_attributes_are_those_of_show(small, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in (generate, show):  # fewer pictures to draw: drawing is what takes time here
        monkeypatch.setattr(command, "N_IMAGES", 2)
        monkeypatch.setattr(command, "N_ATTRIBUTES", 2)
    found = small("generate", "few-1", "--images", "0", "--transform", "sharpen:2", "--json").json
    shown = small("show", "few-1", "--json").json
    assert list(dict.fromkeys(strip["image"] for strip in found["strips"])) == [
        each["name"] for each in shown["images"]
    ]
    attributes = list(dict.fromkeys(strip["attribute"] for strip in found["strips"]))
    assert attributes == list(shown["images"][0]["labels"])


def test_ctrl_c_keeps_what_is_measured(small, monkeypatch: pytest.MonkeyPatch) -> None:
    from mamviz.generation import effects

    measure, calls = effects._changes, []

    def stop_at_the_third(*arguments, **options):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return measure(*arguments, **options)

    monkeypatch.setattr(effects, "_changes", stop_at_the_third)
    options = ("--images", "2", "--attribute", "Male", "--image", "000009.jpg")
    stopped = small("generate", "few-1", *options, code=130)
    assert "the same command goes on" in stopped.err.splitlines()[-1]
    folder = open_run(small.runs / "few-1").folder / "generate"
    assert len(list(folder.rglob("*.npy"))) == 2
    monkeypatch.undo()
    small("generate", "few-1", *options)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--direction", "up"], "--direction: expected one of evidence, own, gradient, contrast, got 'up'"),
        (["--strength", "0"], "--strength: expected a number above 0, got 0"),
    ],
)
def test_words_that_mean_nothing_are_refused(small, arguments: list[str], words: str) -> None:
    assert words in small.fails("generate", "few-1", *arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--image", "000009.png"], "Did you mean 000009.jpg"),
        (["--attribute", "Mail"], "Male"),
        (["--transform", "sharpen"], "--transform: expected a name and its dial, got 'sharpen'"),
    ],
)
def test_what_is_not_there_is_named(small, arguments: list[str], words: str) -> None:
    assert words in small.fails_later("generate", "few-1", "--images", "0", *arguments)
