"""Scripts that run rarely and on other machines: each is tried here with tiny sizes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run_gpu(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the GPU's benchmark from the checkout, where no GPU is seen."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((".", "cli", "reports")), "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-W", "error", "benchmarks/gpu.py", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_the_gpus_benchmark_says_in_one_line_that_there_is_none() -> None:
    done = run_gpu()
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("no CUDA device")
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_the_gpus_benchmark_measures_every_part(tmp_path: Path) -> None:
    done = run_gpu("--device", "cpu", "--quick", "--json", str(tmp_path / "gpu.json"))
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((tmp_path / "gpu.json").read_text())
    assert record["left_out"] == record["failed"] == []
    assert record["seed"] == 0
    assert record["versions"]["torch"]
    names = [each["name"].removeprefix("small at 32 px, ") for each in record["timings"]]
    jobs = ("train, unfused, ", "train, written plainly, ", "pool masks and back, unfused, ")
    wanted = {f"{job}{precision}" for job in jobs for precision in ("float32", "bfloat16")}
    assert set(names) == wanted | {"extract, all statistics", "extract, written plainly"}
    assert all(each["low"] > 0 for each in record["timings"])
    assert [note.split(":")[0].split(",")[0] for note in record["notes"]] == [
        "drawn",
        "trained",
        "to train on 200",
        "extracted",
    ]
    assert all(f"| {each['name']} |" in done.stdout for each in record["timings"])
