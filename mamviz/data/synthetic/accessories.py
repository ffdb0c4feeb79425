"""What is put on: hats, glasses and earrings."""

from __future__ import annotations

import torch

from mamviz.data.synthetic.shapes import box, circle, coverage, ellipse, soft, wave
from mamviz.data.synthetic.view import View, darken, paint, tint


def paint_hat(view: View) -> None:
    """Draw a knitted cap or a hat with a brim, by the person's style."""
    brim = (view.person.style.hat > 0.5).float()
    darken(view, 0.30 * soft((view.y + 0.44).abs() - 0.03, 0.10) * soft(view.x.abs() - 0.70, 0.1))
    _paint_knitted(view, 1.0 - brim)
    _paint_brimmed(view, brim)


def _paint_knitted(view: View, alpha: torch.Tensor) -> None:
    """Draw a knitted cap with a folded rim."""
    colours, x, y = view.person.colours, view.x, view.y
    line = -0.50 + 0.07 * x * x
    dome = torch.maximum(ellipse(x, y + 0.55, 0.93, 0.80), y - line)
    ribs = 0.12 * wave(4.2 * x / (0.75 + 0.25 * (-y - 0.4).clamp(0.0, 1.0)))
    edge = 0.28 * soft(-dome - 0.05, 0.14)
    light = 0.20 * view.person.pose.light_x * x
    paint(view, alpha * coverage(dome, view.pixel), colours.hat, ribs + edge - light - 0.05)
    fold = box(x, y - line + 0.12, 0.97, 0.13, 0.06)
    paint(view, alpha * coverage(fold, view.pixel), colours.hat, 1.4 * ribs - light - 0.18)
    darken(view, alpha * 0.30 * soft((y - line + 0.25).abs() - 0.01, 0.04) * soft(dome, 0.02))


def _paint_brimmed(view: View, alpha: torch.Tensor) -> None:
    """Draw a hat with crown, band and brim."""
    colours, x, y = view.person.colours, view.x, view.y
    light = 0.20 * view.person.pose.light_x * x
    crown = box(x, y + 0.97, 0.74 + 0.12 * (y + 1.0), 0.42, 0.22)
    dent = 0.16 * soft(ellipse(x, y + 1.36, 0.40, 0.10), 0.15)
    edge = 0.22 * soft(-crown - 0.05, 0.14)
    paint(view, alpha * coverage(crown, view.pixel), colours.hat, edge + dent - light)
    band = torch.maximum(crown, (y + 0.72 - 0.05 * x * x).abs() - 0.10)
    paint(view, alpha * coverage(band, view.pixel), colours.trim, 0.15 + edge)
    brim = ellipse(x, y + 0.60 - 0.10 * x * x, 1.22, 0.145)
    paint(view, alpha * coverage(brim, view.pixel), colours.hat, 0.12 * soft(-0.58 - y, 0.10) - light - 0.06)


def paint_glasses(view: View) -> None:
    """Draw round or square glasses with bridge and temples."""
    build, style, pixel = view.person.build, view.person.style, view.pixel
    aside = view.x - 0.11 * view.person.pose.yaw
    x, y = aside.abs() - 0.325, view.y - build.eye_y - 0.015
    square = torch.maximum(box(x, y, 0.245, 0.185, 0.07), y - 0.18)
    lens = torch.where(style.glasses < 0.5, circle(x, y * 1.08, 0.225), square)
    paint(view, 0.16 * coverage(lens, pixel), tint(0.80, 0.90, 0.97, x))
    glint = torch.maximum((x * 0.8 + y + 0.07).abs() - 0.022, lens + 0.05)
    paint(view, 0.40 * coverage(glint, pixel), tint(1.0, 1.0, 1.0, x))
    bridge = torch.maximum((y + 0.035 - 0.9 * aside * aside).abs() - 0.022, aside.abs() - 0.10)
    temple = torch.maximum((y + 0.06).abs() - 0.024, 0.20 - x)
    temple = torch.maximum(temple, view.x.abs() - 0.76)
    frame = torch.minimum(torch.minimum(lens.abs() - 0.026, bridge), temple)
    paint(view, coverage(frame, pixel), view.person.colours.frame)


def paint_earrings(view: View) -> None:
    """Draw hoops or drops below the ears, over any hair."""
    build, style = view.person.build, view.person.style
    x = view.x.abs() - 0.755 * build.face
    y = view.y - 0.10 - 0.19 * build.ear
    stud = circle(x, y - 0.02, 0.042)
    hoop = (ellipse(x, y - 0.135, 0.095, 0.125)).abs() - 0.024
    drop = torch.minimum(ellipse(x, y - 0.16, 0.062, 0.088), torch.maximum(x.abs() - 0.012, (y - 0.05).abs() - 0.05))
    jewel = torch.minimum(stud, torch.where(style.earring < 0.5, hoop, drop))
    darken(view, 0.25 * soft(jewel - 0.02, 0.06))
    sparkle = 0.35 * soft(circle(x + 0.02, y - 0.13, 0.03), 0.06)
    paint(view, coverage(jewel, view.pixel), view.person.colours.metal, 0.25 * soft(-jewel - 0.02, 0.04) - sparkle)
