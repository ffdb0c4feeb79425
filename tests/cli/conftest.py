"""What the tests of the commands share: a runner, and two small worlds in which the chain was run."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mamviz_cli.app import app

# Columns of the small table: each differs in the faces of its 96 images.
FEW = ("Smiling", "Male", "Young", "Black_Hair", "Wearing_Lipstick", "Bangs")
# Fast learning: after so few steps with the default rate every mask is still flat.
FAST = ("--learning-rate", "0.02", "--ema-decay", "0")
SMALL = ("--size", "32", "--epochs", "2", "--batch-size", "16", "--channels", "8", *FAST)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The last line of stdout, parsed; NaN is no JSON."""
        return json.loads(self.out.splitlines()[-1], parse_constant=_refuse)


@dataclass(frozen=True)
class World:
    """A folder with runs and a cache, and the commands in it; one thread, so that bits repeat."""

    folder: Path

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def common(self) -> tuple[str, ...]:
        return ("--runs", str(self.runs), "--cache", str(self.folder / "cache"), "--threads", "1", "--device", "cpu")

    def __call__(self, *arguments: object, code: int = 0) -> Ended:
        result = CliRunner().invoke(app, [*map(str, arguments), *self.common], prog_name="mamviz")
        assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
        return Ended(result.exit_code, result.stdout, result.stderr)

    def fails_later(self, *arguments: object) -> str:
        """Run a command that fails after it has begun to work; return the last line."""
        ended = self(*arguments, code=2)
        assert "Traceback" not in ended.err
        return ended.err.splitlines()[-1]

    def fails(self, *arguments: object) -> str:
        """Run a command that the user must mend; return its one line."""
        ended = self(*arguments, code=2)
        lines = ended.err.splitlines()
        assert ended.out == ""
        assert lines[-1].startswith("mamviz: ")
        assert "Traceback" not in ended.err
        return lines[-1]


def _refuse(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture(scope="session")
def faces_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """96 built-in faces in CelebA's layout."""
    from mamviz.data.synthetic.files import write_faces

    folder = tmp_path_factory.mktemp("faces") / "tiny-faces"
    write_faces(folder, n_images=96, size=32, seed=3, label_correlation=1.0, regions=False)
    return folder


@pytest.fixture(scope="session")
def table(faces_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV of the same faces with six attributes, a split of its own and two images a person."""
    lines = (faces_folder / "list_attr_celeba.txt").read_text().splitlines()
    names = lines[1].split()
    path = tmp_path_factory.mktemp("table") / "few.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "part", "who", *FEW])
        for number, line in enumerate(lines[2:]):
            name, *values = line.split()
            part = ("train", "train", "train", "validation", "test", "test")[(number // 2) % 6]
            writer.writerow([name, part, f"p{number // 2}", *(values[names.index(each)] for each in FEW)])
    return path


def table_options(table: Path, faces_folder: Path) -> tuple[str, ...]:
    return (
        *("--data", str(table), "--images", str(faces_folder / "img_align_celeba"), "--path-column", "file"),
        *("--split-column", "part", "--identity-column", "who"),
    )


@pytest.fixture(scope="session")
def data_options(table: Path, faces_folder: Path) -> Sequence[str]:
    return table_options(table, faces_folder)


@pytest.fixture(scope="session")
def small(data_options: Sequence[str], tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world with one trained run of the CSV, `few-1`."""
    world = World(tmp_path_factory.mktemp("small"))
    ended = world("train", *data_options, *SMALL, "--json")
    (world.folder / "train.json").write_text(json.dumps(ended.json))
    (world.folder / "train.out").write_text(ended.out)
    return world
