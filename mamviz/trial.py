"""What a piece of work costs on this machine as it is now: seconds and memory of a few tries."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

# Tries that do not count, tries whose median counts, and seconds after which no further one is begun.
WARM_UP = 1
TRIES = 3
LONGEST = 20.0


def median_seconds(job: Callable[[], object], *, wait: Callable[[], object] | None = None) -> float:
    """Return the median seconds of a few tries; of the first alone where that takes very long.

    wait    returns when a device has done what it was asked to
    """
    seconds: list[float] = []
    begun = time.perf_counter()
    for turn in range(WARM_UP + TRIES):
        started = time.perf_counter()
        job()
        if wait is not None:
            wait()
        if turn >= WARM_UP or time.perf_counter() - begun > LONGEST / 2:
            seconds.append(time.perf_counter() - started)
        if seconds and time.perf_counter() - begun > LONGEST:
            break
    return statistics.median(seconds)


def held_bytes() -> float:
    """Return the memory that this process holds now; elsewhere than on Linux the most that it has held."""
    return _status("VmRSS") or most_held_bytes()


def most_held_bytes() -> float:
    """Return the most memory that this process has held; 0 where the system doesn't tell."""
    # On Linux getrusage may tell the parent's.
    return _status("VmHWM") or _most_used()


def forget_most_held() -> None:
    """Count the most memory held anew from what is held now, where the system allows it: on Linux."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _most_used() -> float:
    try:
        import resource
    except ImportError:  # Windows has no such module
        return 0.0
    unit = 1 if sys.platform == "darwin" else 1024
    return float(unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def _status(name: str) -> float:
    file = Path("/proc/self/status")
    if not file.is_file():
        return 0.0
    values = dict(line.split(":", 1) for line in file.read_text().splitlines() if ":" in line)
    return 1024.0 * float(values[name].split()[0]) if name in values else 0.0
