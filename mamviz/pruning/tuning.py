"""What fine-tuning gives back, and whether training the small network from scratch would have done as well."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mamviz.config import RunConfig, to_dict
from mamviz.data.dataset import ImageData
from mamviz.distributed import Group
from mamviz.models.network import MaskNetwork
from mamviz.models.surgery import prune_network
from mamviz.models.weights import load_network
from mamviz.pruning.pace import Pace
from mamviz.pruning.part import Part
from mamviz.pruning.removal import Removal
from mamviz.pruning.smaller import TUNE_RATE, Maker, compare_answers, finish, peak_of, smaller_config, start_smaller
from mamviz.run import Run, file_sha256, open_run
from mamviz.schema import Floats, Progress, PruningSettings, TunedPoint, silent
from mamviz.training.prediction import predict

# Shares of the channels that are kept; all of them, since fine-tuning may gain by itself.
KEEPS = (1.0, 0.75, 0.5, 0.25, 0.125)
FOLDER = "pruning"

Kind = Literal["tuned", "scratch"]
KINDS: tuple[Kind, ...] = ("tuned", "scratch")


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """What all levels share.

    test      images that measure; removal: order and means, from other images
    """

    run: Run
    network: MaskNetwork
    data: ImageData
    test: Part
    removal: Removal
    settings: PruningSettings
    maker: Maker


def tune_levels(
    run: Run,
    data: ImageData,
    removal: Removal,
    test: Part,
    settings: PruningSettings,
    *,
    maker: Maker,
    keeps: Sequence[float] = KEEPS,
    progress: Progress = silent,
) -> tuple[TunedPoint, ...]:
    """Return, for each share of channels kept, accuracy once pruned, once fine-tuned, and trained from scratch.

    settings   its tune_epochs (at least 1) are those of both trainings; the fine-tune's peak rate is half of
               the run's own, which from scratch is kept
    keeps      shares above 0 up to 1; numbers are rounded up, and equal ones measured once

    Each training is a run in `<run>/pruning/`. One that has finished on the same weights, images and settings is used
    again, one that was interrupted goes on. Losses are paired with the whole network's answers, image by image.
    """
    network = load_network(run, device=maker.device)
    tuning = Tuning(run=run, network=network, data=data, test=test, removal=removal, settings=settings, maker=maker)
    n_channels = network.shape[0]
    numbers = tuple(dict.fromkeys(math.ceil(keep * n_channels - 1e-9) for keep in keeps))
    pace = Pace(progress, 2 * 100 * len(numbers))
    whole = _answer(network, tuning)
    return tuple(_tune(tuning, n_kept, whole, pace=pace) for n_kept in numbers)


def _tune(tuning: Tuning, n_kept: int, whole: Floats, *, pace: Pace) -> TunedPoint:
    removal, settings = tuning.removal, tuning.settings
    kept = sorted(removal.order.channels[tuning.network.shape[0] - n_kept :])
    smaller = prune_network(tuning.network, kept, means=removal.means).eval()
    runs = [
        _train(tuning, kept, kind, smaller, progress=pace.next(100, f"{n_kept} channels, {kind}")) for kind in KINDS
    ]
    answers = [whole, _answer(smaller, tuning)]
    answers += [_answer(load_network(each, device=tuning.maker.device), tuning) for each in runs]
    _, pruned, tuned, scratch = compare_answers(
        answers,
        tuning.test,
        n_replicates=settings.n_replicates,
        level=settings.level,
        generator=np.random.default_rng([settings.seed, n_kept]),
    )
    return TunedPoint(
        criterion=removal.order.criterion,
        fill=removal.fill,
        kept=n_kept,
        epochs=settings.tune_epochs,
        pruned=pruned.accuracy,
        tuned=tuned.accuracy,
        scratch=scratch.accuracy,
        pruned_loss=pruned.loss,
        tuned_loss=tuned.loss,
        scratch_loss=scratch.loss,
    )


def _train(tuning: Tuning, kept: Sequence[int], kind: Kind, smaller: MaskNetwork, *, progress: Progress) -> Run:
    """Return the finished run of one level; made where there is none, gone on with where it was interrupted."""
    run, settings, maker = tuning.run, tuning.settings, tuning.maker
    rate = peak_of(run) * (TUNE_RATE if kind == "tuned" else 1)
    config = smaller_config(
        run, kept, fill=tuning.removal.fill, epochs=settings.tune_epochs, rate=rate, threads=maker.threads
    )
    made = {
        "source": run.name,
        "model_sha256": file_sha256(run.model_file),
        "kind": kind,
        "criterion": tuning.removal.order.criterion,
        "fill": tuning.removal.fill,
        "kept": list(kept),
        "n_images": settings.n_images,
        "seed": settings.seed,
    }
    folder = run.folder / FOLDER / f"{kind}-{len(kept)}-{_key(tuning, config, made)}"
    if (folder / "run.json").is_file():
        child = open_run(folder)
    else:
        child = start_smaller(
            folder,
            config,
            tuning.data,
            network=smaller if kind == "tuned" else None,
            tuned=True,
            maker=maker,
            pruned={**made, "peak_rate": peak_of(run)},
        )
    return finish(child, tuning.data, device=maker.device, progress=progress)


def _key(tuning: Tuning, config: RunConfig, made: dict[str, object]) -> str:
    """Return a word that changes with all that the trained weights depend on but the threads."""
    settings = to_dict(dataclasses.replace(config, train=dataclasses.replace(config.train, threads=0)))
    words = json.dumps([made, settings, tuning.data.fingerprint, tuning.maker.version], sort_keys=True)
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def _answer(network: MaskNetwork, tuning: Tuning) -> Floats:
    return predict(network, tuning.data, tuning.test.indices, group=Group(device=tuning.maker.device))
