from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from mamviz.errors import ConfigError
from mamviz.models.resnet import make_resnet

Shapes = dict[str, tuple[int, ...]]
Preset = Literal["resnet18", "resnet34", "resnet50"]

# From torchvision's table of models, less the classifier: 11,689,512 - 513,000 and so on.
PARAMETERS: dict[Preset, int] = {"resnet18": 11_176_512, "resnet34": 21_284_672, "resnet50": 23_508_032}
BLOCKS: dict[Preset, tuple[int, int, int, int]] = {
    "resnet18": (2, 2, 2, 2),
    "resnet34": (3, 4, 6, 3),
    "resnet50": (3, 4, 6, 3),
}


def norm_shapes(name: str, width: int) -> Shapes:
    vectors = {f"{name}.{part}": (width,) for part in ("weight", "bias", "running_mean", "running_var")}
    return {**vectors, f"{name}.num_batches_tracked": ()}


def torchvision_shapes(preset: Preset, *, last_stage: int = 4) -> Shapes:
    """Every name and shape of torchvision's state_dict, as a rule: stem, then layer.block.convolution."""
    shapes: Shapes = {"conv1.weight": (64, 3, 7, 7), **norm_shapes("bn1", 64)}
    n_in = 64
    for stage in range(1, last_stage + 1):
        width = (64, 128, 256, 512)[stage - 1]
        n_out = 4 * width if preset == "resnet50" else width
        for index in range(BLOCKS[preset][stage - 1]):
            block = f"layer{stage}.{index}"
            plan = [(n_in, width, 3), (width, width, 3)]
            if preset == "resnet50":
                plan = [(n_in, width, 1), (width, width, 3), (width, n_out, 1)]
            for number, (n_from, n_to, side) in enumerate(plan, start=1):
                shapes[f"{block}.conv{number}.weight"] = (n_to, n_from, side, side)
                shapes |= norm_shapes(f"{block}.bn{number}", n_to)
            if index == 0 and (stage > 1 or preset == "resnet50"):
                shapes[f"{block}.downsample.0.weight"] = (n_out, n_in, 1, 1)
                shapes |= norm_shapes(f"{block}.downsample.1", n_out)
            n_in = n_out
    return shapes


def shapes_of(network: nn.Module) -> Shapes:
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}


def draw_weights(preset: Preset) -> dict[str, Tensor]:
    """A state as torchvision's file has it, classifier included, with numbers of its own."""
    generator = torch.Generator().manual_seed(7)
    width = 2048 if preset == "resnet50" else 512
    shapes = torchvision_shapes(preset) | {"fc.weight": (1000, width), "fc.bias": (1000,)}
    return {
        name: torch.tensor(3)
        if name.endswith("num_batches_tracked")
        else torch.rand(shape, generator=generator) * 0.1 + 0.01
        for name, shape in shapes.items()
    }


def save_pth(state: dict[str, Tensor], file: Path) -> None:
    torch.save(state, file)


def save_safe(state: dict[str, Tensor], file: Path) -> None:
    save_file(state, file)


@pytest.mark.parametrize("preset", PARAMETERS)
def test_names_shapes_and_number_of_parameters_are_torchvisions(preset: Preset) -> None:
    network = make_resnet(preset)
    assert shapes_of(network) == torchvision_shapes(preset)
    assert sum(parameter.numel() for parameter in network.parameters()) == PARAMETERS[preset]


def test_a_network_stopped_early_has_the_names_of_the_whole_one_up_to_there() -> None:
    assert shapes_of(make_resnet("resnet18", last_stage=3)) == torchvision_shapes("resnet18", last_stage=3)


@pytest.mark.parametrize(("last_stage", "shape"), [(3, (256, 4, 4)), (4, (512, 2, 2))])
def test_stages_three_and_four_stride_sixteen_and_thirty_two(last_stage: int, shape: tuple[int, int, int]) -> None:
    features = make_resnet("resnet18", last_stage=last_stage).eval()(torch.zeros(1, 3, 64, 64)).detach()
    assert features.shape == (1, *shape)
    assert float(features.min()) >= 0


def test_images_are_normalised_as_imagenets() -> None:
    network = make_resnet("resnet18", last_stage=3).eval()
    taken: list[Tensor] = []
    network.conv1.register_forward_pre_hook(lambda module, inputs: taken.append(inputs[0]))
    # ImageNet's mean colour, brought from [0, 1] to [-1, 1], becomes zero; one deviation above it becomes one.
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    colours = torch.stack([mean, mean + std]) * 2 - 1
    network(colours[:, :, None, None].expand(2, 3, 32, 32))
    expected = torch.tensor([0.0, 1.0])[:, None, None, None].expand(2, 3, 32, 32)
    torch.testing.assert_close(taken[0], expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("suffix", "save"), [(".pth", save_pth), (".safetensors", save_safe)])
