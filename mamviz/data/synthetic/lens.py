"""What the camera does to a finished picture: light, blur and noise."""

from __future__ import annotations

import torch
from torch import Tensor

from mamviz.data.synthetic.view import View


def light(view: View) -> None:
    """Light the whole picture from one side, by the person's pose."""
    pose = view.person.pose
    slope = pose.exposure + 0.30 * (pose.light_x * view.across + pose.light_y * view.down)
    view.rgb.mul_(slope[:, None])


def blur(rgb: Tensor, size: int) -> Tensor:
    """Return pictures (n, 3, S, S) out of focus: three averages in each direction."""
    reach = max(1, round(size / 56))
    for axis in (2, 3, 2, 3, 2, 3):
        rgb = _average(rgb, reach, axis)
    return rgb


def _average(rgb: Tensor, reach: int, axis: int) -> Tensor:
    """Average over 2 * reach + 1 neighbours along an axis, the border repeated; summed in a fixed order."""
    length = rgb.shape[axis]
    first, last = rgb.narrow(axis, 0, 1), rgb.narrow(axis, length - 1, 1)
    wide = torch.cat([first] * reach + [rgb] + [last] * reach, dim=axis)
    total = wide.narrow(axis, 0, length).clone()
    for step in range(1, 2 * reach + 1):
        total.add_(wide.narrow(axis, step, length))
    return total.mul_(1.0 / (2 * reach + 1))


def add_noise(rgb: Tensor, keys: Tensor, amplitude: Tensor) -> None:
    """Add noise of its own to each pixel and channel, in place: rgb (n, 3, S, S), keys (n,) int32, amplitude (n, 1, 1).

    A 32-bit mixing function of (key, pixel) (Wellons 2018, "lowbias32"); ten bits of it for each channel.
    """
    n_pixels = rgb.shape[2] * rgb.shape[3]
    counter = torch.arange(n_pixels, dtype=torch.int32, device=rgb.device)
    word = _mix(_mix(counter)[None, :] ^ keys[:, None]).view(len(rgb), *rgb.shape[2:])
    for channel in range(3):
        level = ((word >> (10 * channel)) & 1023).float()
        rgb[:, channel].add_((level - 511.5).mul_(amplitude * (1.7 / 512.0)))


def _mix(word: Tensor) -> Tensor:
    """Mix the bits of int32 words; the masks make the arithmetic shifts logical."""
    word = (word ^ ((word >> 16) & 0xFFFF)) * 0x7FEB352D
    word = (word ^ ((word >> 15) & 0x1FFFF)) * -2073254261  # 0x846CA68B as a signed word
    return word ^ ((word >> 16) & 0xFFFF)
