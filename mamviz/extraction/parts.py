"""The files of the processes that fill one masks.h5 together: begun, taken up again, and joined."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from mamviz.distributed import Group, wait
from mamviz.errors import MaskFileError, RunError
from mamviz.run import Run
from mamviz.store.hdf5 import opened
from mamviz.store.layout import size_on_disk
from mamviz.store.masks import KIND, Plan, create_masks, join_masks, same_plan, unfinished_blocks


def begin_parts(run: Run, plan: Plan, group: Group) -> tuple[int, ...]:
    """Make this process's file, and return the blocks that are its to fill.

    Finished blocks of files that were left behind are kept, by however many processes: whole blocks of one that was
    killed too. What can't be read, or is of another plan, is removed. Raises RunError where the disk has no room.
    """
    main = part_file(run, 0)
    if group.leads:
        _check_space(run, plan)
        _take_up(run, plan)
    wait(group)
    blocks = unfinished_blocks(main)[group.rank :: group.world]
    wait(group)
    if not group.leads:
        create_masks(part_file(run, group.rank), replace(plan, raw=plan.raw & np.isin(plan.blocks, blocks)))
    return blocks


def end_parts(run: Run, group: Group) -> None:
    """Join the files of all processes to masks.h5, when all are full."""
    wait(group)
    if group.leads:
        main = part_file(run, 0)
        join_masks(main, [part_file(run, rank) for rank in range(1, group.world)])
        main.replace(run.masks_file)
        remove_parts(run)
    wait(group)


def part_file(run: Run, rank: int) -> Path:
    """Return the file that one process fills; the first one's becomes masks.h5."""
    return run.folder / f"masks.part-{rank}.h5"


def remove_parts(run: Run) -> None:
    """Remove what processes left beside a masks.h5 that is whole, half-written files of killed ones too."""
    for part in (*run.folder.glob("masks.part-*.h5"), *run.folder.glob(".masks.part-*.h5")):
        part.unlink()


def _check_space(run: Run, plan: Plan) -> None:
    needed = size_on_disk(
        plan.n_blocks, len(plan.attributes), plan.grid, n_raw=int(plan.raw.sum()), n_images=len(plan.names)
    )
    main = part_file(run, 0)
    free = shutil.disk_usage(run.folder).free + (main.stat().st_size if main.is_file() else 0)
    if needed > free:
        raise RunError(
            f"{run.folder}: masks.h5 needs {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free. "
            "Store raw masks of fewer images (--raw), or make room."
        )


def _take_up(run: Run, plan: Plan) -> None:
    """Leave one file of this plan, the first part, with the finished blocks of all parts that were left behind."""
    main = part_file(run, 0)
    if not same_plan(main, plan):
        main.unlink(missing_ok=True)
        create_masks(main, plan)
    others = sorted(set(run.folder.glob("masks.part-*.h5")) - {main})
    join_masks(main, [part for part in others if _fits(part, plan)])
    for part in (*others, *run.folder.glob(".masks.part-*.h5")):
        part.unlink()


def _fits(part: Path, plan: Plan) -> bool:
    """Tell whether the finished blocks of a part are blocks of `plan`, with the raw masks that it asks for."""
    try:
        with opened(part, kind=KIND) as handle:
            rows = handle["images/mask_row"][:]
            done = np.flatnonzero(handle["blocks/done"][:])
    except (MaskFileError, KeyError, OSError):
        return False
    raw = np.isin(np.arange(len(plan.raw)), rows)
    wanted = plan.raw & np.isin(plan.blocks, done)
    return same_plan(part, replace(plan, raw=raw)) and not (wanted & ~raw).any()
