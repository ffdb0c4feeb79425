from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from mamviz.config import ModelConfig
from mamviz.errors import ConfigError
from mamviz.models.extractor import (
    SMALL_CONTEXT,
    NonNegative,
    Projected,
    SmallExtractor,
    feature_shape,
    make_extractor,
)
from tests.core.models.stirred import draw_images, stir

FACTORIES = """
from torch import nn

def signed():
    return nn.Conv2d(3, 5, 4, stride=4)

def flat():
    return nn.Sequential(nn.Flatten(), nn.LazyLinear(7))
"""


@pytest.fixture
def factories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "my_extractors.py").write_text(FACTORIES)
    monkeypatch.syspath_prepend(tmp_path)
    return "my_extractors"


@pytest.mark.parametrize("receptive_field", sorted(SMALL_CONTEXT))
def test_a_feature_sees_a_square_of_the_stated_side_and_no_more(receptive_field: int) -> None:
    torch.manual_seed(0)
    extractor = SmallExtractor(16, receptive_field=receptive_field).double().eval()
    x = draw_images(8, size=96, dtype=torch.float64).requires_grad_()

    extractor(x)[:, :, 6, 6].sum().backward()

    assert x.grad is not None
    seen = (x.grad != 0).any(0).any(0)
    for axis in (0, 1):
        places = seen.any(axis).nonzero().flatten()
        assert int(places[-1] - places[0]) + 1 == receptive_field
        # The square is centred on the cell's 8 pixels, of which the fifth is as near to the middle as a pixel can be.
        assert int(places[0]) == 6 * 8 + 4 - receptive_field // 2


def test_a_receptive_field_that_small_lacks_is_refused_with_the_ones_it_has() -> None:
    with pytest.raises(ConfigError, match=r"15, 19, 27, 43 pixels.* got 16") as caught:
        make_extractor(ModelConfig(receptive_field=16), size=64)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("size", "side"), [(16, 2), (64, 8), (65, 9), (100, 13)])
def test_the_small_grid_is_an_eighth_of_the_image_rounded_up(size: int, side: int) -> None:
    extractor = make_extractor(ModelConfig(channels=4), size=size)
    assert feature_shape(extractor, size=size) == (4, side, side)


def test_small_features_are_never_negative_and_not_all_zero() -> None:
    torch.manual_seed(0)
    extractor = SmallExtractor(12).eval()
    stir(extractor, 1)
    features = extractor(draw_images(4, size=32)).detach()
    assert float(features.min()) == 0
    assert float(features.max()) > 0


def test_zero_channels_keep_what_the_extractor_gives() -> None:
    assert feature_shape(make_extractor(ModelConfig(channels=0), size=32), size=32)[0] == 64
    resnet = make_extractor(ModelConfig(preset="resnet18", channels=0, last_stage=3), size=64)
    assert feature_shape(resnet, size=64) == (256, 4, 4)


def test_channels_are_projected_only_where_they_differ() -> None:
    same = make_extractor(ModelConfig(preset="resnet18", channels=256, last_stage=3), size=32)
    other = make_extractor(ModelConfig(preset="resnet18", channels=9, last_stage=3), size=32)
    assert not isinstance(same, Projected)
    assert isinstance(other, Projected)
    assert feature_shape(other, size=32) == (9, 2, 2)


def test_a_users_extractor_is_cut_at_zero(factories: str) -> None:
    torch.manual_seed(0)
    extractor = make_extractor(ModelConfig(extractor=f"{factories}:signed", channels=5), size=16)
    assert isinstance(extractor, NonNegative)
    x = draw_images(3, size=16)
    signed = extractor.extractor(x).detach()
    assert float(signed.min()) < 0
    assert torch.equal(extractor(x).detach(), signed.clamp(min=0))


def test_a_users_extractor_overrides_the_preset_and_is_projected(factories: str) -> None:
    extractor = make_extractor(ModelConfig(extractor=f"{factories}:signed", channels=7), size=16)
    assert isinstance(extractor, Projected)
    assert feature_shape(extractor, size=16) == (7, 4, 4)


@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_features_without_a_grid_are_refused_by_their_shape(factories: str) -> None:
    with pytest.raises(ConfigError, match=r"expected features \(image, channel, height, width\), got \(1, 7\)"):
        make_extractor(ModelConfig(extractor=f"{factories}:flat"), size=16)


@pytest.mark.parametrize("name", ["no_such_package_here:make", "my_extractors:missing", "my_extractors", ":make"])
def test_a_factory_that_cannot_be_imported_is_named_in_one_line(factories: str, name: str) -> None:
    with pytest.raises(ConfigError, match=r"expected package\.module:factory") as caught:
        make_extractor(ModelConfig(extractor=name), size=16)
    assert repr(name) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_asking_for_the_shape_changes_no_state() -> None:
    extractor = SmallExtractor(4).train()
    before = {name: value.clone() for name, value in extractor.state_dict().items()}
    feature_shape(extractor, size=32)
    assert extractor.training
    assert all(torch.equal(value, before[name]) for name, value in extractor.state_dict().items())


def test_a_tuple_of_features_is_refused_by_its_type() -> None:
    class Pair(nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return x, x

    with pytest.raises(ConfigError, match="got tuple"):
        feature_shape(Pair(), size=16)
