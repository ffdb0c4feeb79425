"""The head: its outline, skin, ears and the fold of a double chin."""

from __future__ import annotations

from torch import Tensor

from mamviz.data.synthetic.shapes import blend, bump, coverage, ellipse, soft
from mamviz.data.synthetic.view import View, darken, mix, paint, shade, tint

WIDEST = -0.12  # height of the widest place, between skull and jaw


def skin_colour(view: View) -> Tensor:
    """Return the skin's colour, (n, 3, 1, 1): Pale_Skin is lighter and cooler."""
    skin = view.person.colours.skin
    pale = skin * 0.25 + tint(0.74, 0.70, 0.71, skin)
    return mix(skin, pale, view.has("Pale_Skin"))


def head_distance(view: View, lift: float = 0.0) -> Tensor:
    """Return the distance to the head's outline, (n, h, w); `lift` moves the head up (below 0: down).

    Chubby widens the cheeks, Male squares the jaw, Oval_Face narrows it.
    """
    build = view.person.build
    x, y = view.x, view.y + lift
    x = x - 0.05 * view.person.pose.yaw * y
    wider = (
        0.24 * view.has("Chubby") * bump((y - 0.56) / 0.62)
        + 0.21 * view.has("Male") * bump((y - 0.80) / 0.50)
        - 0.15 * view.has("Oval_Face") * bump((y - 0.60) / 0.62)
        + 0.05
    )
    across = 0.70 * build.face * (1.0 + wider)
    below = y - WIDEST
    up = -below.clamp(max=0.0) / (1.0 + WIDEST)
    down = below.clamp(min=0.0) / (1.0 - WIDEST + build.chin)
    v = up + down
    u = x / across
    radius = (u * u + v * v).sqrt()
    return (radius - 1.0) * blend(across, 1.0, v.clamp(0.0, 1.0))


def paint_ears(view: View) -> None:
    """Draw both ears, the farther one narrower when the head looks aside."""
    build, yaw = view.person.build, view.person.pose.yaw
    side = view.x.sign()
    across = 0.105 * build.ear * (1.0 - 0.35 * side * yaw)
    x = view.x.abs() - 0.735 * build.face
    y = view.y - 0.10
    skin = skin_colour(view)
    outer = ellipse(x - 0.25 * y * y, y, across, 0.20 * build.ear)
    paint(view, coverage(outer, view.pixel), shade(skin, 0.10 + 0.25 * soft(outer + 0.03, 0.06) - 0.2))
    inner = ellipse(x - 0.01, y + 0.02, across * 0.55, 0.115 * build.ear)
    darken(view, 0.24 * soft(inner, 0.05))


def paint_double_chin(view: View) -> None:
    """Draw the fold of skin under the chin, where the label is."""
    build = view.person.build
    fold = ellipse(view.x, view.y - 0.90 - build.chin, 0.46 * build.face, 0.30)
    alpha = view.has("Double_Chin") * coverage(fold, view.pixel)
    paint(view, alpha, shade(skin_colour(view), 0.06 + 0.30 * soft(fold.abs() - 0.01, 0.14)))


def paint_head(view: View) -> None:
    """Draw the head's skin: lit from one side, darker towards its edge and under the hair."""
    pose = view.person.pose
    distance = head_distance(view)
    edge = (1.0 + distance / 0.34).clamp_(0.0, 1.0)
    light = pose.light_x * view.x + pose.light_y * view.y
    amount = 0.20 * edge * edge - 0.22 * light - 0.03
    paint(view, coverage(distance, view.pixel), shade(skin_colour(view), amount))
    crease = soft((distance + 0.005).abs() - 0.008, 0.05) * (view.y - 0.35).clamp(0.0, 0.5)
    darken(view, 0.42 * crease)


def paint_shine(view: View) -> None:
    """Draw the shine of a bald skull."""
    spot = ellipse(view.x + 0.22 - 0.3 * view.person.pose.light_x, view.y + 0.72, 0.26, 0.13)
    paint(view, 0.42 * soft(spot, 0.22), tint(1.0, 0.97, 0.93, spot))
