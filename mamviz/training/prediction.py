"""Logits of the trained network for the images of a data set."""

from __future__ import annotations

import numpy as np
import torch

from mamviz.data.batches import iterate, shard, to_tensor
from mamviz.data.dataset import ImageData
from mamviz.distributed import Group, gather
from mamviz.models.network import MaskNetwork
from mamviz.schema import Array, Floats, Progress, silent

BATCH = 256


@torch.inference_mode()
def predict(
    network: MaskNetwork, data: ImageData, indices: Array, *, group: Group | None = None, progress: Progress = silent
) -> Floats:
    """Return the binary classifiers' logits (n, K) of the images at `indices`, in float32 arithmetic.

    Under torchrun each process computes its share and gets them all.
    """
    group = group or Group()
    training = network.training
    network.eval()
    own = shard(np.arange(len(indices)), group.rank, group.world)
    parts, done = [np.empty((0, data.labels.shape[1]))], 0
    for batch, images in iterate(data, indices[own], batch_size=BATCH):
        parts.append(network.classify(to_tensor(images, device=group.device)).double().cpu().numpy())
        done += len(batch)
        progress(done, len(own))
    network.train(training)
    logits = np.empty((len(indices), data.labels.shape[1]))
    for positions, values in gather((own, np.concatenate(parts)), group):
        logits[positions] = values
    return logits
