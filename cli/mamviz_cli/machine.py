"""What this machine has free: device, threads, the cache's folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from mamviz.errors import ConfigError
from mamviz_cli.options import Common


def choose_device(name: str) -> str:
    """Return "cpu" or "cuda"; auto takes CUDA where there is one.

    Raises ConfigError for another name, or CUDA where there is none.
    """
    import torch

    if name not in ("auto", "cpu", "cuda"):
        raise ConfigError(f"--device: expected auto, cpu or cuda, got {name!r}. Choose one of these.")
    found = torch.cuda.is_available()
    if name == "cuda" and not found:
        raise ConfigError(
            "--device: expected a CUDA device, torch found none. Use --device cpu, or install its driver."
        )
    return "cuda" if found and name != "cpu" else "cpu"


def use_threads(wanted: int) -> int:
    """Set torch's CPU threads and return their number; 0 takes the cores that are free."""
    import torch

    threads = wanted or free_threads()
    torch.set_num_threads(threads)
    return threads


def free_threads(environment: Mapping[str, str] | None = None) -> int:
    """Count the cores that no other program uses, at least 1.

    Two threads on a busy two-core machine can be ten times slower than one. Processes of one torchrun share the
    cores; OMP_NUM_THREADS, where set, is the most.
    """
    environment = os.environ if environment is None else environment
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    load = round(os.getloadavg()[0]) if hasattr(os, "getloadavg") else 0
    share = (cores - load) // max(1, _whole(environment.get("LOCAL_WORLD_SIZE")))
    most = _whole(environment.get("OMP_NUM_THREADS")) or cores
    return max(1, min(share, most))


def cache_folder(common: Common, environment: Mapping[str, str] | None = None) -> Path:
    """Return --cache, or mamviz's folder under XDG_CACHE_HOME, ~/.cache by default."""
    environment = os.environ if environment is None else environment
    if common.cache is not None:
        return common.cache
    # the XDG specification: a path that is not absolute is ignored
    home = Path(environment.get("XDG_CACHE_HOME", ""))
    return (home if home.is_absolute() else Path.home() / ".cache") / "mamviz"


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isdigit() else 0
