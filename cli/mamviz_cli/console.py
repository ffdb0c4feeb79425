"""What a person sees: tables on stdout, everything else on stderr."""

from __future__ import annotations

import contextlib
import json
import math
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from mamviz.schema import Progress
    from mamviz_reports.tables import Table

# Seconds between two lines of progress where there is no terminal.
EVERY = 5.0
# Columns of a table that goes to a file or a pipe.
PIPED_WIDTH = 100


# Whether what runs is a step of a longer chain.
_step: ContextVar[bool] = ContextVar("step", default=False)


@contextlib.contextmanager
def steps() -> Iterator[None]:
    """Run commands as steps of a chain: none of them suggests what to do next."""
    token = _step.set(True)
    try:
        yield
    finally:
        _step.reset(token)


class Console:
    """Where a command writes.

    quiet   write nothing: another process of the same training has the word
    json    end with one JSON object on the last line of stdout
    aside   write to stderr only: this is work that another command needs first
    """

    def __init__(self, *, json: bool = False, quiet: bool = False, aside: bool = False) -> None:
        self._json, self._quiet, self._aside = json, quiet, aside
        self._bar: Bar | None = None

    def note(self, text: str) -> None:
        """Say on stderr what is done."""
        if not self._quiet:
            typer.echo(text, err=True)

    def suggest(self, text: str) -> None:
        """Say on stderr what to do next, unless this is a step of something that goes on by itself."""
        if not (self._aside or _step.get()):
            self.note(f"next: {text}")

    def show(self, text: str) -> None:
        """Write lines of a table on stdout, above a bar that is being drawn."""
        if self._quiet:
            return
        if self._bar is not None and (self._aside or sys.stdout.isatty()):
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            typer.echo(text, err=self._aside)

    def table(self, table: Table) -> None:
        """Write a table on stdout, as wide as the terminal."""
        from mamviz_reports.console import to_console

        terminal = sys.stdout.isatty()
        width = shutil.get_terminal_size((PIPED_WIDTH, 24)).columns if terminal else PIPED_WIDTH
        self.show(to_console(table, width=width, colour=terminal))

    def finish(self, figures: Mapping[str, Any]) -> None:
        """Write the figures as the last line of stdout where --json asks for it; NaN becomes null."""
        if self._json:
            self.show(json.dumps(plain(figures), ensure_ascii=False, allow_nan=False))

    @contextlib.contextmanager
    def working(self, what: str) -> Iterator[Progress]:
        """Give a callable that shows progress: a bar on a terminal, a line every few seconds elsewhere."""
        if self._quiet:
            yield _silent
        elif sys.stderr.isatty():
            with _open_bar() as bar:
                self._bar = bar
                try:
                    yield _Drawn(bar, what)
                finally:
                    self._bar = None
        else:
            yield _Lines(what)


def plain(value: Any) -> Any:
    """Return a value that JSON can hold: NaN and infinity become None, tuples lists, paths text."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (str, int)) else str(value)


def _silent(done: int, total: int, note: str = "") -> None:
    """Ignore progress."""


def _open_bar() -> Bar:
    from rich.console import Console as Terminal
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=30), MofNCompleteColumn())
    rate = TextColumn("{task.fields[rate]}")
    return Bar(
        *columns, rate, TimeRemainingColumn(), console=Terminal(stderr=True), transient=True, redirect_stdout=False
    )


class _Pace:
    """How fast the work goes since it was first seen; what an earlier process did is not counted."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None

    def rate(self, done: int) -> float:
        """Return pieces a second, NaN until there is something to divide."""
        now = time.monotonic()
        if self._first is None:
            self._first = (now, done)
        started, before = self._first
        return (done - before) / (now - started) if done > before and now > started else math.nan


class _Drawn:
    """Progress as a bar of rich's."""

    def __init__(self, bar: Bar, what: str) -> None:
        self._bar, self._what, self._pace = bar, what, _Pace()
        self._task: TaskID | None = None

    def __call__(self, done: int, total: int, note: str = "") -> None:
        rate = _describe_rate(self._pace.rate(done))
        label = f"{self._what}: {note}" if note else self._what
        if self._task is None:
            self._task = self._bar.add_task(label, total=total, completed=done, rate=rate)
        else:
            self._bar.update(self._task, description=label, total=total, completed=done, rate=rate)


class _Lines:
    """Progress as a line every few seconds, and one at the end."""

    def __init__(self, what: str) -> None:
        self._what, self._pace = what, _Pace()
        self._last = time.monotonic()

    def __call__(self, done: int, total: int, note: str = "") -> None:
        rate = self._pace.rate(done)
        now = time.monotonic()
        if now - self._last < EVERY and done < total:
            return
        self._last = now
        words = [f"{self._what}: {done:,} of {total:,}", _describe_rate(rate)]
        if done < total and math.isfinite(rate):
            words.append(f"{describe_seconds((total - done) / rate)} left")
        typer.echo(", ".join(word for word in [*words, note] if word), err=True)


def _describe_rate(rate: float) -> str:
    return "" if math.isnan(rate) else f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s"


def describe_seconds(seconds: float) -> str:
    """Write a duration as a person says it: 42 s, 3 min, 1 h 05 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
