from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mamviz.config import DataConfig, ModelConfig, RunConfig, TrainConfig
from mamviz.errors import ConfigError
from mamviz_cli.app import app
from mamviz_cli.settings import DataOptions, ModelOptions, Settings, TrainingOptions, flag_of, make_config

# Found out when a run is made or pruned, not typed.
FOUND = {"threads", "kept"}
PAIRS = ((DataConfig, DataOptions), (ModelConfig, ModelOptions), (TrainConfig, TrainingOptions))


@pytest.mark.parametrize(("config", "options"), PAIRS)
def test_every_setting_has_an_option(config: type, options: type) -> None:
    settings = {entry.name for entry in dataclasses.fields(config)} - FOUND
    assert settings == {entry.name for entry in dataclasses.fields(options)}
    assert all(entry.default is None for entry in dataclasses.fields(options))


def test_the_help_shows_the_defaults_of_the_config() -> None:
    words = " ".join(
        CliRunner().invoke(app, ["train", "--help"], env={"COLUMNS": "400", "TERMINAL_WIDTH": "400"}).stdout.split()
    )
    for config, _ in PAIRS:
        for entry in dataclasses.fields(config):
            if entry.name in FOUND:
                continue
            switches = {"True": "yes", "False": "no", "None": "none"}
            default = switches.get(str(entry.default), str(entry.default))
            at = words.index(f"│ {flag_of(entry.name)} ")
            assert f"(default {default})" in words[at : at + 300], entry.name


def test_nothing_typed_is_the_default_run() -> None:
    assert make_config(Settings(), threads=2) == RunConfig(train=TrainConfig(threads=2))


def test_what_was_typed_reaches_the_config() -> None:
    settings = Settings(
        data=DataOptions(size=32, skip_bad=True),
        model=ModelOptions(position=False, readout="per-attribute"),
        train=TrainingOptions(learning_rate=0.001, flip=False),
        seed=7,
    )
    config = make_config(settings, threads=1)
    assert (config.data.size, config.data.skip_bad, config.seed) == (32, True, 7)
    assert (config.model.position, config.model.readout) == (False, "per-attribute")
    assert (config.train.learning_rate, config.train.flip, config.train.threads) == (0.001, False, 1)
    assert settings.typed == (
        *("--skip-bad", "--size", "--readout", "--position", "--learning-rate", "--flip", "--seed"),
    )


def test_paths_are_kept_absolute_but_the_built_in_faces_are_no_path(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    config = make_config(Settings(data=DataOptions(source="faces-of-mine", images="pictures")), threads=1)
    assert (config.data.source, config.data.images) == (str(tmp_path / "faces-of-mine"), str(tmp_path / "pictures"))
    assert make_config(Settings(data=DataOptions(source="faces")), threads=1).data.source == "faces"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings(data=DataOptions(n_faces=0)), "--faces: expected at least 1 image, got 0"),
        (Settings(data=DataOptions(label_correlation=2.0)), "--label-correlation: expected 0 to 1, got 2.0"),
        (Settings(model=ModelOptions(trunk_kernel=2)), "--trunk-kernel: expected 1 or 3, got 2"),
        (Settings(train=TrainingOptions(loss="hinge")), "--loss: expected one of bce, focal, got 'hinge'"),
    ],
)
def test_a_value_out_of_range_names_its_option(settings: Settings, words: str) -> None:
    with pytest.raises(ConfigError) as error:
        make_config(settings, threads=1)
    assert str(error.value).startswith(words)
