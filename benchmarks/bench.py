"""How fast the parts are on this machine, each beside a plain way to do the same, as ratios in one run.

    make bench                        # small preset, 64 px, built-in faces
    make bench ARGS="--repeats 9"

Prints a table and, with --json FILE, writes the same figures. Medians of several repeats; threads are those that
torch takes (OMP_NUM_THREADS).
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from explainers import measure_explainers
from extracting import extract
from floor import count_flops, measure_peak
from matrix import describe as describe_matrix
from plain import extract_plainly, plain_forward, train_step
from reading import measure_reading
from scaling import describe as describe_scaling
from scaling import describe_images
from timing import Timing, digits, timed

from mamviz import __version__
from mamviz.config import ModelConfig, RunConfig
from mamviz.data.synthetic.labels import draw_labels
from mamviz.data.synthetic.render import draw_faces
from mamviz.models.network import MaskNetwork
from mamviz.models.weights import build_network
from mamviz.training.losses import total_loss

N_ATTRIBUTES = 40
BATCH = 128
MATRIX_IMAGES = 400
SCALING_IMAGES = [500, 4000]


def main() -> None:
    """Time everything and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    timings = list(measure(options.repeats))
    threads = torch.get_num_threads()
    machine = platform.processor() or platform.machine()
    print(f"\n{machine}, {threads} threads, torch {torch.__version__}; images a second\n")
    print("| job | median | slowest | fastest |\n|---|---|---|---|")
    for timing in timings:
        print("|", " | ".join((timing.name, *map(digits, (timing.median, timing.low, timing.high)))), "|")
    network = build_network(RunConfig(), n_attributes=N_ATTRIBUTES)
    notes = [*describe_floor(network, timings), *describe_matrix(MATRIX_IMAGES)]
    tables = [*describe_scaling(repeats=3), "", *describe_images(SCALING_IMAGES, None)]
    print("", *notes, "", *tables, sep="\n")
    if options.json:
        versions = {"mamviz": __version__, "python": platform.python_version(), "torch": torch.__version__}
        record = {"machine": machine, "threads": threads, "versions": versions}
        record |= {"timings": [asdict(timing) for timing in timings], "notes": notes, "tables": tables}
        options.json.write_text(json.dumps(record, indent=2) + "\n")


def measure(repeats: int) -> Iterator[Timing]:
    """Yield a timing for each job."""
    config = RunConfig()
    labels = draw_labels(BATCH, seed=0)
    order = np.arange(BATCH)
    for size in (64, 128):
        yield timed(
            f"draw built-in faces, {size} px",
            lambda size=size: draw_faces(labels, order, size=size, seed=0),
            repeats,
            n_images=BATCH,
        )
    yield from measure_reading(repeats)
    network = build_network(config, n_attributes=N_ATTRIBUTES)
    x = torch.rand(BATCH, 3, config.data.size, config.data.size).contiguous(memory_format=torch.channels_last)
    truth = torch.from_numpy(labels).float()
    for name, forward, half in (
        ("ours, float32", network, False),
        ("ours, bfloat16", network, True),
        ("the same network written plainly, float32", None, False),
        ("the same network written plainly, bfloat16", None, True),
    ):
        run = forward or plain_forward(network)
        yield timed(f"train, {name}", train_step(network, run, config, x, truth, half=half), repeats, n_images=BATCH)
    yield measure_prototypes(x, truth, repeats)
    network.eval()
    wide = truth.double()
    yield timed("extract, with all statistics", lambda: extract(network, x, wide, wide), repeats, n_images=BATCH)
    yield timed(
        "extract, the same written plainly",
        lambda: extract_plainly(network, x, wide),
        repeats,
        n_images=BATCH,
    )
    yield from measure_explainers(network, x, repeats)


def measure_prototypes(x: torch.Tensor, truth: torch.Tensor, repeats: int) -> Timing:
    """Return a training step of the size that a prototype took 300 images a second for: 48 channels, two threads."""
    config = replace(RunConfig(), model=ModelConfig(channels=48))
    network = build_network(config, n_attributes=N_ATTRIBUTES)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    found = timed(
        "train, ours, float32, 48 channels, 2 threads",
        train_step(network, network, config, x, truth, half=False),
        repeats,
        n_images=BATCH,
    )
    torch.set_num_threads(threads)
    return found


def describe_floor(network: MaskNetwork, timings: list[Timing]) -> list[str]:
    """Say how much of what this processor can multiply is reached: products counted, against one large product."""
    x = torch.rand(8, 3, 64, 64).contiguous(memory_format=torch.channels_last)
    labels = torch.ones(8, N_ATTRIBUTES)
    training = count_flops(lambda: total_loss(network.train()(x), labels, x, RunConfig().train).backward()) / 8  # type: ignore[no-untyped-call]
    network.eval()
    extraction = count_flops(lambda: extract(network, x, labels.double(), labels.double())) / 8
    peak = measure_peak(side=2048)
    rates = {timing.name: timing.median for timing in timings}
    lines = [f"one product of 2,048 x 2,048: {peak / 1e9:.0f} GFLOP/s"]
    for name, flops in (("train, ours, float32", training), ("extract, with all statistics", extraction)):
        share = rates[name] * flops / peak
        lines.append(
            f"{name}: {flops / 1e9:.3f} GFLOP an image, {peak / flops:.0f} images/s at most, {share:.0%} of it"
        )
    return lines


if __name__ == "__main__":
    main()
