"""The person in a picture: everything that no label says, drawn from (seed, index)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mamviz.data.synthetic.draws import PERSON_STREAM, uniforms
from mamviz.data.synthetic.palettes import (
    BACKDROPS,
    BROWS,
    CLOTHES,
    FRAMES,
    IRISES,
    LIPSTICKS,
    METALS,
    REDS,
    SHADOWS,
    SKINS,
    TIES,
    Palette,
)

# Largest pose, which the windows of `view.py` allow for: shift in image sides, turn in tan(angle / 2), scale.
MAX_SHIFT = 0.03
MAX_TURN = 0.05
SCALES = (0.94, 1.06)

_COUNT = 96  # numbers dealt to an image; more may be asked for without changing the first


@dataclass(frozen=True)
class Pose:
    """How the head stands and what light falls on it; each (n, 1, 1).

    shift_x, shift_y in image sides; cosine and sine of the turn; yaw in -1..1; scale about 1; light_x, light_y
    the slope of the brightness over the image; noise its amplitude
    """

    shift_x: Tensor
    shift_y: Tensor
    cosine: Tensor
    sine: Tensor
    yaw: Tensor
    scale: Tensor
    light_x: Tensor
    light_y: Tensor
    exposure: Tensor
    noise: Tensor


@dataclass(frozen=True)
class Build:
    """The geometry of one's own; each (n, 1, 1), in head units or as a factor about 1."""

    face: Tensor
    chin: Tensor
    ear: Tensor
    eye: Tensor
    eye_gap: Tensor
    eye_y: Tensor
    eye_slant: Tensor
    gaze: Tensor
    brow_y: Tensor
    brow_slant: Tensor
    nose: Tensor
    nose_y: Tensor
    mouth: Tensor
    mouth_y: Tensor
    lips: Tensor
    hair_volume: Tensor
    hair_length: Tensor
    hairline: Tensor
    parting: Tensor
    shoulders: Tensor


@dataclass(frozen=True)
class Colours:
    """The colours of one's own, (n, 3, 1, 1) in 0..1."""

    skin: Tensor
    brow: Tensor
    other_hair: Tensor
    iris: Tensor
    clothes: Tensor
    trim: Tensor
    backdrop: Tensor
    backdrop_end: Tensor
    hat: Tensor
    lipstick: Tensor
    shadow: Tensor
    metal: Tensor
    frame: Tensor
    tie: Tensor


@dataclass(frozen=True)
class Style:
    """Choices among kinds and phases of patterns, (n, 1, 1) in 0..1."""

    backdrop: Tensor
    backdrop_x: Tensor
    backdrop_y: Tensor
    collar: Tensor
    hat: Tensor
    glasses: Tensor
    earring: Tensor
    necklace: Tensor
    tie: Tensor
    strand: Tensor
    hair_shade: Tensor
    lip_tint: Tensor
    spot: Tensor


@dataclass(frozen=True)
class Person:
    """What a picture shows besides its labels; n persons in one record.

    numbers   (F, n, 1, 1), the fields of pose, build and style in this order; the groups are views of it
    hues      (G, n, 3, 1, 1), the fields of colours
    """

    numbers: Tensor
    hues: Tensor

    @cached_property
    def pose(self) -> Pose:
        """How the head stands."""
        return Pose(*self.numbers[:_N_POSE].unbind())

    @cached_property
    def build(self) -> Build:
        """The geometry."""
        return Build(*self.numbers[_N_POSE : _N_POSE + _N_BUILD].unbind())

    @cached_property
    def style(self) -> Style:
        """The choices among kinds."""
        return Style(*self.numbers[_N_POSE + _N_BUILD :].unbind())

    @cached_property
    def colours(self) -> Colours:
        """The colours."""
        return Colours(*self.hues.unbind())

    def take(self, images: Tensor) -> Person:
        """Return the persons of some images."""
        return Person(self.numbers[:, images], self.hues[:, images])


_N_POSE, _N_BUILD = len(dataclasses.fields(Pose)), len(dataclasses.fields(Build))


