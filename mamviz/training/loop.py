"""Training a run from its settings, and going on with one that was stopped."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterator
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from mamviz.config import RunConfig, TrainConfig
from mamviz.data.batches import augment, epoch_order, shard, to_tensor
from mamviz.data.dataset import ImageData
from mamviz.data.prefetch import prefetch
from mamviz.distributed import Group, gather, wait
from mamviz.errors import DataError, TrainingError
from mamviz.models.network import MaskNetwork
from mamviz.models.weights import build_network, read_weights, write_network
from mamviz.run import Run, write_text
from mamviz.schema import Array, EpochRow, Progress, silent
from mamviz.training.averaging import update_average
from mamviz.training.checkpoint import Totals
from mamviz.training.losses import total_loss
from mamviz.training.prediction import predict
from mamviz.training.session import Session, keep_session, restore_session

# Share of the steps in which the one-cycle's learning rate rises.
WARM_UP = 0.25


def train(
    run: Run,
    data: ImageData,
    *,
    group: Group | None = None,
    progress: Progress = silent,
    on_epoch: Callable[[EpochRow], None] | None = None,
) -> tuple[EpochRow, ...]:
    """Train the network of `run`, or go on from its checkpoint, and write its weights.

    on_epoch    called on the first process with each new row of metrics.csv, when its epoch is kept on disk
    Writes metrics.csv after each epoch and model.safetensors, the averaged weights, at the end. Starts from the run's
    start.safetensors where there is one (a pruned network), else from random weights. On the CPU a run
    that was stopped at any moment and taken up again ends with the bits of one that was not.
    Raises TrainingError at a loss that is not finite, DataError where there is nothing to train on.
    """
    group = group or Group()
    indices = data.select("train")
    if not len(indices):
        raise DataError(
            f"{data.description}: expected images in the split 'train', found none. Check the split column."
        )
    steps_an_epoch = max(1, len(indices) // run.config.train.batch_size)
    session = _start(run, group, total_steps=steps_an_epoch * run.config.train.epochs)
    while session.step < steps_an_epoch * run.config.train.epochs:
        _train_epoch(run, data, session, steps_an_epoch=steps_an_epoch, group=group, progress=progress)
        if on_epoch is not None and group.leads:
            on_epoch(session.rows[-1])
    if group.leads:
        write_network(run.model_file, session.average, config=run.config, attributes=run.attributes)
        run.resume_file.unlink(missing_ok=True)
        run.start_file.unlink(missing_ok=True)
    wait(group)
    return session.rows


def autocast_dtype(config: TrainConfig, device: str) -> torch.dtype | None:
    """Return bfloat16 where it is asked for, or the device gains by it; else None."""
    if config.precision == "auto":
        gains = torch.cuda.is_bf16_supported() if device.startswith("cuda") else _cpu_gains_by_bfloat16()
        return torch.bfloat16 if gains else None
    return torch.bfloat16 if config.precision == "bfloat16" else None


def make_optimizer(network: nn.Module, config: RunConfig) -> torch.optim.AdamW:
    """Return AdamW (arXiv 1711.05101); biases, norms and the readout's vector are not decayed."""
    decayed = [p for p in network.parameters() if p.ndim > 1]
    free = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": config.train.weight_decay}, {"params": free, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=config.peak_rate)


def _start(run: Run, group: Group, *, total_steps: int) -> Session:
    starts = run.start_file.is_file()
    network = build_network(run.config, n_attributes=len(run.attributes), pretrained=not starts).to(group.device)
    if starts:
        read_weights(network, run.start_file)
    session = make_session(network, run.config, group, total_steps=total_steps)
    if run.resume_file.is_file():
        restore_session(session, run.resume_file)
    return session


def make_session(network: MaskNetwork, config: RunConfig, group: Group, *, total_steps: int) -> Session:
    """Return a training that has not begun: optimiser, one-cycle schedule (arXiv 1708.07120) and averaged weights."""
    optimizer = make_optimizer(network, config)
    # of four steps a quarter is one, and torch 2.13 then divides by zero
    warm_up = WARM_UP if WARM_UP * total_steps != 1 else 1.2 * WARM_UP
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.peak_rate, total_steps=total_steps, pct_start=warm_up
    )
    session = Session(network, network, deepcopy(network), optimizer, schedule)
    if config.train.compile:
        session.wrapped = torch.compile(network)  # type: ignore[assignment]
    if group.world > 1:
        devices = [group.device] if group.device.startswith("cuda") else None
        session.wrapped = DistributedDataParallel(session.wrapped, device_ids=devices)
    return session


