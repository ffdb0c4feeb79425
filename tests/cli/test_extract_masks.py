from __future__ import annotations

import numpy as np

from mamviz.run import open_run
from mamviz.store.masks import mask_provenance, read_images, read_raw, read_statistics


def test_json_says_what_is_in_the_file(small) -> None:
    ended = small("extract-masks", "few-1", "--json")
    run = open_run(small.runs / "few-1")
    statistics = read_statistics(run.masks_file)
    assert ended.json["n_images"] == statistics.n_images == 96
    assert ended.json["n_blocks"] == statistics.n_blocks
    assert tuple(ended.json["grid"]) == statistics.grid
    assert ended.json["grid"][0] == 8
    assert ended.json["bytes"] == run.masks_file.stat().st_size
    origin = mask_provenance(run.masks_file)
    assert origin.fingerprint == run.record["data"]["fingerprint"]
    assert origin.data == run.record["data"]["description"]
    assert str(run.masks_file) in ended.err
    assert "mamviz correlate" in ended.err


def test_raw_masks_are_stored_on_request(small) -> None:
    assert small("extract-masks", "few-1", "--split", "test", "--raw", "3", "--json").json["n_raw"] == 3
    run = open_run(small.runs / "few-1")
    assert len(read_raw(run.masks_file)[0]) == 3
    n_test = len(read_images(run.masks_file).names)
    assert 3 < n_test < 96
    assert small("extract-masks", "few-1", "--split", "test", "--raw", "all", "--json").json["n_raw"] == n_test
    _, raw = read_raw(run.masks_file)
    assert raw.shape == (n_test, 6, 8, 4, 4)
    assert np.all((raw > 0) & (raw < 1))


def test_a_dry_run_says_what_is_needed_and_writes_nothing(small) -> None:
    run = open_run(small.runs / "few-1")
    small("extract-masks", "few-1", "--split", "all", "--raw", "5")
    size = run.masks_file.stat().st_size
    run.masks_file.unlink()
    before = sorted(small.runs.rglob("*"))
    ended = small("extract-masks", "few-1", "--raw", "5", "--dry-run", "--json")
    assert sorted(small.runs.rglob("*")) == before
    assert ended.json["disk_bytes"] <= size < ended.json["disk_bytes"] + 100_000
    assert ended.json["time"]["seconds"] > 0
    assert ended.out.startswith("memory ")
    assert "nothing was extracted" in ended.err
    fewer = small("extract-masks", "few-1", "--raw", "all", "--split", "test", "--dry-run", "--json")
    assert fewer.json["disk_bytes"] != ended.json["disk_bytes"]


def test_a_dry_run_refuses_what_the_command_refuses(small, table, faces_folder) -> None:
    other = faces_folder / "img_align_celeba" / "other.csv"
    header, *rows = table.read_text().splitlines()
    other.write_text("\n".join([f"{header},Extra", *(f"{row},1" for row in rows)]) + "\n")
    try:
        assert "expected the 6 attributes" in small.fails("extract-masks", "few-1", "--data", other, "--dry-run")
    finally:
        other.unlink()
    assert "expected one of train, " in small.fails("extract-masks", "few-1", "--split", "none", "--dry-run")


def test_a_dry_run_without_a_run_says_what_tells(world) -> None:
    assert "`mamviz train --dry-run` tells" in world.fails("extract-masks", "--dry-run")


def test_a_file_that_is_whole_is_kept(small) -> None:
    small("extract-masks", "few-1")
    file = small.runs / "few-1" / "masks.h5"
    before = file.stat().st_mtime_ns
    small("extract-masks", "few-1", "--batch-size", "7")
    assert file.stat().st_mtime_ns == before


def test_other_data_are_read_by_the_runs_columns(small, table, faces_folder) -> None:
    part = faces_folder / "img_align_celeba" / "part.csv"
    try:
        part.write_text("\n".join(table.read_text().splitlines()[:41]) + "\n")
        ended = small("extract-masks", "few-1", "--data", part, "--json")
    finally:
        part.unlink()
    assert ended.json["n_images"] == 40
    assert mask_provenance(small.runs / "few-1" / "masks.h5").n_images == 40
