"""The README's Python runs, and its commands exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mamviz.config import RunConfig, from_dict
from mamviz.data.dataset import open_data
from mamviz.extraction import extract_masks, plan_extraction
from mamviz.models.weights import load_network
from mamviz.training.loop import train
from mamviz.training.start import start_run

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose runs/ has one tiny run on built-in faces."""
    folder = tmp_path_factory.mktemp("readme")
    config = from_dict(
        RunConfig,
        {
            "data": {"n_faces": 160, "size": 32},
            "model": {"channels": 6},
            "train": {"epochs": 3, "batch_size": 16, "threads": 1},
        },
    )
    data = open_data(config.data, cache=folder / "cache")
    run = start_run(
        folder / "runs" / "faces-1", config, data, device="cpu", command=["mamviz"], created="2026-01-01", version="0"
    )
    train(run, data)
    plan, indices = plan_extraction(run, data, split="all", n_raw=0, version="0", shape=load_network(run).shape)
    extract_masks(run, data, plan, indices)
    return folder


def test_the_examples_run_as_they_stand(folder: Path) -> None:
    examples = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len(examples) == 2
    environment = {"PYTHONPATH": str(ROOT), "PATH": "", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(examples)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[:5]] == ["1", "2", "3", "4", "5"]
    assert "(2, 6, 4, 4)" in lines[5]


def test_every_command_of_the_readme_exists() -> None:
    used = set(re.findall(r"^    mamviz ([a-z-]+)", README, flags=re.MULTILINE))
    from mamviz_cli.app import app

    known = {command.name for command in app.registered_commands}
    assert {"train", "evaluate", "extract-masks", "correlate", "show", "prune-report"} <= used <= known


def test_every_option_of_the_readme_is_an_option_of_its_command() -> None:
    from typer.main import get_command

    from mamviz_cli.app import app

    commands: Any = get_command(app)
    found = re.findall(r"^    mamviz ([a-z-]+)(.*?)(?:#|$)", README, flags=re.MULTILINE)
    assert any("--" in rest for _, rest in found)
    for command, rest in found:
        known = {option for parameter in commands.commands[command].params for option in parameter.opts}
        unknown = set(re.findall(r"--[a-z-]+", rest)) - known
        assert not unknown, f"{command} {unknown}"
