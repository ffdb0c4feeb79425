"""How far runs agree, from the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from mamviz.stability import compare_runs
from mamviz.stats.comparison import AgreementSettings
from mamviz.store.stability import read_stability
from tests.cli.filed import read_rows
from tests.cli.started import load_modules

TINY = ("--size", "32", "--epochs", "1", "--batch-size", "16", "--channels", "8")
QUICK = ("--replicates", "30", "--permutations", "99")
NAMES = ("few-1-seed-0", "few-1-seed-1")


@pytest.fixture(scope="module")
def family(data_options, tmp_path_factory: pytest.TempPathFactory):
    """A world with a family of two runs, and what `mamviz stability` without a name said of them."""
    from tests.cli.conftest import World

    world = World(tmp_path_factory.mktemp("stable"))
    world("train", *data_options, *TINY, "--seeds", "0,1")
    ended = world("stability", *QUICK, "--images", "50", "--json")
    (world.folder / "stability.out").write_text(ended.out)
    (world.folder / "stability.err").write_text(ended.err)
    return world


@pytest.fixture
def copied(family, world):
    """A copy of the family, to be damaged."""
    for name in ("runs", "cache"):
        shutil.copytree(family.folder / name, world.folder / name)
    return world


def said_of(family):
    return json.loads((family.folder / "stability.out").read_text().splitlines()[-1])


def test_the_newest_family_is_compared_and_its_masks_are_extracted_first(family) -> None:
    figures = said_of(family)
    assert figures["runs"] == list(NAMES)
    err = (family.folder / "stability.err").read_text()
    assert err.count("masks.h5 is missing: extracting") == 2
    assert err.count("next: ") == 1
    files = [family.runs / name / "masks.h5" for name in NAMES]
    settings = AgreementSettings(n_replicates=30, n_permutations=99)
    expected = compare_runs(files, settings, generator=np.random.default_rng(0)).stability.tables[0].agreements[0]
    first = figures["stability"]["rows"][0]
    assert (first["spearman"], first["n_pairs"]) == (expected.spearman.value, expected.n_pairs)
    assert (first["low"], first["high"]) == (expected.spearman.low, expected.spearman.high)
    assert (first["p_greater"], first["overlap"]) == (expected.mantel.p_greater, expected.overlap.mean)


def test_files_stand_in_a_folder_of_the_family_and_agree_with_the_figures(family) -> None:
    figures = said_of(family)
    folder = family.runs / "stability-few-1"
    assert Path(figures["folder"]) == folder
    assert all(Path(file).is_file() for file in figures["files"])
    for stem in ("stability", "stability-features"):
        for row, line in zip(figures[stem]["rows"], read_rows(folder / "tables" / f"{stem}.csv"), strict=True):
            assert {name: "" if value is None else str(value) for name, value in row.items()}.items() <= line.items()
    assert (folder / "figures" / "stability.svg").is_file()
    assert (folder / "figures" / "stability-tables.svg").is_file()
    matched = read_rows(folder / "tables" / "stability-matching.csv")
    assert len(matched) == figures["stability-features"]["rows"][0]["n_matched"]


def test_features_and_channels_are_compared_too(family) -> None:
    figures = said_of(family)
    (features,) = figures["stability-features"]["rows"]
    assert 0 < features["cka"] <= 1
    assert figures["stability-features"]["facts"]["n_images"] == 50
    assert [row["axis"] for row in figures["stability"]["rows"]] == ["attribute", "channel"]


def test_every_run_keeps_the_record_for_correlate_to_read(family) -> None:
    for name in NAMES:
        kept = read_stability(family.runs / name)
        assert kept is not None
        assert [run.name for run in kept.runs] == list(NAMES)
        assert [run.seed for run in kept.runs] == [0, 1]
        assert kept.same_settings is True


def test_more_tables_are_compared_on_request(family) -> None:
    ended = family("stability", *NAMES, *QUICK, "--no-features", "--all-tables", "--top", "2", "--json")
    rows = ended.json["stability"]["rows"]
    assert len(rows) == 12
    assert rows[0]["table"] == "recommended"
    assert "stability-features" not in ended.json
    assert ended.json["stability"]["facts"]["top"] == 2
    assert "Top 2 shared" in ended.out


def test_masks_files_alone_are_compared_without_features(family, world) -> None:
    for name in NAMES:
        shutil.copy(family.runs / name / "masks.h5", world.folder / f"{name}.h5")
    files = [world.folder / f"{name}.h5" for name in NAMES]
    ended = world("stability", *files, *QUICK, "--json")
    assert "features and channels are not compared" in ended.err
    assert f"{files[0]} is a masks file without its run" in ended.err
    (row,) = ended.json["stability"]["rows"]
    first = said_of(family)["stability"]["rows"][0]
    assert {name: row[name] for name in ("spearman", "low", "high")} == {
        name: first[name] for name in ("spearman", "low", "high")
    }
    assert read_stability(world.folder / f"{NAMES[0]}-results") is not None
    assert (world.runs / f"stability-{'-'.join(NAMES)}" / "tables" / "stability.csv").is_file()


def test_what_only_reads_masks_starts_without_torch(family) -> None:
    places = [str(family.runs / name) for name in NAMES]
    ended = load_modules("stability", *places, "--no-features", *QUICK, *family.common)
    assert ended.code == 0, ended.err
    assert "torch" not in ended.modules


def test_images_that_are_gone_are_done_without(copied) -> None:
    for name in NAMES:
        file = copied.runs / name / "run.json"
        record = json.loads(file.read_text())
        record["config"]["data"]["source"] = str(copied.folder / "gone.csv")
        file.write_text(json.dumps(record))
    ended = copied("stability", *NAMES, *QUICK, "--json")
    assert "features and channels are not compared: " in ended.err
    assert "gone.csv" in ended.err
    assert len(ended.json["stability"]["rows"]) == 1


def test_runs_of_other_images_are_compared_with_a_word_on_it(copied) -> None:
    import h5py

    file = copied.runs / NAMES[1] / "run.json"
    record = json.loads(file.read_text())
    record["data"]["fingerprint"] = "other images"
    file.write_text(json.dumps(record))
    with h5py.File(copied.runs / NAMES[1] / "masks.h5", "r+") as handle:
        handle.attrs["fingerprint"] = "other images"
    ended = copied("stability", *NAMES, *QUICK, "--json")
    assert "was trained on other images than" in ended.err
    assert "The runs are of different data" in " ".join(ended.json["stability"]["notes"])
    assert ended.json["stability"]["facts"]["same_images"] == "false"


def test_without_two_runs_the_command_says_how_to_get_them(world, family) -> None:
    assert "Train some with `mamviz train --seeds 0,1,2`" in world.fails("stability")
    assert "two or more different runs" in family.fails("stability", NAMES[0])
    assert "two or more different runs" in family.fails("stability", NAMES[0], NAMES[0], "--no-features")
    assert "none-such: expected a run folder" in family.fails("stability", NAMES[0], "none-such")
    assert "--rank-by: expected one of r, abs" in family.fails("stability", "--rank-by", "size")
