"""How a command ends: one line for what went wrong, and the exit code."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from mamviz.errors import MamvizError

FAILED = 2
STOPPED = 130  # 128 + SIGINT, as shells count

# The arguments as typed; run.json records them.
typed: ContextVar[tuple[str, ...]] = ContextVar("typed", default=())


class Stopped(Exception):  # noqa: N818 - the user's wish, not an error
    """Ctrl-C, with what is kept and the command that goes on."""


@contextlib.contextmanager
def stoppable(advice: str) -> Iterator[None]:
    """Turn Ctrl-C within this block into one line of advice; the innermost block has the word."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise Stopped(advice) from error


class CommandGroup(TyperGroup):
    """Commands whose errors are one line on stderr; `--debug` shows the traceback above it."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command that `args` names and leave with its exit code.

        2 for what the user can mend, 130 after Ctrl-C; an error of our own keeps its traceback.
        """
        given = tuple(sys.argv[1:] if args is None else args)
        token = typed.set(given)
        try:
            code = super().main(list(given), prog_name, complete_var, False, windows_expand_args, **extra)
        except (MamvizError, Stopped, TyperException, OSError) as error:
            if "--debug" in given:
                traceback.print_exception(error)
            typer.echo(f"mamviz: {_describe(error)}", err=True)
            code = STOPPED if isinstance(error, Stopped) else FAILED
        except typer.Abort:
            typer.echo("mamviz: stopped.", err=True)
            code = STOPPED
        finally:
            typed.reset(token)
        code = code if isinstance(code, int) else 0
        if standalone_mode:
            sys.exit(code)
        return code


def _describe(error: Exception) -> str:
    """Return one line: whose process, what happened, what to do next."""
    rank = os.environ.get("RANK", "0")
    process = "" if rank == "0" else f"process {rank}: "
    if isinstance(error, TyperException):
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "mamviz"
        words = f"{error.format_message().rstrip('.')}. See `{command} --help`."
    elif isinstance(error, OSError):
        words = f"{error.filename or 'the system'}: {error.strerror or error}. Check the place and its permissions."
    else:
        words = str(error)
    return process + " ".join(words.split())
