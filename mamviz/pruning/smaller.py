"""The run of a smaller network: its settings, its first weights, and its fine-tune."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mamviz.config import RunConfig
from mamviz.data.dataset import ImageData
from mamviz.distributed import Group
from mamviz.errors import RunError
from mamviz.models.network import MaskNetwork
from mamviz.models.weights import write_network
from mamviz.pruning.part import Part
from mamviz.run import Run, open_run
from mamviz.schema import Array, ComparedAccuracy, EpochRow, Fill, Progress, silent
from mamviz.stats.bootstrap import draw_counts, to_interval, weigh_means
from mamviz.training.loop import train
from mamviz.training.start import start_run

# Peak of a fine-tune's one-cycle as a share of the run's own peak: between what small and resnet18 like best.
# Validation accuracy on celeba-8k with half of the channels, one seed: small after 2 epochs 88.25 % at a quarter,
# 88.32 at a half, 88.21 at the whole, after 4 epochs 88.75 at a half, 88.90 at the whole; resnet18 after 2 epochs
# 88.62 at a quarter, 88.49 at a half. Four epochs at a half, on runs that took no part in this, lose 0.32 points of
# test accuracy (small, another seed) and 0.41 (small, built-in faces); the run that was tried on loses 0.18.
TUNE_RATE = 0.5


@dataclass(frozen=True, kw_only=True)
class Maker:
    """Who makes a run, for its run.json.

    command    the command line, as typed; created: the time, ISO 8601; both empty for runs within a run
    threads    that torch was set to
    """

    version: str
    device: str = "cpu"
    threads: int = 0
    command: tuple[str, ...] = ()
    created: str = ""


def peak_of(run: Run) -> float:
    """Return the peak rate that a run was trained with; of a pruned run, the one before all pruning."""
    return float(run.record.get("pruned", {}).get("peak_rate", run.config.peak_rate))


def smaller_config(run: Run, kept: Sequence[int], *, fill: Fill, epochs: int, rate: float, threads: int) -> RunConfig:
    """Return the settings of a run's network with the channels `kept`, counted in the run's own.

    epochs    of the fine-tune; 0 leaves the run's
    rate      its peak
    What removed channels leave behind needs a map of positions, also where the run had none.
    """
    config = run.config
    own = config.model.kept
    whole = tuple(kept) if own is None else tuple(own[channel] for channel in kept)
    model = dataclasses.replace(config.model, kept=whole, position=config.model.position or fill == "mean")
    training = dataclasses.replace(config.train, threads=threads)
    if epochs:
        training = dataclasses.replace(training, epochs=epochs, learning_rate=rate)
    return dataclasses.replace(config, model=model, train=training)


def start_smaller(
    folder: Path,
    config: RunConfig,
    data: ImageData,
    *,
    network: MaskNetwork | None,
    tuned: bool,
    maker: Maker,
    pruned: Mapping[str, Any],
) -> Run:
    """Make the folder of a smaller run and return it.

    network    its weights, None for random ones; those that it is fine-tuned from, or its last where not `tuned`
    pruned     what it was made from, and how
    Weights are written before run.json: a run that can be found never starts from others.
    Raises RunError where the folder already holds a run.
    """
    if (folder / "run.json").exists():
        raise RunError(f"{folder}: holds a run already. Choose another --name.")
    place = Run(folder, config, data.attributes, {})
    for file in (place.start_file, place.model_file):
        file.unlink(missing_ok=True)  # of a job that was stopped before run.json
    if network is not None:
        file = place.start_file if tuned else place.model_file
        write_network(file, network, config=config, attributes=data.attributes)
    return start_run(
        folder,
        config,
        data,
        device=maker.device,
        command=maker.command,
        created=maker.created,
        version=maker.version,
        pruned=pruned,
    )


def finish(
    run: Run,
    data: ImageData,
    *,
    device: str,
    progress: Progress = silent,
    on_epoch: Callable[[EpochRow], None] | None = None,
) -> Run:
    """Train a smaller run to its end, or go on with it; one that has finished stays as it is."""
    if not run.trained:
        train(run, data, group=Group(device=device), progress=progress, on_epoch=on_epoch)
    return open_run(run.folder)


def compare_answers(
    answers: Sequence[Array],
    part: Part,
    *,
    n_replicates: int,
    level: float,
    generator: np.random.Generator,
) -> tuple[ComparedAccuracy, ...]:
    """Return each network's accuracy on the same images, and what it lost against the first's.

    answers   a network each: logits (n, K) of the part's images

    Shares of right answers, mean over attributes; intervals resample persons, one draw for all networks, and have no
    limits where there is a single person. The first loses nothing.
    """
    counts = draw_counts(part.units, n_replicates if part.n_units > 1 else 0, generator)
    right = np.stack([((logits > 0) == (part.labels > 0)).mean(axis=1) for logits in answers], axis=1)
    accuracy = weigh_means(right, counts)  # (1 + R, network)
    return tuple(
        ComparedAccuracy(
            accuracy=to_interval(accuracy[:, place], level=level),
            loss=to_interval(accuracy[:, 0] - accuracy[:, place], level=level),
        )
        for place in range(len(answers))
    )
