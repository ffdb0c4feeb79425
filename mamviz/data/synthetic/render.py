"""Pictures of faces from labels, and the region that each label changes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mamviz.data.synthetic.draws import NOISE_STREAM, uniforms
from mamviz.data.synthetic.labels import ATTRIBUTES
from mamviz.data.synthetic.lens import add_noise, blur, light
from mamviz.data.synthetic.logic import without_rivals
from mamviz.data.synthetic.parts import find_box, paint_parts
from mamviz.data.synthetic.person import Person, draw_persons
from mamviz.data.synthetic.view import Rows, find_rows, open_view
from mamviz.errors import DataError

Labels = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.int64]

SIZES = (32, 256)

# A pixel belongs to a region when a channel changes by more than this; 0.03 is 8 of 255 grey levels.
THRESHOLD = 0.03

# Pixels painted at once: on the CPU planes of half a megabyte stay in the cache, on a GPU many amortise each launch.
_CPU_PIXELS = 2**17
_GPU_PIXELS = 2**20

_BLURRY = ATTRIBUTES.index("Blurry")


def draw_faces(labels: Labels, indices: Indices, *, size: int, seed: int, device: str = "cpu") -> Tensor:
    """Draw a face for each row of labels: uint8, (n, size, size, 3).

    labels    (n, 40), 0 or 1, in any combination: hair can't be seen on the bald or above the brim of a hat; of several
              hair colours gray covers blond, brown, black; straight hair isn't wavy
    indices   (n,), 0 or more: who the person is. Image i depends on (seed, indices[i], its labels, size) only;
              on the CPU its bytes are the same in any batch
    size      32 to 256 pixels
    Raises DataError for a size, a shape or a label that does not fit.
    """
    _check(labels, indices, size)
    pictures = [
        _draw(labels[some], indices[some], size=size, seed=seed, device=device)
        for some in _chunks(len(labels), size, device)
    ]
    return torch.cat(pictures) if pictures else torch.empty(0, size, size, 3, dtype=torch.uint8, device=device)


def draw_regions(
    labels: Labels,
    indices: Indices,
    *,
    size: int,
    seed: int,
    threshold: float = THRESHOLD,
    device: str = "cpu",
) -> Tensor:
    """Find the pixels that change when one label alone is switched: bool, (n, 40, size, size).

    Both pictures have the same person, light and pose, and no noise; neither is blurred, except for the region of
    Blurry itself. A hair colour (or form) that is switched on puts the others of its kind off. What can't be seen has
    an empty region: the hair of the bald, a hairline under a hat.
    threshold   of the largest change over red, green and blue, in 0..1
    """
    _check(labels, indices, size)
    regions = torch.zeros(len(labels), len(ATTRIBUTES), size, size, dtype=torch.bool, device=device)
    for some in _chunks(len(labels), size, device):
        person = draw_persons(indices[some], seed=seed, device=device)
        plain = _paint(labels[some], person, Rows(0, size, 0, size), size)
        for k, attribute in enumerate(ATTRIBUTES):
            box = find_box(attribute)
            if box is not None:
                rows = find_rows(box, size)
                switched = _paint(_switch(labels[some], attribute), person, rows, size)
                place = (slice(rows.top, rows.bottom), slice(rows.left, rows.right))
                changed = (switched - plain[:, :, *place]).abs().amax(dim=1) > threshold
                regions[some, k, *place] = changed
        blurred = (blur(plain, size) - plain).abs().amax(dim=1) > threshold
        regions[some, _BLURRY] = blurred
    return regions


def _draw(labels: Labels, indices: Indices, *, size: int, seed: int, device: str) -> Tensor:
    person = draw_persons(indices, seed=seed, device=device)
    rgb = _paint(labels, person, Rows(0, size, 0, size), size)
    blurry = torch.from_numpy(np.flatnonzero(labels[:, _BLURRY])).to(device)
    if len(blurry):
        rgb[blurry] = blur(rgb[blurry], size)
    words = uniforms(indices, seed=seed, stream=NOISE_STREAM, count=1)[:, 0] * 2.0**32
    keys = torch.from_numpy(words.astype(np.uint32).view(np.int32)).to(device)
    add_noise(rgb, keys, person.pose.noise)
    return rgb.mul_(255.0).add_(0.5).clamp_(0.0, 255.0).to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def _paint(labels: Labels, person: Person, rows: Rows, size: int) -> Tensor:
    """Paint some rows of the pictures, without blur and noise, (n, 3, h, w)."""
    device = person.pose.yaw.device
    view = open_view(torch.from_numpy(labels.astype(np.float32)).to(device), person, rows, size)
    paint_parts(view, labels)
    light(view)
    return view.rgb.clamp_(0.0, 1.0)


def _switch(labels: Labels, attribute: str) -> Labels:
    """Return labels with one attribute turned round; turned on, it puts its rivals off."""
    k = ATTRIBUTES.index(attribute)
    switched = np.where(labels[:, k, None] == 0, without_rivals(labels, attribute, ATTRIBUTES), labels)
    switched[:, k] = 1 - labels[:, k]
    return switched


def _chunks(n_images: int, size: int, device: str) -> Iterator[slice]:
    pixels = _CPU_PIXELS if device == "cpu" else _GPU_PIXELS
    step = max(1, pixels // (size * size))
    for start in range(0, n_images, step):
        yield slice(start, min(start + step, n_images))


def _check(labels: Labels, indices: Indices, size: int) -> None:
    if not SIZES[0] <= size <= SIZES[1]:
        raise DataError(f"size: expected {SIZES[0]} to {SIZES[1]} pixels, got {size}. Choose a size in between.")
    if labels.shape != (len(indices), len(ATTRIBUTES)):
        raise DataError(
            f"labels: expected {len(indices)} rows of {len(ATTRIBUTES)} attributes, got {labels.shape}. "
            "Give one row of labels for each index."
        )
    if len(labels) and labels.max() > 1:
        raise DataError(f"labels: expected 0 or 1, got {labels.max()}. Write 1 for an attribute that is there.")
    if len(indices) and indices.min() < 0:
        raise DataError(f"indices: expected 0 or more, got {indices.min()}. Number the images from 0.")
