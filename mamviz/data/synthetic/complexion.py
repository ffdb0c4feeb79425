"""What lies on the skin: cheekbones, blush, bags, lines of age, and a beauty spot."""

from __future__ import annotations

import torch

from mamviz.data.synthetic.head import head_distance
from mamviz.data.synthetic.shapes import bump, circle, coverage, ellipse, segment, soft
from mamviz.data.synthetic.view import View, darken, paint, tint


def paint_cheekbones(view: View) -> None:
    """Draw High_Cheekbones: light on the bone and a hollow below it, on both sides."""
    x, y = (view.x - 0.06 * view.person.pose.yaw).abs(), view.y
    high = view.has("High_Cheekbones") * coverage(head_distance(view), view.pixel)
    hollow = segment(x, y, (0.66, 0.30, 0.40, 0.56)) - 0.045
    bone = segment(x, y, (0.60, 0.17, 0.44, 0.30)) - 0.04
    darken(view, high * (0.26 * soft(hollow, 0.17) - 0.17 * soft(bone, 0.17)))


def paint_blush(view: View) -> None:
    """Draw the blush of Rosy_Cheeks."""
    x, y = (view.x - 0.07 * view.person.pose.yaw).abs() - 0.46, view.y - 0.37
    inside = coverage(head_distance(view), view.pixel)
    blush = 0.55 * soft(ellipse(x, y, 0.15, 0.12), 0.20)
    paint(view, view.has("Rosy_Cheeks") * inside * blush, tint(0.93, 0.36, 0.40, x))


def paint_bags(view: View) -> None:
    """Draw Bags_Under_Eyes: a dark crescent with its rim under each eye."""
    build = view.person.build
    t = ((view.x - 0.10 * view.person.pose.yaw).abs() - build.eye_gap) / (0.19 * build.eye)
    y = view.y - build.eye_y - 0.165 * build.eye + 0.07 * t * t
    fade = bump(t / 1.15)
    bags = view.has("Bags_Under_Eyes") * fade
    paint(view, bags * 0.50 * soft(y.abs() - 0.026, 0.05), tint(0.30, 0.16, 0.26, t))
    darken(view, -bags * 0.20 * soft((y - 0.06).abs() - 0.012, 0.04))


def paint_lines(view: View) -> None:
    """Draw what Young lacks: lines on the forehead, beside the eyes and from nose to mouth."""
    build = view.person.build
    old = 1.0 - view.has("Young")
    side = (view.x - 0.08 * view.person.pose.yaw).abs()
    y = view.y
    sag = 0.05 * side * side
    forehead = torch.minimum((y + 0.37 - sag).abs(), (y + 0.47 - sag).abs()) - 0.008
    forehead = torch.maximum(forehead, side - 0.36)
    crow = torch.minimum(segment(side, y, (0.535, 0.02, 0.63, -0.05)), segment(side, y, (0.535, 0.07, 0.63, 0.10)))
    fold = segment(side, y - build.nose_y, (0.20, 0.04, 0.36, 0.28)) - 0.008
    marks = torch.maximum(soft(forehead, 0.035), soft(torch.minimum(crow - 0.008, fold), 0.035))
    darken(view, old * 0.36 * marks)


def paint_spot(view: View) -> None:
    """Draw the mark of Attractive: a beauty spot beside the mouth.

    Beauty can't be drawn and no feature is declared beautiful here: the label gets a small mark of its own, after
    the fashion that gave the beauty spot its name, on the side that the person's style says.
    """
    style = view.person.style
    side = torch.where(style.spot < 0.5, -1.0, 1.0)
    x = view.x - 0.11 * view.person.pose.yaw - side * 0.40
    spot = circle(x, view.y - 0.50, 0.036)
    paint(view, view.has("Attractive") * 0.85 * coverage(spot, view.pixel), tint(0.20, 0.09, 0.07, x))