def _train_epoch(
    run: Run, data: ImageData, session: Session, *, steps_an_epoch: int, group: Group, progress: Progress
) -> None:
    config = run.config.train
    epoch, done = divmod(session.step, steps_an_epoch)
    session.network.train()
    started = time.perf_counter()
    order = data.select("train")[epoch_order(len(data.select("train")), seed=run.config.seed, epoch=epoch)]
    plan = [order[step * config.batch_size :][: config.batch_size] for step in range(done, steps_an_epoch)]
    for batch, images in prefetch(_read(data, plan, group)):
        take_step(run.config, data, session, batch=batch, images=images, group=group)
        note = f"epoch {epoch + 1} of {config.epochs}, loss {session.totals.loss / session.totals.n_images:.4f}"
        progress(session.step, steps_an_epoch * config.epochs, note)
        if session.step % config.checkpoint_steps == 0 and session.step % steps_an_epoch:
            session.totals.seconds += time.perf_counter() - started
            started = time.perf_counter()
            keep_session(run, session, group)
    session.totals.seconds += time.perf_counter() - started
    rate = float(session.schedule.get_last_lr()[0])
    session.rows += (_row(data, session, epoch=epoch, rate=rate, group=group),)
    session.totals = Totals()
    if group.leads:
        write_text(run.metrics_file, metrics_text(session.rows))
    keep_session(run, session, group)


def _read(data: ImageData, plan: list[Array], group: Group) -> Iterator[tuple[Array, Array]]:
    for batch in plan:
        own = shard(batch, group.rank, group.world)
        yield own, data.images[own]


def take_step(
    config: RunConfig, data: ImageData, session: Session, *, batch: Array, images: Array, group: Group
) -> None:
    """Take one step on the images of a batch; raises TrainingError at a loss that is not finite.

    batch    indices of the images; images (n, S, S, 3) their pixels
    """
    # One generator a step and process: a resumed run draws what the uninterrupted one drew.
    key = np.random.SeedSequence([config.seed, session.step, group.rank]).generate_state(1, np.uint64)[0]
    generator = torch.Generator().manual_seed(int(key >> 1))
    x = to_tensor(images, device=group.device)
    x = augment(x, generator=generator, flip=config.train.flip, crop_scale=config.train.crop_scale)
    labels = torch.from_numpy(data.labels[batch]).to(group.device, torch.float32)
    dtype = autocast_dtype(config.train, group.device)
    with torch.autocast(group.device.split(":")[0], dtype, enabled=dtype is not None):
        outputs = session.wrapped(x)
    loss = total_loss(outputs, labels, x, config.train)
    _check_finite(loss, data, session.step, batch)
    session.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    if config.train.clip:
        nn.utils.clip_grad_norm_(session.network.parameters(), config.train.clip)
    session.optimizer.step()
    session.schedule.step()
    session.step += 1
    update_average(session.average, session.network, decay=config.train.ema_decay, step=session.step)
    session.totals.loss += float(loss.detach()) * len(batch)
    session.totals.correct += float(((outputs.logits > 0) == (labels > 0)).float().mean()) * len(batch)
    session.totals.n_images += len(batch)


def _check_finite(loss: Tensor, data: ImageData, step: int, batch: Array) -> None:
    if not torch.isfinite(loss.detach()):
        names = ", ".join(data.names[index] for index in batch[:4])
        more = f" and {len(batch) - 4} more" if len(batch) > 4 else ""
        raise TrainingError(
            f"step {step}: expected a finite loss, got {float(loss.detach())}, with the images {names}{more}. "
            "The last checkpoint is kept; look at these images, or train again with a lower --learning-rate."
        )


def _row(data: ImageData, session: Session, *, epoch: int, rate: float, group: Group) -> EpochRow:
    totals = gather(session.totals, group)
    n_images = sum(part.n_images for part in totals)
    seconds = max(part.seconds for part in totals)
    validation = data.select("validation")
    accuracy = float("nan")
    if len(validation):
        logits = predict(session.average, data, validation, group=group)
        accuracy = float(((logits > 0) == (data.labels[validation] > 0)).mean())
    return EpochRow(
        epoch=epoch + 1,
        train_loss=sum(part.loss for part in totals) / n_images,
        train_accuracy=sum(part.correct for part in totals) / n_images,
        validation_accuracy=accuracy,
        learning_rate=rate,
        images_per_second=n_images / seconds,
        seconds=seconds,
    )


def metrics_text(rows: tuple[EpochRow, ...]) -> str:
    """Return metrics.csv: a header and a row an epoch."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(EpochRow.__dataclass_fields__)
    writer.writerows([getattr(row, name) for name in EpochRow.__dataclass_fields__] for row in rows)
    return text.getvalue()


def _cpu_gains_by_bfloat16() -> bool:
    # Measured: with AVX512-bf16 alone a step takes 1.25 times as long as in float32; tile units (AMX) pay.
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("amx_bf16"))
