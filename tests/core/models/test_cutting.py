from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from mamviz.config import ModelConfig
from mamviz.models.cutting import Selected, cut_channels, find_producers
from mamviz.models.extractor import make_extractor
from tests.core.models.stirred import draw_images, settle, stir

KEPT = [0, 2, 5]
RESNET = ModelConfig(preset="resnet18", last_stage=3, channels=0)


def convolve(n_in: int, n_out: int, *, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, 3, padding=1, groups=groups, bias=groups > 1), nn.BatchNorm2d(n_out), nn.ReLU()
    )


class Residual(nn.Module):
    """Two blocks: the second's shortcut carries the first's features."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = convolve(3, 6), convolve(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        return torch.relu(self.second(x) + x)


class Gated(nn.Module):
    """Squeeze and excitation: every gate is made from all channels."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = convolve(3, 6)
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(6, 6, 1), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        x = self.layers(x)
        return x * self.gate(x)


class Attending(nn.Module):
    """One map of attention for all channels."""

    def __init__(self) -> None:
        super().__init__()
        self.layers, self.attend = convolve(3, 6), nn.Conv2d(3, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x) * torch.sigmoid(self.attend(x))


class Swish(nn.Module):
    """A value that is read twice, both times on the way to the features."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 6, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.convolution(x)
        return x * torch.sigmoid(x)


class Shared(nn.Module):
    """One convolution that is used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.enter, self.again = convolve(3, 6), convolve(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        return self.again(self.again(self.enter(x)))


class Scaled(nn.Module):
    """A parameter with a number for each channel, beside the modules."""

    def __init__(self) -> None:
        super().__init__()
        self.layers, self.scale = convolve(3, 6), nn.Parameter(torch.arange(1.0, 7.0)[:, None, None])

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x) * self.scale


class Branching(nn.Module):
    """Its way depends on the image."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = convolve(3, 6)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x) if x.mean() > 0 else self.layers(-x)


class Noisy(nn.Module):
    """Another way while it trains."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = convolve(3, 6)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layers(x)
        return x + torch.rand_like(x) if self.training else x


class Shuffled(nn.Module):
    """Channels that change places, which a cut can't see."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = convolve(3, 6)

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x).flip(1)


class Grouped(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(*convolve(3, 6), *convolve(6, 6, groups=2))


class Depthwise(nn.Sequential):
    """A depthwise convolution between a dense one and the features: the dense one feeds nothing else."""

    def __init__(self) -> None:
        super().__init__(*convolve(3, 6), *convolve(6, 6, groups=6), nn.MaxPool2d(2))


def made(extractor: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    stir(extractor, 1)
    settle(extractor, draw_images(32, seed=9))
    return extractor.double()  # so that what is left of a difference is not rounding


def assert_cut(extractor: nn.Module, kept: list[int] = KEPT) -> nn.Module:
    """The cut extractor's features are the kept ones, and the given one is as it was."""
    before = copy.deepcopy(extractor.state_dict())
    cut = cut_channels(extractor, kept, size=32).eval()
    x = draw_images(4, dtype=torch.float64)
    with torch.no_grad():
        expected = extractor(x)
        assert (cut(x) - expected[:, kept]).abs().max() <= 1e-9
    after = extractor.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    return cut


def sizes(extractor: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in extractor.state_dict().items() if "num_batches" not in name}


@pytest.mark.parametrize("kind", [Residual, Gated, Attending, Swish, Shared, Scaled, Branching, Noisy, Shuffled])
def test_features_of_the_cut_extractor_are_the_kept_ones(kind: type[nn.Module]) -> None:
    assert_cut(made(kind()))


@pytest.mark.parametrize("kind", [Shared, Scaled, Branching, Noisy, Shuffled])
def test_what_cant_be_followed_computes_all_channels(kind: type[nn.Module]) -> None:
    extractor = made(kind())
    cut = assert_cut(extractor)
    assert sum(p.numel() for p in cut.parameters()) == sum(p.numel() for p in extractor.parameters())


@pytest.mark.parametrize("kind", [Scaled, Branching, Noisy])
def test_code_that_cant_be_read_is_wrapped(kind: type[nn.Module]) -> None:
    assert isinstance(assert_cut(made(kind())), Selected)


