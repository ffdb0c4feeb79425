from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from mamviz.config import DataConfig, ModelConfig, RunConfig, to_dict
from mamviz.errors import ConfigError, RunError
from mamviz.models.network import MaskNetwork
from mamviz.models.weights import build_network, load_network, write_network
from mamviz.run import Run, open_run, write_json
from mamviz.schema import SCHEMA_VERSION
from tests.core.models.stirred import draw_images, stir

ATTRIBUTES = ("Bald", "Male", "Young")
CONFIG = RunConfig(data=DataConfig(size=32), model=ModelConfig(channels=6), seed=5)


def same_bits(one: MaskNetwork, other: MaskNetwork) -> bool:
    a, b = one.state_dict(), other.state_dict()
    return a.keys() == b.keys() and all(torch.equal(value, b[name]) for name, value in a.items())


def make_run(folder: Path, config: RunConfig = CONFIG) -> Run:
    record = {"schema_version": SCHEMA_VERSION, "config": to_dict(config), "attributes": list(ATTRIBUTES)}
    write_json(folder / "run.json", record)
    return open_run(folder)


def make_trained(run: Run, config: RunConfig = CONFIG) -> MaskNetwork:
    network = build_network(config, n_attributes=len(ATTRIBUTES))
    stir(network, 1)
    write_network(run.model_file, network, config=config, attributes=ATTRIBUTES)
    return network.eval()


def test_one_seed_gives_one_network_whatever_was_drawn_before() -> None:
    torch.manual_seed(1)
    first = build_network(CONFIG, n_attributes=3)
    torch.rand(17)
    assert same_bits(first, build_network(CONFIG, n_attributes=3))


def test_another_seed_gives_another_network() -> None:
    other = RunConfig(data=CONFIG.data, model=CONFIG.model, seed=6)
    assert not same_bits(build_network(CONFIG, n_attributes=3), build_network(other, n_attributes=3))


def test_building_draws_nothing_from_the_callers_generator() -> None:
    torch.manual_seed(2)
    expected = torch.rand(3)
    torch.manual_seed(2)
    build_network(CONFIG, n_attributes=3)
    assert torch.equal(torch.rand(3), expected)


def test_a_written_network_is_read_bit_by_bit_and_ready_for_inference(tmp_path: Path) -> None:
    run = make_run(tmp_path / "faces-1")
    network = make_trained(run)
    loaded = load_network(run)
    assert same_bits(network, loaded)
    assert not loaded.training
    with torch.no_grad():
        assert torch.equal(loaded.classify(draw_images(2)), network.classify(draw_images(2)))
    assert [file.name for file in run.folder.iterdir() if file.name.startswith(".")] == []


def test_the_file_says_which_settings_and_attributes_it_has(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    make_trained(run)
    with safe_open(run.model_file, "pt") as handle:
        metadata = handle.metadata()
    assert json.loads(metadata["mamviz"]) == {"config": to_dict(CONFIG), "attributes": list(ATTRIBUTES)}


def test_an_untrained_run_says_how_to_go_on(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    with pytest.raises(RunError, match=r"training has not finished.*mamviz train --resume"):
        load_network(run)


def test_a_truncated_file_is_refused_by_name(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    make_trained(run)
    run.model_file.write_bytes(run.model_file.read_bytes()[:-100])
    with pytest.raises(RunError, match=r"model\.safetensors: does not fit") as caught:
        load_network(run)
    assert "\n" not in str(caught.value)


def test_a_file_of_another_number_of_channels_is_refused(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    make_trained(run, RunConfig(data=CONFIG.data, model=ModelConfig(channels=7), seed=5))
    with pytest.raises(RunError, match=r"does not fit its run\.json") as caught:
        load_network(run)
    assert "\n" not in str(caught.value)


def test_trained_weights_do_not_need_the_imagenet_file_again(tmp_path: Path) -> None:
    model = ModelConfig(preset="resnet18", channels=4, last_stage=3, weights=str(tmp_path / "gone.pth"))
    config = RunConfig(data=CONFIG.data, model=model)
    with pytest.raises(ConfigError, match=r"gone\.pth"):
        build_network(config, n_attributes=3)
    assert build_network(config, n_attributes=3, pretrained=False).shape == (4, 2, 2)
