"""What is below the head: neck, shoulders, clothes, and what is worn around the neck."""

from __future__ import annotations

import torch
from torch import Tensor

from mamviz.data.synthetic.head import head_distance, skin_colour
from mamviz.data.synthetic.shapes import coverage, ellipse, soft, wave
from mamviz.data.synthetic.view import View, darken, paint, shade, tint


def paint_neck(view: View) -> None:
    """Draw neck and upper chest, with the shadow of the head; Male is broader."""
    x, y = view.body_x.abs(), view.body_y
    flare = (y - 1.02).clamp(min=0.0)
    half = 0.29 + 0.09 * view.has("Male") + 1.1 * flare * flare
    neck = torch.maximum((x - half) * 0.8, 0.5 - y)
    round_edge = (1.0 + neck / 0.25).clamp_(0.0, 1.0)
    light = view.person.pose.light_x * view.body_x
    amount = 0.10 + 0.18 * round_edge * round_edge - 0.15 * light
    paint(view, coverage(neck, view.pixel), shade(skin_colour(view), amount))
    darken(view, 0.30 * soft(head_distance(view, lift=-0.17), 0.14) * soft(neck, 0.04))


def shoulder_distance(view: View) -> Tensor:
    """Return the distance to the line of the shoulders, (n, h, w), below 0 under it."""
    x = view.body_x.abs() / view.person.build.shoulders
    top = 1.20 + 0.10 * x + 0.15 * x * x
    return (top - view.body_y) * 0.9


def neckline_distance(view: View) -> Tensor:
    """Return the distance to the skin left free by the clothes: round or pointed by the person's style."""
    collar = view.person.style.collar
    depth = 0.26 + 0.16 * collar
    round_line = ellipse(view.body_x, view.body_y - 1.14, 0.44, depth)
    pointed = view.body_x.abs() * 0.85 + 0.55 * (view.body_y - 1.26 - depth)
    return torch.where(collar < 0.55, round_line, pointed)


def paint_clothes(view: View) -> None:
    """Draw a top with a seam at the neckline; its cloth is plain or striped."""
    style, colours = view.person.style, view.person.colours
    body = torch.maximum(shoulder_distance(view), -neckline_distance(view))
    light = view.person.pose.light_x * view.body_x
    fold = 0.5 - 0.5 * (view.body_y - 1.2).clamp(0.0, 0.7) / 0.7
    stripes = (style.collar > 0.75).float() * 0.10 * wave(4.0 * view.body_y)
    amount = 0.16 * fold - 0.14 * light + stripes + 0.05 * wave(0.9 * view.body_x + style.strand)
    paint(view, coverage(body, view.pixel), colours.clothes, amount)
    seam = soft((body + 0.035).abs() - 0.03, 0.02) * soft(body, 0.01) * soft(neckline_distance(view) - 0.1, 0.02)
    paint(view, 0.75 * seam, colours.trim)


def paint_tie(view: View) -> None:
    """Draw a shirt collar with a necktie."""
    style, colours = view.person.style, view.person.colours
    x, y = view.body_x.abs(), view.body_y
    shirt = torch.maximum(x - 0.50 + 0.10 * (y - 1.2), 1.16 + 0.12 * x - y)
    skin = x * 0.8 + 0.55 * (y - 1.34)
    paint(view, coverage(torch.maximum(shirt, -skin), view.pixel), tint(0.93, 0.94, 0.96, view.rgb))
    lapel = torch.maximum((y - 1.28 - 0.62 * (0.5 - x)).abs() - 0.012, shirt)
    darken(view, 0.25 * coverage(torch.maximum(lapel, -skin), view.pixel))
    knot = torch.maximum(x - 0.135 + 0.30 * (y - 1.30), (y - 1.39).abs() - 0.09)
    blade = torch.maximum(x - 0.075 - 0.15 * (y - 1.45), 1.45 - y)
    tie = torch.minimum(knot, blade)
    pattern = 0.16 * wave(4.0 * (view.body_y + view.body_x * (style.tie - 0.5)))
    under = 0.25 * soft((view.body_y - 1.49).abs(), 0.05)
    paint(view, coverage(tie, view.pixel), colours.tie, pattern + under)


def paint_necklace(view: View) -> None:
    """Draw a chain or a string of pearls with a pendant."""
    style, colours = view.person.style, view.person.colours
    t = view.body_x / 0.40
    depth = 0.20 + 0.10 * style.necklace
    line = 1.17 + depth * (1.0 - t * t)
    slope = 2.0 * depth * t / 0.40
    away = (view.body_y - line) / (1.0 + slope * slope).sqrt()
    pearls = (style.necklace < 0.5).float()
    beads = 0.5 + 0.5 * wave(view.body_x * (7.0 + slope.abs() * 4.0))
    half = 0.026 + 0.016 * pearls + 0.012 * beads
    cut = t.abs() * 0.40 - 0.37
    string = torch.maximum(away.abs() - half, cut)
    pendant = ellipse(view.body_x, view.body_y - 1.21 - depth, 0.065, 0.085)
    jewel = torch.minimum(string, pendant)
    darken(view, 0.22 * soft(jewel - 0.03, 0.06))
    pearl = tint(0.95, 0.92, 0.88, view.rgb)
    colour = colours.metal + (pearl - colours.metal) * pearls[:, None]
    paint(view, coverage(jewel, view.pixel), colour, 0.30 * soft(-jewel - 0.02, 0.05) - 0.15 * beads)
