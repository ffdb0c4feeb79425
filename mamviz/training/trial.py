"""How long a training will take and how much it will hold: a few of its own steps on images of noise."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch

from mamviz.config import RunConfig
from mamviz.data.memory import free_memory
from mamviz.data.noise import make_noise
from mamviz.distributed import Group
from mamviz.models.weights import build_network
from mamviz.schema import Budget, WorkTime
from mamviz.training.loop import make_session, take_step
from mamviz.training.prediction import BATCH, predict
from mamviz.trial import forget_most_held, median_seconds, most_held_bytes


def try_training(
    budget: Budget, config: RunConfig, *, n_attributes: int, n_train: int, n_validation: int, device: str = "cpu"
) -> Budget:
    """Return the budget with time and memory as measured on this machine; takes about half a minute at most.

    Makes whole steps of the training itself, and validates a batch. Memory is the most that this process has
    held meanwhile, or on CUDA that tensors have held; images that stay on the GPU where there is room are not in it.
    Reading images is not in the time: it goes on beside the steps, but the first time that images are decoded or
    drawn. Other jobs on the machine, now or then, make it another time. Raises ConfigError for a network that
    can't be built, or where one image is too much.
    """
    n_images = config.train.batch_size
    n_validated = max(1, min(BATCH, n_validation))
    data = make_noise(config.data, n_images=max(n_images, n_validated), n_attributes=n_attributes)
    group = Group(device=device)
    on_device = device.startswith("cuda")
    wait = torch.cuda.synchronize if on_device else None
    network = build_network(config, n_attributes=n_attributes, pretrained=False).to(device)
    session = make_session(network, config, group, total_steps=1000)
    batch = np.arange(n_images)

    def step() -> None:
        take_step(config, data, session, batch=batch, images=data.images[:n_images], group=group)

    network.train()
    free_memory()
    forget_most_held()
    if on_device:
        torch.cuda.reset_peak_memory_stats(device)
    step_seconds = median_seconds(step, wait=wait)
    validated = np.arange(n_validated)
    validation = median_seconds(lambda: predict(session.average, data, validated, group=group), wait=wait) / n_validated
    steps_an_epoch = max(1, n_train // config.train.batch_size)
    epoch = steps_an_epoch * step_seconds + n_validation * validation
    return dataclasses.replace(
        budget,
        images_at_once=session.room.images if session.shrunk else None,
        time=WorkTime(seconds=config.train.epochs * epoch, images_per_second=n_images / step_seconds),
        ram_bytes=most_held_bytes(),
        device_bytes=float(torch.cuda.max_memory_allocated(device)) if on_device else 0.0,
    )
