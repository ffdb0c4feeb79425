"""Beards: each kind in a place of its own, under the lips but over the skin."""

from __future__ import annotations

import torch
from torch import Tensor

from mamviz.data.synthetic.head import head_distance
from mamviz.data.synthetic.shapes import coverage, ellipse, segment, soft, wave
from mamviz.data.synthetic.view import View, darken, paint, tint


def _hairs(view: View) -> Tensor:
    """Return the pattern of short hairs, -1..1, fixed to the face."""
    x, y = view.x, view.y
    return wave(11.0 * x + 0.7 * wave(3.1 * y)) * wave(8.3 * y + 0.6 * wave(4.7 * x) + view.person.style.strand)


def paint_stubble(view: View) -> None:
    """Draw the 5_o_Clock_Shadow: a blue-grey tone with dots over chin, cheeks and upper lip."""
    inside = coverage(head_distance(view) + 0.02, view.pixel)
    area = soft(0.44 + 0.45 * (view.x.abs() - 0.25).clamp(0.0, 0.5) * -1.0 - view.y, 0.16)
    dots = 0.30 + 0.20 * _hairs(view)
    paint(view, view.has("5_o_Clock_Shadow") * inside * area * dots, tint(0.20, 0.22, 0.27, inside))


def paint_jaw_beard(view: View) -> None:
    """Draw what No_Beard denies: a band of beard along the jaw from ear to ear."""
    distance = head_distance(view)
    band = torch.maximum(distance - 0.02, -0.15 - distance + 0.05 * (0.6 - view.y).clamp(0.0, 0.5))
    band = torch.maximum(band + 0.015 * _hairs(view), 0.30 - view.y)
    alpha = 0.88 * (1.0 - view.has("No_Beard")) * soft(band, 0.06)
    paint(view, alpha, view.person.colours.brow, 0.30 * _hairs(view))


def paint_sideburns(view: View) -> None:
    """Draw Sideburns: strips of hair in front of the ears."""
    x = view.x.abs()
    strip = segment(x, view.y, (0.645, -0.30, 0.60, 0.34)) - 0.075 + 0.012 * _hairs(view)
    strip = torch.maximum(strip, head_distance(view))
    alpha = 0.90 * view.has("Sideburns") * soft(strip, 0.04)
    paint(view, alpha, view.person.colours.brow, 0.30 * _hairs(view))


def paint_goatee(view: View) -> None:
    """Draw a Goatee: the tuft on the chin and the line below the lip."""
    x = view.x - 0.10 * view.person.pose.yaw
    tuft = ellipse(x, view.y - 0.90, 0.20, 0.145)
    line = torch.maximum(x.abs() - 0.055, (view.y - 0.79).abs() - 0.06)
    shape = torch.minimum(tuft, line) + 0.014 * _hairs(view)
    shape = torch.maximum(shape, head_distance(view) - 0.05)
    paint(view, 0.93 * view.has("Goatee") * soft(shape, 0.04), view.person.colours.brow, 0.30 * _hairs(view))


def paint_mustache(view: View) -> None:
    """Draw a Mustache: two wings between nose and mouth."""
    x = (view.x - 0.12 * view.person.pose.yaw).abs()
    t = x / 0.30
    middle = 0.515 + 0.075 * t * t + (view.person.build.mouth_y - 0.635)
    half = 0.060 * (1.0 - t * t).clamp(min=0.0) * (0.65 + 0.35 * (t * 5.0).clamp(max=1.0))
    wing = torch.maximum((view.y - middle).abs() - half, (t - 1.0) * 0.3) + 0.010 * _hairs(view)
    paint(view, 0.93 * view.has("Mustache") * soft(wing, 0.035), view.person.colours.brow, 0.30 * _hairs(view))
    darken(view, 0.10 * view.has("Mustache") * soft(wing - 0.03, 0.05))
