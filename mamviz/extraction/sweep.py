"""One pass over the images that fills masks.h5, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from mamviz.data.batches import to_tensor
from mamviz.data.dataset import ImageData, SplitName
from mamviz.data.memory import Room, describe_room, fit, trim_heap
from mamviz.data.origin import describe_origin
from mamviz.data.prefetch import prefetch
from mamviz.distributed import Group, together
from mamviz.errors import DataError
from mamviz.extraction.parts import begin_parts, end_parts, part_file, remove_parts
from mamviz.extraction.sums import Sums, add_images, start_sums, to_statistics
from mamviz.models.network import MaskNetwork, Masks
from mamviz.models.weights import load_network
from mamviz.run import Run
from mamviz.schema import Array, Progress, silent
from mamviz.stats.moments import Weighting, adjusted_weighting, number_of_blocks
from mamviz.store.masks import Plan, Writer, same_plan, unfinished_blocks, writing

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
    """What every block of a pass needs: the network, the images in the plan's order, and how labels weigh them."""

    network: MaskNetwork
    data: ImageData
    plan: Plan
    indices: Array
    weighting: Weighting
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
    do not depend on the number of processes. Where memory runs out, the block is done again with half as many images
    at once, and so is the rest of the pass; the progress says so.
    Raises RunError where the disk has no room, ConfigError where one image is too much, LostError where another
    process ends.
    """
    group = group or Group()
    if same_plan(run.masks_file, plan) and not unfinished_blocks(run.masks_file):
        if group.leads:
            remove_parts(run)
        return run.masks_file
    work = Work(
        network=load_network(run, device=group.device),
        data=data,
        plan=plan,
        indices=indices,
        weighting=adjusted_weighting(plan.labels),
        batch_size=batch_size,
        device=group.device,
    )
    with together(group):
        blocks = begin_parts(run, plan, group)
        _fill(part_file(run, group.rank), work, blocks, progress)
        end_parts(run, group)
    return run.masks_file


def _fill(file: Path, work: Work, blocks: Sequence[int], progress: Progress) -> None:
    rows = {block: work.plan.rows_of(block) for block in blocks}
    n_images = sum(each.stop - each.start for each in rows.values())
    done, room = 0, Room(work.batch_size)

    def tell(n_more: int, block: int) -> None:
        notes = (f"block {block + 1} of {work.plan.n_blocks}", describe_room(room, work.batch_size))
        progress(done + n_more, n_images, ", ".join(filter(None, notes)))

    with writing(file) as writer:
        for block in blocks:
            sums = fit(partial(_sum_block, work, writer, rows[block], partial(tell, block=block)), room)
            writer.write_block(block, to_statistics(sums, work.plan.attributes))
            del sums
            trim_heap()
            done += rows[block].stop - rows[block].start


def _sum_block(work: Work, writer: Writer, rows: slice, tell: Callable[[int], None], at_once: int) -> Sums:
    """Return the sums of one block and write its images' logits and raw masks.

    Begins with empty sums: of a call that memory ran out in nothing stands, so no image is summed twice.
    """
    plan = work.plan
    sums = start_sums(len(plan.attributes), plan.grid, device=work.device)
    for part, images in prefetch(_read(work, rows, at_once)):
        features = work.network.extractor(to_tensor(images, device=work.device))
        logits = []
        for few, masks in explain_parts(work.network, features, part):
            _add(sums, masks, work, few)
            writer.write_raw(few, masks.masks, plan.raw[few])
            logits.append(masks.logits)
        writer.write_logits(part, torch.cat(logits).double().cpu().numpy())
        tell(part.stop - rows.start)
    return sums


def _read(work: Work, rows: slice, at_once: int) -> Iterator[tuple[slice, Array]]:
    for start in range(rows.start, rows.stop, at_once):
        part = slice(start, min(start + at_once, rows.stop))
        yield part, work.data.images[work.indices[part]]


def explain_parts(network: MaskNetwork, features: Tensor, rows: slice) -> Iterator[tuple[slice, Masks]]:
    """Yield masks of as many images at a time as stay in a cache, with their rows."""
    step = max(1, CELLS_AT_A_TIME[features.device.type] // (network.n_attributes * features[0].numel()))
    for start in range(rows.start, rows.stop, step):
        few = slice(start, min(start + step, rows.stop))
        yield few, network.explain_features(features[few.start - rows.start : few.stop - rows.start])


def add_batch(sums: Sums, network: MaskNetwork, x: Tensor, *, labels: Tensor, weights: Tensor) -> None:
    """Add a batch of images x (n, 3, S, S) to sums, and nothing else; labels and weights (n, K) float64."""
    for rows, masks in explain_parts(network, network.extractor(x), slice(0, len(x))):
        add_images(sums, masks, labels=labels[rows], weights=weights[rows])


def _add(sums: Sums, masks: Masks, work: Work, rows: slice) -> None:
    labels = torch.from_numpy(work.plan.labels[rows]).to(work.device, torch.float64)
    weights = torch.from_numpy(work.weighting.weigh(work.plan.labels[rows])).to(work.device)
    add_images(sums, masks, labels=labels, weights=weights)
