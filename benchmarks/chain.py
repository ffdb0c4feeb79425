"""The chain on built-in faces as its commands run it, timed: drawn, trained for a few epochs, and extracted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from deadline import Deadline

from mamviz import __version__
from mamviz.config import RunConfig, TrainConfig
from mamviz.data.dataset import ImageData, open_data
from mamviz.distributed import Group
from mamviz.extraction import extract_masks, plan_extraction
from mamviz.models.weights import load_network
from mamviz.run import Run
from mamviz.training.loop import train
from mamviz.training.start import start_run

EPOCHS = 3  # the first compiles, warms up and is not counted


def time_chain(
    folder: Path, config: RunConfig, *, device: str, n_extracted: int, n_asked: int, deadline: Deadline
) -> Iterator[str]:
    """Yield a line for each part: what was measured, and what it was multiplied to.

    n_extracted    images whose statistics are made: the drawn ones again and again
    n_asked        faces of the training that is spoken of
    """
    n_drawn = config.data.n_faces
    config = replace(config, train=replace(config.train, epochs=EPOCHS))
    started = time.perf_counter()
    data = open_data(config.data, cache=folder / "cache", progress=deadline.check)
    drawing = time.perf_counter() - started
    rate = n_drawn / drawing
    yield f"drawn, measured: {n_drawn:,} faces of {data.size} px on the CPU in {drawing:.1f} s, {rate:.0f} a second"
    run = start_run(folder / "run", config, data, device=device, command=["bench"], created="", version=__version__)
    ends: list[float] = []
    rows = train(
        run,
        data,
        group=Group(device=device),
        progress=deadline.check,
        on_epoch=lambda _: ends.append(time.perf_counter()),
    )
    epoch = float(np.median(np.diff(ends)))
    yield (
        f"trained, measured: an epoch of {n_drawn:,} faces, {len(data.select('train')):,} of them in steps, takes "
        f"{epoch:.2f} s with validation and checkpoint (median of {EPOCHS - 1}); in steps, reading included, "
        f"{rows[-1].images_per_second:.0f} images/s"
    )
    epochs = TrainConfig().epochs
    total = epochs * epoch * n_asked / n_drawn
    yield (
        f"to train on {n_asked:,} faces, multiplied out: {epochs} epochs of {n_asked / n_drawn:g} times as many take "
        f"{total / 60:.1f} min, and drawing them once {drawing * n_asked / n_drawn / 60:.1f} min"
    )
    yield _extract(run, repeat_images(data, n_extracted), device=device, n_drawn=n_drawn, deadline=deadline)


def repeat_images(data: ImageData, n_images: int) -> ImageData:
    """Return so many images: the same ones again and again, under names of their own."""
    places = np.arange(n_images) % data.n_images
    return replace(
        data,
        images=np.asarray(data.images)[places],
        names=tuple(f"{index:06d}.jpg" for index in range(n_images)),
        labels=data.labels[places],
        split=data.split[places],
    )


def _extract(run: Run, data: ImageData, *, device: str, n_drawn: int, deadline: Deadline) -> str:
    shape = load_network(run).shape
    started = time.perf_counter()
    plan, indices = plan_extraction(run, data, split="all", n_raw=0, version=__version__, shape=shape)
    file = extract_masks(run, data, plan, indices, group=Group(device=device), progress=deadline.check)
    seconds = time.perf_counter() - started
    return (
        f"extracted, measured: {plan.n_blocks}-block statistics of {data.n_images:,} images in {seconds:.1f} s, "
        f"{data.n_images / seconds:.0f} a second, masks.h5 of {file.stat().st_size / 1e6:.0f} MB; the images are "
        f"{n_drawn:,} faces again and again"
    )
