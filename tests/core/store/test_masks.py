from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from mamviz.schema import BlockStatistics, BlockSums
from mamviz.store.masks import (
    create_masks,
    join_masks,
    mask_provenance,
    read_images,
    read_raw,
    read_statistics,
    same_plan,
    unfinished_blocks,
    writing,
)
from tests.core.store.drawn import (
    ATTRIBUTES,
    BLOCKS,
    GRID,
    N_BLOCKS,
    PROVENANCE,
    Reader,
    draw_block,
    draw_logits,
    draw_masks,
    draw_plan,
    fill,
    refusal,
)

READERS: list[Reader] = [read_statistics, read_images, read_raw]


def assert_drawn(statistics: BlockStatistics) -> None:
    blocks = [draw_block(block) for block in range(N_BLOCKS)]
    for name in ("count", "positives", "weight_sum", "label_gram", "feature_sum"):
        np.testing.assert_array_equal(getattr(statistics, name), np.concatenate([getattr(b, name) for b in blocks]))
    for entry in fields(BlockSums):
        for each in ("mask", "evidence"):
            expected = np.concatenate([getattr(getattr(block, each), entry.name) for block in blocks])
            np.testing.assert_array_equal(getattr(getattr(statistics, each), entry.name), expected, err_msg=entry.name)


def test_statistics_are_read_as_they_were_written(whole: Path) -> None:
    statistics = read_statistics(whole)
    assert statistics.attributes == ATTRIBUTES
    assert statistics.grid == GRID
    assert statistics.n_images == len(BLOCKS)
    assert_drawn(statistics)


def test_images_are_read_as_they_were_written(whole: Path) -> None:
    images, plan = read_images(whole), draw_plan()
    assert images.names == plan.names
    np.testing.assert_array_equal(images.labels, plan.labels)
    np.testing.assert_array_equal(images.logits, draw_logits())
    np.testing.assert_array_equal(images.blocks, BLOCKS)


def test_provenance_is_read_as_it_was_written(whole: Path) -> None:
    assert mask_provenance(whole) == PROVENANCE


def test_raw_masks_are_those_of_the_planned_images_in_half_precision(whole: Path) -> None:
    names, masks = read_raw(whole)
    assert names == ("bild 000.jpg", "bild 002.jpg", "bild 005.jpg")
    np.testing.assert_array_equal(masks, draw_masks()[[0, 2, 5]].astype(np.float16))


def test_raw_masks_come_in_the_order_asked_for(whole: Path) -> None:
    names, masks = read_raw(whole, ["bild 005.jpg", "bild 000.jpg"])
    assert names == ("bild 005.jpg", "bild 000.jpg")
    np.testing.assert_array_equal(masks, draw_masks()[[5, 0]].astype(np.float16))


def test_an_image_without_raw_masks_is_named(whole: Path) -> None:
    message = refusal(lambda file: read_raw(file, ["bild 000.jpg", "bild 001.jpg"]), whole)
    assert "no raw masks of 'bild 001.jpg' (3 images have)" in message
    assert "--raw all" in message


def test_tensors_are_stored_like_arrays(whole: Path, tmp_path: Path) -> None:
    plan = draw_plan()
    create_masks(tmp_path / "masks.h5", plan)
    with writing(tmp_path / "masks.h5") as writer:
        writer.write_raw(slice(0, 7), torch.from_numpy(draw_masks()), plan.raw)
        for block in range(N_BLOCKS):
            writer.write_block(block, draw_block(block))
    np.testing.assert_array_equal(read_raw(tmp_path / "masks.h5")[1], read_raw(whole)[1])


def test_a_file_without_raw_masks_is_whole(tmp_path: Path) -> None:
    file = fill(tmp_path / "masks.h5", draw_plan(raw=()))
    assert_drawn(read_statistics(file))
    names, masks = read_raw(file)
    assert names == ()
    assert masks.shape == (0, 3, 4, 2, 3)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(copy: Path, read: Reader, share: float) -> None:
    content = copy.read_bytes()
    copy.write_bytes(content[: int(share * len(content))])
    assert "truncated" in refusal(read, copy)


@pytest.mark.parametrize("read", READERS)
def test_a_missing_file_says_what_writes_it(tmp_path: Path, read: Reader) -> None:
    assert "mamviz extract-masks" in refusal(read, tmp_path / "masks.h5")


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("version", [0, 2])
def test_another_schema_version_is_refused_by_number(copy: Path, read: Reader, version: int) -> None:
    with h5py.File(copy, "r+") as handle:
        handle.attrs["schema_version"] = version
    assert f"schema version {version}; this mamviz reads 1" in refusal(read, copy)


