"""One line for every epoch, as it ends."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mamviz_cli.console import Console

if TYPE_CHECKING:
    from mamviz.run import Run
    from mamviz.schema import EpochRow, Progress


class EpochLines:
    """Progress of a training that also prints the rows of metrics.csv as they appear."""

    def __init__(self, run: Run, console: Console, progress: Progress) -> None:
        self._file, self._console, self._progress = run.metrics_file, console, progress
        self._n_epochs = run.config.train.epochs
        self._seen = 0
        self._written = 0

    def __call__(self, done: int, total: int, note: str = "") -> None:
        """Print new rows, then show progress."""
        if self._file.is_file() and (written := self._file.stat().st_mtime_ns) != self._written:
            self._written = written
            self.add(_read(self._file.read_text(encoding="utf-8")))
        self._progress(done, total, note)

    def add(self, rows: Sequence[EpochRow]) -> None:
        """Print those of the rows that were not printed yet."""
        for row in rows[self._seen :]:
            self._console.show(describe_epoch(row, self._n_epochs))
        self._seen = max(self._seen, len(rows))


def describe_epoch(row: EpochRow, n_epochs: int) -> str:
    """Say in one line how an epoch went."""
    validation = "" if math.isnan(row.validation_accuracy) else f", validation {100 * row.validation_accuracy:.2f} %"
    return (
        f"epoch {row.epoch:>{len(str(n_epochs))}} of {n_epochs}: loss {row.train_loss:.4f}, accuracy "
        f"{100 * row.train_accuracy:.2f} %{validation}, {row.images_per_second:,.0f} images/s"
    )


def _read(text: str) -> tuple[EpochRow, ...]:
    from mamviz.schema import EpochRow

    rows = csv.DictReader(text.splitlines())
    return tuple(
        EpochRow(**{name: int(value) if name == "epoch" else float(value) for name, value in row.items()})  # type: ignore[arg-type]
        for row in rows
    )