def test_a_weight_file_loads_number_by_number(
    tmp_path: Path, suffix: str, save: Callable[[dict[str, Tensor], Path], None]
) -> None:
    state = draw_weights("resnet18")
    save(state, tmp_path / f"weights{suffix}")
    loaded = make_resnet("resnet18", weights=str(tmp_path / f"weights{suffix}")).state_dict()
    assert {"fc.weight", "fc.bias"} == state.keys() - loaded.keys()
    assert all(torch.equal(value, state[name]) for name, value in loaded.items())


def test_stages_past_the_last_are_left_out_of_a_whole_file(tmp_path: Path) -> None:
    state = draw_weights("resnet18")
    save_pth(state, tmp_path / "weights.pth")
    loaded = make_resnet("resnet18", last_stage=3, weights=str(tmp_path / "weights.pth")).state_dict()
    assert not any(name.startswith("layer4") for name in loaded)
    assert torch.equal(loaded["layer3.1.conv2.weight"], state["layer3.1.conv2.weight"])


def test_old_files_without_batch_counters_load(tmp_path: Path) -> None:
    state = {name: value for name, value in draw_weights("resnet18").items() if "num_batches" not in name}
    save_pth(state, tmp_path / "old.pth")
    loaded = make_resnet("resnet18", weights=str(tmp_path / "old.pth")).state_dict()
    assert torch.equal(loaded["bn1.weight"], state["bn1.weight"])
    assert int(loaded["bn1.num_batches_tracked"]) == 0


def refusal(preset: Preset, file: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        make_resnet(preset, last_stage=3, weights=str(file))
    message = str(caught.value)
    assert "\n" not in message
    assert str(file) in message
    assert preset in message
    return message


def test_a_file_of_a_shallower_network_is_refused(tmp_path: Path) -> None:
    save_pth(draw_weights("resnet18"), tmp_path / "w.pth")
    assert "no 'layer1.2.bn1.bias'" in refusal("resnet34", tmp_path / "w.pth")


def test_a_file_of_a_deeper_network_is_refused_though_it_has_every_name(tmp_path: Path) -> None:
    save_pth(draw_weights("resnet34"), tmp_path / "w.pth")
    assert "'layer1.2.bn1.bias'" in refusal("resnet18", tmp_path / "w.pth")


def test_another_shape_is_refused_by_name(tmp_path: Path) -> None:
    save_pth(draw_weights("resnet18") | {"layer2.0.conv1.weight": torch.zeros(128, 64, 1, 1)}, tmp_path / "w.pth")
    assert "another shape of 'layer2.0.conv1.weight'" in refusal("resnet18", tmp_path / "w.pth")


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_truncated_file_is_refused(tmp_path: Path, suffix: str) -> None:
    whole, cut = tmp_path / f"whole{suffix}", tmp_path / f"cut{suffix}"
    (save_pth if suffix == ".pth" else save_safe)({"conv1.weight": torch.zeros(64, 3, 7, 7)}, whole)
    cut.write_bytes(whole.read_bytes()[:5000])
    assert "can't be read" in refusal("resnet18", cut)


@pytest.mark.parametrize("content", [b"", b"<html>404</html>", b"\x80\x02N."])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "page.pth").write_bytes(content)
    refusal("resnet18", tmp_path / "page.pth")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "can't be read" in refusal("resnet18", tmp_path / "absent.pth")


@pytest.mark.parametrize("value", [[1, 2], torch.zeros(3), {"conv1.weight": "text"}])
def test_a_file_without_named_tensors_is_refused(tmp_path: Path, value: object) -> None:
    torch.save(value, tmp_path / "odd.pth")
    refusal("resnet18", tmp_path / "odd.pth")


class Opens:
    """Pickles as a call of open(): loading it would leave a file behind."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.trace), "w")


def test_a_file_that_would_run_code_is_refused_and_does_not_run(tmp_path: Path) -> None:
    torch.save({"conv1.weight": Opens(tmp_path / "trace")}, tmp_path / "evil.pth")
    assert "can't be read" in refusal("resnet18", tmp_path / "evil.pth")
    assert not (tmp_path / "trace").exists()
