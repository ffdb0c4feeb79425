"""The parts of a picture in the order they are painted, where each can reach and what it depends on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from mamviz.data.synthetic.accessories import paint_earrings, paint_glasses, paint_hat
from mamviz.data.synthetic.backdrop import paint_backdrop
from mamviz.data.synthetic.beard import (
    paint_goatee,
    paint_jaw_beard,
    paint_mustache,
    paint_sideburns,
    paint_stubble,
)
from mamviz.data.synthetic.body import paint_clothes, paint_neck, paint_necklace, paint_tie
from mamviz.data.synthetic.complexion import paint_bags, paint_blush, paint_cheekbones, paint_lines, paint_spot
from mamviz.data.synthetic.eyes import paint_brows, paint_eyes, paint_lid_skin, paint_makeup
from mamviz.data.synthetic.hair import paint_back_hair, paint_front_hair
from mamviz.data.synthetic.head import paint_double_chin, paint_ears, paint_head, paint_shine
from mamviz.data.synthetic.labels import ATTRIBUTES
from mamviz.data.synthetic.logic import HAIR_COLOURS, HAIR_FORMS
from mamviz.data.synthetic.mouth import paint_mouth
from mamviz.data.synthetic.nose import paint_nose
from mamviz.data.synthetic.view import EVERYWHERE, Box, View


@dataclass(frozen=True)
class Part:
    """One thing that is painted.

    paint    paints it on a view
    box      no pixel outside is touched
    reads    the labels it depends on
    needs    (attribute, value) without which it paints nothing, so that other images are passed over; or None
    """

    paint: Callable[[View], None]
    box: Box
    reads: tuple[str, ...] = ()
    needs: tuple[str, int] | None = None


_OUTLINE = ("Chubby", "Male", "Oval_Face")
_HAIR = (*HAIR_COLOURS, *HAIR_FORMS, "Male", "Bald", "Wearing_Hat")
_FACE = Box(-0.95, 0.95, -1.05, 1.12)

PARTS: tuple[Part, ...] = (
    Part(paint_backdrop, EVERYWHERE),
    Part(paint_back_hair, Box(-1.15, 1.15, -1.25, 1.8), _HAIR, ("Male", 0)),
    Part(paint_neck, Box(-1.3, 1.3, 0.45, 1.9), ("Pale_Skin", *_OUTLINE)),
    Part(paint_clothes, Box(-9.0, 9.0, 1.1, 9.0)),
    Part(paint_tie, Box(-0.55, 0.55, 1.1, 9.0), ("Wearing_Necktie",), ("Wearing_Necktie", 1)),
    Part(paint_necklace, Box(-0.5, 0.5, 1.0, 1.75), ("Wearing_Necklace",), ("Wearing_Necklace", 1)),
    Part(paint_ears, Box(-0.98, 0.98, -0.2, 0.4), ("Pale_Skin",)),
    Part(paint_double_chin, Box(-0.6, 0.6, 0.5, 1.35), ("Double_Chin", "Pale_Skin"), ("Double_Chin", 1)),
    Part(paint_head, _FACE, ("Pale_Skin", *_OUTLINE)),
    Part(paint_shine, Box(-0.75, 0.6, -1.05, -0.4), ("Bald",), ("Bald", 1)),
    Part(paint_cheekbones, Box(-0.8, 0.8, 0.0, 0.75), ("High_Cheekbones", *_OUTLINE), ("High_Cheekbones", 1)),
    Part(paint_blush, Box(-0.85, 0.85, 0.1, 0.65), ("Rosy_Cheeks", *_OUTLINE), ("Rosy_Cheeks", 1)),
    Part(paint_bags, Box(-0.65, 0.65, 0.0, 0.4), ("Bags_Under_Eyes",), ("Bags_Under_Eyes", 1)),
    Part(paint_lines, Box(-0.72, 0.72, -0.6, 0.75), ("Young",), ("Young", 0)),
    Part(paint_stubble, _FACE, ("5_o_Clock_Shadow", *_OUTLINE), ("5_o_Clock_Shadow", 1)),
    Part(paint_jaw_beard, Box(-0.95, 0.95, 0.2, 1.15), ("No_Beard", *_OUTLINE), ("No_Beard", 0)),
    Part(paint_sideburns, Box(-0.85, 0.85, -0.5, 0.5), ("Sideburns", *_OUTLINE), ("Sideburns", 1)),
    Part(paint_goatee, Box(-0.45, 0.45, 0.65, 1.12), ("Goatee", *_OUTLINE), ("Goatee", 1)),
    Part(paint_nose, Box(-0.5, 0.5, -0.15, 0.7), ("Big_Nose", "Pointy_Nose", "Pale_Skin")),
    Part(
        paint_mouth,
        Box(-0.56, 0.56, 0.4, 1.0),
        ("Smiling", "Mouth_Slightly_Open", "Big_Lips", "Wearing_Lipstick", "Pale_Skin"),
    ),
    Part(paint_mustache, Box(-0.5, 0.5, 0.38, 0.75), ("Mustache",), ("Mustache", 1)),
    Part(paint_lid_skin, Box(-0.75, 0.75, -0.35, 0.35), ("Pale_Skin",)),
    Part(paint_makeup, Box(-0.75, 0.75, -0.4, 0.2), ("Heavy_Makeup",), ("Heavy_Makeup", 1)),
    Part(paint_eyes, Box(-0.72, 0.72, -0.25, 0.3), ("Narrow_Eyes",)),
    Part(paint_brows, Box(-0.75, 0.75, -0.5, 0.0), ("Arched_Eyebrows", "Bushy_Eyebrows")),
    Part(paint_spot, Box(-0.6, 0.6, 0.4, 0.6), ("Attractive",), ("Attractive", 1)),
    Part(paint_front_hair, Box(-1.15, 1.15, -1.35, 1.8), (*_HAIR, "Bangs", "Receding_Hairline")),
    Part(paint_hat, Box(-1.35, 1.35, -1.6, -0.2), ("Wearing_Hat",), ("Wearing_Hat", 1)),
    Part(paint_glasses, Box(-0.8, 0.8, -0.35, 0.4), ("Eyeglasses",), ("Eyeglasses", 1)),
    Part(paint_earrings, Box(-0.98, 0.98, 0.1, 0.7), ("Wearing_Earrings",), ("Wearing_Earrings", 1)),
)


def find_box(attribute: str) -> Box | None:
    """Return the box that holds all a label can change; None where no part reads it (Blurry: the lens does)."""
    found: Box | None = None
    for part in PARTS:
        if attribute in part.reads:
            found = part.box if found is None else found.union(part.box)
    return found


def paint_parts(view: View, labels: npt.NDArray[np.uint8]) -> None:
    """Paint all parts on a view, each within its box and on the images that need it; labels (n, 40)."""
    for part in PARTS:
        window = view.window(part.box)
        if window is None:
            continue
        if part.needs is None:
            part.paint(window)
            continue
        attribute, value = part.needs
        chosen = np.flatnonzero(labels[:, ATTRIBUTES.index(attribute)] == value)
        if len(chosen) == len(labels):
            part.paint(window)
        elif len(chosen):
            images = torch.from_numpy(chosen).to(view.rgb.device)
            some = window.take(images)
            part.paint(some)
            window.rgb[images] = some.rgb
