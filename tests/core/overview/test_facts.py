from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mamviz.errors import RunError
from mamviz.overview.facts import describe_run, read_epochs
from mamviz.run import Run
from mamviz.schema import EpochRow
from mamviz.training.loop import metrics_text


def test_a_run_is_described_by_what_it_recorded(world) -> None:
    facts = describe_run(world.run)
    assert (facts.name, facts.seed, facts.created) == ("made-1", 0, "2026-01-01")
    assert facts.command == ("mamviz", "train")
    assert dict(facts.versions)["mamviz"] == "0.0.0"
    settings = dict(facts.settings)
    assert settings["trained on"] == "120 made images"
    assert settings["image"] == "largest centred square at 16 px"
    assert settings["extractor"] == "small, each feature sees 15 px"
    assert settings["epochs"] == "4, batches of 8"
    assert settings["learning rate"] == "0.02 at its peak, weight decay 0.05"
    assert settings["weights kept"] == "those of the last step"
    assert "pruned from" not in settings
    assert len(facts.epochs) == 4
    assert [part.name for part in facts.budget.components][:2] == ["extractor", "mask generator"]


def test_a_pruned_run_says_what_it_was_pruned_from(world) -> None:
    pruned = {"source": "made-0", "n_channels": 16, "kept": [0, 3, 5]}
    run = Run(world.run.folder, world.run.config, world.run.attributes, {**world.run.record, "pruned": pruned})
    assert dict(describe_run(run).settings)["pruned from"] == "made-0, 3 of 16 channels kept"


def test_settings_that_are_off_are_said_to_be(world) -> None:
    config = world.run.config
    train = replace(config.train, loss="focal", flip=False, crop_scale=1.0, ema_decay=0.5)
    run = Run(world.run.folder, replace(config, train=train), world.run.attributes, world.run.record)
    settings = dict(describe_run(run).settings)
    assert settings["augmentation"] == "never mirrored, never cut"
    assert settings["loss"].startswith("focal, gamma 2;")
    assert settings["weights kept"] == "moving average, decay 0.5"


def test_epochs_come_back_as_they_were_written(tmp_path: Path) -> None:
    rows = tuple(
        EpochRow(
            epoch=number,
            train_loss=1.5 / number,
            train_accuracy=0.8,
            validation_accuracy=0.75,
            learning_rate=1e-3,
            images_per_second=100.5,
            seconds=2.25,
        )
        for number in (1, 2)
    )
    file = tmp_path / "metrics.csv"
    file.write_text(metrics_text(rows))
    assert read_epochs(file) == rows


def test_a_run_without_metrics_has_no_epochs(tmp_path: Path) -> None:
    assert read_epochs(tmp_path / "metrics.csv") == ()


@pytest.mark.parametrize("text", ["epoch,train_loss\n1,0.5\n", metrics_text(()) + "1,a,b,c,d,e,f\n"])
def test_metrics_of_other_columns_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "metrics.csv"
    file.write_text(text)
    with pytest.raises(RunError, match=r"metrics\.csv: expected a row of numbers an epoch"):
        read_epochs(file)
