"""The mask pooling as two Triton kernels, for CUDA: masks never leave the registers they are made in.

The same function as `masking.MaskedPool`. A program takes a block of cells (of one image or of several) and a block of
channels through some of the attributes: hidden features times weights, sigmoid, times features, sum. Every number is
written by one program, and sums over programs are torch's: the same input gives the same bits.

The backward kernel makes the masks again and writes the gradient of their logits, for a bounded number of images at a
time; what is left are two matrix products, which the device's own library does best.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from mamviz.models.masking import GPU_CELLS_AT_A_TIME, split_images

CELLS_AT_A_TIME = GPU_CELLS_AT_A_TIME
# Programs asked for: some for each of the 132 processors of an H100, each with attributes enough to use its features.
PROGRAMS = 1024
# Sides of a program's product. As compiled for sm_80 and sm_90, nothing then spills from the registers of 8 warps; with
# twice as many rows, or bytes of a row of hidden features, it does.
ROWS, CHANNELS, HIDDEN_BYTES = 64, 64, 128
COMPILER = {"num_warps": 8, "enable_fp_fusion": True}  # the default of the second is about to change


@dataclass(frozen=True)
class Blocks:
    """How the work is cut: a program holds `images` x `cells` rows and `channels` columns, for `span` attributes.

    Powers of two, 16 at least where they are sides of a product; what lies outside is left out by masks.
    hidden    channels of the trunk that are multiplied at a time
    grid      number of programs: blocks of rows, blocks of channels, groups of attributes
    """

    images: int
    cells: int
    channels: int
    hidden: int
    span: int
    grid: tuple[int, int, int]


class FusedPool(torch.autograd.Function):
    """`masking.MaskedPool` by the kernels below: float32, bfloat16 or float16, summed in float32."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, features: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Return pooled (N, K, C) and the mean mask, both float32.

        hidden (N, P, T), features (N, P, C), weight (K * C, T), bias (K * C)
        """
        tensors = [tensor.contiguous() for tensor in (hidden, features, weight, bias)]
        ctx.save_for_backward(*tensors)
        n_images, n_cells, channels = features.shape
        blocks = cut(tensors[0], channels=channels, width=len(bias))
        parts = triton.cdiv(n_cells, blocks.cells)
        pooled = hidden.new_empty(parts, n_images, len(bias) // channels, channels, dtype=torch.float32)
        level = hidden.new_empty(blocks.grid, dtype=torch.float32)
        with torch.cuda.device_of(hidden):  # type: ignore[no-untyped-call]
            _forward[blocks.grid](*tensors, pooled, level, **_options(tensors, blocks))
        whole = pooled[0] if parts == 1 else pooled.sum(0)
        return whole, level.sum() / (n_images * n_cells * len(bias))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the gradients of hidden, features, weight and bias."""
        hidden, features, weight, bias = ctx.saved_tensors
        pooled = gradients[0].float().contiguous()
        level = (gradients[1] / (hidden.shape[0] * hidden.shape[1] * len(bias))).float()
        grad_hidden, grad_features = torch.empty_like(hidden), torch.empty_like(features)
        grad_weight = torch.zeros_like(weight, dtype=torch.float32)
        grad_bias = torch.zeros_like(bias, dtype=torch.float32)
        for part in split_images(len(hidden), hidden.shape[1] * len(bias), at_a_time=CELLS_AT_A_TIME):
            tensors = [hidden[part], features[part], weight, bias]
            grad_z, part_features, part_bias = _differentiate(tensors, pooled[part], level)
            grad_features[part] = part_features
            torch.mm(grad_z, weight, out=grad_hidden[part].flatten(0, 1))
            grad_weight += grad_z.T @ hidden[part].flatten(0, 1)
            grad_bias += part_bias
        return grad_hidden, grad_features, grad_weight.to(weight.dtype), grad_bias.to(bias.dtype)


@cache
def is_ready(device: torch.device) -> bool:
    """Say whether kernels can be compiled and run here; where not, warn once: Triton needs a C compiler."""
    sizes = ((1, 1, 16), (1, 1, 16), (16, 16), (16,))
    try:
        with torch.enable_grad(), torch.inference_mode(False):
            tensors = [torch.zeros(size, device=device, requires_grad=True) for size in sizes]
            pooled, level = FusedPool.apply(*tensors)  # type: ignore[no-untyped-call]
            torch.autograd.grad(pooled.sum() + level, tensors)
    except Exception as error:  # a missing compiler, header or driver each raises its own
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        warnings.warn(f"Triton can't compile here ({reason}): masks are pooled without it, slower.", stacklevel=2)
        return False
    return True


