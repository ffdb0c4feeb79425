"""What the parts reach on a GPU, beside the same network in plain torch and beside what the device can multiply.

    PYTHONPATH=.:cli:reports python3 benchmarks/gpu.py --json gpu.json

Runs from a checkout, with nothing installed but torch, numpy, scipy, h5py, pillow and safetensors, and ends within
8 minutes: what there is no time for is left out, and said to be. Ends with exit code 2 where there is no CUDA device,
with 1 where a part failed; the others' figures are there.

    PYTHONPATH=.:cli:reports python3 benchmarks/gpu.py --device cpu --quick    # tiny sizes: tries the script, no more

Prints Markdown and writes the same figures as JSON. Rates are medians of several repeats of several steps, the device
waited for at the end of each. The floor of a job is the time of its products alone, at the rate of one large product.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from chain import time_chain
from deadline import Deadline, OutOfTimeError, start_deadline
from extracting import extract
from floor import count_flops, measure_peak, synchronized
from plain import extract_plainly, plain_forward, pooled_by, train_step
from timing import Timing, digits, timed

from mamviz import __version__
from mamviz.config import DataConfig, ModelConfig, RunConfig
from mamviz.models import masking
from mamviz.models.masking import FUSED_CELLS, MaskedPool
from mamviz.models.network import MaskNetwork
from mamviz.models.weights import build_network

N_ATTRIBUTES = 40
SEED = 0
SECONDS = 420.0  # no part is begun later; a part takes half a minute at most


@dataclass(frozen=True)
class Sizes:
    """How much is done: all of it, or just enough to see that the script runs."""

    batch: int = 128
    steps: int = 10
    repeats: int = 7
    side: int = 8192
    images: tuple[tuple[str, int], ...] = (("small", 64), ("resnet18", 128))
    channels: int = 64
    n_drawn: int = 4000
    n_extracted: int = 20_000


QUICK = Sizes(batch=2, steps=1, repeats=1, side=64, images=(("small", 32),), channels=4, n_drawn=24, n_extracted=30)


@dataclass
class Results:
    """What is found, as it is found."""

    timings: list[Timing] = field(default_factory=list)
    peaks: dict[str, float] = field(default_factory=dict)
    ratios: dict[str, float] = field(default_factory=dict)
    floors: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to try the script")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        print("no CUDA device: nothing is measured. --device cpu --quick tries the script.", file=sys.stderr)
        return 2
    if options.device == "cpu" and not options.quick:
        print("--device cpu: only with --quick; benchmarks/bench.py measures a CPU.", file=sys.stderr)
        return 2
    torch.manual_seed(SEED)
    deadline, results = start_deadline(SECONDS), Results()
    for name, part in parts(options.device, QUICK if options.quick else Sizes(), deadline, results):
        try:
            deadline.check()
            print(name, file=sys.stderr)
            part()
        except OutOfTimeError as error:
            results.left_out.append(f"{name}: left out, {error}")
        except Exception as error:  # the other parts' figures are worth having; the exit code tells
            traceback.print_exc()
            results.failed.append(f"{name}: failed, {type(error).__name__}: {error}")
    record = describe_machine(options.device) | asdict(results)
    show(record, results)
    if options.json:
        options.json.write_text(json.dumps(record, indent=2) + "\n")
    return 1 if results.failed else 0


def parts(device: str, sizes: Sizes, deadline: Deadline, results: Results) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield what is measured, what matters most first; each part adds to the results."""
    yield "peaks", lambda: add_peaks(device, sizes, results)
    jobs = [make_job(preset, size, device, sizes) for preset, size in sizes.images]
    for job in jobs:
        yield f"{job.name}: training steps", lambda job=job: add_training(job, results)
        yield f"{job.name}: the mask pooling alone", lambda job=job: add_pooling(job, results)
        yield f"{job.name}: extraction", lambda job=job: add_extraction(job, results)
        if job is jobs[0]:
            yield "the chain on built-in faces", lambda job=job: add_chain(job, deadline, results)