@pytest.mark.parametrize("read", READERS)
def test_a_file_of_another_kind_is_refused(copy: Path, read: Reader) -> None:
    with h5py.File(copy, "r+") as handle:
        handle.attrs["kind"] = "analysis"
    assert "expected a file of masks, got 'analysis'" in refusal(read, copy)


def test_missing_provenance_is_refused_by_name(copy: Path) -> None:
    with h5py.File(copy, "r+") as handle:
        del handle.attrs["model_sha256"]
    assert "'model_sha256' is missing" in refusal(mask_provenance, copy)
    assert not same_plan(copy, draw_plan())


@pytest.mark.parametrize("read", READERS)
def test_an_unfinished_file_says_how_far_it_is(tmp_path: Path, read: Reader) -> None:
    file = fill(tmp_path / "masks.h5", draw_plan(), blocks=[0, 1])
    assert unfinished_blocks(file) == (2,)
    assert "2 of 3 blocks are done. Finish it with `mamviz extract-masks`" in refusal(read, file)


def test_an_unfinished_file_can_be_finished_later(whole: Path, tmp_path: Path) -> None:
    file = fill(tmp_path / "masks.h5", draw_plan(), blocks=[2])
    assert unfinished_blocks(file) == (0, 1)
    fill(file, draw_plan(), blocks=[0, 1])
    assert_drawn(read_statistics(file))
    np.testing.assert_array_equal(read_images(file).logits, draw_logits())
    np.testing.assert_array_equal(read_raw(file)[1], read_raw(whole)[1])


def test_a_file_that_another_process_writes_is_not_called_broken(copy: Path) -> None:
    code = "import sys, h5py; f = h5py.File(sys.argv[1], 'r+'); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(copy)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        assert "another process is writing" in refusal(read_statistics, copy)
    assert_drawn(read_statistics(copy))


def test_parts_of_several_processes_join_to_the_file_of_one(whole: Path, tmp_path: Path) -> None:
    plan = draw_plan()
    main = fill(tmp_path / "part-0.h5", plan, blocks=[0])
    # Others hold space for the raw masks of their own blocks only.
    own = replace(plan, raw=plan.raw & np.isin(plan.blocks, [1, 2]))
    other = fill(tmp_path / "part-1.h5", own, blocks=[1, 2])
    join_masks(main, [other])
    assert unfinished_blocks(main) == ()
    assert_drawn(read_statistics(main))
    np.testing.assert_array_equal(read_images(main).logits, draw_logits())
    for got, expected in zip(read_raw(main), read_raw(whole), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_joining_takes_only_finished_blocks_and_keeps_what_is_there(tmp_path: Path) -> None:
    main = fill(tmp_path / "part-0.h5", draw_plan(), blocks=[0])
    other = fill(tmp_path / "part-1.h5", draw_plan(), blocks=[0, 1])
    with h5py.File(other, "r+") as handle:
        handle["blocks/weight_sum"][0] = 99
    join_masks(main, [other])
    assert unfinished_blocks(main) == (2,)
    with h5py.File(main) as handle:
        np.testing.assert_array_equal(handle["blocks/weight_sum"][:1], draw_block(0).weight_sum)


def test_a_file_is_of_its_plan_and_of_no_other(whole: Path, tmp_path: Path) -> None:
    plan = draw_plan()
    assert same_plan(whole, plan)
    assert not same_plan(whole, draw_plan(raw=(0,)))
    assert not same_plan(whole, replace(plan, provenance=replace(PROVENANCE, model_sha256="other")))
    assert not same_plan(whole, replace(plan, provenance=replace(PROVENANCE, fingerprint="other")))
    assert same_plan(whole, replace(plan, provenance=replace(PROVENANCE, data="the same images, elsewhere")))
    assert not same_plan(whole, replace(plan, attributes=("Bald", "Male", "Größe")))
    assert not same_plan(whole, replace(plan, n_blocks=4))
    assert not same_plan(whole, replace(plan, blocks=np.sort(BLOCKS)[::-1]))
    assert not same_plan(tmp_path / "absent.h5", plan)


def test_rows_of_a_block_are_the_images_it_has() -> None:
    plan = draw_plan()
    assert [plan.rows_of(block) for block in range(3)] == [slice(0, 3), slice(3, 3), slice(3, 7)]


def test_large_sums_are_mapped_and_what_is_done_to_them_stays_out_of_the_file(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mamviz.store.hdf5.MAPPED_BYTES", 1)
    before = copy.read_bytes()
    statistics = read_statistics(copy)
    assert_drawn(statistics)
    statistics.mask.total[:] = 0.0
    assert copy.read_bytes() == before
    assert_drawn(read_statistics(copy))
