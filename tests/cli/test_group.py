from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from mamviz.errors import RunError
from mamviz_cli.group import CommandGroup, stoppable, typed


def run(error: BaseException | None, *arguments: str):
    app = typer.Typer(cls=CommandGroup)

    @app.callback()
    def group() -> None: ...

    @app.command()
    def work(debug: bool = False) -> None:
        typer.echo(" ".join(typed.get()))
        if error is not None:
            with stoppable("stopped; half is kept."):
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
