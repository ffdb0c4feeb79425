from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch.distributed as dist
import typer
from typer.testing import CliRunner

from mamviz.distributed import Group, LostError
from mamviz.errors import RunError
from mamviz_cli.group import CommandGroup, stoppable, typed


def run(error: BaseException | None, *arguments: str, group: Group | None = None, number: int = 0):
    app = typer.Typer(cls=CommandGroup)

    @app.callback()
    def commands() -> None: ...

    @app.command()
    def work(debug: bool = False) -> None:
        typer.echo(" ".join(typed.get()))
        with stoppable("stopped; half is kept.", group):
            if number:
                os.kill(os.getpid(), number)
            if error is not None:
                raise error

    return CliRunner().invoke(app, ["work", *arguments], prog_name="mamviz")


def test_an_error_of_the_user_is_one_line_and_code_2() -> None:
    result = run(RunError("runs/a: expected b,\ngot c. Do d."))
    assert (result.exit_code, result.stderr) == (2, "mamviz: runs/a: expected b, got c. Do d.\n")


def test_debug_shows_the_traceback_above_the_line() -> None:
    result = run(RunError("no. Do d."), "--debug")
    assert "Traceback" in result.stderr
    assert result.stderr.endswith("mamviz: no. Do d.\n")
    assert result.exit_code == 2


def test_ctrl_c_says_what_is_kept_and_ends_with_130() -> None:
    result = run(KeyboardInterrupt())
    assert (result.exit_code, result.stderr) == (130, "mamviz: stopped; half is kept.\n")


def test_a_place_that_cannot_be_written_is_named() -> None:
    result = run(PermissionError(13, "Permission denied", "/runs/x"))
    assert result.stderr == "mamviz: /runs/x: Permission denied. Check the place and its permissions.\n"
    assert result.exit_code == 2


def test_an_error_of_our_own_keeps_its_traceback() -> None:
    result = run(ZeroDivisionError("ours"))
    assert isinstance(result.exception, ZeroDivisionError)


def test_other_processes_of_torchrun_say_who_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "3")
    assert run(RunError("no.")).stderr == "mamviz: process 3: no.\n"


def test_the_arguments_as_typed_are_known_to_the_command() -> None:
    result = run(None, "--debug")
    assert (result.exit_code, result.stdout) == (0, "work --debug\n")
    assert typed.get() == ()


def test_the_innermost_advice_is_given(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"^inner$"), stoppable("outer"), stoppable("inner"):
        raise KeyboardInterrupt


@pytest.fixture
def pair() -> Group:
    """Return the first of two processes, the second of which has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return Group(world=2, pids=(os.getpid(), process.pid), store=dist.HashStore())


def test_sigterm_says_what_is_kept_ends_with_143_and_is_as_before_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)
    result = run(None, number=signal.SIGTERM)
    assert (result.exit_code, result.stderr) == (143, "mamviz: stopped; half is kept.\n")
    assert signal.getsignal(signal.SIGTERM) == before


def test_sigterm_where_nothing_is_kept_ends_with_143_too() -> None:
    app = typer.Typer(cls=CommandGroup)

    @app.callback()
    def commands() -> None: ...

    @app.command()
    def work() -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    result = CliRunner().invoke(app, ["work"])
    assert (result.exit_code, result.stderr) == (143, "mamviz: stopped.\n")


def test_a_lost_process_is_named_and_told_by_one_process_alone(pair: Group) -> None:
    lost = "mamviz: process 1 of 2, counted from 0, ended (killed, or out of memory); half is kept.\n"
    first, second = (run(LostError("process 1 of 2 ended. Start again."), group=pair) for _ in range(2))
    assert (first.exit_code, first.stderr) == (2, lost)
    assert (second.exit_code, second.stderr) == (2, "")


def test_sigterm_from_torchrun_names_the_process_that_was_lost(pair: Group) -> None:
    result = run(None, number=signal.SIGTERM, group=pair)
    assert result.exit_code == 143
    assert result.stderr.startswith("mamviz: process 1 of 2, counted from 0, ended")
    assert run(None, number=signal.SIGTERM, group=pair).stderr == ""


def test_sigterm_to_all_processes_is_no_loss() -> None:
    group = Group(world=2, pids=(os.getpid(), os.getppid()), store=dist.HashStore())
    assert run(None, number=signal.SIGTERM, group=group).stderr == "mamviz: stopped; half is kept.\n"
