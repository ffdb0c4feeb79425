"""Families of runs that differ in their seed alone: trained one after the other, and found again."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mamviz.config import BUILT_IN_FACES, RunConfig
from mamviz.errors import ConfigError, RunError
from mamviz_cli.console import Console, steps
from mamviz_cli.group import Stopped, typed
from mamviz_cli.opening import list_runs

if TYPE_CHECKING:
    from mamviz.distributed import Group
    from mamviz.run import Run
    from mamviz_cli.train import TrainOptions

State = Literal["missing", "unfinished", "whole"]


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return the seeds of a text such as "0,1,2".

    Raises ConfigError for fewer than two, one that comes twice, and what is no whole number of 0 or more.
    """
    words = [word.strip() for word in text.split(",")]
    if len(words) < 2 or len(set(words)) < len(words) or not all(word.isdecimal() for word in words):
        raise ConfigError(f"--seeds: expected two or more different whole numbers, got {text!r}. Give --seeds 0,1,2.")
    return tuple(map(int, words))


def train_family(config: RunConfig, seeds: Sequence[int], options: TrainOptions, *, group: Group) -> None:
    """Train a run for each seed, one after the other; what is there already is kept, or gone on with.

    Raises RunError, before anything is trained, where a run of that name has other settings.
    """
    from mamviz.distributed import gather

    runs, quiet = options.common.runs, not group.leads
    family = gather(options.name or next_family(runs, stem_of(config)), group)[0]
    configs = {_name(family, seed): dataclasses.replace(config, seed=seed) for seed in seeds}
    states = gather({name: _state(runs / name, each) for name, each in configs.items()}, group)[0]
    for name, own in configs.items():
        with steps(), _going_on(family):
            each = dataclasses.replace(options, name=name)
            _train_one(own, each, state=states[name], family=family, group=group)
    console = Console(json=options.common.json, quiet=quiet)
    console.suggest(f"`{shlex.join(['mamviz', 'stability', *configs])}`")
    console.finish({"family": family, "runs": list(configs), "folders": [runs / name for name in configs]})


def _train_one(config: RunConfig, options: TrainOptions, *, state: State, family: str, group: Group) -> None:
    from mamviz_cli.train import resume_run, train_new

    console = Console(quiet=not group.leads)
    folder = options.common.runs / str(options.name)
    if state == "whole":
        console.note(f"{folder} is there already and kept")
    elif state == "unfinished":
        resume_run(_open(folder), options.common, console=console, group=group)
    else:
        train_new(config, options, console=console, group=group, family=family)


@contextlib.contextmanager
def _going_on(family: str) -> Iterator[None]:
    """Say after Ctrl-C how to go on with the whole family, instead of with one of its runs."""
    try:
        yield
    except Stopped as stopped:
        kept = str(stopped).partition(" Go on with ")[0].removesuffix(", the same command goes on.").rstrip(".")
        raise Stopped(f"{kept}. Go on with `{_command(family)}`.", stopped.code) from stopped


def family_of(run: Run) -> str | None:
    """Return the name of the family that a run was trained in, or None."""
    family = run.record.get("family")
    return family if isinstance(family, str) else None


def newest_family(root: Path) -> tuple[Run, ...]:
    """Return the runs of the family under `root` that a run was started of last, by seed.

    Raises RunError where no family has two runs.
    """
    runs = [_open(folder) for folder in list_runs(root)]
    for newest in runs:
        family = [run for run in runs if family_of(run) is not None and family_of(run) == family_of(newest)]
        if len(family) > 1:
            return tuple(sorted(family, key=lambda run: run.config.seed))
    raise RunError(
        f"{root}/: expected runs that were trained together, found none. Train some with `mamviz train --seeds 0,1,2`, "
        "or name two runs."
    )


def next_family(root: Path, stem: str) -> str:
    """Return the first of "stem-1", "stem-2", ... that no run and no family under `root` is called."""
    pattern = re.compile(re.escape(stem) + r"-(\d+)(-seed-\d+)?$")
    entries = root.iterdir() if root.is_dir() else ()
    taken = [int(match.group(1)) for entry in entries if (match := pattern.match(entry.name))]
    return f"{stem}-{max(taken, default=0) + 1}"


def stem_of(config: RunConfig) -> str:
    """Return what new runs of these data are called, without a number."""
    source = config.data.source
    return source if source == BUILT_IN_FACES else Path(source).stem


def _name(family: str, seed: int) -> str:
    return f"{family}-seed-{seed}"


def _open(folder: Path) -> Run:
    from mamviz.run import open_run

    return open_run(folder)


def _state(folder: Path, config: RunConfig) -> State:
    """Say what is there of a run; raises RunError where it was trained with other settings."""
    if not (folder / "run.json").is_file():
        return "missing"
    run = _open(folder)
    if _without_threads(run.config) != _without_threads(config):
        raise RunError(
            f"{folder}: holds a run with other settings already. Give the same settings to go on with it, or choose "
            "another --name."
        )
    return "whole" if run.trained else "unfinished"


def _without_threads(config: RunConfig) -> RunConfig:
    """Leave out what depends on how many cores were free."""
    return dataclasses.replace(config, train=dataclasses.replace(config.train, threads=1))


def _command(family: str) -> str:
    """Return the command as typed, with the family's name."""
    words = ["mamviz", *typed.get()]
    named = any(word == "--name" or word.startswith("--name=") for word in words)
    return shlex.join(words if named else [*words, "--name", family])