class _Deck:
    """Deals the numbers of each image in a fixed order."""

    def __init__(self, numbers: npt.NDArray[np.float64]) -> None:
        self._columns = iter(numbers.T)

    def number(self, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Deal a number in low..high, (n, 1, 1)."""
        return self._place(low + (high - low) * next(self._columns))[:, None, None]

    def about(self, middle: float, spread: float) -> Tensor:
        """Deal a number within middle +- spread, near the middle more often, (n, 1, 1)."""
        both = next(self._columns) + next(self._columns) - 1.0
        return self._place(middle + spread * both)[:, None, None]

    def colour(self, palette: Palette, vary: float = 0.04) -> Tensor:
        """Deal a colour between two neighbours of a palette, (n, 3, 1, 1)."""
        table = np.array(palette)
        place = next(self._columns) * (len(table) - 1)
        lower = np.minimum(place.astype(np.int64), len(table) - 2)
        share = (place - lower)[:, None]
        mixed = table[lower] * (1.0 - share) + table[lower + 1] * share
        mixed = mixed + vary * (2.0 * next(self._columns) - 1.0)[:, None]
        return self._place(mixed.clip(0.0, 1.0))[:, :, None, None]

    def _place(self, values: npt.NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(values.astype(np.float32))


def draw_persons(indices: npt.NDArray[np.int64], *, seed: int, device: str = "cpu") -> Person:
    """Draw what (seed, index) says of each image; labels have no part in it."""
    deck = _Deck(uniforms(indices, seed=seed, stream=PERSON_STREAM, count=_COUNT))
    pose, build, colours, style = _deal_pose(deck), _deal_build(deck), _deal_colours(deck), _deal_style(deck)
    numbers = [getattr(group, field.name) for group in (pose, build, style) for field in dataclasses.fields(group)]
    hues = [getattr(colours, field.name) for field in dataclasses.fields(colours)]
    return Person(torch.stack(numbers).to(device), torch.stack(hues).to(device))


def _deal_pose(deck: _Deck) -> Pose:
    turn = deck.about(0.0, MAX_TURN)
    size = 1.0 + turn * turn  # the rational points of the circle: no sine needed
    return Pose(
        shift_x=deck.number(-MAX_SHIFT, MAX_SHIFT),
        shift_y=deck.number(-MAX_SHIFT, MAX_SHIFT),
        cosine=(1.0 - turn * turn) / size,
        sine=2.0 * turn / size,
        yaw=deck.about(0.0, 1.0),
        scale=deck.number(*SCALES),
        light_x=deck.about(0.0, 0.45),
        light_y=deck.about(-0.08, 0.22),
        exposure=deck.number(0.90, 1.06),
        noise=deck.number(0.005, 0.024),
    )


def _deal_build(deck: _Deck) -> Build:
    return Build(
        face=deck.about(1.0, 0.05),
        chin=deck.about(0.0, 0.04),
        ear=deck.about(1.0, 0.15),
        eye=deck.about(1.10, 0.10),
        eye_gap=deck.about(0.325, 0.02),
        eye_y=deck.about(0.03, 0.03),
        eye_slant=deck.about(0.06, 0.12),
        gaze=deck.about(0.0, 0.035),
        brow_y=deck.about(-0.235, 0.025),
        brow_slant=deck.about(0.06, 0.07),
        nose=deck.about(1.0, 0.10),
        nose_y=deck.about(0.355, 0.03),
        mouth=deck.about(1.0, 0.08),
        mouth_y=deck.about(0.635, 0.025),
        lips=deck.about(1.0, 0.12),
        hair_volume=deck.about(0.10, 0.05),
        hair_length=deck.number(0.95, 1.65),
        hairline=deck.about(-0.60, 0.05),
        parting=deck.about(0.0, 0.30),
        shoulders=deck.about(1.0, 0.12),
    )


def _deal_colours(deck: _Deck) -> Colours:
    return Colours(
        skin=deck.colour(SKINS, 0.02),
        brow=deck.colour(BROWS, 0.02),
        other_hair=deck.colour(REDS),
        iris=deck.colour(IRISES),
        clothes=deck.colour(CLOTHES),
        trim=deck.colour(CLOTHES[::-1]),
        backdrop=deck.colour(BACKDROPS),
        backdrop_end=deck.colour(BACKDROPS),
        hat=deck.colour(CLOTHES),
        lipstick=deck.colour(LIPSTICKS, 0.03),
        shadow=deck.colour(SHADOWS, 0.03),
        metal=deck.colour(METALS, 0.03),
        frame=deck.colour(FRAMES, 0.03),
        tie=deck.colour(TIES),
    )


def _deal_style(deck: _Deck) -> Style:
    return Style(*(deck.number() for _ in dataclasses.fields(Style)))
