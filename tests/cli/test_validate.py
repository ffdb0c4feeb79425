from __future__ import annotations

import json
from pathlib import Path

import pytest

from mamviz.run import open_run
from mamviz.validation import attributions, coverage, false_positives, truth
from mamviz.validation.coverage import CoverageSettings
from mamviz.validation.false_positives import FalsePositiveSettings
from mamviz.validation.simulation import Design
from tests.cli.filed import read_rows
from tests.core.store.documented import keys_of

TINY = ("--faces", "48", "--size", "32", "--epochs", "1", "--images", "8")
needs_captum = pytest.mark.skipif(not attributions.has_captum(), reason="needs captum: pip install 'mamviz[validate]'")


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A world in which two runs were trained and validated."""
    from tests.cli.conftest import World

    world = World(tmp_path_factory.mktemp("validate"))
    ended = world("validate", *TINY, "--skip-simulations", "--json")
    return world, ended


def test_without_a_run_two_are_trained_with_both_dials(done):
    world, ended = done
    for dial in (1, 0):
        config = open_run(world.runs / f"validate-dial-{dial}").config
        assert (config.data.label_correlation, config.data.n_faces, config.train.epochs) == (dial, 48, 1)
    assert ended.json["runs"] == ["validate-dial-1", "validate-dial-0"]


def test_tables_figures_and_json_stand_in_a_folder_of_their_own(done):
    world, ended = done
    folder = world.runs / "validation"
    kept = json.loads((folder / "validation.json").read_text())
    assert kept["goals"] == ended.json["goals"]
    for file in ended.json["files"]:
        assert Path(file).is_file()
    for run in kept["runs"]:
        assert len(read_rows(folder / "tables" / f"{run}-attributes.csv")) == 40
        assert (folder / "figures" / f"{run}-regions.png").is_file()
    goals = read_rows(folder / "tables" / "goals.csv")
    assert {row["run"] for row in goals} == set(kept["runs"])
    assert "Against the planted answer: goals" in ended.out
    assert "next: " in ended.err


def test_the_file_is_as_its_document_says(done):
    world, _ = done
    kept = json.loads((world.runs / "validation" / "validation.json").read_text())
    rows = keys_of("validation.json")
    assert set(kept) == set(rows)
    assert set(kept["goals"][0]) == rows["goals"]
    assert all(set(table) == rows["tables"] - {"tables/"} for table in kept["tables"].values())


@needs_captum
def test_the_json_has_our_figures_beside_the_other_methods(done):
    _, ended = done
    rows = ended.json["tables"]["validate-dial-1-pointing"]["rows"]
    assert [row["method"] for row in rows[::3]] == ["mask", "evidence", "GradCAM", "occlusion"]
    assert all(0 <= row["pointing"] <= 1 for row in rows)
    assert sum("lead" in goal["figure"] for goal in ended.json["goals"]) == 12


def test_a_second_time_nothing_is_made_anew(done, monkeypatch):
    world, first = done

    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError("made anew")

    monkeypatch.setattr(truth, "occlude", refuse)
    monkeypatch.setattr("mamviz.validation.regions.draw_regions", refuse)
    second = world("validate", *TINY, "--skip-simulations", "--json")
    assert second.json == first.json
    assert second.err.count("is there and used as it is") == 2


def test_a_named_run_is_measured_alone_and_without_captum_the_rest_is(done, monkeypatch):
    world, first = done
    monkeypatch.setattr(attributions, "find_spec", lambda name: None)
    ended = world("validate", "validate-dial-0", "--images", "8", "--skip-simulations", "--json")
    assert ended.json["runs"] == ["validate-dial-0"]
    (note,) = [line for line in ended.err.splitlines() if "captum" in line]
    assert "pip install" in note
    rows = ended.json["tables"]["validate-dial-0-pointing"]["rows"]
    assert {row["method"] for row in rows} == {"mask", "evidence"}
    assert rows == first.json["tables"]["validate-dial-0-pointing"]["rows"][:6]


def test_a_run_on_other_images_is_refused_in_one_line(small, data_options):
    last = small.fails("validate", "few-1", "--skip-simulations")
    assert "built-in faces" in last
    assert "few.csv" in last


def test_the_same_run_twice_is_refused(done):
    world, _ = done
    assert "different names" in world.fails("validate", "validate-dial-0", "validate-dial-0", "--skip-simulations")


def test_simulations_stand_beside_the_faces(done, monkeypatch):
    """Those of a few data sets: how many there are by default is what takes minutes."""
    world, _ = done
    design = Design(n_images=200, n_persons=80, n_blocks=20, n_attributes=5, grid=(2, 3, 3))
    few = CoverageSettings(design=design, n_populations=2, n_datasets=2, n_replicates=40, methods=("corrected",))
    tests = FalsePositiveSettings(design=design, n_datasets=3, n_mixed=3, n_knowing=2, n_replicates=19)
    monkeypatch.setattr(coverage, "CoverageSettings", lambda: few)
    monkeypatch.setattr(false_positives, "FalsePositiveSettings", lambda: tests)
    ended = world("validate", "validate-dial-0", "--images", "8", "--skip-others", "--json")
    folder = world.runs / "validation" / "tables"
    assert len(read_rows(folder / "coverage.csv")) == len(few.tables)
    assert len(read_rows(folder / "false-positives.csv")) == len(tests.tables)
    simulated = [goal for goal in ended.json["goals"] if goal["run"] == "simulation"]
    assert len(simulated) == len(few.tables) + 3 * len(tests.tables)
