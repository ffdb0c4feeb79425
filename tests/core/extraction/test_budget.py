"""What an extraction is said to need, against the file that it writes and the arithmetic of its parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from mamviz.extraction import budget as budget_module
from mamviz.extraction import extract_masks, plan_extraction
from mamviz.extraction.budget import predict_extraction
from mamviz.models.weights import build_network, write_network
from tests.core.made import make_config, make_data, make_run


def test_disk_is_what_masks_take(tmp_path: Path) -> None:
    config, data = make_config(), make_data(60)
    run = make_run(tmp_path / "run", config, data)
    network = build_network(config, n_attributes=4)
    write_network(run.model_file, network, config=config, attributes=data.attributes)
    plan, indices = plan_extraction(run, data, split="all", n_raw=7, version="0", shape=network.shape)
    size = extract_masks(run, data, plan, indices).stat().st_size
    foretold = predict_extraction(config, n_attributes=4, n_images=60, n_raw=7)
    assert foretold.disk_bytes <= size < foretold.disk_bytes + 60_000  # headers and names
    assert foretold.device_bytes == 0


def test_time_is_that_of_all_images_and_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """64 blocks of 10 images: batches hold no more than a block does, however many are asked for."""
    seconds = iter([0.5, 0.25])  # of a batch, and of beginning and ending a block
    monkeypatch.setattr(budget_module, "median_seconds", lambda *_, **__: next(seconds))
    found = predict_extraction(make_config(), n_attributes=4, n_images=640, batch_size=64)
    assert found.time.seconds == pytest.approx(640 / 10 * 0.5 + 64 * 0.25)
    assert found.time.images_per_second == pytest.approx(640 / found.time.seconds)


def test_memory_grows_with_the_batch_and_hardly_with_the_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget_module, "held_bytes", lambda: 0.0)

    def need(n_images: int, batch_size: int) -> float:
        return predict_extraction(make_config(), n_attributes=4, n_images=n_images, batch_size=batch_size).ram_bytes

    assert need(100_000, 256) - need(100_000, 2) > 254 * 4 * 8 * 8 * 48  # the first features alone
    assert 99_000 * 4 <= need(100_000, 2) - need(1_000, 2) < 99_000 * 4 * 8  # labels, but no weights of all images
