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
from mamviz.data.batches import epoch_order, shard
from mamviz.data.dataset import ImageData
from mamviz.data.memory import Room, explained, fit
from mamviz.data.prefetch import prefetch
from mamviz.data.resident import Pixels, Rows, read, settle
from mamviz.distributed import Group, gather, together, wait
from mamviz.errors import ConfigError, DataError
from mamviz.models.network import MaskNetwork, compile_network
from mamviz.models.weights import build_network, read_weights, write_network
from mamviz.run import Run, write_text
from mamviz.schema import Array, EpochRow, Progress, silent
from mamviz.training.averaging import update_average
from mamviz.training.checkpoint import Shrinking, Totals
from mamviz.training.gradients import Batch, make_gradients
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
    Where memory runs out, batches are worked on in smaller parts from there on; memory.csv says from which step.
    Raises TrainingError at a loss that is not finite, DataError where there is nothing to train on, ConfigError where
    not even one image fits in memory, LostError where another process ends; the last checkpoint is kept.
    """
    group = group or Group()
    indices = data.select("train")
    if not len(indices):
        raise DataError(
            f"{data.description}: expected images in the split 'train', found none. Check the split column."
        )
    _check_shards(min(len(indices), run.config.train.batch_size), group)
    steps_an_epoch = max(1, len(indices) // run.config.train.batch_size)
    total_steps = steps_an_epoch * run.config.train.epochs
    with together(group):
        session = _start(run, group, total_steps=total_steps)
        images: Pixels | Tensor = data.images
        while session.step < total_steps:
            _train_epoch(run, data, images, session, steps_an_epoch=steps_an_epoch, group=group, progress=progress)
            if session.step < total_steps:
                images = settle(images, group.device)
            if on_epoch is not None and group.leads:
                on_epoch(session.rows[-1])
        if group.leads:
            write_network(run.model_file, session.average, config=run.config, attributes=run.attributes)
            run.resume_file.unlink(missing_ok=True)
            run.start_file.unlink(missing_ok=True)
        wait(group)
    return session.rows


def _check_shards(n_images: int, group: Group) -> None:
    if n_images < group.world:
        raise ConfigError(
            f"--batch-size: expected an image or more of every batch for each of {group.world} processes, got "
            f"{n_images} in all. Start fewer processes, or train on larger batches."
        )


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
    if group.leads:
        _remove_halves(run)
    starts = run.start_file.is_file()
    network = build_network(run.config, n_attributes=len(run.attributes), pretrained=not starts).to(group.device)
    if starts:
        read_weights(network, run.start_file)
    session = make_session(network, run.config, group, total_steps=total_steps)
    if run.resume_file.is_file():
        restore_session(session, run.resume_file)
    return session


def _remove_halves(run: Run) -> None:
    """Remove what processes were writing when they were killed."""
    for file in (run.resume_file, run.metrics_file, run.model_file, run.memory_file):
        for half in run.folder.glob(f".{file.stem}.*{file.suffix}"):
            half.unlink()


def make_session(network: MaskNetwork, config: RunConfig, group: Group, *, total_steps: int) -> Session:
    """Return a training that has not begun: optimiser, one-cycle schedule (arXiv 1708.07120) and averaged weights."""
    optimizer = make_optimizer(network, config)
    # of four steps a quarter is one, and torch 2.13 then divides by zero
    warm_up = WARM_UP if WARM_UP * total_steps != 1 else 1.2 * WARM_UP
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.peak_rate, total_steps=total_steps, pct_start=warm_up
    )
    session = Session(network, network, deepcopy(network), optimizer, schedule, Room(config.train.batch_size))
    if config.train.compile:
        session.wrapped = compile_network(network)
    if group.world > 1:
        devices = [group.device] if group.device.startswith("cuda") else None
        session.wrapped = DistributedDataParallel(session.wrapped, device_ids=devices)
    return session


def _train_epoch(
    run: Run,
    data: ImageData,
    images: Pixels | Tensor,
    session: Session,
    *,
    steps_an_epoch: int,
    group: Group,
    progress: Progress,
) -> None:
    config = run.config.train
    epoch, done = divmod(session.step, steps_an_epoch)
    session.network.train()
    started = time.perf_counter()
    order = data.select("train")[epoch_order(len(data.select("train")), seed=run.config.seed, epoch=epoch)]
    plan = [order[step * config.batch_size :][: config.batch_size] for step in range(done, steps_an_epoch)]
    for batch, pixels in prefetch(_read(images, plan, group)):
        take_step(run.config, data, session, batch=batch, images=pixels, group=group)
        note = f"epoch {epoch + 1} of {config.epochs}, loss {session.totals.loss / session.totals.n_images:.4f}"
        progress(session.step, steps_an_epoch * config.epochs, note + _describe_shrinking(session))
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
        if session.shrunk:
            write_text(run.memory_file, memory_text(session.shrunk))
    keep_session(run, session, group)


def _describe_shrinking(session: Session) -> str:
    if not session.shrunk:
        return ""
    last = session.shrunk[-1]
    return f", memory ran out in step {last.step}, now {last.images} images at once"


def _read(images: Pixels | Tensor, plan: list[Array], group: Group) -> Iterator[tuple[Array, Pixels | Rows]]:
    for batch in plan:
        own = shard(batch, group.rank, group.world)
        yield own, read(images, own)


def take_step(
    config: RunConfig, data: ImageData, session: Session, *, batch: Array, images: Pixels | Rows, group: Group
) -> None:
    """Take one step on the images of a batch; raises TrainingError at a loss that is not finite.

    batch    indices of the images; images (n, S, S, 3) their pixels
    Where memory runs out the step is made again from parts of the batch (`make_gradients` says what that changes), and
    so are all that follow. Of several processes none can do so by itself: ConfigError.
    """
    # One generator a step and process: a resumed run draws what the uninterrupted one drew.
    key = np.random.SeedSequence([config.seed, session.step, group.rank]).generate_state(1, np.uint64)[0]
    own = Batch(batch, images, seed=int(key >> 1))
    dtype = autocast_dtype(config.train, group.device)

    def work(at_once: int) -> Totals:
        return make_gradients(session, data, own, config.train, device=group.device, dtype=dtype, at_once=at_once)

    sums = _work_alone(work, session) if group.world == 1 else _work_together(work, len(batch))
    with explained("the optimiser", "The last checkpoint is kept; free memory, then go on with --resume."):
        if config.train.clip:
            nn.utils.clip_grad_norm_(session.network.parameters(), config.train.clip)
        session.optimizer.step()
        session.schedule.step()
    session.step += 1
    update_average(session.average, session.network, decay=config.train.ema_decay, step=session.step)
    session.totals.loss += sums.loss
    session.totals.correct += sums.correct
    session.totals.n_images += sums.n_images


def _work_alone(work: Callable[[int], Totals], session: Session) -> Totals:
    before = session.room.images
    sums = fit(work, session.room)
    if session.room.images < before:
        session.shrunk += (Shrinking(session.step, session.room.images),)
    return sums


def _work_together(work: Callable[[int], Totals], n_images: int) -> Totals:
    # No smaller parts here: the others wait in the middle of the pass, for gradients of as many parts as they have.
    advice = "The last checkpoint is kept; start a run with a smaller --batch-size, or go on with more processes."
    with explained(f"the {n_images} images of a process", advice):
        return work(n_images)


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


def memory_text(shrunk: tuple[Shrinking, ...]) -> str:
    """Return memory.csv: in which steps memory ran out, and how many images of a batch were then taken at once."""
    return "\n".join(["step,images", *(f"{each.step},{each.images}" for each in shrunk), ""])


def _cpu_gains_by_bfloat16() -> bool:
    # Measured: with AVX512-bf16 alone a step takes 1.25 times as long as in float32; tile units (AMX) pay.
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("amx_bf16"))
