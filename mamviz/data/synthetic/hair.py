"""Hair: its outline, the opening it leaves for the face, strands and shine."""

from __future__ import annotations

import torch
from torch import Tensor

from mamviz.data.synthetic.shapes import blend, bump, coverage, ellipse, join, soft, wave
from mamviz.data.synthetic.view import View, darken, mix, paint, tint

_BLACK = (0.10, 0.09, 0.11)
_BROWN = (0.36, 0.22, 0.13)
_BLOND = (0.90, 0.74, 0.42)
_GRAY = (0.70, 0.71, 0.73)

HAT_LINE = -0.62  # nothing of the hair is seen above it under a hat


def hair_colour(view: View) -> Tensor:
    """Return the colour of the hair, (n, 3, 1, 1).

    Without any of the four labels it is red, or the person's own shade of it. Of several labels the last of
    black, brown, blond, gray is seen.
    """
    colour = view.person.colours.other_hair
    named = (("Black_Hair", _BLACK), ("Brown_Hair", _BROWN), ("Blond_Hair", _BLOND), ("Gray_Hair", _GRAY))
    for attribute, rgb in named:
        colour = mix(colour, tint(*rgb, colour), view.has(attribute))
    return colour * (0.90 + 0.22 * view.person.style.hair_shade[:, None])


def _wavy(view: View) -> Tensor:
    """Return 1 for wavy hair; Straight_Hair wins where both labels are given."""
    return view.has("Wavy_Hair") * (1.0 - view.has("Straight_Hair"))


def strand_shade(view: View) -> Tensor:
    """Return how much darker each place of the hair is, about -0.3..0.3.

    Straight hair has clear parallel strands, wavy hair rolling bands, other hair faint strands.
    """
    straight, wavy = view.has("Straight_Hair"), _wavy(view)
    style, build = view.person.style, view.person.build
    spread = 0.30 + 0.62 * (view.y + 1.25).clamp(0.0, 1.1)
    along = (view.x - 0.5 * build.parting * (0.3 - view.y).clamp(0.0, 1.0)) / spread
    roll = wavy * 0.16 * wave(1.6 * view.y + 0.5 * along.abs() + style.strand)
    fine = wave(6.5 * (along + roll) + style.strand)
    coarse = wave(2.3 * (along + roll) + 2.0 * style.strand)
    bands = wavy * 0.16 * wave(1.9 * view.y + 1.3 * along.abs() + style.strand)
    groove = (view.x - 0.5 * build.parting).abs() - 0.006
    parting = 0.30 * soft(groove, 0.04) * soft(view.y + 0.55, 0.2)
    return (0.05 + 0.16 * straight) * fine + 0.06 * coarse + bands + parting


def hair_distance(view: View) -> Tensor:
    """Return the distance to the outer outline of the hair: a cap, and long sides where Male is off."""
    build = view.person.build
    long, wavy = 1.0 - view.has("Male"), _wavy(view)
    volume = build.hair_volume - 0.03 * view.has("Straight_Hair") + 0.05 * wavy
    x, y = view.x, view.y
    roll = wave(1.45 * y + view.person.style.strand + 0.25 * x.sign())
    curls = wavy * (0.040 * wave(1.5 * x) * soft(y + 0.5, 0.5) + 0.048 * roll)
    cap = ellipse(x, y + 0.22, 0.74 + volume, 0.83 + volume) + curls
    half = 0.735 + volume + 0.06 * bump((y - 0.65) / 0.87)
    ends = build.hair_length + 0.10 * wave(1.3 * x) * wavy
    sides = torch.maximum((x.abs() - half) + 1.5 * curls, torch.maximum(-0.22 - y, y - ends))
    short = torch.maximum(cap + 0.02, (y + 0.03 + 0.9 * (x.abs() - 0.74)) * 0.75)
    return blend(short, join(cap, sides, 0.06), long)


def opening_distance(view: View) -> Tensor:
    """Return the distance to the opening for the face: Receding_Hairline opens it at the temples, Bangs close it."""
    build = view.person.build
    long = 1.0 - view.has("Male")
    middle = 0.30
    x = view.x - 0.04 * view.person.pose.yaw
    jag = 0.012 * wave(4.1 * x + view.person.style.strand)
    down = (view.y - middle + 0.22 * build.parting * x + jag).clamp(max=0.0)
    across = 0.67 - 0.05 * long
    hole = ellipse(x, down, across + 0.12 * (view.y - middle).clamp(0.0, 0.7), middle - build.hairline)
    side, high = x.abs() - 0.37, view.y - build.hairline - 0.10
    temples = ellipse(side - 0.35 * high, high, 0.25, 0.36)
    hole = blend(hole, join(hole, temples, 0.18), view.has("Receding_Hairline"))
    return hole + _bangs(view, hole)


def _bangs(view: View, hole: Tensor) -> Tensor:
    """Return what Bangs add to the distance of the opening: it is closed down to a fringe over the brows."""
    style = view.person.style
    fringe = -0.33 + 0.10 * view.x * view.x + 0.035 * wave(3.6 * view.x + style.strand)
    closed = torch.maximum(hole, fringe - view.y)
    return view.has("Bangs") * (closed - hole)


def _seen(view: View, distance: Tensor) -> Tensor:
    """Return the coverage of a shape of hair: none on the bald, none above the brim of a hat."""
    under_hat = view.has("Wearing_Hat") * (HAT_LINE - view.y - distance).clamp(min=0.0)
    return (1.0 - view.has("Bald")) * coverage(distance + under_hat, view.pixel)


def paint_back_hair(view: View) -> None:
    """Draw the hair that hangs behind neck and shoulders; short hair has none there."""
    outer = hair_distance(view)
    strands = 0.08 * wave(5.2 * view.x + view.person.style.strand)
    paint(view, (1.0 - view.has("Male")) * _seen(view, outer), hair_colour(view), 0.36 + strands)


def paint_front_hair(view: View) -> None:
    """Draw the hair around the face, with strands, shine and its shadow on the skin."""
    outer, hole = hair_distance(view), opening_distance(view)
    near = (1.0 - view.has("Bald")) * soft((hole + 0.035).abs(), 0.10)
    shadow = near * (1.0 - view.has("Wearing_Hat") * soft(view.y + 0.55, 0.1)) * soft(outer + 0.03, 0.05)
    darken(view, 0.30 * shadow * soft(view.y - 0.55, 0.6))
    band = bump((outer + 0.24) / 0.13) * (0.3 - view.y).clamp(0.0, 1.0)
    rim = 0.20 * soft(-outer - 0.03, 0.08)
    gloss = (0.30 + 0.16 * view.has("Straight_Hair")) * band
    light = 0.16 * view.person.pose.light_x * view.x
    front = _seen(view, torch.maximum(outer, -hole))
    paint(view, front, hair_colour(view), strand_shade(view) + rim - gloss - light)
    view.rgb.add_((0.07 * band * front)[:, None])
