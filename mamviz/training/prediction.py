"""Logits of the trained network for the images of a data set."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch

from mamviz.data.batches import Pixels, iterate, shard, to_tensor
from mamviz.data.dataset import ImageData
from mamviz.data.memory import Room, describe_room, fit
from mamviz.distributed import Group, gather
from mamviz.models.network import MaskNetwork
from mamviz.schema import Array, Floats, Progress, silent

BATCH = 256


@torch.inference_mode()
def predict(
    network: MaskNetwork, data: ImageData, indices: Array, *, group: Group | None = None, progress: Progress = silent
) -> Floats:
    """Return the binary classifiers' logits (n, K) of the images at `indices`, in float32 arithmetic.

    Under torchrun each process computes its share and gets them all. Where memory runs out, the images are done again
    with half as many at once, and the progress says so; raises ConfigError where one image is too much.
    """
    group = group or Group()
    training = network.training
    network.eval()
    own = shard(np.arange(len(indices)), group.rank, group.world)
    parts, done, room = [np.empty((0, data.labels.shape[1]))], 0, Room(BATCH)
    for batch, images in iterate(data, indices[own], batch_size=BATCH):
        parts.append(fit(partial(_classify, network, images, group.device), room))
        done += len(batch)
        progress(done, len(own), describe_room(room, BATCH))
    network.train(training)
    logits = np.empty((len(indices), data.labels.shape[1]))
    for positions, values in gather((own, np.concatenate(parts)), group):
        logits[positions] = values
    return logits


def _classify(network: MaskNetwork, images: Pixels, device: str, at_once: int) -> Floats:
    pieces = [images[start : start + at_once] for start in range(0, len(images), at_once)]
    return np.concatenate(
        [network.classify(to_tensor(piece, device=device)).double().cpu().numpy() for piece in pieces]
    )