@dataclass(frozen=True)
class Job:
    """A network with a batch of noise on the device."""

    name: str
    config: RunConfig
    network: MaskNetwork
    x: torch.Tensor
    labels: torch.Tensor
    device: str
    sizes: Sizes

    def time(self, name: str, job: Callable[[], object], *, times: int | None = None) -> Timing:
        """Return images a second."""
        times = times or self.sizes.steps
        run = synchronized(job, self.device, times=times)
        return timed(f"{self.name}, {name}", run, self.sizes.repeats, n_images=times * len(self.x))

    @property
    def ways(self) -> list[tuple[str, type[torch.autograd.Function]]]:
        """How masks can be pooled on this device."""
        probe = torch.empty(1, device=self.device)
        # What is chosen for a batch that is large enough; it is the plain function where there is no Triton.
        chosen = masking.choose_pool(probe, cells=FUSED_CELLS)
        return [("fused", chosen)] * (chosen is not MaskedPool) + [("unfused", MaskedPool)]


def make_job(preset: str, size: int, device: str, sizes: Sizes) -> Job:
    """Return the preset with all channels of its extractor."""
    channels = sizes.channels if preset == "small" else 0
    model = ModelConfig(preset=preset, channels=channels)  # type: ignore[arg-type]
    config = RunConfig(data=DataConfig(size=size, n_faces=sizes.n_drawn), model=model, seed=SEED)
    generator = torch.Generator().manual_seed(SEED)
    x = torch.rand(sizes.batch, 3, size, size, generator=generator) * 2 - 1
    labels = (torch.rand(sizes.batch, N_ATTRIBUTES, generator=generator) < 0.3).float()
    return Job(
        name=f"{preset} at {size} px",
        config=config,
        network=build_network(config, n_attributes=N_ATTRIBUTES).to(device),
        x=x.to(device).contiguous(memory_format=torch.channels_last),
        labels=labels.to(device),
        device=device,
        sizes=sizes,
    )


def add_peaks(device: str, sizes: Sizes, results: Results) -> None:
    """Measure what the device multiplies."""
    for name in ("float32", "bfloat16", "float64"):
        results.peaks[name] = measure_peak(side=sizes.side, device=device, dtype=getattr(torch, name))


def add_training(job: Job, results: Results) -> None:
    """Time steps with fused and unfused pooling, and of the network written plainly."""
    plain = plain_forward(job.network)
    flops = count_flops(train_step(job.network, plain, job.config, job.x, job.labels, half=False)) / len(job.x)
    for precision in ("float32", "bfloat16"):
        rates = {}
        for way, function in job.ways:
            with pooled_by(function):
                step = train_step(job.network, job.network, job.config, job.x, job.labels, half=precision != "float32")
                found = job.time(f"train, {way}, {precision}", step)
            results.timings.append(found)
            results.floors[found.name] = found.median * flops / results.peaks[precision]
            rates[way] = found.median
        step = train_step(job.network, plain, job.config, job.x, job.labels, half=precision != "float32")
        found = job.time(f"train, written plainly, {precision}", step)
        results.timings.append(found)
        add_ratios(results, f"{job.name}, train, {precision}", rates | {"written plainly": found.median})


def add_pooling(job: Job, results: Results) -> None:
    """Time forward and backward of the pooling, and say how far the two ways are apart."""
    with torch.inference_mode():
        shape = job.network.extractor(job.x).shape
    for dtype in (torch.float32, torch.bfloat16):
        precision = str(dtype).removeprefix("torch.")
        tensors = draw_pooling(shape, job, dtype)
        rates, found = {}, {}
        for way, function in job.ways:
            run = partial(pool_and_back, function, tensors)
            timing = job.time(f"pool masks and back, {way}, {precision}", run)
            results.timings.append(timing)
            rates[way], found[way] = timing.median, run()
        add_ratios(results, f"{job.name}, pool masks and back, {precision}", rates)
        if len(found) > 1:
            apart = max(
                float((one - other).abs().max() / other.abs().max())
                for one, other in zip(*(map(torch.Tensor.double, each) for each in found.values()), strict=True)
            )
            results.notes.append(f"{job.name}, {precision}: fused and unfused are {apart:.1e} apart, of the largest")


