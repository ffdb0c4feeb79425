"""Timed jobs, as rows of a table."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Timing:
    """Images a second: median, slowest and fastest repeat."""

    name: str
    median: float
    low: float
    high: float


def timed(name: str, job: Callable[[], object], repeats: int, *, n_images: float) -> Timing:
    """Run a job once to warm up and then `repeats` times."""
    job()
    rates = []
    for _ in range(repeats):
        start = time.perf_counter()
        job()
        rates.append(n_images / (time.perf_counter() - start))
    return Timing(name, statistics.median(rates), min(rates), max(rates))


def digits(value: float) -> str:
    """Write a rate with three digits."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def peak_bytes() -> float:
    """Return the most memory that this process has held; on Linux getrusage may tell its parent's."""
    status = Path("/proc/self/status")
    if status.is_file():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return 1024.0 * float(line.split()[1])
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
