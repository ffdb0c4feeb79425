"""The reference of the commands says what the commands say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from mamviz_cli.app import app
from mamviz_cli.reference import Command, read_commands, render_reference
from tests.cli.started import run_python


def made() -> typer.Typer:
    """Two commands with every kind of option."""
    small = typer.Typer()

    @small.command("draw")
    def draw(
        folder: Annotated[Path, typer.Argument(metavar="OUT", help="Where to.")],
        share: Annotated[float, typer.Option(min=0, max=1, help="How much | of it.")] = 0.5,
        n_lines: Annotated[int | None, typer.Option(max=9, help="Lines. (default as many as fit)")] = None,
        name: Annotated[list[str] | None, typer.Option(help="May be repeated.")] = None,
        flip: Annotated[bool, typer.Option("--flip/--no-flip", help="Mirror.", rich_help_panel="Looks")] = True,
        json: Annotated[bool, typer.Option("--json", help="JSON.")] = False,
    ) -> None:
        """Draw it.

        And say
        where it is.
        """

    @small.command("wipe")
    def wipe(
        run: Annotated[str | None, typer.Argument(metavar="RUN", help="Which.")] = None,
        json: Annotated[bool, typer.Option("--json", help="JSON.")] = False,
    ) -> None:
        """Wipe it."""

    return small


def chapter(text: str, name: str) -> str:
    return text.split(f"## {name}\n")[1].split("\n## ", maxsplit=1)[0]


def test_ranges_defaults_flags_and_panels_are_told() -> None:
    drawn = chapter(render_reference(read_commands(made()), "The end."), "mamviz draw")
    assert "    mamviz draw OUT [OPTIONS]\n" in drawn
    assert "\nAnd say where it is.\n" in drawn
    for row in (
        "| `OUT` | PATH |  | Where to. |",
        "| `--share` | NUMBER, 0 to 1 | 0.5 | How much \\| of it. |",
        "| `--n-lines` | INTEGER, up to 9 | as many as fit | Lines. |",
        "| `--name` | TEXT |  | May be repeated. |",
        "| `--flip` / `--no-flip` |  | yes | Mirror. |",
    ):
        assert f"\n{row}" in drawn
    assert drawn.index("`--name`") < drawn.index("*Looks*") < drawn.index("`--flip`")


def test_options_that_all_commands_have_stand_in_one_chapter() -> None:
    text = render_reference(read_commands(made()), "The end.")
    assert text.count("`--json`") == 1
    assert "`--json`" in chapter(text, "Options of every command")
    assert "    mamviz wipe [RUN] [OPTIONS]\n" in chapter(text, "mamviz wipe")


def commands() -> tuple[Command, ...]:
    return read_commands(app)


def test_every_command_is_read_in_the_order_of_the_help() -> None:
    assert [each.name for each in commands()] == [each.name for each in app.registered_commands]


@pytest.mark.parametrize("command", commands(), ids=lambda command: command.name)
def test_every_option_of_the_help_is_in_the_reference_and_no_other(command: Command) -> None:
    """The second witness: what typer itself prints."""
    shown = CliRunner().invoke(app, [command.name, "--help"], env={"COLUMNS": "200"}).stdout
    told = {flag for each in command.parameters for flag in re.findall(r"`(--[\w-]+)`", each.flags)}
    printed = set(re.findall(r"^\W*(?:\*\s+)?(--[a-z][\w-]*)", shown, re.MULTILINE))
    printed |= set(re.findall(r"(?<=\s)(--no-[\w-]+)", shown)) & told
    assert told >= printed - {"--help"}
    assert all(flag in shown for flag in told)


def test_the_reference_is_the_same_at_any_width_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = set()
    for width in ("20", "300"):
        monkeypatch.setenv("COLUMNS", width)
        monkeypatch.setenv("TERMINAL_WIDTH", width)
        texts.add(render_reference(read_commands(app), ""))
    assert len(texts) == 1


def test_writing_the_reference_loads_nothing_heavy() -> None:
    heavy = "{'torch', 'numpy', 'h5py', 'matplotlib'} & set(sys.modules)"
    ended = run_python("-c", f"import sys, mamviz_cli.reference as r; r.main(); assert not {heavy}")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("# The commands\n")


def test_arguments_come_before_options_whatever_the_order_in_the_code() -> None:
    """RUN is the last field of most commands: shared options nest after their own."""
    told = chapter(render_reference(commands(), ""), "mamviz evaluate")
    assert told.index("| `RUN` |") < told.index("| `--split` |")
