"""What the network answers to the evaluated images: computed once, for scores and for examples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mamviz.data.dataset import ImageData, SplitName
from mamviz.errors import DataError
from mamviz.models.network import MaskNetwork
from mamviz.overview.settings import OverviewSettings
from mamviz.run import Run
from mamviz.schema import OUTCOMES, Evaluation, Floats, Progress, silent
from mamviz.training.evaluation import score_answers
from mamviz.training.prediction import predict


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Logits of the images of one split, with their labels.

    indices    (n,) into the data; logits (n, K), above 0 means yes; labels (n, K) 0 or 1
    """

    split: SplitName
    indices: npt.NDArray[np.int64]
    logits: Floats
    labels: npt.NDArray[np.uint8]
    evaluation: Evaluation

    @property
    def outcomes(self) -> npt.NDArray[np.int64]:
        """Return the place of each answer in OUTCOMES, (n, K)."""
        return sort_outcomes(self.logits, self.labels)


def answer(
    run: Run, network: MaskNetwork, data: ImageData, settings: OverviewSettings, *, progress: Progress = silent
) -> Answers:
    """Return what a run's network answers to the images of the split that is asked for, and how well.

    Data without such images are evaluated whole. Raises DataError where the attributes are not the run's, and where
    there is no image at all.
    """
    if data.attributes != run.attributes or not data.n_images:
        raise DataError(
            f"{data.description}: expected images with the run's {len(run.attributes)} attributes in its order, got "
            f"{data.n_images} with {len(data.attributes)}. Use the data the run was trained on."
        )
    split: SplitName = settings.split if len(data.select(settings.split)) else "all"
    indices = data.select(split)
    logits = predict(network, data, indices, progress=progress)
    return Answers(
        split=split,
        indices=indices,
        logits=logits,
        labels=np.asarray(data.labels[indices]),
        evaluation=score_answers(run, data, logits, split=split, n_replicates=settings.n_replicates),
    )


def sort_outcomes(logits: Floats, labels: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Return the place in OUTCOMES of every answer, the shape of `logits`; a logit of 0 means no."""
    yes, has = logits > 0, labels > 0
    names = np.where(has, np.where(yes, 0, 2), np.where(yes, 1, 3))
    assert OUTCOMES == ("true positive", "false positive", "false negative", "true negative")
    return names.astype(np.int64)


def count_outcomes(outcomes: npt.NDArray[np.int64]) -> tuple[tuple[int, int, int, int], ...]:
    """Return for each attribute the number of images of each outcome, in the order of OUTCOMES."""
    counts = (np.bincount(column, minlength=len(OUTCOMES)).tolist() for column in outcomes.T)
    return tuple((found[0], found[1], found[2], found[3]) for found in counts)
