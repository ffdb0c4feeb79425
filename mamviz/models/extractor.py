"""Feature extractors: x (N, 3, S, S) in [-1, 1] -> F (N, C, H, W), >= 0."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn

from mamviz.config import ModelConfig
from mamviz.errors import ConfigError
from mamviz.models.resnet import make_resnet

# Which of the three cells between the strides of `small` look at 3x3 neighbours, by receptive field in pixels:
# strides of 2 make the steps 2, 4 and 8 px, and a 3x3 convolution at step d adds 2 d.
SMALL_CONTEXT: dict[int, tuple[bool, bool, bool]] = {
    15: (False, False, False),
    19: (True, False, False),
    27: (True, True, False),
    43: (True, True, True),
}
SMALL_WIDTHS = (48, 96, 192)


def convolve(n_in: int, n_out: int, kernel: int, *, stride: int = 1, padding: int | None = None) -> nn.Sequential:
    """Return a convolution with batch norm and ReLU; it keeps the size where the stride is 1.

    padding    pixels on each side; half the kernel when None
    """
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, kernel, stride=stride, padding=kernel // 2 if padding is None else padding, bias=False),
        nn.BatchNorm2d(n_out),
        nn.ReLU(inplace=True),
    )


class SmallExtractor(nn.Module):
    """Three strided 3x3 convolutions, each followed by a 3x3 or a 1x1 one, and a 1x1 to C channels.

    The grid is an eighth of the image; a feature sees `receptive_field` pixels on a side, around the 8 x 8 pixels that
    its cell stands for. For that the third strided convolution is padded on the right and below only: padded all
    round, each feature would look around the upper left corner of its cell, and masks be drawn half a cell away.
    """

    def __init__(self, channels: int, *, receptive_field: int = 15) -> None:
        super().__init__()
        if receptive_field not in SMALL_CONTEXT:
            raise ConfigError(
                f"receptive_field: expected one of {', '.join(map(str, SMALL_CONTEXT))} pixels for the preset small, "
                f"got {receptive_field}. Change the setting and start again."
            )
        layers: list[nn.Module] = []
        width = 3
        for n_out, context in zip(SMALL_WIDTHS, SMALL_CONTEXT[receptive_field], strict=True):
            if n_out == SMALL_WIDTHS[-1]:
                # The second column and row are seen where the side before is odd, so that the grid rounds up.
                layers += [nn.ZeroPad2d((0, 2, 0, 2)), convolve(width, n_out, 3, stride=2, padding=0)]
            else:
                layers.append(convolve(width, n_out, 3, stride=2))
            layers.append(convolve(n_out, n_out, 3 if context else 1))
            width = n_out
        self.layers = nn.Sequential(*layers, convolve(width, channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return F (N, C, S / 8, S / 8)."""
        return cast(Tensor, self.layers(x))


class Projected(nn.Module):
    """An extractor whose channels are brought to C by a 1x1 convolution, batch norm and ReLU."""

    def __init__(self, extractor: nn.Module, n_in: int, channels: int) -> None:
        super().__init__()
        self.extractor = extractor
        self.project = convolve(n_in, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return F (N, C, H, W)."""
        return cast(Tensor, self.project(self.extractor(x)))


class NonNegative(nn.Module):
    """A user's extractor, cut at zero: evidence has one sign a channel only where F >= 0."""

    def __init__(self, extractor: nn.Module) -> None:
        super().__init__()
        self.extractor = extractor

    def forward(self, x: Tensor) -> Tensor:
        """Return F (N, C, H, W)."""
        return torch.relu(self.extractor(x))


def make_extractor(config: ModelConfig, *, size: int) -> nn.Module:
    """Return the extractor that `config` names, for images of `size` pixels.

    Raises ConfigError where a factory can't be imported or its features aren't (N, C, H, W).
    """
    if config.extractor is None and config.preset == "small":
        return SmallExtractor(config.channels or 64, receptive_field=config.receptive_field)
    extractor: nn.Module
    if config.extractor is not None:
        extractor = NonNegative(_import_factory(config.extractor)())
    else:
        extractor = make_resnet(config.preset, last_stage=config.last_stage, weights=config.weights)
    n_channels = feature_shape(extractor, size=size)[0]
    if config.channels in (0, n_channels):
        return extractor
    return Projected(extractor, n_channels, config.channels)


def feature_shape(extractor: nn.Module, *, size: int) -> tuple[int, int, int]:
    """Return (C, H, W) that the extractor gives for images of `size` pixels; changes no state of it."""
    training = extractor.training
    extractor.eval()
    with torch.no_grad():
        features = extractor(torch.zeros(1, 3, size, size))
    extractor.train(training)
    if not isinstance(features, Tensor) or features.ndim != 4:
        got = tuple(features.shape) if isinstance(features, Tensor) else type(features).__name__
        raise ConfigError(
            f"extractor: expected features (image, channel, height, width), got {got}. Change its forward."
        )
    return int(features.shape[1]), int(features.shape[2]), int(features.shape[3])


def _import_factory(name: str) -> Callable[[], nn.Module]:
    module, _, attribute = name.partition(":")
    try:
        return cast(Callable[[], nn.Module], getattr(importlib.import_module(module), attribute))
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"extractor: expected package.module:factory that can be imported, got {name!r} ({error}). "
            "Install the package or add its folder to PYTHONPATH."
        ) from error
