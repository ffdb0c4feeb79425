"""From a run to a smaller one: written as a run of its own, fine-tuned, and measured beside the whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mamviz.data.dataset import ImageData
from mamviz.distributed import Group
from mamviz.models.weights import load_network
from mamviz.pruning.plan import Plan
from mamviz.pruning.smaller import TUNE_RATE, Maker, compare_answers, finish, peak_of, smaller_config, start_smaller
from mamviz.run import file_sha256
from mamviz.schema import EpochRow, Progress, PrunedRun, silent
from mamviz.training.prediction import predict


def prune_run(
    plan: Plan,
    data: ImageData,
    folder: Path,
    *,
    maker: Maker,
    progress: Progress = silent,
    on_epoch: Callable[[EpochRow], None] | None = None,
) -> PrunedRun:
    """Write the smaller network as a run of its own, fine-tune it, and measure what it is worth then.

    A fine-tune that is interrupted goes on like any training: the run is there, with its last checkpoint.
    Raises RunError where the folder holds a run already.
    """
    settings, source = plan.settings, plan.run
    rate = TUNE_RATE * peak_of(source)
    config = smaller_config(
        source, plan.kept, fill=settings.fill, epochs=settings.epochs, rate=rate, threads=maker.threads
    )
    run = start_smaller(
        folder,
        config,
        data,
        network=plan.smaller,
        tuned=settings.epochs > 0,
        maker=maker,
        pruned=describe_plan(plan),
    )
    run = finish(run, data, device=maker.device, progress=progress, on_epoch=on_epoch)
    answers = [plan.before, plan.after]
    if settings.epochs:
        network = load_network(run, device=maker.device)
        answers.append(predict(network, data, plan.test.indices, group=Group(device=maker.device)))
    whole, pruned, *tuned = compare_answers(
        answers,
        plan.test,
        n_replicates=settings.n_replicates,
        level=settings.level,
        generator=np.random.default_rng([settings.seed, 1]),
    )
    return PrunedRun(
        settings=settings,
        source=source.name,
        run=run.name,
        n_channels=plan.cost.before.channels,
        kept=plan.kept,
        ranked=plan.ranked,
        measured=plan.test.n_images,
        n_units=plan.test.n_units,
        unit=plan.test.unit,
        before=whole.accuracy,
        pruned=pruned,
        tuned=tuned[0] if tuned else None,
        cost=plan.cost,
    )


def describe_plan(plan: Plan) -> dict[str, Any]:
    """Return what run.json keeps of a pruning, plain values; channels are counted in the source's own network."""
    settings = plan.settings
    right = [float(((logits > 0) == (plan.test.labels > 0)).mean()) for logits in (plan.before, plan.after)]
    return {
        "source": plan.run.name,
        "model_sha256": file_sha256(plan.run.model_file),
        "criterion": settings.criterion,
        "fill": settings.fill,
        "keep": settings.keep,
        "max_loss": settings.max_loss if settings.keep is None else None,
        "round_to": settings.round_to,
        "n_channels": plan.cost.before.channels,
        "kept": list(plan.kept),
        "ranked": plan.ranked,
        "seed": settings.seed,
        "error": plan.cost.error,
        "test_accuracy": {"before": right[0], "pruned": right[1]},
        "peak_rate": peak_of(plan.run),
    }
