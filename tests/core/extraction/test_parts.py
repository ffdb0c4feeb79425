"""Files that processes left behind: whole blocks are taken up, the rest is removed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from mamviz.data.dataset import ImageData
from mamviz.distributed import Group
from mamviz.extraction import plan_extraction
from mamviz.extraction.parts import begin_parts, end_parts, part_file, remove_parts
from mamviz.models.weights import build_network, write_network
from mamviz.run import Run
from mamviz.store.masks import Plan, create_masks, unfinished_blocks
from tests.core.made import make_config, make_data, make_run

DONE = (3, 5, 8)


@pytest.fixture
def data() -> ImageData:
    return make_data(60)


@pytest.fixture
def run(tmp_path: Path, data: ImageData) -> Run:
    run = make_run(tmp_path / "made-1", make_config(), data)
    network = build_network(run.config, n_attributes=4)
    write_network(run.model_file, network, config=run.config, attributes=run.attributes)
    return run


@pytest.fixture
def plan(run: Run, data: ImageData) -> Plan:
    return plan_extraction(run, data, split="all", n_raw=60, version="0", shape=(4, 2, 2))[0]


def leave(file: Path, plan: Plan, *, done: tuple[int, ...] = DONE, value: float = 1.0) -> None:
    """Leave a file whose finished blocks say `value` everywhere."""
    create_masks(file, replace(plan, raw=plan.raw & np.isin(plan.blocks, done)))
    with h5py.File(file, "r+") as handle:
        for block in done:
            handle["blocks/count"][block] = value
            handle["images/mask"][:] = value
            handle["blocks/done"][block] = 1


def assert_taken_up(run: Run, plan: Plan, done: tuple[int, ...], value: float = 1.0) -> None:
    blocks = begin_parts(run, plan, Group())
    assert set(range(64)) - set(blocks) == set(done)
    assert [path.name for path in run.folder.glob("*masks*")] == ["masks.part-0.h5"]
    with h5py.File(part_file(run, 0)) as handle:
        assert set(np.flatnonzero(handle["blocks/done"][:])) == set(done)
        rows = np.flatnonzero(np.isin(plan.blocks, done))
        assert (handle["images/mask"][:][rows] == value).all()
        assert all(handle["blocks/count"][block] == value for block in done)


def test_nothing_left_behind_is_all_to_do(run: Run, plan: Plan) -> None:
    assert begin_parts(run, plan, Group()) == tuple(range(64))


def test_finished_blocks_of_any_process_are_kept(run: Run, plan: Plan) -> None:
    create_masks(part_file(run, 0), plan)
    leave(part_file(run, 1), plan)
    leave(part_file(run, 3), plan, done=(0, 63))
    assert_taken_up(run, plan, (*DONE, 0, 63))


@pytest.mark.parametrize("damage", ["missing", "half", "empty", "text"])
def test_what_is_whole_is_kept_where_the_first_file_is_damaged(run: Run, plan: Plan, damage: str) -> None:
    main = part_file(run, 0)
    create_masks(main, plan)
    leave(part_file(run, 1), plan)
    content = main.read_bytes()
    main.write_bytes({"half": content[: len(content) // 2], "text": b"no HDF5"}.get(damage, b""))
    if damage == "missing":
        main.unlink()
    assert_taken_up(run, plan, DONE)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.9])
def test_a_damaged_file_of_another_process_is_removed_and_the_rest_kept(run: Run, plan: Plan, share: float) -> None:
    create_masks(part_file(run, 0), plan)
    leave(part_file(run, 1), plan)
    leave(part_file(run, 2), plan, done=(0, 1))
    content = part_file(run, 2).read_bytes()
    part_file(run, 2).write_bytes(content[: int(share * len(content))])
    (run.folder / ".masks.part-2.123-ab.h5").write_bytes(b"killed while it was made")
    assert_taken_up(run, plan, DONE)


def test_files_of_another_plan_are_removed(run: Run, plan: Plan, data: ImageData) -> None:
    other = plan_extraction(run, data, split="train", n_raw=60, version="0", shape=(4, 2, 2))[0]
    leave(part_file(run, 0), other)
    leave(part_file(run, 1), other)
    assert_taken_up(run, plan, ())


def test_blocks_without_the_raw_masks_that_are_asked_for_are_not_kept(run: Run, plan: Plan) -> None:
    leave(part_file(run, 1), replace(plan, raw=np.zeros(60, bool)))
    assert_taken_up(run, plan, ())


def test_blocks_of_a_plan_without_raw_masks_are_kept(run: Run, plan: Plan) -> None:
    without = replace(plan, raw=np.zeros(60, bool))
    leave(part_file(run, 1), without)
    blocks = begin_parts(run, without, Group())
    assert set(range(64)) - set(blocks) == set(DONE)


def test_the_last_file_left_is_masks_h5(run: Run, plan: Plan) -> None:
    leave(part_file(run, 0), plan, done=())
    part_file(run, 2).write_bytes(b"of an earlier job")
    end_parts(run, Group())
    assert [path.name for path in run.folder.glob("*masks*")] == ["masks.h5"]
    assert len(unfinished_blocks(run.masks_file)) == 64


def test_only_parts_are_removed(run: Run) -> None:
    run.masks_file.write_bytes(b"whole")
    part_file(run, 1).write_bytes(b"left")
    remove_parts(run)
    assert [path.name for path in run.folder.glob("*masks*")] == ["masks.h5"]
