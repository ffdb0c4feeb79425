"""The attribute matrix of a few hundred images: from masks kept whole, in numpy, and from sums made on the way.

    python benchmarks/matrix.py --images 400

Each way in a process of its own: time, and the most memory that the process ever held. Both start at the images and
end at the same matrices: r of mean maps, of adjusted maps, and the mean over images of each image's own r.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from extracting import extract

from mamviz.config import RunConfig
from mamviz.extraction.sums import to_statistics
from mamviz.models.network import MaskNetwork
from mamviz.models.weights import build_network
from mamviz.schema import Choices
from mamviz.stats.correlation import correlate_attributes
from mamviz.stats.moments import adjusted_weights
from mamviz.trial import most_held_bytes

Way = Literal["numpy", "sums"]
N_ATTRIBUTES = 40


@dataclass(frozen=True)
class Cost:
    """Seconds of the work itself; bytes that the process held at most, and before the work began."""

    seconds: float
    peak: float
    before: float
    matrices: tuple[float, ...]


def main() -> None:
    """Measure one way, or both in processes of their own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=400)
    parser.add_argument("--way", choices=["numpy", "sums"])
    options = parser.parse_args()
    if options.way:
        print(json.dumps(vars(measure(options.way, options.images))))
        return
    for line in describe(options.images):
        print(line)


def describe(n_images: int) -> list[str]:
    """Run both ways and return lines that compare them; raises AssertionError where their matrices differ."""
    found = {}
    for way in ("numpy", "sums"):
        command = [sys.executable, __file__, "--way", way, "--images", str(n_images)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[way] = Cost(**json.loads(done.stdout.splitlines()[-1]))
    apart = float(np.abs(np.subtract(found["numpy"].matrices, found["sums"].matrices)).max())
    assert apart < 1e-4, apart
    names = {"numpy": "masks kept whole, numpy", "sums": "sums on the way"}
    return [
        f"{names[way]}: {cost.seconds:.1f} s, {(cost.peak - cost.before) / 1e6:.0f} MB more than before"
        for way, cost in found.items()
    ] + [f"largest difference of any r: {apart:.1e}"]


def measure(way: Way, n_images: int) -> Cost:
    """Compute the matrices one way."""
    torch.manual_seed(0)
    network = build_network(RunConfig(), n_attributes=N_ATTRIBUTES).eval()
    torch.nn.init.normal_(network.masking.mask.weight, std=0.1)
    x = torch.rand(n_images, 3, 64, 64).contiguous(memory_format=torch.channels_last)
    labels = (np.random.default_rng(0).random((n_images, N_ATTRIBUTES)) < 0.3).astype(np.float64)
    weights = adjusted_weights(labels).values
    with torch.inference_mode():
        network.explain(x[:1])
    before = most_held_bytes()
    started = time.perf_counter()
    matrices = _keep(network, x, weights) if way == "numpy" else _sum(network, x, labels, weights)
    rows, columns = np.triu_indices(N_ATTRIBUTES, 1)
    return Cost(
        seconds=time.perf_counter() - started,
        peak=most_held_bytes(),
        before=before,
        matrices=tuple(float(value) for matrix in matrices for value in matrix[rows, columns]),
    )


@torch.inference_mode()
def _keep(network: MaskNetwork, x: torch.Tensor, weights: np.ndarray) -> tuple[np.ndarray, ...]:
    """Keep all masks, as a script would."""
    masks = np.concatenate([network.explain(part).masks.flatten(2).numpy() for part in x.split(64)])
    mean = np.corrcoef(masks.mean(axis=0, dtype=np.float64))
    adjusted = np.corrcoef(np.einsum("nk,nkx->kx", weights, masks))
    single = np.mean([np.arctanh(np.corrcoef(image) - 2 * np.eye(len(mean))) for image in masks], axis=0)
    return mean, adjusted, np.tanh(single)


def _sum(network: MaskNetwork, x: torch.Tensor, labels: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, ...]:
    """Add up block statistics, of masks and of evidence, and correlate from them."""
    sums = extract(network, x, torch.from_numpy(labels), torch.from_numpy(weights))
    statistics = to_statistics(sums, tuple(map(str, range(N_ATTRIBUTES))))
    return tuple(
        correlate_attributes(
            statistics, Choices(map="mask", sign="signed", estimand=estimand, view="full", centring="none")
        ).values
        for estimand in ("mean", "adjusted", "image")
    )


if __name__ == "__main__":
    main()
