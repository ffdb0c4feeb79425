"""Gradients of one batch, of all its images at once or of parts of it one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mamviz.config import TrainConfig
from mamviz.data.batches import augment, to_tensor
from mamviz.data.dataset import ImageData
from mamviz.data.memory import split_evenly
from mamviz.data.resident import Pixels, Rows
from mamviz.errors import TrainingError
from mamviz.schema import Array
from mamviz.training.checkpoint import Totals
from mamviz.training.losses import total_loss
from mamviz.training.session import Session


@dataclass(frozen=True)
class Batch:
    """The images of one step on one process.

    indices (n) in the data, images (n, S, S, 3) their pixels; seed: of what is drawn to augment them
    """

    indices: Array
    images: Pixels | Rows
    seed: int


def make_gradients(
    session: Session,
    data: ImageData,
    batch: Batch,
    config: TrainConfig,
    *,
    device: str,
    dtype: torch.dtype | None,
    at_once: int,
) -> Totals:
    """Leave the gradients of the batch's mean loss in the session's network, and return the batch's sums.

    at_once    images in memory at once. The batch is augmented whole, then worked on in even parts whose losses are
               weighed by their images, so that the mean is the batch's; only batch norm sees the difference: it takes
               mean and variance over each part, and moves its running ones once a part.
    Raises TrainingError at a loss that is not finite; the network's buffers are then, and at any error, as before.
    """
    session.optimizer.zero_grad(set_to_none=True)
    pixels = batch.images.take() if isinstance(batch.images, Rows) else batch.images
    x = to_tensor(pixels, device=device)
    generator = torch.Generator().manual_seed(batch.seed)
    x = augment(x, generator=generator, flip=config.flip, crop_scale=config.crop_scale)
    labels = torch.from_numpy(data.labels[batch.indices]).to(device, torch.float32)
    sums = Totals(n_images=len(x))
    with _undone_at_errors(session.network):
        for rows in split_evenly(len(x), at_once):
            with torch.autocast(device.split(":", maxsplit=1)[0], dtype, enabled=dtype is not None):
                outputs = session.wrapped(x[rows])
            loss = total_loss(outputs, labels[rows], x[rows], config)
            _check_finite(loss, data, session.step, batch.indices[rows])
            n_images = rows.stop - rows.start
            (loss * (n_images / len(x))).backward()
            sums.loss += float(loss.detach()) * n_images
            sums.correct += float(((outputs.logits > 0) == (labels[rows] > 0)).float().mean()) * n_images
            del outputs, loss  # before the next part takes their place
    return sums


@contextmanager
def _undone_at_errors(network: nn.Module) -> Iterator[None]:
    kept = [buffer.clone() for buffer in network.buffers()]
    try:
        yield
    except BaseException:
        for buffer, value in zip(network.buffers(), kept, strict=True):
            buffer.copy_(value)
        raise


def _check_finite(loss: Tensor, data: ImageData, step: int, indices: Array) -> None:
    if not torch.isfinite(loss.detach()):
        names = ", ".join(data.names[index] for index in indices[:4])
        more = f" and {len(indices) - 4} more" if len(indices) > 4 else ""
        raise TrainingError(
            f"step {step}: expected a finite loss, got {float(loss.detach())}, with the images {names}{more}. "
            "The last checkpoint is kept; look at these images, or train again with a lower --learning-rate."
        )
