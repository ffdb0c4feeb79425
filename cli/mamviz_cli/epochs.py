"""One line for every epoch, as it ends."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mamviz.schema import EpochRow


def describe_epoch(row: EpochRow, n_epochs: int) -> str:
    """Say in one line how an epoch went."""
    validation = "" if math.isnan(row.validation_accuracy) else f", validation {100 * row.validation_accuracy:.2f} %"
    return (
        f"epoch {row.epoch:>{len(str(n_epochs))}} of {n_epochs}: loss {row.train_loss:.4f}, accuracy "
        f"{100 * row.train_accuracy:.2f} %{validation}, {row.images_per_second:,.0f} images/s"
    )
