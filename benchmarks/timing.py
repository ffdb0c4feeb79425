"""Timed jobs, as rows of a table."""

from __future__ import annotations

import re
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self


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


class Watch:
    """Looks at this process's own memory while a job runs; `most` is the largest seen, in bytes.

    Its own: what is mapped from files (libraries, packed images) is left out, which the system takes back when it
    needs room. On Linux; elsewhere `most` stays 0.
    """

    def __init__(self) -> None:
        self.most = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        status = Path("/proc/self/status")
        while status.is_file() and not self._ended.wait(0.02):
            self.most = max(
                self.most, *(1024.0 * float(size) for size in re.findall(r"RssAnon:\s+(\d+)", status.read_text()))
            )
