from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mamviz.models.weights import load_network, write_network
from mamviz.overview import collection
from mamviz.run import file_sha256, open_run
from mamviz.store.masks import mask_provenance, read_images
from tests.cli.conftest import Ended, World

QUICK = ("--replicates", "100", "--examples", "1")


@pytest.fixture(scope="module")
def own(small: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A copy of the small world's run, without what other tests made of it."""
    world = World(tmp_path_factory.mktemp("own"))
    shutil.copytree(small.folder / "cache", world.folder / "cache")
    (world.runs / "few-1").mkdir(parents=True)
    for name in ("run.json", "metrics.csv", "model.safetensors"):
        shutil.copy(small.runs / "few-1" / name, world.runs / "few-1" / name)
    return world


@pytest.fixture(scope="module")
def ended(own: World) -> Ended:
    return own("report", "few-1", *QUICK, "--json")


def test_one_page_is_written_into_the_run(own, ended) -> None:
    file = own.runs / "few-1" / "report.html"
    assert ended.json["files"] == [str(file)]
    assert ended.json["bytes"] == file.stat().st_size
    page = file.read_text(encoding="utf-8")
    assert page.startswith("<!")
    for name in open_run(own.runs / "few-1").attributes:
        assert f'id="attribute-{name}"' in page
    assert f"wrote {file}" in ended.err


def test_the_last_line_says_what_the_page_lacks_and_the_commands_that_make_it(own, ended) -> None:
    folder = own.runs / "few-1"
    absent = {each["part"]: each["reason"] for each in ended.json["absent"]}
    assert absent["pruning"] == "never made"
    assert absent["stability"] == "never compared with a run of another seed"
    last = ended.err.splitlines()[-1]
    assert last.startswith("next: what the page lacks: ")
    assert f"`mamviz prune-report {folder}`" in last
    assert last.endswith(f"then `mamviz report {folder}` again")


def test_what_must_be_known_first_is_told_on_the_terminal_too(ended) -> None:
    assert ended.json["warnings"]
    for words in ended.json["warnings"]:
        assert f"note: {words}" in ended.err


def test_the_same_command_writes_the_same_bytes(own, ended, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere" / "page.html"
    again = own("report", "few-1", *QUICK, "--output", file, "--json")
    assert again.json["files"] == [str(file)]
    assert file.read_bytes() == (own.runs / "few-1" / "report.html").read_bytes()


def test_without_thumbnails_no_image_is_in_the_page(own, ended, tmp_path: Path) -> None:
    file = tmp_path / "private.html"
    own("report", "few-1", *QUICK, "--no-thumbnails", "--output", file)
    names = read_images(own.runs / "few-1" / "masks.h5").names
    private, shown = file.read_text(), (own.runs / "few-1" / "report.html").read_text()
    assert not [name for name in names if name in private]
    assert "data:image/jpeg" not in private
    assert [name for name in names if name in shown]
    assert "data:image/jpeg" in shown


def test_a_stopped_report_leaves_the_old_page(own, ended, monkeypatch: pytest.MonkeyPatch) -> None:
    file = own.runs / "few-1" / "report.html"
    before = file.read_bytes()

    def stop(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(collection, "make_matrices", stop)
    stopped = own("report", "few-1", *QUICK, code=130)
    assert stopped.err.splitlines()[-1] == "mamviz: stopped; no report was written."
    assert file.read_bytes() == before
    assert not list(file.parent.glob(".report*"))


def test_masks_of_older_weights_are_extracted_again_first(own, ended, tmp_path: Path) -> None:
    world = World(tmp_path)
    for name in ("runs", "cache"):
        shutil.copytree(own.folder / name, world.folder / name)
    run = open_run(world.runs / "few-1")
    network = load_network(run)
    network.readout.bias.data += 1
    write_network(run.model_file, network, config=run.config, attributes=run.attributes)
    again = world("report", "few-1", "--replicates", "0", "--json")
    assert "is of older weights: extracting the masks" in again.err
    assert [each["part"] for each in again.json["absent"]][:2] == ["certainty", "entanglement"]
    assert mask_provenance(run.masks_file).model_sha256 == file_sha256(run.model_file)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--replicates", "50"], "Expected 100 replicates or more, got 50"),
        (["--output", "."], "--output: expected a file, got the folder"),
    ],
)
def test_options_that_make_no_sense_are_refused(own, arguments: list[str], words: str) -> None:
    assert words in own.fails("report", "few-1", *arguments)


def test_a_masks_file_by_itself_is_refused(own, ended) -> None:
    words = own.fails("report", own.runs / "few-1" / "masks.h5")
    assert "expected a run, got a masks file by itself" in words
