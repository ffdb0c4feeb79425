"""What tables of relations cost: seconds of each step of `mamviz correlate` and `prune-report`, and the most memory.

    python benchmarks/relations.py                                    # some 3 minutes on two idle cores
    python benchmarks/relations.py --attributes --channels 2048       # the largest, 2 to 5 minutes
    python benchmarks/relations.py --cells 8                          # a grid of 8 x 8, as trained networks have

Attributes grow at 64 channels, channels at 40 attributes. The sums are made up: a few factors that attributes and
channels share, and noise; as many blocks as extraction would keep. Each size has a process of its own, and is measured
again where it takes less than 10 seconds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from timing import digits

from mamviz.analysis import analyse, measure_certainty
from mamviz.pruning.redundancy import report
from mamviz.schema import VIEWS, Array, Axis, Floats, Provenance
from mamviz.stats.moments import adjusted_weights, number_of_blocks
from mamviz.store.masks import Plan, create_masks, read_statistics, writing
from mamviz.trial import most_held_bytes
from mamviz_reports.heatmaps import correlation_figure
from mamviz_reports.rankings import ranking_list, ranking_table
from mamviz_reports.style import save_figure
from mamviz_reports.texts import to_csv, to_latex, to_markdown

N_ATTRIBUTES, N_CHANNELS, N_FACTORS, IMAGES_A_BLOCK = 40, 64, 6, 200
STEPS = ("table", "intervals", "reliability", "null", "tables and heatmap", "prune-report")
LONG = 10.0  # seconds; what takes longer is measured once
PROVENANCE = Provenance(
    run="made", n_images=0, split="all", data="made up", fingerprint="", model_sha256="", readout="pooled", version=""
)


@dataclass(frozen=True)
class Size:
    """How large a made-up masks.h5 is; the grid has cells x cells."""

    attributes: int
    channels: int
    cells: int

    @property
    def n_blocks(self) -> int:
        """Number of blocks, as extraction would keep them."""
        return number_of_blocks(self.attributes, self.channels, self.cells, self.cells)


def main() -> None:
    """Print a Markdown table, or measure one file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--attributes", type=int, nargs="*", default=[40, 200, 1000])
    parser.add_argument("--channels", type=int, nargs="*", default=[64, 512])
    parser.add_argument("--cells", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--one", type=Path, help="measure this masks.h5 and print the cost as JSON")
    parser.add_argument("--axis", choices=["attribute", "channel"], default="attribute")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.axis)))
        return
    print(f"| | blocks | {' | '.join(f's, {step}' for step in STEPS)} | most memory, MB |")
    print("|---|---|" + "---|" * (len(STEPS) + 1))
    sizes: list[tuple[Axis, Size]] = [("attribute", Size(k, N_CHANNELS, options.cells)) for k in options.attributes]
    sizes += [("channel", Size(N_ATTRIBUTES, c, options.cells)) for c in options.channels]
    for axis, size in sizes:
        print(describe(axis, size, repeats=options.repeats), flush=True)


