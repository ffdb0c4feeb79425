"""Scores of a trained network on a split, with the protocol they were measured by."""

from __future__ import annotations

import numpy as np

from mamviz.data.dataset import ImageData, SplitName
from mamviz.distributed import Group
from mamviz.errors import DataError
from mamviz.models.weights import load_network
from mamviz.run import Run
from mamviz.schema import Evaluation, Floats, Progress, silent
from mamviz.stats.scores import evaluate
from mamviz.training.prediction import predict

CROPS = {"square": "largest centred square", "full": "whole image, stretched"}


def evaluate_run(
    run: Run,
    data: ImageData,
    *,
    split: SplitName = "test",
    n_replicates: int = 1000,
    group: Group | None = None,
    progress: Progress = silent,
) -> Evaluation:
    """Return the scores of a run on one split of `data`, with intervals from resampling people (or images).

    Raises DataError where the split is empty or the attributes are not the run's.
    """
    group = group or Group()
    if data.attributes != run.attributes:
        raise DataError(
            f"{data.description}: expected the run's {len(run.attributes)} attributes in its order, got "
            f"{len(data.attributes)}, the first {data.attributes[0]!r}. Use the data the run was trained on."
        )
    indices = data.select(split)
    if not len(indices):
        raise DataError(f"{data.description}: expected images in the split {split!r}, found none. Use --split all.")
    logits = predict(load_network(run, device=group.device), data, indices, group=group, progress=progress)
    return score_answers(run, data, logits, split=split, n_replicates=n_replicates)


def score_answers(
    run: Run, data: ImageData, logits: Floats, *, split: SplitName, n_replicates: int = 1000
) -> Evaluation:
    """Return the scores of logits (n, K) that a run's network gave for all images of one split, in their order."""
    indices, config = data.select(split), run.config.data
    protocol = (
        f"The {split} split of {data.description}; {CROPS[config.crop]} at {config.size} px; one pass, no flips; "
        "positive where the logit is above 0."
    )
    return evaluate(
        logits,
        data.labels[indices],
        data.units[indices],
        data.attributes,
        n_replicates=n_replicates,
        generator=np.random.default_rng(run.config.seed),
        protocol=protocol,
    )
