"""A Python of its own, whose memory really ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
# `limit` leaves the process some megabytes more than it has: the CPU's allocator then fails as on a full machine.
START = """
import resource, sys
from pathlib import Path
import numpy as np, torch
torch.set_num_threads(1)

def limit(megabytes):
    lines = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    most = 1024 * int(lines["VmData"].split()[0]) + megabytes * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))

"""


def run_limited(script: str, *arguments: object) -> str:
    """Run a script that may call `limit`, and return what it printed; it must end well."""
    # Large arrays by themselves, returned when they are freed: else what is left depends on how the heap is cut up.
    malloc = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_ARENA_MAX": "1"}
    environment = {**os.environ, **malloc, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", START + script, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
