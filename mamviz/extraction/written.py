"""masks.h5 of a run in one call, for notebooks and programs: planned and written."""

from __future__ import annotations

from pathlib import Path

import mamviz
from mamviz.data.dataset import ImageData, SplitName
from mamviz.distributed import Group
from mamviz.extraction.sweep import extract_masks, plan_extraction
from mamviz.models.weights import build_network
from mamviz.run import Run
from mamviz.schema import Progress, silent


def write_masks(
    run: Run,
    data: ImageData,
    *,
    split: SplitName = "all",
    n_raw: int | None = 0,
    device: str = "cpu",
    progress: Progress = silent,
) -> Path:
    """Write the run's masks.h5 and return its path, as `mamviz extract-masks` does.

    n_raw    images whose raw masks are stored too, the first of the data; None for all
    A file that was interrupted is finished, a whole one of the same images and weights is kept.
    Raises DataError where the split is empty, RunError where the disk has no room.
    """
    shape = build_network(run.config, n_attributes=len(run.attributes), pretrained=False).shape
    plan, indices = plan_extraction(run, data, split=split, n_raw=n_raw, version=mamviz.__version__, shape=shape)
    return extract_masks(run, data, plan, indices, group=Group(device=device), progress=progress)
