"""What dry runs foretell beside what trainings and extractions then need: seconds, memory and disk.

    python benchmarks/forecast.py
    python benchmarks/forecast.py --threads 1 --only default

Each command in a process of its own. Images are drawn before, so that all that is compared is the work itself; the
time of a command is that of its whole process, start and figures included. Needs no other job beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# Faces, pixels, and what is said to `mamviz train`.
CASES = {
    "default": (10_000, 64, ["--epochs", "2"]),
    "batches of 32": (4000, 64, ["--epochs", "1", "--batch-size", "32"]),
    "256 channels": (1500, 64, ["--epochs", "1", "--channels", "256"]),
    "96 px": (2000, 96, ["--epochs", "1"]),
    "resnet18, 128 px": (1000, 128, ["--epochs", "1", "--preset", "resnet18"]),
}
DRAW = """
import sys
from pathlib import Path
from mamviz.config import DataConfig
from mamviz.data.dataset import open_data
open_data(DataConfig(n_faces=int(sys.argv[1]), size=int(sys.argv[2])), cache=Path(sys.argv[3]))
"""


@dataclass(frozen=True)
class Need:
    """Seconds, most bytes of memory, bytes on disk."""

    seconds: float
    memory: float
    disk: float


def main() -> None:
    """Print a row for each case and command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", choices=list(CASES))
    options = parser.parse_args()
    print("| | time foretold, s | got | memory foretold, MB | got | disk foretold, MB | got |")
    print("|---|---|---|---|---|---|---|")
    for name, (n_faces, size, settings) in CASES.items():
        if options.only in (None, name):
            for command, foretold, got in compare(n_faces, size, settings, options.threads):
                cells = [
                    f"{first / unit:.0f} | {second / unit:.0f} ({100 * (first / second - 1):+.0f} %)"
                    for unit, first, second in zip(
                        (1, 1e6, 1e6), vars(foretold).values(), vars(got).values(), strict=True
                    )
                ]
                print(f"| {name}: {command} |", " | ".join(cells), "|", flush=True)


def compare(n_faces: int, size: int, settings: list[str], threads: int) -> list[tuple[str, Need, Need]]:
    """Foretell, then do: training and extraction."""
    with tempfile.TemporaryDirectory() as folder:
        places = ["--runs", f"{folder}/runs", "--cache", f"{folder}/cache", "--threads", str(threads)]
        subprocess.run([sys.executable, "-c", DRAW, str(n_faces), str(size), places[3]], check=True)
        settings = ["--faces", str(n_faces), "--size", str(size), *settings]
        said = json.loads(_run(["train", *settings, *places, "--dry-run", "--json"])[0].splitlines()[-1])
        _, training = _run(["train", *settings, *places], Path(folder))
        after = _size(Path(folder))
        _, extraction = _run(["extract-masks", *places], Path(folder))
    extract = said["extraction"]
    return [
        (
            "train",
            _need(said, disk=said["disk_bytes"]),
            training,
        ),
        (
            "extract-masks",
            _need(extract, disk=extract["disk_bytes"]),
            Need(extraction.seconds, extraction.memory, extraction.disk - after),
        ),
    ]


def _need(said: dict, *, disk: float) -> Need:
    return Need(said["time"]["seconds"], said["ram_bytes"], disk)


def _run(command: list[str], folder: Path | None = None) -> tuple[str, Need]:
    """Return what a command prints, its seconds and most memory, and the most that a folder held meanwhile."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "mamviz_cli", *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    ended, status, disk = 0, 0, 0
    while not ended:
        disk = max(disk, _size(folder) if folder else 0)
        time.sleep(0.1)
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
    text = process.stdout.read()
    assert status == 0, command
    unit = 1 if sys.platform == "darwin" else 1024
    return text, Need(time.perf_counter() - started, unit * usage.ru_maxrss, disk)


def _size(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        with suppress(FileNotFoundError):  # renamed meanwhile
            total += file.stat().st_size if file.is_file() else 0
    return total


if __name__ == "__main__":
    main()
