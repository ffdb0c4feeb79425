"""The nose: a shaded bridge, a tip that is round or pointed, and nostrils."""

from __future__ import annotations

import torch

from mamviz.data.synthetic.head import skin_colour
from mamviz.data.synthetic.shapes import blend, ellipse, soft
from mamviz.data.synthetic.view import View, darken, paint, shade, tint


def paint_nose(view: View) -> None:
    """Draw the nose; Big_Nose is broad with wide nostrils, Pointy_Nose long and sharp below."""
    build, pose = view.person.build, view.person.pose
    big, pointy = view.has("Big_Nose"), view.has("Pointy_Nose")
    tip = build.nose_y + 0.02 * big
    y = view.y - tip
    rise = (1.0 + y / 0.42).clamp(0.0, 1.0)  # 0 between the eyes, 1 at the tip
    x = view.x - pose.yaw * (0.09 + 0.09 * rise)
    half = build.nose * (0.125 + 0.105 * big - 0.015 * pointy)
    width = 0.055 + (half - 0.055) * rise * rise * rise
    u = x.abs() / half
    rounded = (0.075 + 0.035 * big) * (1.0 - u * u)
    pointed = (0.175 + 0.02 * big) * (1.0 - 1.05 * u)
    lower = blend(rounded, pointed, pointy)
    body = torch.maximum(x.abs() - width, y - lower)
    lit = torch.where(pose.light_x > 0.0, x, -x)
    flank = soft((x.abs() - width).abs() - 0.01, 0.09) * soft(y, 0.10) * rise
    darken(view, flank * (0.17 - 0.5 * lit))
    paint(view, 0.75 * soft(body, 0.05) * rise, shade(skin_colour(view), -0.07 * rise - 0.25 * lit))
    edge = soft((y - lower).abs() - 0.012, 0.045) * soft(x.abs() - half, 0.05)
    darken(view, 0.46 * edge)
    nostril = ellipse(x.abs() - 0.55 * half, y - 0.45 * lower, 0.042 + 0.02 * big, 0.022 + 0.012 * big)
    darken(view, 0.55 * soft(nostril, 0.03) * (1.0 - 0.6 * pointy))
    shine = ellipse(x, y + 0.03 + 0.06 * pointy, 0.05 + 0.03 * big - 0.02 * pointy, 0.05 + 0.09 * pointy)
    paint(view, (0.22 + 0.20 * pointy) * soft(shine, 0.07), tint(1.0, 0.97, 0.94, x))
