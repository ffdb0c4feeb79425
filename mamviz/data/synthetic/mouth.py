"""The mouth: lips, their opening with teeth, and the smile that bends both."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mamviz.data.synthetic.head import skin_colour
from mamviz.data.synthetic.shapes import bump, circle, coverage, soft
from mamviz.data.synthetic.view import View, darken, mix, paint, tint


@dataclass(frozen=True)
class Curves:
    """Heights of the four borders of the lips, (n, h, w), and t, -1..1 from corner to corner."""

    t: Tensor
    top: Tensor
    upper: Tensor
    lower: Tensor
    bottom: Tensor


def trace_mouth(view: View) -> Curves:
    """Return the borders of the lips: Smiling bends, Mouth_Slightly_Open parts, Big_Lips thickens."""
    build = view.person.build
    smile, opened, big = view.has("Smiling"), view.has("Mouth_Slightly_Open"), view.has("Big_Lips")
    half = build.mouth * (0.235 + 0.075 * smile)
    t = (view.x - 0.11 * view.person.pose.yaw) / half
    square = t * t
    arch = (1.0 - square).clamp(min=0.0)
    middle = build.mouth_y + smile * (0.055 - 0.13 * square) - (1.0 - smile) * 0.028 * square
    gap = opened * (0.150 + 0.030 * smile)
    upper = middle - 0.35 * gap * arch
    lower = middle + 0.65 * gap * arch
    thick = build.lips * (1.0 + 0.85 * big)
    bow = 1.0 - 0.28 * bump(t / 0.28)
    return Curves(t, upper - 0.052 * thick * arch * bow, upper, lower, lower + 0.066 * thick * arch)


def lip_colour(view: View) -> Tensor:
    """Return the colour of the lips, (n, 3, 1, 1): near the skin's, or the person's lipstick."""
    skin = skin_colour(view)
    natural = skin * tint(0.90, 0.70, 0.70, skin) + 0.05 * (view.person.style.lip_tint[:, None] - 0.5)
    return mix(natural, view.person.colours.lipstick, view.has("Wearing_Lipstick"))


def paint_mouth(view: View) -> None:
    """Draw the mouth over the skin."""
    c = trace_mouth(view)
    y, pixel = view.y, view.pixel
    colour = lip_colour(view)
    ends = c.t.abs() - 1.0
    lips = torch.maximum(torch.maximum(c.top - y, y - c.bottom), 0.25 * ends)
    darken(view, 0.16 * soft((y - c.bottom - 0.035).abs() - 0.01, 0.06) * bump(c.t / 0.8))
    gloss = bump((y - 0.5 * (c.lower + c.bottom)) / 0.045) * bump(c.t / 0.6)
    upper_lip = soft(y - c.upper, 0.03)
    shine = 0.10 + 0.10 * view.has("Wearing_Lipstick")
    paint(view, coverage(lips, pixel), colour, 0.15 * upper_lip - shine * gloss)
    inside = torch.maximum(torch.maximum(c.upper - y, y - c.lower), 0.25 * ends)
    paint(view, coverage(inside, pixel), tint(0.30, 0.05, 0.07, y))
    _paint_teeth(view, c, inside)
    line = torch.maximum((y - c.upper).abs() - 0.012, 0.25 * ends - 0.01)
    darken(view, 0.62 * coverage(line, pixel))
    _paint_corners(view)


def _paint_teeth(view: View, c: Curves, inside: Tensor) -> None:
    """Draw upper teeth and tongue in the opening."""
    height = c.lower - c.upper
    tongue = torch.maximum(inside, c.upper + 0.72 * height + 0.02 - view.y)
    paint(view, coverage(tongue, view.pixel), tint(0.78, 0.33, 0.36, c.t))
    teeth = torch.maximum(inside + 0.004, view.y - c.upper - 0.42 * height)
    paint(view, coverage(teeth, view.pixel), tint(0.97, 0.96, 0.93, c.t))


def _paint_corners(view: View) -> None:
    """Draw the dimples that a smile makes."""
    build = view.person.build
    x = (view.x - 0.11 * view.person.pose.yaw).abs() - 0.335 * build.mouth
    dimple = circle(x, view.y - build.mouth_y + 0.075, 0.022)
    darken(view, 0.34 * view.has("Smiling") * soft(dimple, 0.05))
