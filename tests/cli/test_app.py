from __future__ import annotations

import resource

import pytest

from mamviz import __version__
from tests.cli.started import load_modules, run_python

HEAVY = ("torch", "pandas", "seaborn", "h5py", "sklearn", "scipy", "matplotlib", "numpy", "PIL")


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["correlate", "--help"], ["demo", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    ended = load_modules(*arguments)
    assert ended.code == 0, ended.err
    assert "Usage: mamviz" in ended.out
    assert [name for name in HEAVY if name in ended.modules] == []


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
