"""The reference of all commands as Markdown, read from the commands themselves: `python -m mamviz_cli.reference`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any, cast, get_args, get_type_hints

import typer

_WORDS: dict[type, str] = {str: "TEXT", int: "INTEGER", float: "NUMBER", Path: "PATH"}
_PLAIN = "Options"
_SHARED = "Options of every command"
_OPENING = """\
# The commands

Every command with its options, their defaults and their ranges. Written by `make docs` from the commands themselves;
a test compares the two, so nothing here is changed by hand. `mamviz COMMAND --help` says the same in the terminal.
What the commands are for, in the order in which they are used, stands in the [tutorial](tutorial.md); what the numbers
mean in [statistics.md](statistics.md).
"""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One option or argument of a command, in the words of its help.

    flags       as typed, such as `--flip` / `--no-flip`; of an argument its name
    value       what follows it, with its range; empty where nothing does
    default     in words; empty where there is none
    panel       heading that it stands under
    """

    flags: str
    value: str
    default: str
    meaning: str
    panel: str
    argument: bool
    required: bool


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command: its name, what it does, and what it takes, in the order of its help."""

    name: str
    words: str
    parameters: tuple[Parameter, ...]


def read_commands(app: typer.Typer) -> tuple[Command, ...]:
    """Return the commands of `app` in the order in which it lists them."""
    made = cast(Any, typer.main.get_command(app)).commands
    read = [(str(info.name), info.callback) for info in app.registered_commands]
    return tuple(
        Command(name=name, words=made[name].help, parameters=tuple(_read(made[name].params, get_hints(callback))))
        for name, callback in read
    )


def get_hints(callback: Any) -> dict[str, Any]:
    """Return the annotations of a command's parameters, with what typer is told of each."""
    return get_type_hints(callback, include_extras=True)


def render_reference(commands: Sequence[Command], ending: str) -> str:
    """Return the reference as Markdown; options that all commands have stand in one chapter at the end."""
    shared = [each for each in commands[0].parameters if all(each in command.parameters for command in commands)]
    listing = [f"- [{each.name}](#mamviz-{each.name}): {first_line(each.words)}" for each in commands]
    chapters = [_chapter(each, shared) for each in commands]
    last = [f"## {_SHARED}", "Besides these, `-h` or `--help`; and `mamviz --version`.", *_tables(shared)]
    return "\n\n".join([_OPENING.rstrip(), ending, "\n".join(listing), *chapters, *last]) + "\n"


def first_line(words: str) -> str:
    """Return the first paragraph of a help text, on one line."""
    return " ".join(words.split("\n\n", maxsplit=1)[0].split())


def _read(params: Iterable[Any], hints: dict[str, Any]) -> Iterable[Parameter]:
    for param in params:
        kind, info = get_args(hints[param.name])[:2]
        argument = param.param_type_name == "argument"
        meaning, default = _split_default(info.help or "")
        flags = param.metavar if argument else " / ".join(f"`{flag}`" for flag in (*param.opts, *param.secondary_opts))
        yield Parameter(
            flags=flags,
            value="" if bool in _kinds(kind) else _describe(kind, info),
            default=default or _default_of(param),
            meaning=meaning,
            panel=info.rich_help_panel or _PLAIN,
            argument=argument,
            required=bool(param.required),
        )


def _kinds(kind: Any) -> tuple[Any, ...]:
    """Return the types behind `list[X] | None`, without None."""
    parts = [each for each in get_args(kind) if each is not NoneType] if get_args(kind) else [kind]
    return tuple(inner for each in parts for inner in (get_args(each) or (each,)))


def _describe(kind: Any, info: Any) -> str:
    (plain,) = _kinds(kind)
    low, high = info.min, info.max
    if low is None and high is None:
        return _WORDS[plain]
    if high is None:
        return f"{_WORDS[plain]}, {low:g} or more"
    return f"{_WORDS[plain]}, up to {high:g}" if low is None else f"{_WORDS[plain]}, {low:g} to {high:g}"


def _split_default(words: str) -> tuple[str, str]:
    """Take the default off a help text that ends with it in brackets."""
    found = re.fullmatch(r"(.*?) ?\(default:? ([^()]*)\)", words, re.DOTALL)
    return (found.group(1), found.group(2)) if found else (words, "")


def _default_of(param: Any) -> str:
    default = param.default
    if isinstance(default, bool):
        return ("yes" if default else "no") if param.secondary_opts else ""
    return "" if default is None or param.required else str(default)


def _chapter(command: Command, shared: Sequence[Parameter]) -> str:
    arguments = [each.flags if each.required else f"[{each.flags}]" for each in command.parameters if each.argument]
    usage = " ".join(["mamviz", command.name, *arguments, "[OPTIONS]"])
    own = [each for each in command.parameters if each not in shared]
    paragraphs = [" ".join(each.split()) for each in command.words.split("\n\n")]
    more = f"And the [options of every command](#{_SHARED.lower().replace(' ', '-')})."
    return "\n\n".join([f"## mamviz {command.name}", f"    {usage}", *paragraphs, *_tables(own), more])


def _tables(parameters: Sequence[Parameter]) -> list[str]:
    """Return a table for every panel, in the order in which panels are met; arguments come first."""
    ordered = sorted(parameters, key=lambda each: (not each.argument, each.panel != _PLAIN))
    parts: list[str] = []
    for panel in dict.fromkeys(each.panel for each in ordered):
        rows = [_row(each) for each in ordered if each.panel == panel]
        parts += [] if panel == _PLAIN else [f"*{panel}*"]
        parts.append("\n".join(["| option | value | default | meaning |", "|---|---|---|---|", *rows]))
    return parts


def _row(each: Parameter) -> str:
    flags = f"`{each.flags}`" if each.argument else each.flags
    cells = (flags, each.value, each.default, each.meaning)
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def main() -> None:
    """Write the reference to standard output."""
    from mamviz_cli.app import app

    ending = cast(Any, typer.main.get_command(app)).epilog
    typer.echo(render_reference(read_commands(app), ending), nl=False)


if __name__ == "__main__":
    main()