def describe(axis: Axis, size: Size, *, repeats: int) -> str:
    """Return a row of the table: medians of the repeats, each in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "masks.h5"
        make_masks(file, size, np.random.default_rng(0))
        costs: list[dict[str, float]] = []
        while len(costs) < repeats and not (costs and sum(costs[0][step] for step in STEPS if step in costs[0]) > LONG):
            command = [sys.executable, __file__, "--one", str(file), "--axis", axis]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            costs.append(json.loads(done.stdout.splitlines()[-1]))
    found = {key: statistics.median(cost[key] for cost in costs) for key in costs[0]}
    n = size.attributes if axis == "attribute" else size.channels
    seconds = [digits(found[step]) if step in found else "" for step in STEPS]
    return f"| {n:,} {axis}s | {size.n_blocks} | {' | '.join(seconds)} | {found['peak'] / 1e6:,.0f} |"


def measure(file: Path, axis: Axis) -> dict[str, float]:
    """Return seconds of each step, and the most bytes of all, in this process."""
    seconds: dict[str, float] = {}
    marks = [time.perf_counter()]

    def mark(step: str) -> None:
        marks.append(time.perf_counter())
        seconds[step] = marks[-1] - marks[-2]

    def follow(done: int, total: int, note: str = "") -> None:  # noqa: ARG001
        if done:
            mark(STEPS[done])

    results = file.with_name("analysis.h5")
    analysis = analyse(file, results, axis=axis)
    mark("table")
    certainty = measure_certainty(file, results, analysis.ranking, progress=follow)
    figure = correlation_figure(analysis.correlation, analysis.clustering, PROVENANCE, certainty=certainty)
    save_figure(figure, file.parent, "heatmap")
    to_csv(ranking_list(analysis.ranking, PROVENANCE, certainty=certainty))
    table = ranking_table(analysis.ranking, PROVENANCE, certainty=certainty)
    to_markdown(table), to_latex(table)
    mark("tables and heatmap")
    if axis == "channel":
        report(read_statistics(file))
        mark("prune-report")
    return seconds | {"peak": most_held_bytes()}


def make_masks(file: Path, size: Size, generator: np.random.Generator) -> None:
    """Write a masks.h5 of made-up sums, block by block."""
    grid = (size.channels, size.cells, size.cells)
    blocks = np.repeat(np.arange(size.n_blocks), IMAGES_A_BLOCK)
    labels = draw_labels(len(blocks), size.attributes, generator)
    weights = adjusted_weights(labels).values
    plan = Plan(
        provenance=PROVENANCE,
        attributes=tuple(f"Attribute_{index:04d}" for index in range(size.attributes)),
        grid=grid,
        n_blocks=size.n_blocks,
        names=(),
        labels=np.empty((0, size.attributes)),
        blocks=np.empty(0, dtype=np.int32),
        raw=np.empty(0, dtype=np.bool_),
    )
    create_masks(file, plan)
    maps = {each: Maps.draw(size, spread, generator) for each, spread in (("mask", 0.1), ("evidence", 0.4))}
    with writing(file) as writer:
        handle = writer.handle["blocks"]
        for block in range(size.n_blocks):
            y, w = (values[blocks == block] for values in (labels, weights))
            handle["count"][block] = len(y)
            handle["positives"][block], handle["weight_sum"][block] = y.sum(axis=0), w.sum(axis=0)
            handle["label_gram"][block] = y.T @ y
            handle["feature_sum"][block] = len(y) * np.abs(generator.normal(size=grid))
            for each, made in maps.items():
                for name, sums in made.sums(y, w, generator).items():
                    handle[f"{each}/{name}"][block] = sums
            handle["done"][block] = 1


def draw_labels(n_images: int, n_attributes: int, generator: np.random.Generator) -> Floats:
    """Draw labels that a few factors share: (image, attribute)."""
    hidden = generator.normal(size=(n_images, N_FACTORS)) @ generator.normal(size=(N_FACTORS, n_attributes))
    noisy = hidden + 2 * generator.normal(size=hidden.shape)
    return (noisy > np.quantile(noisy, generator.uniform(0.5, 0.9), axis=0)).astype(np.float64)


@dataclass(frozen=True)
class Maps:
    """What masks, or evidence, are made of: level and effect (K, C, H, W), and the noise of a cell in an image."""

    level: Array
    effect: Array
    noise: float

    @classmethod
    def draw(cls, size: Size, spread: float, generator: np.random.Generator) -> Maps:
        """Draw maps that a few factors of attributes and channels share."""
        shape = (size.attributes, size.channels, size.cells, size.cells)

        def mixed() -> Array:
            left, channel = (generator.normal(size=(n, N_FACTORS)) for n in shape[:2])
            cells = np.exp(0.7 * generator.normal(size=(N_FACTORS, *shape[2:])))
            made = np.einsum("kf,cf,fhw->kchw", left, channel, cells, optimize=True) / np.sqrt(N_FACTORS)
            return made + 0.7 * generator.normal(size=shape)

        return cls(level=0.5 + 0.1 * mixed(), effect=spread * mixed(), noise=spread)

    def sums(self, y: Floats, w: Floats, generator: np.random.Generator) -> dict[str, Array]:
        """Return the sums of a block of images with labels y and weights w (n, K)."""
        shape = self.level.shape

        def weigh(weight: Floats) -> Array:
            own, whole, square = (each.sum(axis=0)[:, None, None, None] for each in (weight * y, weight, weight**2))
            return whole * self.level + own * self.effect + self.noise * np.sqrt(square) * generator.normal(size=shape)

        total = weigh(np.ones_like(y))
        n_images = len(y)
        by_attribute, by_channel = total.reshape(shape[0], -1), total.swapaxes(0, 1).reshape(shape[1], -1)
        wave = n_images * self.noise**2
        attribute_gram = np.stack([by_attribute @ by_attribute.T / n_images] * len(VIEWS))
        channel_gram = by_channel @ by_channel.T / n_images
        return {
            "total": total,
            "positive": weigh(y),
            "adjusted": weigh(w),
            "attribute_gram": attribute_gram + wave * by_attribute.shape[1] * likeness(shape[0], generator),
            "channel_gram": channel_gram + wave * by_channel.shape[1] * likeness(shape[1], generator),
        }


def likeness(n: int, generator: np.random.Generator) -> Floats:
    """Draw how alike noise is: positive definite (n, n), of a few factors that all calls share, and some of its own."""
    shared = np.random.default_rng(n).normal(size=(n, N_FACTORS))
    rows = shared + 0.3 * generator.normal(size=shared.shape)
    made: Floats = rows @ rows.T / N_FACTORS
    made[np.diag_indices(n)] += 1.0
    return made


if __name__ == "__main__":
    main()
