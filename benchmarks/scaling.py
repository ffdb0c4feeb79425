"""What images, attributes and channels cost: seconds an image and the most memory, as each of them grows.

python benchmarks/scaling.py                       # attributes and channels; 500 and 4,000 images
python benchmarks/scaling.py --only-images --images 1000 10000   # extraction of so many built-in faces
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch
from extracting import extract
from timing import Timing, Watch, timed

from mamviz import __version__
from mamviz.config import RunConfig
from mamviz.data.dataset import open_data
from mamviz.extraction import extract_masks, plan_extraction
from mamviz.models.weights import build_network, write_network
from mamviz.training.loop import make_optimizer
from mamviz.training.losses import total_loss
from mamviz.training.start import start_run
from mamviz.trial import most_held_bytes

ATTRIBUTES, CHANNELS = (40, 200, 1000), (64, 256, 1024)
# A batch holds about so many cells of masks.
CELLS = 1 << 24


def main() -> None:
    """Print what each of the three costs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, nargs="+", default=[500, 4000])
    parser.add_argument("--only-images", action="store_true", help="leave attributes and channels out")
    parser.add_argument("--cache", type=Path, help="folder of the drawn faces; one that is removed by default")
    parser.add_argument("--one", type=int, help="extract masks of so many images and print the cost as JSON")
    parser.add_argument("--draw", action="store_true", help="with --one: only draw them")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(extract_once(options.one, options.cache, only_draw=options.draw)))
        return
    if not options.only_images:
        print(*describe(repeats=3), "", sep="\n")
    print(*describe_images(options.images, options.cache), sep="\n")


def describe(*, repeats: int) -> list[str]:
    """Return the rows of a Markdown table: attributes and channels."""
    lines = ["| | images/s, training step | images/s, extraction | slope of seconds an image |", "|---|---|---|---|"]
    for word, sizes in (("attributes", ATTRIBUTES), ("channels", CHANNELS)):
        found = []
        for size in sizes:
            k, c = (size, CHANNELS[0]) if word == "attributes" else (ATTRIBUTES[0], size)
            found.append(_measure(k, c, repeats))
        for place, (size, (train, statistics)) in enumerate(zip(sizes, found, strict=True)):
            slope = "" if place == 0 else _slopes(sizes[place - 1 : place + 1], found[place - 1 : place + 1])
            lines.append(f"| {size:,} {word} | {train.median:.3g} | {statistics.median:.3g} | {slope} |")
    return lines


def describe_images(images: list[int], cache: Path | None) -> list[str]:
    """Return the rows of another: images. They are drawn before, in a process of its own."""
    lines = [
        "| images | seconds of extraction | images/s | memory of its own, MB | with mapped files, MB | masks.h5, MB |",
        "|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as name:
        for n_images in images:
            command = [sys.executable, __file__, "--one", str(n_images), "--cache", str(cache or name)]
            subprocess.run([*command, "--draw"], capture_output=True, check=True)
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            cost = json.loads(done.stdout.splitlines()[-1])
            sizes = " | ".join(f"{cost[key] / 1e6:.0f}" for key in ("most", "held", "file"))
            lines.append(f"| {n_images:,} | {cost['seconds']:.1f} | {n_images / cost['seconds']:.0f} | {sizes} |")
    return lines


def _measure(n_attributes: int, channels: int, repeats: int) -> tuple[Timing, Timing]:
    config = RunConfig()
    config = replace(config, model=replace(config.model, channels=channels))
    network = build_network(config, n_attributes=n_attributes)
    n_images = max(1, min(64, CELLS // (n_attributes * math.prod(network.shape))))
    x = torch.rand(n_images, 3, 64, 64).contiguous(memory_format=torch.channels_last)
    labels = (torch.rand(n_images, n_attributes) < 0.3).float()
    optimizer = make_optimizer(network, config)

    def step() -> None:
        network.train()
        optimizer.zero_grad(set_to_none=True)
        total_loss(network(x), labels, x, config.train).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    train = timed("train", step, repeats, n_images=n_images)
    network.eval()
    wide = labels.double()
    statistics = timed("extract", lambda: extract(network, x, wide, wide), repeats, n_images=n_images)
    return train, statistics


def _slopes(sizes: tuple[int, ...], found: list[tuple[Timing, Timing]]) -> str:
    """Return the exponents of seconds an image between two sizes: 1 is in proportion."""
    far = math.log(sizes[1] / sizes[0])
    first, second = (
        math.log(before.median / after.median) / far for before, after in zip(found[0], found[1], strict=True)
    )
    return f"{first:.2f}, {second:.2f}"


def extract_once(n_images: int, cache: Path, *, only_draw: bool = False) -> dict[str, float]:
    """Extract masks of built-in faces with an untrained network, or only draw them into the cache."""
    config = RunConfig()
    config = replace(config, data=replace(config.data, n_faces=n_images))
    data = open_data(config.data, cache=cache)
    if only_draw:
        return {}
    with tempfile.TemporaryDirectory() as name:
        run = start_run(
            Path(name) / "run", config, data, device="cpu", command=["bench"], created="", version=__version__
        )
        network = build_network(config, n_attributes=len(data.attributes))
        write_network(run.model_file, network, config=config, attributes=data.attributes)
        plan, indices = plan_extraction(run, data, split="all", n_raw=0, version=__version__, shape=network.shape)
        started = time.perf_counter()
        with Watch() as watch:
            file = extract_masks(run, data, plan, indices)
        seconds = time.perf_counter() - started
        return {"seconds": seconds, "most": watch.most, "held": most_held_bytes(), "file": float(file.stat().st_size)}


if __name__ == "__main__":
    main()
