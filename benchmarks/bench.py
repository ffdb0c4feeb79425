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
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from mamviz.config import RunConfig
from mamviz.data.images import pack
from mamviz.data.synthetic.files import write_faces
from mamviz.data.synthetic.labels import draw_labels
from mamviz.data.synthetic.render import draw_faces
from mamviz.extraction.sums import add_images, start_sums
from mamviz.models.network import MaskNetwork
from mamviz.models.weights import build_network
from mamviz.training.loop import make_optimizer
from mamviz.training.losses import total_loss

N_ATTRIBUTES = 40
BATCH = 128
N_FILES = 512


@dataclass(frozen=True)
class Timing:
    """Images a second: median, slowest and fastest repeat."""

    name: str
    median: float
    low: float
    high: float


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
        print(f"| {timing.name} | {timing.median:.0f} | {timing.low:.0f} | {timing.high:.0f} |")
    if options.json:
        options.json.write_text(json.dumps([asdict(timing) for timing in timings], indent=2) + "\n")


def measure(repeats: int) -> Iterator[Timing]:
    """Yield a timing for each job."""
    config = RunConfig()
    labels = draw_labels(BATCH, seed=0)
    order = np.arange(BATCH)
    for size in (64, 128):
        yield timed(
            f"draw built-in faces, {size} px", lambda size=size: draw_faces(labels, order, size=size, seed=0), repeats
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
        yield timed(f"train, {name}", train_step(network, run, config, x, truth, half=half), repeats)
    network.eval()
    yield timed("extract, network alone", lambda: explain(network, x), repeats)
    yield timed("extract, with all statistics", lambda: extract(network, x, truth.double()), repeats)


def measure_reading(repeats: int) -> Iterator[Timing]:
    """Yield packing of JPEG files against a plain loop."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_faces(folder / "faces", n_images=N_FILES, size=128, seed=0, label_correlation=1.0, regions=False)
        files = sorted((folder / "faces" / "img_align_celeba").iterdir())
        places = iter(range(10_000))
        for threads in (1, 2):
            yield timed(
                f"decode and pack 128 px JPEG to 64 px, {threads} threads",
                lambda threads=threads: pack(
                    files, size=64, crop="square", folder=folder / str(next(places)), threads=threads
                ),
                repeats,
                n_images=N_FILES,
            )
        yield timed("the same with Pillow in a loop", lambda: read_plainly(files), repeats, n_images=N_FILES)


def read_plainly(files: list[Path]) -> None:
    """Decode and resize one file after the other."""
    for file in files:
        with Image.open(file) as image:
            np.asarray(image.convert("RGB").resize((64, 64), Image.Resampling.LANCZOS))


def plain_forward(network: MaskNetwork) -> Callable[[torch.Tensor], object]:
    """Return the same network written plainly: masks kept whole, autograd's own backward."""
    from mamviz.models.network import Outputs

    def forward(x: torch.Tensor) -> Outputs:
        features = network.extractor(x)
        masks = network.masking(features)
        pooled = (masks * features.unsqueeze(1)).mean((3, 4))
        return Outputs(
            network.readout(pooled), network.multi(features.mean((2, 3))), network.reconstructor(features), masks.mean()
        )

    return forward


def train_step(
    network: MaskNetwork,
    run: Callable[[torch.Tensor], object],
    config: RunConfig,
    x: torch.Tensor,
    labels: torch.Tensor,
    *,
    half: bool,
) -> Callable[[], None]:
    """Return one training step."""
    optimizer = make_optimizer(network, config)

    def step() -> None:
        network.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            outputs = run(x)
        optimizer.zero_grad(set_to_none=True)
        total_loss(outputs, labels, x, config.train).backward()  # type: ignore[arg-type]
        optimizer.step()

    return step


@torch.inference_mode()
def explain(network: MaskNetwork, x: torch.Tensor) -> None:
    """Compute masks and evidence of a batch."""
    network.explain(x)


@torch.inference_mode()
def extract(network: MaskNetwork, x: torch.Tensor, labels: torch.Tensor) -> None:
    """Compute masks and evidence and add them to the block statistics, four images at a time as a pass does."""
    sums = start_sums(N_ATTRIBUTES, network.shape, device="cpu")
    for rows in torch.arange(len(x)).split(4):
        add_images(sums, network.explain(x[rows]), labels=labels[rows], weights=labels[rows])


def timed(name: str, job: Callable[[], object], repeats: int, *, n_images: int = BATCH) -> Timing:
    """Run a job once to warm up and then `repeats` times."""
    job()
    rates = []
    for _ in range(repeats):
        start = time.perf_counter()
        job()
        rates.append(n_images / (time.perf_counter() - start))
    return Timing(name, statistics.median(rates), min(rates), max(rates))


if __name__ == "__main__":
    main()