def test_a_convolution_in_groups_stays_whole() -> None:
    extractor = made(Grouped())
    cut = sizes(assert_cut(extractor))
    assert cut["3.weight"] == sizes(extractor)["3.weight"]
    assert cut["4.weight"] == (3,)


def test_a_network_that_trains_another_way_still_does() -> None:
    extractor = made(Noisy())
    cut = cut_channels(extractor, KEPT, size=32).train()
    x = draw_images(2, dtype=torch.float64)
    assert not torch.equal(cut(x), cut(x))


def test_the_way_goes_through_a_depthwise_convolution_to_what_only_feeds_removed_channels() -> None:
    cut = sizes(assert_cut(made(Depthwise())))
    assert cut["0.weight"] == (3, 3, 3, 3)
    assert cut["3.weight"] == (3, 1, 3, 3)
    assert cut["4.running_var"] == (3,)


def test_a_shortcut_keeps_what_the_block_reads_and_drops_what_nothing_reads() -> None:
    cut = sizes(assert_cut(made(Residual())))
    assert cut["first.0.weight"] == (6, 3, 3, 3)
    assert cut["second.0.weight"] == (3, 6, 3, 3)


def test_a_value_that_is_read_twice_on_the_way_is_cut_once() -> None:
    assert sizes(assert_cut(made(Swish())))["convolution.weight"] == (3, 3, 3, 3)


def test_gates_and_attention_keep_what_they_read() -> None:
    gated = sizes(assert_cut(made(Gated())))
    assert gated["layers.0.weight"] == (6, 3, 3, 3)
    assert gated["gate.1.weight"] == (3, 6, 1, 1)
    attending = sizes(assert_cut(made(Attending())))
    assert (attending["layers.0.weight"], attending["attend.weight"]) == ((3, 3, 3, 3), (1, 3, 3, 3))


@pytest.mark.parametrize(
    "config",
    [ModelConfig(channels=8), ModelConfig(preset="resnet18", channels=8), RESNET, ModelConfig(preset="resnet50")],
)
def test_the_presets_are_cut_at_their_end(config: ModelConfig) -> None:
    extractor = made(make_extractor(config, size=32))
    kept = [1, 3, 4, 7]
    cut = assert_cut(extractor, kept)
    whole, left = sizes(extractor), sizes(cut)
    assert whole.keys() == left.keys()
    assert sum(whole[name] != left[name] for name in whole) == 5  # a convolution, and its batch norm's four


def test_cutting_twice_is_cutting_once() -> None:
    extractor = made(make_extractor(RESNET, size=32))
    twice = cut_channels(cut_channels(extractor, list(range(0, 256, 2)), size=32), [0, 5, 9], size=32).eval()
    once = cut_channels(extractor, [0, 10, 18], size=32).eval()
    x = draw_images(2, dtype=torch.float64)
    with torch.no_grad():
        assert torch.allclose(once(x), twice(x))
    assert sizes(once) == sizes(twice)


def test_a_copy_of_a_cut_extractor_saves_what_the_first_one_saves() -> None:
    cut = cut_channels(made(make_extractor(RESNET, size=32)), KEPT, size=32)
    assert sizes(copy.deepcopy(cut)) == sizes(cut)
    assert "mean" not in sizes(cut)


def test_a_cut_extractor_learns() -> None:
    cut = cut_channels(made(Residual()), KEPT, size=32).train()
    cut(draw_images(3, dtype=torch.float64)).sum().backward()
    assert all(p.grad is not None and p.grad.shape == p.shape for p in cut.parameters())


def test_producers_are_the_layers_whose_outputs_are_the_features() -> None:
    extractor = made(make_extractor(RESNET, size=32))
    last = extractor.get_submodule("layer3.1")
    found = find_producers(extractor, size=32)
    assert found.convolutions == (last.conv2,)
    assert found.norms == (last.bn2,)
    assert find_producers(made(Branching()), size=32).convolutions == ()


def test_looking_changes_no_mode() -> None:
    extractor = made(Residual())
    extractor.first.train()
    find_producers(extractor, size=32)
    assert [extractor.training, extractor.first.training, extractor.second.training] == [False, True, False]
