"""The eyes with lids and makeup, and the brows above them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mamviz.data.synthetic.head import skin_colour
from mamviz.data.synthetic.shapes import bump, circle, coverage, segment, soft, wave
from mamviz.data.synthetic.view import View, darken, paint, tint


@dataclass(frozen=True)
class Lids:
    """Both eyes at once, the left one mirrored onto the right.

    x, y     (n, h, w) from the eye's middle, x outwards, in units of the eye's size
    side     -1 for the left half of the picture, 1 for the right
    upper    distance to the upper lid's edge, lower to the lower's; below 0 within the eye
    """

    x: Tensor
    y: Tensor
    side: Tensor
    upper: Tensor
    lower: Tensor


def trace_eyes(view: View) -> Lids:
    """Return the almond of the eyes; Narrow_Eyes closes the lids by half."""
    build = view.person.build
    aside = view.x - 0.10 * view.person.pose.yaw
    x = (aside.abs() - build.eye_gap) / build.eye
    y = (view.y - build.eye_y) / build.eye + build.eye_slant * x
    narrow = 1.0 - view.has("Narrow_Eyes") * 0.58
    t = x / 0.185
    arch = 1.0 - t * t
    slope = t * (0.25 / 0.185) * narrow
    steep = (1.0 + slope * slope).sqrt()
    upper = (-y - 0.128 * narrow * arch) / steep
    lower = (y - 0.078 * narrow * arch) / steep
    return Lids(x, y, aside.sign(), upper, lower)


def paint_makeup(view: View) -> None:
    """Draw Heavy_Makeup: colour on the lids up to the brows, and a winged line."""
    lids = trace_eyes(view)
    pixel = view.pixel
    t = (lids.x - 0.03) / 0.26
    height = 0.235 * (1.0 - t * t)
    area = torch.maximum(-lids.y - height, lids.y - 0.02 - 0.08 * t)
    heavy = view.has("Heavy_Makeup")
    paint(view, heavy * 0.72 * soft(area, 0.07), view.person.colours.shadow)
    wing = segment(lids.x, lids.y, (0.13, -0.03, 0.265, -0.105)) - 0.026 + 0.06 * (lids.x - 0.13).clamp(0.0, 0.2)
    paint(view, heavy * coverage(wing, pixel), tint(0.08, 0.06, 0.09, t))


def paint_eyes(view: View) -> None:
    """Draw white, iris, pupil, light, lids and lashes of both eyes."""
    lids, person = trace_eyes(view), view.person
    pixel = view.pixel
    eye = torch.maximum(lids.upper, lids.lower)
    open_eye = coverage(eye, pixel)
    darken(view, 0.15 * soft(eye - 0.03, 0.08))
    paint(view, open_eye, tint(0.97, 0.96, 0.95, eye), 0.26 * soft(lids.upper.abs() - 0.02, 0.05))
    x = lids.x * lids.side - person.build.gaze - 0.03 * person.pose.yaw
    y = lids.y + 0.022
    ring = circle(x, y, 0.098)
    paint(view, open_eye * coverage(ring, pixel), person.colours.iris, 0.55 * soft(-ring - 0.025, 0.04) - 0.1)
    paint(view, open_eye * coverage(ring + 0.052, pixel), tint(0.04, 0.03, 0.04, eye))
    light = circle(x - 0.035, y + 0.036, 0.030)
    paint(view, open_eye * 0.95 * coverage(light, pixel), tint(1.0, 1.0, 1.0, eye))
    _paint_lids(view, lids)


def _paint_lids(view: View, lids: Lids) -> None:
    """Draw the dark upper edge, the soft lower one and the crease."""
    within = (lids.x.abs() - 0.195) * 0.5
    edge = torch.maximum(lids.upper.abs() - 0.021, within)
    paint(view, 0.92 * coverage(edge, view.pixel), tint(0.13, 0.08, 0.08, edge))
    lower = torch.maximum(lids.lower.abs() - 0.008, within)
    darken(view, 0.38 * soft(lower, 0.03))
    crease = torch.maximum((lids.upper - 0.058).abs() - 0.008, within)
    darken(view, 0.30 * soft(crease, 0.035))


def paint_brows(view: View) -> None:
    """Draw the brows: Arched_Eyebrows bend them, Bushy_Eyebrows double and roughen them."""
    build, style = view.person.build, view.person.style
    arched, bushy = view.has("Arched_Eyebrows"), view.has("Bushy_Eyebrows")
    x = (view.x - 0.10 * view.person.pose.yaw).abs() - build.eye_gap - 0.01
    t = x / 0.225
    outer = t.clamp(min=0.0)
    flat = -0.018 * (1.0 - t * t)
    bow = 0.015 - 0.130 * bump((t - 0.25) / 1.5) + 0.05 * outer
    line = build.brow_y + flat + arched * (bow - flat) + build.brow_slant * x
    half = (0.030 + 0.030 * bushy) * (1.0 - 0.55 * outer)
    rough = bushy * 0.007 * wave(x * 8.0 + view.y * 8.0 + style.strand)
    brow = torch.maximum((view.y - line).abs() - half + rough, (t.abs() - 1.0) * 0.22)
    strength = 0.80 + 0.17 * bushy
    hairs = 0.16 * wave(x * 17.0 + view.y * 6.0) * (0.4 + 0.6 * bushy)
    paint(view, strength * soft(brow, 0.028), view.person.colours.brow, hairs)


def paint_lid_skin(view: View) -> None:
    """Draw the shade of the sockets, so that the eyes lie in the face."""
    lids = trace_eyes(view)
    socket = circle(lids.x * 0.8 + 0.03, lids.y * 1.1 + 0.05, 0.17)
    paint(view, 0.22 * soft(socket, 0.16), 0.72 * skin_colour(view))
