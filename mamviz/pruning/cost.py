"""What a network costs to keep and to run, before and after pruning: size, products, memory and time."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from mamviz.models.network import MaskNetwork, count_parameters
from mamviz.models.peak import count_peak_bytes
from mamviz.schema import CostChange, Floats, Interval, Latency, NetworkCost, Progress, silent
from mamviz.stats.bootstrap import LEVEL, to_interval

BATCH_SIZES = (1, 16, 128)
REPETITIONS = 15  # of the largest batch size; smaller ones, which scatter more, are timed up to MORE times as often
MORE = 4
WARM_UP = 3
REPLICATES = 1000


@dataclass(frozen=True, kw_only=True)
class Timing:
    """How latency is measured: n repetitions of the largest batch size, 15 or more for a figure to be quoted."""

    batch_sizes: tuple[int, ...] = BATCH_SIZES
    n: int = REPETITIONS
    n_replicates: int = REPLICATES

    def repetitions(self, batch_size: int) -> int:
        """Return how often a batch of this size is timed."""
        return self.n * min(MORE, max(self.batch_sizes) // batch_size)


def compare_costs(
    before: MaskNetwork,
    after: MaskNetwork,
    *,
    size: int,
    error: float,
    device: str = "cpu",
    timing: Timing | None = None,
    generator: np.random.Generator,
    progress: Progress = silent,
) -> CostChange:
    """Return what two networks cost, timed in turns on the same images of noise.

    size       side of the images, in pixels
    error      largest absolute difference of their logits, measured elsewhere; it goes into the record
    device     that both are moved to, and stay on
    generator  of the images, and of the interval of each ratio, which resamples repetitions

    Networks are set to inference. Threads are those that torch is set to.
    """
    timing, pair = timing or Timing(), (before, after)
    for network in pair:
        network.to(device).eval()
    found: tuple[list[Latency], list[Latency]] = ([], [])
    ratios = []
    for done, batch_size in enumerate(timing.batch_sizes):
        progress(done, len(timing.batch_sizes), f"batch size {batch_size}")
        images = _draw_images(batch_size, size, generator).to(device)
        seconds = _time_in_turns(pair, images, n=timing.repetitions(batch_size))
        for network, times, latencies in zip(pair, seconds, found, strict=True):
            latencies.append(_to_latency(times, batch_size, count_peak_bytes(network.classify, images)))
        ratios.append(median_interval(seconds[0] / seconds[1], n_replicates=timing.n_replicates, generator=generator))
    progress(len(timing.batch_sizes), len(timing.batch_sizes))
    return CostChange(
        before=measure_size(before, size=size, latency=tuple(found[0])),
        after=measure_size(after, size=size, latency=tuple(found[1])),
        ratio=tuple(ratios),
        error=error,
        device=_describe_device(device),
        threads=torch.get_num_threads(),
    )


def measure_size(network: MaskNetwork, *, size: int, latency: tuple[Latency, ...] = ()) -> NetworkCost:
    """Return parameters, FLOPs and bytes of a network, with the latency it is given.

    FLOPs count the products of convolutions and of the masks' linear layer, two a multiply-add, of classifying one
    image; not sums, norms, sigmoids and the product M F, which are few beside them. File bytes are those of its
    safetensors without the text of its settings, about 2 kB.
    """
    parameters = count_parameters(network)
    n_parameters = sum(parameters.values())
    return NetworkCost(
        channels=network.shape[0],
        parameters=n_parameters,
        inference=n_parameters - parameters["multi"] - parameters["reconstructor"],
        flops=count_flops(network, size=size),
        file_bytes=len(save({name: value.contiguous() for name, value in network.state_dict().items()})),
        latency=latency,
    )


def count_flops(network: MaskNetwork, *, size: int) -> float:
    """Return the FLOPs of classifying one image of `size` pixels; see `measure_size` for what counts."""
    training = network.training
    image = torch.zeros(1, 3, size, size, device=network.readout.bias.device)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.eval().classify(image)
    network.train(training)
    return float(counter.get_total_flops())


def median_interval(values: Floats, *, n_replicates: int, generator: np.random.Generator) -> Interval:
    """Return the median of values (n,) with its bootstrap interval, which resamples them; no limits for n = 1."""
    draws = generator.integers(len(values), size=(n_replicates if len(values) > 1 else 0, len(values)))
    return to_interval(np.concatenate([[np.median(values)], np.median(values[draws], axis=1)]), level=LEVEL)


def _draw_images(n_images: int, size: int, generator: np.random.Generator) -> Tensor:
    # Noise: of flat images features are zero, and products with zeros may be faster or slower than others.
    pixels = torch.from_numpy(generator.uniform(-1, 1, (n_images, 3, size, size)).astype(np.float32))
    return pixels.contiguous(memory_format=torch.channels_last)


@torch.inference_mode()
def _time_in_turns(networks: Sequence[MaskNetwork], images: Tensor, *, n: int) -> list[Floats]:
    """Return the seconds (n,) of each network; each turn times all, and the next turn starts with another.

    What slows the machine for a while so slows them alike.
    """
    seconds = [np.empty(n) for _ in networks]
    for turn in range(-WARM_UP, n):
        places = range(len(networks)) if turn % 2 else reversed(range(len(networks)))
        for place in places:
            taken = _time(networks[place], images)
            if turn >= 0:
                seconds[place][turn] = taken
    return seconds


def _time(network: MaskNetwork, images: Tensor) -> float:
    _wait(images)
    started = time.perf_counter()
    network.classify(images)
    _wait(images)
    return time.perf_counter() - started


def _wait(images: Tensor) -> None:
    if images.is_cuda:
        torch.cuda.synchronize(images.device)


def _to_latency(seconds: Floats, batch_size: int, peak_bytes: int) -> Latency:
    low, median, high = np.quantile(1e3 * seconds, [0.25, 0.5, 0.75]).tolist()
    assert math.isfinite(median)
    return Latency(batch_size=batch_size, median=median, low=low, high=high, n=len(seconds), peak_bytes=peak_bytes)


def _describe_device(device: str) -> str:
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device
