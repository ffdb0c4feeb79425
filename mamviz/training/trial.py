"""How long a training will take: a few of its own steps, timed on images of noise."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from mamviz.config import RunConfig
from mamviz.data.dataset import ImageData
from mamviz.distributed import Group
from mamviz.models.weights import build_network
from mamviz.schema import TrainingTime
from mamviz.training.loop import make_session, take_step
from mamviz.training.prediction import predict

# Steps that are not timed, steps whose median counts, and seconds after which no further step is begun.
WARM_UP = 1
STEPS = 3
LONGEST = 20.0


def time_training(
    config: RunConfig, *, n_attributes: int, n_train: int, n_validation: int, device: str = "cpu"
) -> TrainingTime:
    """Return how long a training will take on this machine as it is now; takes about half a minute at most.

    Times whole steps of the training itself, and the validation of as many images. Reading images is not in it: it
    goes on beside the steps, but the first time that images are decoded or drawn. Other jobs on the machine, now or
    then, make it another time. Raises ConfigError for a network that can't be built.
    """
    data = _noise(config, n_attributes)
    group = Group(device=device)
    network = build_network(config, n_attributes=n_attributes, pretrained=False).to(device)
    session = make_session(network, config, group, total_steps=1000)
    batch = np.arange(data.n_images)

    def step() -> None:
        take_step(config, data, session, batch=batch, images=data.images, group=group)

    network.train()
    step_seconds = _median(step, device)
    validation = _median(lambda: predict(session.average, data, batch, group=group), device) / data.n_images
    steps_an_epoch = max(1, n_train // config.train.batch_size)
    epoch = steps_an_epoch * step_seconds + n_validation * validation
    return TrainingTime(seconds=config.train.epochs * epoch, images_per_second=data.n_images / step_seconds)


def _noise(config: RunConfig, n_attributes: int) -> ImageData:
    generator = np.random.default_rng(0)
    n_images, size = config.train.batch_size, config.data.size
    return ImageData(
        images=generator.integers(0, 256, (n_images, size, size, 3), dtype=np.uint8),
        names=tuple(map(str, range(n_images))),
        attributes=tuple(map(str, range(n_attributes))),
        labels=generator.integers(0, 2, (n_images, n_attributes), dtype=np.uint8),
        split=np.zeros(n_images, np.int8),
        identity=None,
        fingerprint="",
        skipped=(),
        description="noise",
    )


def _median(job: Callable[[], object], device: str) -> float:
    """Return the median seconds of a few runs; of the first alone where that takes very long."""
    seconds: list[float] = []
    begun = time.perf_counter()
    for turn in range(WARM_UP + STEPS):
        started = time.perf_counter()
        job()
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        if turn >= WARM_UP or time.perf_counter() - begun > LONGEST / 2:
            seconds.append(time.perf_counter() - started)
        if seconds and time.perf_counter() - begun > LONGEST:
            break
    return statistics.median(seconds)
