"""Training, extraction and evaluation by 1, 2 and 4 processes: images a second, and whether the answers are the same.

    python benchmarks/processes.py
    python benchmarks/processes.py --faces 4001 --processes 1 2

Each process has one thread; on a machine with fewer cores than processes more of them gain nothing. Training is one
epoch by each number of processes; extraction and evaluation take the network of the first, so that their answers can
be compared bit for bit. Rates of training are those of metrics.csv, the others' are of whole commands, start included.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np


def main() -> None:
    """Print a row for each number of processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=int, default=2001, help="odd, so that shards are uneven")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, {options.faces:,} faces, one thread a process")
    print("| processes | training, images/s | extraction | evaluation | masks.h5 | scores |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first: Path | None = None
        for n_processes in options.processes:
            run = train(folder, options.faces, n_processes)
            first = first or run
            masks, extraction = extract(folder, first, n_processes)
            scores, evaluation = evaluate(folder, first, n_processes)
            with (run / "metrics.csv").open() as handle:
                rate = float(list(csv.DictReader(handle))[-1]["images_per_second"])
            expected, known = folder / "masks-first.h5", folder / "scores-first.json"
            if not expected.is_file():
                shutil.copy(masks, expected)
                known.write_text(scores)
            same = (compare(masks, expected), "the same" if scores == known.read_text() else "DIFFER")
            rates = [rate, options.faces / extraction, options.faces / evaluation]
            print(f"| {n_processes} |", " | ".join((*(f"{each:.0f}" for each in rates), *same)), "|", flush=True)


def train(folder: Path, n_faces: int, n_processes: int) -> Path:
    """Train one epoch and return the run."""
    name = f"by-{n_processes}"
    start(folder, n_processes, "train", "--faces", str(n_faces), "--epochs", "1", "--name", name)
    return folder / "runs" / name


def extract(folder: Path, run: Path, n_processes: int) -> tuple[Path, float]:
    """Extract masks anew; return the file and the seconds."""
    (run / "masks.h5").unlink(missing_ok=True)
    seconds, _ = start(folder, n_processes, "extract-masks", run.name)
    return run / "masks.h5", seconds


def evaluate(folder: Path, run: Path, n_processes: int) -> tuple[str, float]:
    """Return the scores of all images as text, and the seconds."""
    seconds, text = start(folder, n_processes, "evaluate", run.name, "--split", "all", "--json")
    return json.dumps(json.loads(text.splitlines()[-1]), sort_keys=True), seconds


def start(folder: Path, n_processes: int, *words: str) -> tuple[float, str]:
    """Run a command by so many processes; return its seconds and what it printed."""
    launcher = (
        ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={n_processes}"] if n_processes > 1 else []
    )
    places = ["--runs", f"{folder}/runs", "--cache", f"{folder}/cache", "--threads", "1"]
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *launcher, "-m", "mamviz_cli", *words, *places],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    return time.perf_counter() - started, done.stdout


def compare(file: Path, expected: Path) -> str:
    """Say whether two masks files hold the same numbers."""
    apart: list[str] = []
    with h5py.File(file) as ours, h5py.File(expected) as theirs:

        def look(name: str, item: h5py.Dataset | h5py.Group) -> None:
            if isinstance(item, h5py.Dataset):
                one, other = item[()], theirs[name][()]
                if one.dtype.kind == "f":
                    same = np.array_equal(one, other, equal_nan=True)
                else:
                    same = np.array_equal(one, other)
                if not same:
                    apart.append(name)

        ours.visititems(look)
    return "the same bits" if not apart else f"DIFFER in {', '.join(apart)}"


if __name__ == "__main__":
    main()
