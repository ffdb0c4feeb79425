from __future__ import annotations

import math

from mamviz.schema import EpochRow
from mamviz_cli.epochs import describe_epoch


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
