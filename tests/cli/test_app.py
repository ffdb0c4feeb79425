from __future__ import annotations

import json
import os
import resource
import subprocess
import sys

import pytest

from mamviz import __version__

HEAVY = ("torch", "pandas", "seaborn", "h5py", "sklearn", "scipy", "matplotlib", "numpy", "PIL")

SCRIPT = """
import json, sys
from mamviz_cli.app import main
sys.argv = ["mamviz", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    print(json.dumps({"code": end.code, "modules": sorted(sys.modules)}))
"""


def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "COLUMNS": "100"}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["correlate", "--help"], ["demo", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    ended = run_python("-c", SCRIPT, *arguments)
    last = json.loads(ended.stdout.splitlines()[-1])
    assert last["code"] == 0, ended.stderr
    assert "Usage: mamviz" in ended.stdout
    assert [name for name in HEAVY if name in last["modules"]] == []


def test_help_takes_under_0_6_s_of_the_processor() -> None:
    # processor time, not the wall's: other programs on the machine must not fail this
    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert run_python("-m", "mamviz_cli", "--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(3)) < 0.6


def test_python_dash_m_is_the_same_command() -> None:
    ended = run_python("-m", "mamviz_cli", "--version")
    assert (ended.returncode, ended.stdout) == (0, f"mamviz {__version__}\n")


def test_without_a_command_the_help_is_shown(world) -> None:
    from typer.testing import CliRunner

    from mamviz_cli.app import app

    result = CliRunner().invoke(app, [], prog_name="mamviz")
    assert result.exit_code == 0
    for name in ("train", "evaluate", "extract-masks", "correlate", "show", "prune-report", "faces", "demo"):
        assert f" {name} " in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "--epoch", "3"], "--epochs"),
        (["train", "--size", "wide"], "'--size'"),
        (["train", "--preset", "huge"], "--preset: expected one of small, resnet18, resnet34, resnet50, got 'huge'"),
        (["train", "--faces", "0"], "--faces: expected at least 1 image, got 0"),
        (["train", "--data", "no/such/folder"], "no/such/folder"),
        (["train", "--resume"], "expected an unfinished run, found none"),
        (["train", "--resume", "--epochs", "3"], "--epochs: expected no settings with --resume"),
        (["train", "faces-1"], "Add --resume"),
        (["train", "--name", "a/b"], "--name: expected a plain folder name"),
        (["train", "--extractor", "no.such:thing", "--faces", "64"], "no.such:thing"),
        (["evaluate", "nowhere"], "nowhere: expected a run folder"),
        (["evaluate", "--split", "exam"], "--split: expected one of train, validation, test, all"),
        (["extract-masks", "--raw", "some"], "--raw: expected a number of images or all"),
        (["correlate", "--map", "face"], "--map: expected one of mask, evidence"),
        (["correlate", "--rank-by", "p"], "--rank-by: expected one of r, abs"),
        (["correlate", "--sign", "absolute", "--estimand", "image"], "Use --sign signed"),
        (["correlate", "--all-estimands", "--estimand", "mean"], "Leave one of them out"),
        (["correlate", "--channels", "--attribute", "Male"], "Leave one of them out"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(world, arguments: list[str], words: str) -> None:
    assert words in world.fails(*arguments)
    assert list(world.folder.iterdir()) == []
