"""How a command ends: one line for what went wrong, and the exit code."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from mamviz.errors import MamvizError, TrainingError

if TYPE_CHECKING:
    from mamviz.distributed import Group

FAILED = 2
STOPPED = 130  # 128 + SIGINT, as shells count
TERMINATED = 143  # 128 + SIGTERM

# The arguments as typed; run.json records them.
typed: ContextVar[tuple[str, ...]] = ContextVar("typed", default=())


class Stopped(Exception):  # noqa: N818 - the user's wish, not an error
    """Ctrl-C, a signal to end, or another process lost: with what is kept and the command that goes on."""

    def __init__(self, advice: str, code: int = STOPPED) -> None:
        super().__init__(advice)
        self.code = code


class Terminated(KeyboardInterrupt):
    """SIGTERM: from `kill`, a batch system, or torchrun when another process has ended."""


@contextlib.contextmanager
def stoppable(advice: str, group: Group | None = None) -> Iterator[None]:
    """Turn Ctrl-C or SIGTERM within this block into one line of advice; the innermost block has the word.

    advice    begins with "stopped", in whose place the processes of `group` stand that were lost
    """
    try:
        yield
    except KeyboardInterrupt as error:
        code = TERMINATED if isinstance(error, Terminated) else STOPPED
        raise _ended(advice, group, "stopped", code) from error
    except TrainingError as error:
        if group is None or not _is_loss(error):
            raise
        _end_undisturbed()
        raise _ended(advice, group, "another process ended", FAILED) from error


def _is_loss(error: TrainingError) -> bool:
    from mamviz.distributed import LostError

    return isinstance(error, LostError)


def _ended(advice: str, group: Group | None, what: str, code: int) -> Exception:
    """Return how this process ends: with one line of what happened, or with none where another one has told it."""
    if group is None or group.world == 1:
        return Stopped(advice, code)
    from mamviz.distributed import describe_lost, tells_first

    # Looked for first: processes that ask after this one, and end, are not the cause.
    words = describe_lost(group) or what
    return Stopped(words + advice.removeprefix("stopped"), code) if tells_first(group) else typer.Exit(code)


def _end_undisturbed() -> None:
    """Ignore SIGTERM from here on: torchrun sends it to processes that are about to say why they end."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


@contextlib.contextmanager
def _terminable() -> Iterator[list[int]]:
    """Raise Terminated at a SIGTERM within this block, and note it; only a main thread is told of signals."""
    signals: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield signals
        return

    def terminate(number: int, _: object) -> NoReturn:
        signals.append(number)
        _end_undisturbed()
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield signals
    finally:
        signal.signal(signal.SIGTERM, before)


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

        2 for what the user can mend or a lost process, 130 after Ctrl-C, 143 after SIGTERM; an error of our own keeps
        its traceback.
        """
        given = tuple(sys.argv[1:] if args is None else args)
        token = typed.set(given)
        try:
            with _terminable() as signals:
                code = self._run(given, prog_name, complete_var, windows_expand_args, extra)
            if signals and code == STOPPED:  # no `stoppable` has said anything: typer takes it for a Ctrl-C
                typer.echo("mamviz: stopped.", err=True)
                code = TERMINATED
        finally:
            typed.reset(token)
        code = code if isinstance(code, int) else 0
        if standalone_mode:
            sys.exit(code)
        return code

    def _run(
        self,
        given: tuple[str, ...],
        prog_name: str | None,
        complete_var: str | None,
        windows_expand_args: bool,
        extra: dict[str, Any],
    ) -> Any:
        """Return the exit code; what went wrong is told on stderr."""
        try:
            return super().main(list(given), prog_name, complete_var, False, windows_expand_args, **extra)
        except (MamvizError, Stopped, TyperException, OSError) as error:
            if "--debug" in given:
                traceback.print_exception(error)
            typer.echo(f"mamviz: {_describe(error)}", err=True)
            return error.code if isinstance(error, Stopped) else FAILED
        except typer.Abort:
            typer.echo("mamviz: stopped.", err=True)
            return STOPPED


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
