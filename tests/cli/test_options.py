from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, get_args

import pytest
import typer
from typer.testing import CliRunner

from mamviz import schema
from mamviz.errors import ConfigError
from mamviz_cli import correlate
from mamviz_cli.options import FirstRun, choose, takes


@dataclass(frozen=True)
class Inner:
    size: Annotated[int, typer.Option(help="Side.")] = 8
    flip: Annotated[bool, typer.Option("--flip/--no-flip")] = True


@dataclass(frozen=True)
class Outer:
    name: Annotated[str, typer.Argument()]
    many: Annotated[list[str] | None, typer.Option()] = None
    inner: Inner = field(default_factory=Inner)


@dataclass(frozen=True)
class Clash:
    size: Annotated[int, typer.Option()] = 1
    inner: Inner = field(default_factory=Inner)


def run(*arguments: str) -> Outer:
    seen: list[Outer] = []

    def note(options: Outer) -> None:
        """Take note."""
        seen.append(options)

    app = typer.Typer()
    app.command()(takes(Outer, note))
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return seen[0]


def test_options_come_as_one_record_with_its_records_inside() -> None:
    assert run("a", "--size", "3", "--no-flip", "--many", "x", "--many", "y") == Outer("a", ["x", "y"], Inner(3, False))


def test_what_was_not_typed_has_the_records_default() -> None:
    assert run("a") == Outer("a", None, Inner())


def test_a_name_that_two_records_share_is_refused() -> None:
    with pytest.raises(AssertionError, match="Clash has a field twice"):
        takes(Clash, print)


def test_a_word_that_is_no_choice_names_the_option() -> None:
    assert choose("r", ("r", "abs"), "--rank-by") == "r"
    with pytest.raises(ConfigError, match=r"^--rank-by: expected one of r, abs, got 'q'\."):
        choose("q", ("r", "abs"), "--rank-by")


def test_the_first_run_knows_whether_it_was_asked_for() -> None:
    assert not FirstRun().given
    assert FirstRun(size=32).given


@pytest.mark.parametrize("name", ["Map", "Sign", "Estimand", "View", "Centring"])
def test_the_help_names_every_choice_and_the_recommended_one(name: str) -> None:
    flag = name.lower()
    words = correlate.ChoiceOptions.__annotations__[flag]
    for choice in get_args(getattr(schema, name)):
        assert choice in words
    attribute, channel = (getattr(schema.RECOMMENDED[axis], flag) for axis in ("attribute", "channel"))
    assert f"(default {attribute}" in words
    assert channel == attribute or f"of channels {channel})" in words
