"""A small gallery and report of edits, as core would hand them over."""

from __future__ import annotations

import numpy as np

from mamviz.schema import (
    EDIT_ACTIONS,
    NONE,
    READINGS,
    EditAction,
    EditedPicture,
    EditEffect,
    EditReport,
    EditSettings,
    EditStrip,
    FeatureDrawing,
    Gallery,
    OtherChange,
    Reading,
    SwapPair,
)
from mamviz.schema.generation import Pictures
from tests.reports.records import around

ATTRIBUTES = ("Smiling", "Wearing_Hat")
IMAGES = ("a.jpg", "b.jpg")
SETTINGS = EditSettings(n_images=50, strength=1.5, seed=7)


def grey(level: int) -> Pictures:
    """A picture of one grey."""
    return np.full((4, 4, 3), level, np.uint8)


def drawing(name: str, level: int) -> FeatureDrawing:
    return FeatureDrawing(
        name=name,
        image=grey(level),
        plain=grey(level + 1),
        attributes=ATTRIBUTES,
        pictures=np.stack([grey(level + 2), grey(level + 3)]),
        levels=np.array([0.25, 0.75]),
        labels=np.array([1, 0], np.uint8),
    )


def edited(strength: float, other: str) -> EditedPicture:
    return EditedPicture(
        strength=strength,
        picture=grey(100 + int(10 * strength)),
        difference=np.full((4, 4), strength / 10),
        own_features=2 * strength - 1,
        own_drawn=strength - 1,
        other_features=OtherChange(other, strength / 2),
        other_drawn=OtherChange("Mouth_Slightly_Open", -strength),
    )


def strip(name: str, attribute: str) -> EditStrip:
    other = ATTRIBUTES[1 - ATTRIBUTES.index(attribute)]
    pictures = tuple(edited(strength, other) for strength in (-3.0, -1.5, 0.0, 1.5, 3.0))
    return EditStrip(name=name, attribute=attribute, label=1, image=grey(9), pictures=pictures)


def swap(attribute: str) -> SwapPair:
    return SwapPair(
        names=IMAGES,
        attribute=attribute,
        labels=(1, 0),
        images=np.stack([grey(10), grey(20)]),
        plain=np.stack([grey(11), grey(21)]),
        swapped=np.stack([grey(12), grey(22)]),
        before=np.array([1.25, -2.0]),
        after=np.array([-0.5, 0.75]),
        drawn_before=np.array([1.0, -1.0]),
        drawn_after=np.array([0.25, -0.25]),
        open_share=np.array([0.124, 0.5]),
    )


def gallery() -> Gallery:
    """Two images, two attributes; Bald can't be swapped."""
    return Gallery(
        settings=SETTINGS,
        transformation=NONE,
        drawings=(drawing("a.jpg", 30), drawing("b.jpg", 40)),
        strips=tuple(strip(name, attribute) for name in IMAGES for attribute in ATTRIBUTES),
        swaps=(swap("Smiling"), swap("Wearing_Hat")),
        difference_limit=0.3,
        unswapped=("Bald",),
        n_reference=1500,
    )


def effect(attribute: str, action: EditAction, reading: Reading) -> EditEffect:
    """Smiling changes most in features and not in pictures; the hat in both, but not in standard deviations."""
    smiling, features = attribute == "Smiling", reading == "features"
    return EditEffect(
        attribute=attribute,
        action=action,
        reading=reading,
        n_images=40 if action == "add" else 10,
        own=around(3.0 if features else 1.0),
        other=around(-2.0 if features or smiling else 0.5),
        other_name="Bald",
        own_sd=around(1.5),
        other_sd=around(1.0 if smiling and features else 2.0),
        other_sd_name="Male",
        largest=around(0.9 if features else 0.3),
    )


def edit_report() -> EditReport:
    effects = tuple(
        effect(attribute, action, reading)
        for attribute in ATTRIBUTES
        for action in EDIT_ACTIONS
        for reading in READINGS
    )
    return EditReport(
        attributes=ATTRIBUTES,
        settings=SETTINGS,
        effects=effects,
        split="test",
        n_images=45,
        n_reference=1500,
        unit="identity",
    )
