"""Commands under torchrun, one of whose processes is killed in the middle of its work."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

# As `mamviz`, but the process of one rank kills itself, as the system would, before a call of a function; or memory
# runs out there.
SCRIPT = """
import importlib, os, signal, sys
rank, place, name, calls, end, *arguments = sys.argv[1:]
owner = importlib.import_module(place.partition(":")[0])
owner = getattr(owner, place.partition(":")[2], owner)
true, left = getattr(owner, name), [int(calls)]

def deadly(*given, **named):
    left[0] -= 1
    if left[0] < 0 and end == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if left[0] < 0:
        raise MemoryError("Unable to allocate 9 GB")
    return true(*given, **named)

if os.environ["RANK"] == rank:
    setattr(owner, name, deadly)
from mamviz_cli.app import main
sys.argv = ["mamviz", *arguments]
main()
"""


@dataclass(frozen=True)
class Killing:
    """Which rank kills itself, and before which call of which function of a module, or of a class "module:Class"."""

    rank: int
    place: str
    name: str
    calls: int
    end: Literal["killed", "full"] = "killed"


@dataclass(frozen=True)
class Job:
    """How a job under torchrun ended, and what mamviz said on stderr."""

    code: int
    said: tuple[str, ...]
    err: str


def run_killed(folder: Path, killing: Killing, *arguments: object, world: int = 2) -> Job:
    """Run a command under torchrun; a job that hangs fails the test."""
    script = folder / "killed.py"
    script.write_text(SCRIPT)
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={world}", str(script)]
    how = [str(killing.rank), killing.place, killing.name, str(killing.calls), killing.end]
    done = subprocess.run(
        [*start, *how, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = tuple(line for line in done.stderr.splitlines() if line.startswith("mamviz: "))
    return Job(done.returncode, said, done.stderr)
