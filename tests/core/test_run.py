from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from mamviz.config import DataConfig, RunConfig, to_dict
from mamviz.errors import ConfigError, RunError
from mamviz.run import file_sha256, newest_run, next_name, open_run, write_json, write_text, written_whole
from mamviz.schema import SCHEMA_VERSION

CONFIG = RunConfig(data=DataConfig(size=32), seed=9)


def make_record(**changes: Any) -> dict[str, Any]:
    record = {"schema_version": SCHEMA_VERSION, "config": to_dict(CONFIG), "attributes": ["Bald", "Male"], "state": "x"}
    return {name: value for name, value in {**record, **changes}.items() if value is not None}


def make_run(folder: Path, *, written_at: int | None = None) -> Path:
    write_json(folder / "run.json", make_record())
    if written_at is not None:
        os.utime(folder / "run.json", ns=(written_at, written_at))
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises((RunError, ConfigError)) as caught:
        open_run(folder)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_written_run_is_read_with_its_settings_and_names(tmp_path: Path) -> None:
    run = open_run(make_run(tmp_path / "faces-1"))
    assert run.name == "faces-1"
    assert run.config == CONFIG
    assert run.attributes == ("Bald", "Male")
    assert run.record == make_record()


def test_the_files_of_a_run_are_where_the_format_says(tmp_path: Path) -> None:
    run = open_run(make_run(tmp_path))
    files = [run.model_file, run.resume_file, run.metrics_file, run.masks_file, run.analysis_file, run.report_file]
    assert [file.relative_to(tmp_path).as_posix() for file in (*files, run.tables, run.figures)] == [
        "model.safetensors",
        "resume.pt",
        "metrics.csv",
        "masks.h5",
        "analysis.h5",
        "report.html",
        "tables",
        "figures",
    ]


def test_a_run_is_trained_once_its_weights_are_there(tmp_path: Path) -> None:
    run = open_run(make_run(tmp_path))
    assert not run.trained
    run.model_file.touch()
    assert run.trained


def test_a_folder_without_a_run_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "absent").startswith(f"{tmp_path / 'absent'}: expected a run folder")


@pytest.mark.parametrize("text", ["", '{"schema_version": 1', "\udcff"])
def test_a_record_that_is_no_json_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert "can't be read as JSON" in refusal(tmp_path)


@pytest.mark.parametrize("version", [0, SCHEMA_VERSION + 1, "1", None])
def test_another_schema_version_is_refused_by_number(tmp_path: Path, version: Any) -> None:
    write_json(tmp_path / "run.json", make_record(schema_version=version))
    assert f"schema version {version}; this mamviz reads {SCHEMA_VERSION}" in refusal(tmp_path)


@pytest.mark.parametrize("content", ["[]", "3", "null"])
def test_a_record_that_is_no_object_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content)
    assert "schema version None" in refusal(tmp_path)


@pytest.mark.parametrize("part", ["config", "attributes"])
def test_a_record_that_lacks_a_part_is_refused_by_the_part(tmp_path: Path, part: str) -> None:
    write_json(tmp_path / "run.json", make_record(**{part: None}))
    message = refusal(tmp_path)
    assert str(tmp_path / "run.json") in message
    assert part in message


def test_an_unknown_setting_in_the_record_is_refused(tmp_path: Path) -> None:
    write_json(tmp_path / "run.json", make_record(config={"zeed": 3}))
    assert "no setting 'zeed'" in refusal(tmp_path)


def test_the_newest_run_is_the_one_written_last(tmp_path: Path) -> None:
    make_run(tmp_path / "a", written_at=3_000_000_000)
    make_run(tmp_path / "b", written_at=9_000_000_000)
    make_run(tmp_path / "c", written_at=6_000_000_000)
    (tmp_path / "z").mkdir()
    newest = newest_run(tmp_path)
    assert newest is not None
    assert newest.name == "b"


def test_runs_written_at_once_are_told_apart_by_name(tmp_path: Path) -> None:
    for name in ("b", "c", "a"):
        make_run(tmp_path / name, written_at=5_000_000_000)
    newest = newest_run(tmp_path)
    assert newest is not None
    assert newest.name == "c"


def test_without_runs_there_is_no_newest(tmp_path: Path) -> None:
    assert newest_run(tmp_path) is None
    assert newest_run(tmp_path / "absent") is None


def test_the_next_name_follows_the_highest_number(tmp_path: Path) -> None:
    for name in ("faces-2", "faces-10", "faces-x", "faces-3-old", "celeba-40", "faces"):
        (tmp_path / name).mkdir()
    assert next_name(tmp_path, "faces") == "faces-11"
    assert next_name(tmp_path, "celeba") == "celeba-41"
    assert next_name(tmp_path, "new") == "new-1"
    assert next_name(tmp_path / "absent", "faces") == "faces-1"


def test_names_with_brackets_are_counted_too(tmp_path: Path) -> None:
    (tmp_path / "my[1]-4").mkdir()
    assert next_name(tmp_path, "my[1]") == "my[1]-5"


def test_an_error_leaves_the_old_file_and_no_half(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "table.csv"
    write_text(file, "old")

    def fail() -> None:
        with written_whole(file) as partial:
            partial.write_text("ha")
            assert file.read_text() == "old"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert file.read_text() == "old"
    assert list(file.parent.iterdir()) == [file]


def test_a_file_is_replaced_whole_and_keeps_its_suffix_meanwhile(tmp_path: Path) -> None:
    file = tmp_path / "figure.png"
    file.write_bytes(b"old")
    with written_whole(file) as partial:
        assert partial.parent == file.parent
        assert partial.suffix == ".png"
        partial.write_bytes(b"new")
    assert file.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [file]


def test_a_reader_that_has_the_old_file_open_goes_on_reading_it(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    write_text(file, "old")
    with file.open() as reader:
        write_text(file, "new and longer")
        assert reader.read() == "old"
    assert file.read_text() == "new and longer"


def test_two_writers_of_one_file_do_not_share_a_partial(tmp_path: Path) -> None:
    with written_whole(tmp_path / "a.txt") as one, written_whole(tmp_path / "a.txt") as other:
        one.write_text("one")
        other.write_text("other")
        assert one != other
    assert (tmp_path / "a.txt").read_text() == "one"


def test_json_keeps_letters_as_they_are(tmp_path: Path) -> None:
    write_json(tmp_path / "run.json", {"name": "Großmutter"})
    text = (tmp_path / "run.json").read_text(encoding="utf-8")
    assert "Großmutter" in text
    assert json.loads(text) == {"name": "Großmutter"}


def test_the_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"masks" * 1000)
    assert file_sha256(tmp_path / "file") == hashlib.sha256(b"masks" * 1000).hexdigest()
