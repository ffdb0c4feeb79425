"""One pass over the images that fills masks.h5, block by block."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mamviz.data.batches import to_tensor
from mamviz.data.dataset import ImageData, SplitName
from mamviz.data.origin import describe_origin
from mamviz.data.prefetch import prefetch
from mamviz.distributed import Group, wait
from mamviz.errors import DataError, RunError
from mamviz.extraction.sums import Sums, add_images, start_sums, to_statistics
from mamviz.models.network import MaskNetwork, Masks
from mamviz.models.weights import load_network
from mamviz.run import Run
from mamviz.schema import Array, Floats, Progress, silent
from mamviz.stats.moments import adjusted_weights, number_of_blocks
from mamviz.store.layout import size_on_disk
from mamviz.store.masks import Plan, create_masks, join_masks, same_plan, unfinished_blocks, writing

# Cells of masks in work at a time: 4 MB, which stay in a CPU's last cache (measured: 3 to 8 MB equal, 1 MB and 40 MB
# slower by a third), and 256 MB, enough to keep a GPU busy.
CELLS_AT_A_TIME = {"cpu": 1 << 20, "cuda": 1 << 26}


def plan_extraction(
    run: Run, data: ImageData, *, split: SplitName, n_raw: int | None, version: str, shape: tuple[int, int, int]
) -> tuple[Plan, Array]:
    """Return what masks.h5 will hold, and the images' indices in its order.

    split    "train", "validation", "test" or "all"
    n_raw    number of images whose raw masks are stored, the first by index; None for all
    shape    (C, H, W) of the network's features
    """
    indices = data.select(split)
    if not len(indices):
        raise DataError(f"{data.description}: expected images in the split {split!r}, found none. Use --split all.")
    n_blocks = number_of_blocks(len(data.attributes), *shape)
    blocks = data.blocks(n_blocks)[indices]
    raw = np.arange(len(indices)) < (len(indices) if n_raw is None else n_raw)
    order = np.argsort(blocks, kind="stable")
    indices = indices[order]
    provenance = describe_origin(run, data, split=split, n_images=len(indices), version=version)
    plan = Plan(
        provenance=provenance,
        attributes=data.attributes,
        grid=shape,
        n_blocks=n_blocks,
        names=tuple(data.names[index] for index in indices),
        labels=data.labels[indices],
        blocks=blocks[order],
        raw=raw[order],
    )
    return plan, indices


@dataclass(frozen=True)
class Work:
    """What every block of a pass needs: the network, the images in the plan's order, and their weights w_k(n)."""

    network: MaskNetwork
    data: ImageData
    plan: Plan
    indices: Array
    weights: Floats
    batch_size: int
    device: str


@torch.inference_mode()
def extract_masks(
    run: Run,
    data: ImageData,
    plan: Plan,
    indices: Array,
    *,
    group: Group | None = None,
    batch_size: int = 64,
    progress: Progress = silent,
) -> Path:
    """Write the run's masks.h5 as planned and return its path; memory does not grow with the number of images.

    A file that was interrupted is finished, a whole one with the same plan is kept. Under torchrun each process
    works on blocks of its own, and the first joins their files. Batches never cross a block, so the numbers
    do not depend on the number of processes.
    Raises RunError where the disk has no room.
    """
    group = group or Group()
    if same_plan(run.masks_file, plan) and not unfinished_blocks(run.masks_file):
        return run.masks_file
    work = Work(
        network=load_network(run, device=group.device),
        data=data,
        plan=plan,
        indices=indices,
        weights=adjusted_weights(plan.labels).values,
        batch_size=batch_size,
        device=group.device,
    )
    main = _part(run, 0)
    if group.leads:
        _check_space(run, plan)
        _prepare(run, plan)
    wait(group)
    blocks = unfinished_blocks(main)[group.rank :: group.world]
    wait(group)
    own = _part(run, group.rank)
    if not group.leads:
        create_masks(own, replace(plan, raw=plan.raw & np.isin(plan.blocks, blocks)))
    _fill(own, work, blocks, progress)
    wait(group)
    if group.leads:
        others = [_part(run, rank) for rank in range(1, group.world)]
        join_masks(main, others)
        main.replace(run.masks_file)
        for part in others:
            part.unlink()
    wait(group)
    return run.masks_file


def _part(run: Run, rank: int) -> Path:
    return run.folder / f"masks.part-{rank}.h5"


def _check_space(run: Run, plan: Plan) -> None:
    needed = size_on_disk(
        plan.n_blocks, len(plan.attributes), plan.grid, n_raw=int(plan.raw.sum()), n_images=len(plan.names)
    )
    main = _part(run, 0)
    free = shutil.disk_usage(run.folder).free + (main.stat().st_size if main.is_file() else 0)
    if needed > free:
        raise RunError(
            f"{run.folder}: masks.h5 needs {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free. "
            "Store raw masks of fewer images (--raw), or make room."
        )


def _prepare(run: Run, plan: Plan) -> None:
    """Leave a file of this plan at the first part, with the finished blocks of all parts that were left behind."""
    main = _part(run, 0)
    others = [part for part in sorted(run.folder.glob("masks.part-*.h5")) if part != main]
    if same_plan(main, plan):
        join_masks(main, others)
    else:
        main.unlink(missing_ok=True)
        create_masks(main, plan)
    for part in others:
        part.unlink()


def _fill(file: Path, work: Work, blocks: Sequence[int], progress: Progress) -> None:
    plan = work.plan
    n_images = sum(plan.rows_of(block).stop - plan.rows_of(block).start for block in blocks)
    done = 0
    with writing(file) as writer:
        for block in blocks:
            sums = start_sums(len(plan.attributes), plan.grid, device=work.device)
            for part, images in prefetch(_read(work, plan.rows_of(block))):
                features = work.network.extractor(to_tensor(images, device=work.device))
                logits = []
                for few, masks in _explain_parts(work.network, features, part):
                    _add(sums, masks, work, few)
                    writer.write_raw(few, masks.masks, plan.raw[few])
                    logits.append(masks.logits)
                writer.write_logits(part, torch.cat(logits).double().cpu().numpy())
                done += len(images)
                progress(done, n_images, f"block {block + 1} of {plan.n_blocks}")
            writer.write_block(block, to_statistics(sums, plan.attributes))


def _read(work: Work, rows: slice) -> Iterator[tuple[slice, Array]]:
    for start in range(rows.start, rows.stop, work.batch_size):
        part = slice(start, min(start + work.batch_size, rows.stop))
        yield part, work.data.images[work.indices[part]]


def _explain_parts(network: MaskNetwork, features: Tensor, rows: slice) -> Iterator[tuple[slice, Masks]]:
    """Yield masks of as many images at a time as stay in a cache, with their rows."""
    step = max(1, CELLS_AT_A_TIME[features.device.type] // (network.n_attributes * features[0].numel()))
    for start in range(rows.start, rows.stop, step):
        few = slice(start, min(start + step, rows.stop))
        yield few, network.explain_features(features[few.start - rows.start : few.stop - rows.start])


def _add(sums: Sums, masks: Masks, work: Work, rows: slice) -> None:
    labels = torch.from_numpy(work.plan.labels[rows]).to(work.device, torch.float64)
    add_images(sums, masks, labels=labels, weights=torch.from_numpy(work.weights[rows]).to(work.device))
