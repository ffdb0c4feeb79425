from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from mamviz.data.origin import describe_origin
from mamviz.schema import Provenance
from tests.core.made import make_config, make_data, make_run


@pytest.fixture
def origin(tmp_path: Path) -> Provenance:
    data = make_data(20)
    run = make_run(tmp_path / "made-1", make_config(), data)
    run.model_file.write_bytes(b"weights")
    return describe_origin(run, data, split="test", n_images=4, version="0.1.0")


def test_numbers_come_from_a_run_its_weights_and_data_in_words_and_by_fingerprint(origin: Provenance) -> None:
    assert origin == Provenance(
        run="made-1",
        n_images=4,
        split="test",
        data="20 made images",
        fingerprint="made 20 16 0",
        model_sha256=hashlib.sha256(b"weights").hexdigest(),
        readout="shared",
        version="0.1.0",
    )


@pytest.mark.parametrize(("change", "same"), [("data", True), ("fingerprint", False), ("split", False)])
def test_the_same_numbers_may_be_of_data_by_another_name(origin: Provenance, change: str, same: bool) -> None:
    assert origin.same_numbers(replace(origin, **{change: "other"})) is same  # type: ignore[arg-type]
