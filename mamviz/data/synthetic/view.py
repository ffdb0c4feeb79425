"""A window of some pictures: their pixels, the coordinates of each, and who is in them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import torch
from torch import Tensor

from mamviz.data.synthetic.labels import ATTRIBUTES
from mamviz.data.synthetic.person import MAX_SHIFT, MAX_TURN, SCALES, Person

# Framing: half the head's height and its middle, in image sides; hairline to chin fills 52 % of the height.
HEAD = 0.325
MIDDLE = 0.49
PIVOT = 0.9  # the head turns about the top of the neck

_PLACE = {name: k for k, name in enumerate(ATTRIBUTES)}

# How much less light the shadow of skin, cloth and hair has in red, green and blue: shadows are warm.
_WARM = (0.80, 1.0, 1.12)


@dataclass(frozen=True)
class Box:
    """A rectangle in head units: x to the right, y down, the skull's top at -1 and the chin at 1."""

    left: float
    right: float
    top: float
    bottom: float

    def union(self, other: Box) -> Box:
        """Return the smallest box that holds both."""
        return Box(
            min(self.left, other.left),
            max(self.right, other.right),
            min(self.top, other.top),
            max(self.bottom, other.bottom),
        )


EVERYWHERE = Box(-9.0, 9.0, -9.0, 9.0)


@dataclass(frozen=True)
class Rows:
    """A rectangle of pixels: rows top..bottom, columns left..right, the ends left out."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def empty(self) -> bool:
        """Whether no pixel is left."""
        return self.top >= self.bottom or self.left >= self.right

    def within(self, other: Rows) -> Rows:
        """Return the part inside `other`."""
        return Rows(
            max(self.top, other.top),
            min(self.bottom, other.bottom),
            max(self.left, other.left),
            min(self.right, other.right),
        )


def find_rows(box: Box, size: int) -> Rows:
    """Return the pixels that a box can reach in any pose, in pictures of side `size`."""
    sine = 2.0 * MAX_TURN / (1.0 + MAX_TURN * MAX_TURN)
    corners = [(x, y) for x in (box.left, box.right) for y in (box.top, box.bottom)]
    turned = [(x + s * (y - PIVOT), y + s * x) for x, y in corners for s in (-sine, 0.0, sine)]
    across = [0.5 + HEAD * scale * x for x, _ in turned for scale in SCALES]
    down = [MIDDLE + HEAD * scale * y for _, y in turned for scale in SCALES]
    margin = MAX_SHIFT + 1.0 / size
    return Rows(
        int((min(down) - margin) * size),
        int((max(down) + margin) * size) + 1,
        int((min(across) - margin) * size),
        int((max(across) + margin) * size) + 1,
    ).within(Rows(0, size, 0, size))


@dataclass(frozen=True)
class View:
    """A window of n pictures that parts are painted on; `rgb` is painted in place.

    rgb          (n, 3, h, w) in 0..1
    x, y         (n, h, w) head coordinates; body_x, body_y the same without the head's turn
    across, down (1, 1, w) and (1, h, 1), image coordinates in -0.5..0.5
    pixel        (n, 1, 1) side of a pixel in head units
    labels       (n, 40) 0 or 1, float32
    """

    rgb: Tensor
    x: Tensor
    y: Tensor
    body_x: Tensor
    body_y: Tensor
    across: Tensor
    down: Tensor
    pixel: Tensor
    labels: Tensor
    person: Person
    rows: Rows
    size: int

    def has(self, attribute: str) -> Tensor:
        """Return 1 for pictures with the attribute and 0 for those without, (n, 1, 1)."""
        return self.labels[:, _PLACE[attribute], None, None]

    def window(self, box: Box) -> View | None:
        """Return the part of the view that a box can reach, sharing its pixels; None where that is nothing."""
        rows = find_rows(box, self.size).within(self.rows)
        if rows.empty:
            return None
        down = slice(rows.top - self.rows.top, rows.bottom - self.rows.top)
        across = slice(rows.left - self.rows.left, rows.right - self.rows.left)
        return dataclasses.replace(
            self,
            rgb=self.rgb[:, :, down, across],
            x=self.x[:, down, across],
            y=self.y[:, down, across],
            body_x=self.body_x[:, :, across],
            body_y=self.body_y[:, down, :],
            across=self.across[:, :, across],
            down=self.down[:, down, :],
            rows=rows,
        )

    def take(self, images: Tensor) -> View:
        """Return a copy of some images' pixels with what belongs to them; write `rgb` back when done."""
        return dataclasses.replace(
            self,
            rgb=self.rgb[images],
            x=self.x[images],
            y=self.y[images],
            body_x=self.body_x[images],
            body_y=self.body_y[images],
            pixel=self.pixel[images],
            labels=self.labels[images],
            person=self.person.take(images),
        )


def open_view(labels: Tensor, person: Person, rows: Rows, size: int) -> View:
    """Return a black view of `rows` of pictures of side `size`, labels (n, 40) float32."""
    device, pose = labels.device, person.pose
    across = (torch.arange(rows.left, rows.right, device=device, dtype=torch.float32) + 0.5) / size - 0.5
    down = (torch.arange(rows.top, rows.bottom, device=device, dtype=torch.float32) + 0.5) / size
    unit = HEAD * pose.scale
    body_x = (across[None, None, :] - pose.shift_x) / unit
    body_y = (down[None, :, None] - MIDDLE - pose.shift_y) / unit
    below = body_y - PIVOT
    return View(
        rgb=torch.zeros(len(labels), 3, len(down), len(across), device=device),
        x=pose.cosine * body_x + pose.sine * below,
        y=PIVOT + pose.cosine * below - pose.sine * body_x,
        body_x=body_x,
        body_y=body_y,
        across=across[None, None, :],
        down=down[None, :, None] - 0.5,
        pixel=1.0 / (size * unit),
        labels=labels,
        person=person,
        rows=rows,
        size=size,
    )


def paint(view: View, alpha: Tensor, colour: Tensor, amount: Tensor | None = None) -> None:
    """Lay a colour, (n, 3, 1, 1) or (n, 3, h, w), over the pictures with opacity alpha (n, h, w).

    amount   (n, h, w), light to take away from the colour, alike in red, green and blue; below 0 brightens
    """
    view.rgb.mul_((1.0 - alpha)[:, None])
    lit = alpha if amount is None else alpha * (1.0 - amount)
    view.rgb.add_(lit[:, None] * colour)


def darken(view: View, amount: Tensor) -> None:
    """Take light away, amount (n, h, w) in 0..1 (below 0 brightens), warmly."""
    warm = torch.tensor(_WARM, device=amount.device)[None, :, None, None]
    view.rgb.mul_(1.0 - amount[:, None] * warm)


def shade(colour: Tensor, amount: Tensor) -> Tensor:
    """Return a colour (n, 3, 1, 1) with light taken away, amount (n, h, w): (n, 3, h, w)."""
    warm = torch.tensor(_WARM, device=amount.device)[None, :, None, None]
    return colour * (1.0 - amount[:, None] * warm)


def mix(start: Tensor, end: Tensor, share: Tensor) -> Tensor:
    """Return colours (n, 3, 1, 1) `share` (n, 1, 1) of the way from start to end."""
    return start + (end - start) * share[:, None]


def tint(red: float, green: float, blue: float, like: Tensor) -> Tensor:
    """Return one colour for all images, (1, 3, 1, 1), on the device of `like`."""
    return torch.tensor([red, green, blue], device=like.device)[None, :, None, None]