def cut(hidden: Tensor, *, channels: int, width: int) -> Blocks:
    """Return how hidden (N, P, T) is cut for `width` columns, K * C."""
    n_images, n_cells, n_hidden = hidden.shape
    cells = min(ROWS, triton.next_power_of_2(n_cells))
    columns = _side(channels, most=CHANNELS)
    rows = (triton.cdiv(n_images, ROWS // cells) * triton.cdiv(n_cells, cells), triton.cdiv(channels, columns))
    n_attributes = width // channels
    span = min(n_attributes, triton.cdiv(n_attributes * rows[0] * rows[1], PROGRAMS))
    return Blocks(
        images=ROWS // cells,
        cells=cells,
        channels=columns,
        hidden=_side(n_hidden, most=HIDDEN_BYTES // hidden.element_size()),
        span=span,
        grid=(*rows, triton.cdiv(n_attributes, span)),
    )


def _side(size: int, *, most: int) -> int:
    return int(min(most, max(16, triton.next_power_of_2(size))))


def _options(tensors: list[Tensor], blocks: Blocks) -> dict[str, Any]:
    hidden, features, _, bias = tensors
    return {
        "n_images": len(hidden),
        "n_attributes": len(bias) // features.shape[2],
        "span": blocks.span,
        "P": hidden.shape[1],
        "C": features.shape[2],
        "T": hidden.shape[2],
        "IMAGES": blocks.images,
        "CELLS": blocks.cells,
        "CHANNELS": blocks.channels,
        "HIDDEN": blocks.hidden,
        **COMPILER,
    }


def _differentiate(tensors: list[Tensor], pooled: Tensor, level: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients of mask logits (N * P, K * C), of features (N, P, C) and of the bias (K * C)."""
    hidden, features, _, bias = tensors
    blocks = cut(hidden, channels=features.shape[2], width=len(bias))
    grad_z = hidden.new_empty(hidden.shape[0] * hidden.shape[1], len(bias))
    grad_features = hidden.new_empty(blocks.grid[2], *features.shape, dtype=torch.float32)
    grad_bias = hidden.new_empty(blocks.grid[0], len(bias), dtype=torch.float32)
    with torch.cuda.device_of(hidden):  # type: ignore[no-untyped-call]
        _backward[blocks.grid](*tensors, pooled, level, grad_z, grad_features, grad_bias, **_options(tensors, blocks))
    return grad_z, grad_features.sum(0), grad_bias.sum(0)


@triton.jit
def _place(
    features: tl.tensor,
    n_images: tl.tensor,
    P: tl.constexpr,
    C: tl.constexpr,
    IMAGES: tl.constexpr,
    CELLS: tl.constexpr,
    CHANNELS: tl.constexpr,
) -> tl.tensor:
    """Return the program's rows and channels, and their features.

    image, row, seen    of each row its image, its place among all cells, and whether there is such a one
    channel, known      of each column its channel, and whether there is such a one
    inside, f           (row, column) whether there are both, and their features, float32
    """
    parts: tl.constexpr = (P + CELLS - 1) // CELLS
    own = tl.arange(0, IMAGES * CELLS)
    image = (tl.program_id(0) // parts * IMAGES + own // CELLS).to(tl.int64)  # many images pass 2**31 numbers
    cell = tl.program_id(0) % parts * CELLS + own % CELLS
    row = image * P + cell
    seen = (image < n_images) & (cell < P)
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    known = channel < C
    inside = seen[:, None] & known[None, :]
    f = tl.load(features + row[:, None] * C + channel[None, :], inside, other=0.0).to(tl.float32)
    return image, row, seen, channel, known, inside, f


@triton.jit
def _open(  # noqa: PLR0913, PLR0917 - a kernel's parameters
    hidden: tl.tensor,
    weight: tl.tensor,
    bias: tl.tensor,
    row: tl.tensor,
    seen: tl.tensor,
    column: tl.tensor,
    known: tl.tensor,
    T: tl.constexpr,
    HIDDEN: tl.constexpr,
) -> tl.tensor:
    """Return the masks (row, column), float32."""
    z = tl.zeros((row.shape[0], column.shape[0]), tl.float32)
    for start in range(0, T, HIDDEN):
        t = start + tl.arange(0, HIDDEN)
        h = tl.load(hidden + row[:, None] * T + t[None, :], seen[:, None] & (t < T)[None, :], other=0.0)
        w = tl.load(
            weight + column.to(tl.int64)[None, :] * T + t[:, None], known[None, :] & (t < T)[:, None], other=0.0
        )
        # Three products of tf32 keep float32's digits on tensor cores; in half precision the word says nothing.
        z = tl.dot(h, w, z, input_precision="tf32x3")
    return tl.sigmoid(z + tl.load(bias + column, known, other=0.0).to(tl.float32)[None, :])


@triton.jit(do_not_specialize=["n_images", "n_attributes", "span"])
def _forward(  # noqa: PLR0913, PLR0917 - a kernel's parameters
    hidden: tl.tensor,
    features: tl.tensor,
    weight: tl.tensor,
    bias: tl.tensor,
    pooled: tl.tensor,
    level: tl.tensor,
    n_images: tl.tensor,
    n_attributes: tl.tensor,
    span: tl.tensor,
    P: tl.constexpr,
    C: tl.constexpr,
    T: tl.constexpr,
    IMAGES: tl.constexpr,
    CELLS: tl.constexpr,
    CHANNELS: tl.constexpr,
    HIDDEN: tl.constexpr,
) -> None:
    """Write pooled (part of the cells, image, attribute, channel) and the sum of masks of each program."""
    _, row, seen, channel, known, inside, f = _place(features, n_images, P, C, IMAGES, CELLS, CHANNELS)
    parts: tl.constexpr = (P + CELLS - 1) // CELLS
    own = (tl.program_id(0) // parts * IMAGES + tl.arange(0, IMAGES)).to(tl.int64)
    place = (tl.program_id(0) % parts * n_images + own) * n_attributes
    total = tl.zeros((IMAGES * CELLS, CHANNELS), tl.float32)
    first = tl.program_id(2) * span
    for k in range(first, tl.minimum(first + span, n_attributes)):
        masks = _open(hidden, weight, bias, row, seen, k * C + channel, known, T, HIDDEN)
        total += tl.where(inside, masks, 0.0)
        sums = tl.sum(tl.reshape(masks * f, (IMAGES, CELLS, CHANNELS)), 1)
        there = (own < n_images)[:, None] & known[None, :]
        tl.store(pooled + (place[:, None] + k) * C + channel[None, :], sums / P, there)
    program = (tl.program_id(0) * tl.num_programs(1) + tl.program_id(1)) * tl.num_programs(2) + tl.program_id(2)
    tl.store(level + program, tl.sum(total))


@triton.jit(do_not_specialize=["n_images", "n_attributes", "span"])
def _backward(  # noqa: PLR0913, PLR0917 - a kernel's parameters
    hidden: tl.tensor,
    features: tl.tensor,
    weight: tl.tensor,
    bias: tl.tensor,
    pooled: tl.tensor,
    level: tl.tensor,
    grad_z: tl.tensor,
    grad_features: tl.tensor,
    grad_bias: tl.tensor,
    n_images: tl.tensor,
    n_attributes: tl.tensor,
    span: tl.tensor,
    P: tl.constexpr,
    C: tl.constexpr,
    T: tl.constexpr,
    IMAGES: tl.constexpr,
    CELLS: tl.constexpr,
    CHANNELS: tl.constexpr,
    HIDDEN: tl.constexpr,
) -> None:
    """Write the gradients of mask logits (row, column), features (group, row, channel), bias (block of rows, column).

    pooled, level    the gradients of the outputs; that of the level shared out among all masks
    """
    image, row, seen, channel, known, inside, f = _place(features, n_images, P, C, IMAGES, CELLS, CHANNELS)
    slope = tl.load(level)
    width = n_attributes * C
    grad_f = tl.zeros((IMAGES * CELLS, CHANNELS), tl.float32)
    first = tl.program_id(2) * span
    for k in range(first, tl.minimum(first + span, n_attributes)):
        column = k * C + channel
        masks = _open(hidden, weight, bias, row, seen, column, known, T, HIDDEN)
        share = tl.load(pooled + image[:, None] * width + column[None, :], inside, other=0.0) / P
        grad_f += masks * share
        grad = tl.where(inside, masks * (1 - masks) * (f * share + slope), 0.0)
        tl.store(grad_z + row[:, None] * width + column[None, :], grad.to(grad_z.dtype.element_ty), inside)
        tl.store(grad_bias + tl.program_id(0).to(tl.int64) * width + column, tl.sum(grad, 0), known)
    group = tl.program_id(2).to(tl.int64) * n_images * P
    tl.store(grad_features + (group + row)[:, None] * C + channel[None, :], grad_f, inside)
