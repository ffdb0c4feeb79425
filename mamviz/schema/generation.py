"""Images from features: what an attribute sees, and what adding or removing it changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from mamviz.schema.arrays import Floats
from mamviz.schema.robustness import Transformation
from mamviz.schema.scores import Interval

# Along which features move: see `mamviz.generation.directions`.
EditDirection = Literal["evidence", "own", "gradient", "contrast"]
EditAction = Literal["add", "remove"]
# features: logits of the moved features, exact. drawn: of the picture drawn from them, read by the whole network
Reading = Literal["features", "drawn"]

EDIT_DIRECTIONS: tuple[EditDirection, ...] = ("evidence", "own", "gradient", "contrast")
EDIT_ACTIONS: tuple[EditAction, ...] = ("add", "remove")
READINGS: tuple[Reading, ...] = ("features", "drawn")

Pictures = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class EditSettings:
    """How features are moved and what is measured.

    strength      change of the attribute's own logit that is asked for, in standard deviations over images
    open_from     a mask counts as open from this level on; untrained masks stand at 0.5
    n_images      at most so many images without each attribute, and with it
    n_reference   training images that directions and standard deviations come from
    """

    direction: EditDirection = "contrast"
    strength: float = 2.0
    open_from: float = 0.5
    n_images: int = 100
    n_reference: int = 2000
    seed: int = 0
    n_replicates: int = 1000
    level: float = 0.95


@dataclass(frozen=True, kw_only=True)
class FeatureDrawing:
    """One image, its reconstruction, and what is drawn from each attribute's masked features.

    image, plain    (S, S, 3) uint8; pictures (A, S, S, 3)
    levels          (A,) the mean mask of the image, by which M F is divided; labels (A,) 0 or 1
    """

    name: str
    image: Pictures
    plain: Pictures
    attributes: tuple[str, ...]
    pictures: Pictures
    levels: Floats
    labels: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class OtherChange:
    """The attribute whose logit changes most beside the edited one's, and by how much."""

    attribute: str
    change: float


@dataclass(frozen=True, kw_only=True)
class EditedPicture:
    """One picture of an edit, with what the classifier says of it.

    picture     (S, S, 3) uint8; difference (S, S), mean over colours of the picture minus the unmoved one, in [-1, 1]
    own         logit of the attribute, of features and of the picture read again; other: the most changed other
    """

    strength: float
    picture: Pictures
    difference: Floats
    own_features: float
    own_drawn: float
    other_features: OtherChange
    other_drawn: OtherChange


@dataclass(frozen=True, kw_only=True)
class EditStrip:
    """One image with one attribute added and removed in several strengths, ascending; 0 is among them."""

    name: str
    attribute: str
    label: int
    image: Pictures
    pictures: tuple[EditedPicture, ...]


@dataclass(frozen=True, kw_only=True)
class SwapPair:
    """Two images that take each other's features where the mask of an attribute is open.

    images, plain, swapped   (2, S, S, 3) uint8: the images, drawn from their features, and from the swapped ones
    before, after            (2,) logits of the attribute, of the features; drawn_before, drawn_after: of the pictures
    open_share               (2,) of the cells of the mask that are open
    """

    names: tuple[str, str]
    attribute: str
    labels: tuple[int, int]
    images: Pictures
    plain: Pictures
    swapped: Pictures
    before: Floats
    after: Floats
    drawn_before: Floats
    drawn_after: Floats
    open_share: Floats


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """Pictures drawn from the features of a few images: masked, edited, swapped.

    transformation     of the masks in `drawings`; edits and swaps take the masks as they are
    strips             images x attributes, an image's attributes together
    difference_limit   the end of the colours of all strips' differences
    unswapped          attributes that all images have or all lack: nothing to swap with
    n_reference        training images that directions and standard deviations come from
    """

    settings: EditSettings
    transformation: Transformation
    drawings: tuple[FeatureDrawing, ...]
    strips: tuple[EditStrip, ...]
    swaps: tuple[SwapPair, ...]
    difference_limit: float
    unswapped: tuple[str, ...]
    n_reference: int


@dataclass(frozen=True, kw_only=True)
class EditEffect:
    """What adding (or removing) an attribute does to all logits, mean over images without it (or with it).

    own         change of its own logit, counted in the direction asked for; other: of the most changed other, signed
    *_sd        the same in standard deviations of each logit; the most changed other may be another one
    largest     share of images in which its own logit changes most

    NaN, and no other's name, where the data have no such image.
    """

    attribute: str
    action: EditAction
    reading: Reading
    n_images: int
    own: Interval
    other: Interval
    other_name: str
    own_sd: Interval
    other_sd: Interval
    other_sd_name: str
    largest: Interval

    @property
    def wins(self) -> bool:
        """Tell whether its own logit changes more than any other's, in the direction asked for."""
        return self.own.value > abs(self.other.value)

    @property
    def wins_sd(self) -> bool:
        """Tell the same of changes in standard deviations."""
        return self.own_sd.value > abs(self.other_sd.value)


@dataclass(frozen=True, kw_only=True)
class EditCount:
    """For how many attributes an edit changes their own logit more than any other's.

    n_attributes   that have images to edit; wins, wins_sd: of them, in logit units and in standard deviations
    own, other     mean over attributes of the own change and of the size of the most changed other's
    largest        mean over attributes of the share of images in which the own logit changes most
    NaN without such attributes.
    """

    action: EditAction
    reading: Reading
    n_attributes: int
    wins: int
    wins_sd: int
    own: float
    other: float
    largest: float


@dataclass(frozen=True, kw_only=True)
class EditReport:
    """All measured edits of a run: an effect for each attribute, action and reading."""

    attributes: tuple[str, ...]
    settings: EditSettings
    effects: tuple[EditEffect, ...]
    split: str
    n_images: int
    n_reference: int
    unit: Literal["image", "identity"]

    def of(self, action: EditAction, reading: Reading) -> tuple[EditEffect, ...]:
        """Return the effects of one action and reading, in the attributes' order."""
        return tuple(effect for effect in self.effects if (effect.action, effect.reading) == (action, reading))

    def count(self, action: EditAction, reading: Reading) -> EditCount:
        """Count where edits change what they are meant to."""
        effects = [effect for effect in self.of(action, reading) if effect.n_images]
        means = [
            float(np.mean(values)) if values else float("nan")
            for values in (
                [effect.own.value for effect in effects],
                [abs(effect.other.value) for effect in effects],
                [effect.largest.value for effect in effects],
            )
        ]
        return EditCount(
            action=action,
            reading=reading,
            n_attributes=len(effects),
            wins=sum(effect.wins for effect in effects),
            wins_sd=sum(effect.wins_sd for effect in effects),
            own=means[0],
            other=means[1],
            largest=means[2],
        )