def pool_and_back(function: type[torch.autograd.Function], tensors: list[torch.Tensor]) -> list[torch.Tensor]:
    """Return both outputs, and the gradients of a loss of both."""
    pooled, level = function.apply(*tensors)  # type: ignore[no-untyped-call]
    gradients = torch.autograd.grad(pooled.square().sum() + level, tensors)
    return [pooled.detach(), level.detach(), *gradients]


def draw_pooling(shape: torch.Size, job: Job, dtype: torch.dtype) -> list[torch.Tensor]:
    """Return hidden features, features, weight and bias of a mask generator that has learned something."""
    n_images, channels, height, width = shape
    generator = torch.Generator().manual_seed(SEED)
    columns = N_ATTRIBUTES * channels
    sizes = [(n_images, height * width, channels)] * 2 + [(columns, channels), (columns,)]
    tensors = [torch.randn(each, generator=generator) for each in sizes]
    tensors[2] = tensors[2] / channels**0.5
    return [tensor.to(job.device, dtype).requires_grad_() for tensor in tensors]


def add_extraction(job: Job, results: Results) -> None:
    """Time the sums of masks and evidence, beside the same written plainly."""
    network, wide = job.network.eval(), job.labels.double()
    single = count_flops(lambda: network.explain(job.x)) / len(job.x)
    double = count_flops(lambda: extract(network, job.x, wide, wide)) / len(job.x) - single
    ours = job.time("extract, all statistics", lambda: extract(network, job.x, wide, wide), times=2)
    plain = job.time("extract, written plainly", lambda: extract_plainly(network, job.x, wide), times=1)
    results.timings += [ours, plain]
    peaks = results.peaks
    results.floors[ours.name] = ours.median * (single / peaks["float32"] + double / peaks["float64"])
    add_ratios(results, f"{job.name}, extract", {"ours": ours.median, "written plainly": plain.median})


def add_chain(job: Job, deadline: Deadline, results: Results) -> None:
    """Draw, train and extract as the commands do; lines stay where the time runs out."""
    with tempfile.TemporaryDirectory() as name:
        n_extracted = job.sizes.n_extracted
        for line in time_chain(
            Path(name), job.config, device=job.device, n_extracted=n_extracted, n_asked=200_000, deadline=deadline
        ):
            results.notes.append(line)


def add_ratios(results: Results, name: str, rates: dict[str, float]) -> None:
    """Keep how many times as fast the first is as each of the others."""
    first, *others = rates
    results.ratios |= {f"{name}: {first} against {other}": rates[first] / rates[other] for other in others}


def describe_machine(device: str) -> dict[str, Any]:
    """Return what the figures were measured with."""
    triton = sys.modules.get("triton")
    return {
        "device": torch.cuda.get_device_name() if device == "cuda" else platform.processor() or platform.machine(),
        "seed": SEED,
        "threads": torch.get_num_threads(),
        "versions": {
            "mamviz": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "cuda": torch.version.cuda,
            "triton": getattr(triton, "__version__", None),
            "numpy": np.__version__,
        },
    }


def show(record: dict[str, Any], results: Results) -> None:
    """Print the figures as Markdown."""
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items() if version)
    print(f"\n{record['device']}; {versions}; seed {SEED}\n")
    print("| job | images/s | slowest | fastest | of the floor |\n|---|---|---|---|---|")
    for each in results.timings:
        share = f"{results.floors[each.name]:.1%}" if each.name in results.floors else ""
        print("|", " | ".join((each.name, *map(digits, (each.median, each.low, each.high)), share)), "|")
    print("\n| ratio in this run | |\n|---|---|")
    for name, ratio in results.ratios.items():
        print(f"| {name} | {ratio:.2f} |")
    peaks = ", ".join(f"{name} {peak / 1e12:.3g} TFLOP/s" for name, peak in results.peaks.items())
    print("", f"one large product: {peaks}", *results.notes, *results.left_out, *results.failed, sep="\n")


if __name__ == "__main__":
    sys.exit(main())
