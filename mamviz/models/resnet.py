"""ResNets with torchvision's parameter names, so that its ImageNet weight files load.

He et al. 2016 (arXiv 1512.03385); the strided convolution of a bottleneck is its 3x3, as in torchvision ("v1.5").
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from mamviz.errors import ConfigError

# Blocks of each stage, and whether they are bottlenecks.
DEPTHS: dict[str, tuple[tuple[int, int, int, int], bool]] = {
    "resnet18": ((2, 2, 2, 2), False),
    "resnet34": ((3, 4, 6, 3), False),
    "resnet50": ((3, 4, 6, 3), True),
}
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class Block(nn.Module):
    """Two 3x3 convolutions, or a bottleneck of 1x1, 3x3, 1x1, around a shortcut."""

    def __init__(self, n_in: int, width: int, *, stride: int, bottleneck: bool) -> None:
        super().__init__()
        n_out = width * 4 if bottleneck else width
        self.bottleneck = bottleneck
        self.conv1 = nn.Conv2d(
            n_in, width, 1 if bottleneck else 3, 1 if bottleneck else stride, 0 if bottleneck else 1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride if bottleneck else 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        if bottleneck:
            self.conv3 = nn.Conv2d(width, n_out, 1, bias=False)
            self.bn3 = nn.BatchNorm2d(n_out)
        self.downsample: nn.Module | None = None
        if stride != 1 or n_in != n_out:
            self.downsample = nn.Sequential(nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out))

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the block's width, ReLU applied."""
        shortcut = x if self.downsample is None else self.downsample(x)
        x = torch.relu(self.bn1(self.conv1(x)))
        x = self.bn2(self.conv2(x))
        if self.bottleneck:
            x = self.bn3(self.conv3(torch.relu(x)))
        return torch.relu(x + shortcut)


class ResNet(nn.Module):
    """A ResNet without its classifier, stopped after stage 3 (stride 16) or 4 (stride 32).

    Takes images in [-1, 1] and normalises them to ImageNet's mean and deviation itself.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, depths: tuple[int, int, int, int], *, bottleneck: bool, last_stage: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1), persistent=False)
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.last_stage = last_stage
        n_in = 64
        for stage in range(1, last_stage + 1):
            width = 32 * 2**stage
            blocks = []
            for index in range(depths[stage - 1]):
                stride = 2 if index == 0 and stage > 1 else 1
                blocks.append(Block(n_in, width, stride=stride, bottleneck=bottleneck))
                n_in = width * 4 if bottleneck else width
            self.add_module(f"layer{stage}", nn.Sequential(*blocks))

    def forward(self, x: Tensor) -> Tensor:
        """Return F (N, C, H, W)."""
        x = ((x + 1) / 2 - self.mean) / self.std
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        for stage in range(1, self.last_stage + 1):
            x = self.get_submodule(f"layer{stage}")(x)
        return x


def make_resnet(preset: str, *, last_stage: int = 4, weights: str | None = None) -> ResNet:
    """Return the ResNet of a preset, with the weights of a file where one is named.

    Raises ConfigError where the file can't be read or fits another network; stages past `last_stage` and the
    file's classifier are left out.
    """
    depths, bottleneck = DEPTHS[preset]
    network = ResNet(depths, bottleneck=bottleneck, last_stage=last_stage)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    if weights is not None:
        _load_weights(network, preset, Path(weights))
    return network


def _load_weights(network: ResNet, preset: str, file: Path) -> None:
    state, own = _read_state(file, preset), network.state_dict()
    kept = {name for name in state if not _beyond(name, network.last_stage)}
    missing = sorted(name for name in own.keys() - kept if not name.endswith("num_batches_tracked"))
    misfits = sorted(name for name in own.keys() & kept if state[name].shape != own[name].shape)
    # A deeper network's file has every name of a shallower one: what is left over tells them apart.
    surplus = sorted(kept - own.keys())
    for what, names in (("no", missing), ("another shape of", misfits), ("a surplus", surplus)):
        if names:
            raise ConfigError(
                f"weights: {file} does not fit {preset}: {what} {names[0]!r}. "
                f"Name torchvision's weight file for {preset}, or change --preset."
            )
    network.load_state_dict({name: state.get(name, value) for name, value in own.items()})


def _beyond(name: str, last_stage: int) -> bool:
    part = name.partition(".")[0]
    return part == "fc" or part in {f"layer{stage}" for stage in range(last_stage + 1, 5)}


def _read_state(file: Path, preset: str) -> dict[str, Tensor]:
    """Return the tensors of a file by name, without running pickled code."""
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        state = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError) as error:
        reason = str(error).partition("\n")[0] or "it is empty"
        raise ConfigError(
            f"weights: expected a .safetensors or .pth file of tensors, {file} can't be read as one "
            f"({reason}). Name torchvision's weight file for {preset}."
        ) from error
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise ConfigError(
            f"weights: expected tensors by name in {file}, found other things. "
            f"Name torchvision's weight file for {preset}."
        )
    return cast(dict[str, Tensor], state)
