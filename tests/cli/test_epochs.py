from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from mamviz.config import RunConfig, TrainConfig
from mamviz.run import Run
from mamviz.schema import EpochRow
from mamviz.training.loop import metrics_text
from mamviz_cli.console import Console
from mamviz_cli.epochs import EpochLines, describe_epoch


def row(epoch: int, validation: float = 0.875) -> EpochRow:
    return EpochRow(
        epoch=epoch,
        train_loss=0.51234,
        train_accuracy=0.8,
        validation_accuracy=validation,
        learning_rate=0.001,
        images_per_second=1234.4,
        seconds=2.0,
    )


def test_an_epoch_is_one_line() -> None:
    line = "epoch  3 of 12: loss 0.5123, accuracy 80.00 %, validation 87.50 %, 1,234 images/s"
    assert describe_epoch(row(3), 12) == line


def test_without_validation_images_nothing_is_said_of_them() -> None:
    assert describe_epoch(row(1, math.nan), 2) == "epoch 1 of 2: loss 0.5123, accuracy 80.00 %, 1,234 images/s"


def test_rows_are_printed_once_as_they_appear(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(tmp_path, RunConfig(train=TrainConfig(epochs=3)), ("Male",), {})
    seen: list[tuple[int, int, str]] = []
    lines = EpochLines(run, Console(), lambda done, total, note="": seen.append((done, total, note)))
    lines(1, 9, "first")
    assert capsys.readouterr().out == ""
    for epochs in (1, 2):
        run.metrics_file.write_text(metrics_text(tuple(row(1 + each, math.nan) for each in range(epochs))))
        os.utime(run.metrics_file, (epochs, epochs))
        lines(3 * epochs + 1, 9)
        lines(3 * epochs + 2, 9)
        printed = capsys.readouterr().out.splitlines()
        assert printed == [describe_epoch(row(epochs, math.nan), 3)]
    lines.add((row(1), row(2), row(3)))
    assert capsys.readouterr().out.splitlines() == [describe_epoch(row(3), 3)]
    assert seen == [(1, 9, "first"), (4, 9, ""), (5, 9, ""), (7, 9, ""), (8, 9, "")]
