"""Two masks files beside each other."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np


def assert_same_bits(got: Path, expected: Path) -> None:
    """Every dataset of the one holds the numbers of the other."""
    with h5py.File(got) as ours, h5py.File(expected) as theirs:
        names: list[str] = []
        theirs.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        assert "blocks/mask/total" in names
        for name in names:
            np.testing.assert_array_equal(ours[name][()], theirs[name][()], err_msg=name)
