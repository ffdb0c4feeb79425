"""Images that show how each attribute is classified: of every outcome the most certain answers, with their evidence."""

from __future__ import annotations

from math import prod

import numpy as np
import numpy.typing as npt
import torch

from mamviz.data.batches import iterate, to_tensor
from mamviz.data.dataset import ImageData
from mamviz.extraction import explain_images
from mamviz.extraction.examples import choose_attributes, choose_images
from mamviz.models.network import MaskNetwork
from mamviz.overview.answers import Answers
from mamviz.schema import OUTCOMES, ExampleImage, Floats, ImageMasks, Progress, silent

# Cells of masks in work at a time: 32 MB of evidence, whatever the network.
CELLS_AT_A_TIME = 1 << 22
# As `mamviz show`: 3 x 4 rows and 6 channels fit a page.
STRIP_IMAGES, STRIP_ATTRIBUTES, STRIP_CHANNELS = 3, 4, 6


def show_examples(
    network: MaskNetwork, data: ImageData, answers: Answers, *, n_examples: int, progress: Progress = silent
) -> tuple[tuple[ExampleImage, ...], ...]:
    """Return for each attribute up to `n_examples` images of every outcome, in the order of OUTCOMES.

    The largest |logit| first, ties in the data's order. Evidence is computed once for every image that is shown.
    """
    outcomes = answers.outcomes
    chosen = [pick_examples(outcomes[:, k], answers.logits[:, k], n=n_examples) for k in range(network.n_attributes)]
    pairs = [(int(row), k) for k, rows in enumerate(chosen) for row in rows]
    evidence = _explain(network, data, answers, pairs, progress)
    return tuple(
        tuple(
            ExampleImage(
                name=data.names[answers.indices[row]],
                outcome=OUTCOMES[outcomes[row, k]],
                logit=float(answers.logits[row, k]),
                image=np.array(data.images[answers.indices[row]]),
                evidence=evidence[int(row), k],
            )
            for row in rows
        )
        for k, rows in enumerate(chosen)
    )


def pick_examples(outcomes: npt.NDArray[np.int64], logits: Floats, *, n: int) -> npt.NDArray[np.int64]:
    """Return which of one attribute's answers are shown: of every outcome the n with the largest |logit|.

    outcomes, logits   (images,); an outcome with fewer images gives all it has
    """
    order = np.argsort(-np.abs(logits), kind="stable")
    return np.concatenate([order[outcomes[order] == outcome][:n] for outcome in range(len(OUTCOMES))])


def make_strip(network: MaskNetwork, data: ImageData, *, device: str) -> tuple[ImageMasks, ...]:
    """Return the images that `mamviz show` shows where none are named, with masks by channel."""
    images = choose_images(data, n_images=STRIP_IMAGES)
    attributes = choose_attributes(data, images, n_attributes=STRIP_ATTRIBUTES)
    return explain_images(network, data, images=images, attributes=attributes, channels=STRIP_CHANNELS, device=device)


@torch.inference_mode()
def _explain(
    network: MaskNetwork, data: ImageData, answers: Answers, pairs: list[tuple[int, int]], progress: Progress
) -> dict[tuple[int, int], Floats]:
    """Return the evidence (H, W) of the pairs of row and attribute, summed over channels."""
    wanted: dict[int, list[int]] = {}
    for row, k in pairs:
        wanted.setdefault(row, []).append(k)
    rows = np.array(sorted(wanted), dtype=np.int64)
    batch_size = max(1, CELLS_AT_A_TIME // (network.n_attributes * prod(network.shape)))
    device = network.readout.bias.device
    found: dict[tuple[int, int], Floats] = {}
    for positions, images in iterate(data, answers.indices[rows], batch_size=batch_size):
        maps = network.explain(to_tensor(images, device=device)).evidence.double().sum(2).cpu().numpy()
        for place, row in enumerate(rows[positions].tolist()):
            found |= {(row, k): maps[place, k] for k in wanted[row]}
        progress(int(positions[-1]) + 1, len(rows))
    return found
