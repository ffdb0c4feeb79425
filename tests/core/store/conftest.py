"""A whole masks file, and a copy that may be damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.core.store.drawn import draw_plan, fill


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("whole") / "masks.h5", draw_plan())


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(whole, tmp_path / "masks.h5"))
