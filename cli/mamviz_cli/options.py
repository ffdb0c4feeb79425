"""Options that several commands share, and how a command takes them: as one frozen record."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast, get_type_hints

import typer

from mamviz.errors import ConfigError

Options = TypeVar("Options")

_FIRST = "First run, where there is none yet"

RunArgument = Annotated[
    str | None, typer.Argument(metavar="RUN", help="Folder or name of the run; the newest one where left out.")
]


@dataclass(frozen=True, kw_only=True)
class Common:
    """Where things are, what computes, and how it is reported: in every command."""

    runs: Annotated[Path, typer.Option(help="Folder of all runs.")] = Path("runs")
    cache: Annotated[
        Path | None, typer.Option(help="Folder of decoded images. (default ~/.cache/mamviz)", show_default=False)
    ] = None
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto"
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0 takes the cores that are free.")] = 0
    json: Annotated[bool, typer.Option("--json", help="End with one line of JSON on standard output.")] = False
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False


@dataclass(frozen=True, kw_only=True)
class FirstRun:
    """Settings of the run that is trained where a command finds none."""

    faces: Annotated[int | None, typer.Option(rich_help_panel=_FIRST, help="Built-in faces to train on.")] = None
    size: Annotated[int | None, typer.Option(rich_help_panel=_FIRST, help="Side of an image in pixels.")] = None
    epochs: Annotated[int | None, typer.Option(rich_help_panel=_FIRST, help="Passes over the images.")] = None

    @property
    def given(self) -> bool:
        """Whether any of them was typed."""
        return self != FirstRun()


def takes(kind: type[Options], command: Callable[[Options], None]) -> Callable[..., None]:
    """Return `command` with the fields of the record `kind` as its parameters, for typer to read.

    A field that is a record itself gives its fields in its place, so records of shared options nest. Field names
    must differ over all of them.
    """

    def run(**values: Any) -> None:
        command(_build(kind, values))

    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
        for name, annotation, default in _flatten(kind)
    ]
    names = [parameter.name for parameter in parameters]
    assert len(set(names)) == len(names), f"{kind.__name__} has a field twice"
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    return run


def choose(value: str, allowed: Sequence[str], option: str) -> Any:
    """Return `value` where it is one of the allowed; raises ConfigError naming the option otherwise."""
    if value not in allowed:
        raise ConfigError(f"{option}: expected one of {', '.join(allowed)}, got {value!r}. Choose one of these.")
    return value


def _flatten(kind: type) -> Iterator[tuple[str, Any, Any]]:
    hints = get_type_hints(kind, include_extras=True)
    for field in dataclasses.fields(kind):
        hint = hints[field.name]
        if dataclasses.is_dataclass(hint):
            yield from _flatten(cast(type, hint))
        else:
            missing = field.default is dataclasses.MISSING
            yield field.name, hint, inspect.Parameter.empty if missing else field.default


def _build(kind: type[Options], values: Mapping[str, Any]) -> Options:
    hints = get_type_hints(kind, include_extras=True)
    made: dict[str, Any] = {}
    for field in dataclasses.fields(cast(Any, kind)):
        hint = hints[field.name]
        made[field.name] = _build(cast(type, hint), values) if dataclasses.is_dataclass(hint) else values[field.name]
    return kind(**made)
