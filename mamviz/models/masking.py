"""The mask generator and the readout: the part of the network this project exists for.

    M = sigmoid(W trunk(F) + b)                                   (N, K, C, H, W)
    logit_k = b_k + (1/P) * sum_{c,p} s_kc * M_kcp * F_cp

Inside, cells stand before attributes, (image, cell, attribute, channel): a channels-last feature map is then read and
a mask written in the order in which they lie in memory.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import is_in_torch_dispatch_mode

from mamviz.config import Readout

# Cells of masks in work at a time: in bfloat16 they and their gradient stay in a core's cache of 2 MB.
CELLS_AT_A_TIME = 1 << 19
# On a GPU: 256 MB in float32. Of fewer at a time it would do little but start operations.
GPU_CELLS_AT_A_TIME = 1 << 26
# Fewer masks are pooled as fast without the fused kernels, and without the seconds that compiling them takes.
FUSED_CELLS = 1 << 20


class MaskedPool(torch.autograd.Function):
    """pooled_kc = (1/P) sum_p sigmoid(W h_p + b)_kc F_pc, never keeping a mask.

    Works through the images in chunks that stay in cache and makes the masks again in the backward pass: they are
    K x C x H x W an image, and reading them back from memory costs more than the product they come from.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, features: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Return pooled (N, K, C) and the mean mask, both float32 or wider.

        hidden (N, P, T), features (N, P, C), weight (K * C, T), bias (K * C)
        """
        hidden, features = hidden.contiguous(), features.contiguous()
        wide = torch.promote_types(hidden.dtype, torch.float32)
        ctx.save_for_backward(hidden, features, weight, bias)
        n_images, n_cells, channels = features.shape
        pooled = hidden.new_empty(n_images, len(bias) // channels, channels, dtype=wide)
        level = hidden.new_zeros((), dtype=wide)
        for part in split_images(n_images, n_cells * len(bias), at_a_time=_at_a_time(hidden)):
            masks = _masks(hidden[part], weight, bias, channels)
            level += masks.sum(dtype=wide)
            torch.sum(masks.mul_(features[part].unsqueeze(2)), 1, dtype=wide, out=pooled[part])
        return pooled / n_cells, level / (n_images * n_cells * len(bias))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the gradients of hidden, features, weight and bias."""
        hidden, features, weight, bias = ctx.saved_tensors
        grad_pooled, grad_level = gradients
        n_images, n_cells, channels = features.shape
        share = (grad_pooled / n_cells).to(hidden.dtype).unsqueeze(2)  # (image, attribute, 1, channel)
        level = float(grad_level) / (n_images * n_cells * len(bias))
        grad_hidden, grad_features = torch.empty_like(hidden), torch.empty_like(features)
        grad_weight = torch.zeros_like(weight, dtype=grad_pooled.dtype)
        grad_bias = torch.zeros_like(bias, dtype=grad_pooled.dtype)
        for part in split_images(n_images, n_cells * len(bias), at_a_time=_at_a_time(hidden)):
            masks = _masks(hidden[part], weight, bias, channels)
            shares = share[part].transpose(1, 2)  # (image, 1, attribute, channel)
            torch.sum(masks * shares, 2, out=grad_features[part])
            grad_masks = features[part].unsqueeze(2) * shares
            if level:
                grad_masks += level
            grad_z = (
                torch.ops.aten.sigmoid_backward(grad_masks, masks).flatten(2).flatten(0, 1)
            )  # (image * cell, K * C)
            torch.mm(grad_z, weight, out=grad_hidden[part].flatten(0, 1))
            grad_weight += grad_z.T @ hidden[part].flatten(0, 1)
            grad_bias += grad_z.sum(0, dtype=grad_pooled.dtype)
        return grad_hidden, grad_features, grad_weight.to(weight.dtype), grad_bias.to(bias.dtype)


def split_images(n_images: int, cells: int, *, at_a_time: int) -> list[slice]:
    """Return slices of images, one image at least in each; `cells` of masks an image."""
    step = max(1, at_a_time // cells)
    return [slice(start, min(start + step, n_images)) for start in range(0, n_images, step)]


def _at_a_time(hidden: Tensor) -> int:
    return GPU_CELLS_AT_A_TIME if hidden.is_cuda else CELLS_AT_A_TIME


def _masks(hidden: Tensor, weight: Tensor, bias: Tensor, channels: int) -> Tensor:
    z = torch.addmm(bias, hidden.flatten(0, 1), weight.T)
    return z.sigmoid_().view(*hidden.shape[:2], -1, channels)  # (image, cell, attribute, channel)


def choose_pool(hidden: Tensor, *, cells: int) -> type[torch.autograd.Function]:
    """Return how masks are pooled: by the fused kernels on a GPU that has Triton, else `MaskedPool`.

    cells    of all masks of the batch
    It is `MaskedPool` for few of them, in float64, on a GPU older than the A100, and where operations are being
    counted, which can't be seen inside a kernel.
    """
    if not hidden.is_cuda or hidden.dtype == torch.float64 or cells < FUSED_CELLS or is_in_torch_dispatch_mode():
        return MaskedPool
    if torch.cuda.get_device_capability(hidden.device) < (8, 0) or find_spec("triton") is None:
        return MaskedPool
    # Here, for it imports Triton.
    from mamviz.models.fused import FusedPool, is_ready

    return FusedPool if is_ready(hidden.device) else MaskedPool


class MaskGenerator(nn.Module):
    """A convolutional trunk on F, then one 1x1 convolution to K * C, started at zero.

    Every mask starts at 0.5, so that what differs between attributes was learned, not drawn.
    shape       (C, H, W) of the features
    hidden      T, channels of the trunk; C where None
    position    (T, H, W) learned map added to the trunk's features, started at zero: faces are aligned, and a
                feature that sees a few pixels can't know where it stands
    """

    def __init__(
        self,
        n_attributes: int,
        shape: tuple[int, int, int],
        *,
        trunk_kernel: int,
        position: bool,
        hidden: int | None = None,
    ) -> None:
        super().__init__()
        channels, height, width = shape
        hidden = channels if hidden is None else hidden
        self.n_attributes = n_attributes
        self.trunk = nn.Conv2d(channels, hidden, trunk_kernel, padding=trunk_kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(hidden)
        self.position = nn.Parameter(torch.zeros(hidden, height, width)) if position else None
        self.mask = nn.Linear(hidden, n_attributes * channels)
        nn.init.zeros_(self.mask.weight)
        nn.init.zeros_(self.mask.bias)

    def pool(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return pooled (N, K, C), the mean over cells of M F, and the mean mask."""
        hidden, cells = self._hide(features), cells_last(features)
        if torch.is_autocast_enabled(features.device.type):
            half = torch.get_autocast_dtype(features.device.type)
            tensors = [t.to(half) for t in (hidden, cells, self.mask.weight, self.mask.bias)]
        else:
            tensors = [hidden, cells, self.mask.weight, self.mask.bias]
        function = choose_pool(tensors[0], cells=cells.shape[0] * cells.shape[1] * len(self.mask.bias))
        return cast(tuple[Tensor, Tensor], function.apply(*tensors))  # type: ignore[no-untyped-call]

    def forward(self, features: Tensor) -> Tensor:
        """Return the masks (N, K, C, H, W) of features (N, C, H, W), a view of cells-first memory."""
        n_images, channels, height, width = features.shape
        masks = torch.sigmoid(self.mask(self._hide(features)))
        return masks.view(n_images, height, width, -1, channels).permute(0, 3, 4, 1, 2)

    def mask_of(self, features: Tensor, attribute: int) -> Tensor:
        """Return the masks (N, C, H, W) of one attribute: a K-th of the work of all."""
        n_images, channels, height, width = features.shape
        rows = slice(attribute * channels, (attribute + 1) * channels)
        z = torch.nn.functional.linear(self._hide(features), self.mask.weight[rows], self.mask.bias[rows])
        return torch.sigmoid(z).view(n_images, height, width, channels).permute(0, 3, 1, 2)

    def _hide(self, features: Tensor) -> Tensor:
        hidden = self.norm(self.trunk(features))
        if self.position is not None:
            hidden = hidden + self.position.to(hidden.dtype)
        return cells_last(torch.relu(hidden))


class ReadoutWeights(nn.Module):
    """s and b of the binary classifiers: one vector s_c for all attributes, or s_kc.

    s starts at +1 and -1 in turn, so that each attribute can be for and against from the first step.
    """

    def __init__(self, n_attributes: int, channels: int, *, readout: Readout) -> None:
        super().__init__()
        start = torch.ones(channels)
        start[1::2] = -1
        self.scale = nn.Parameter(start if readout == "shared" else start.repeat(n_attributes, 1))
        self.bias = nn.Parameter(torch.zeros(n_attributes))

    def forward(self, pooled: Tensor) -> Tensor:
        """Return logits (N, K) of pooled (N, K, C)."""
        return (pooled * self.scale).sum(-1) + self.bias


def cells_last(features: Tensor) -> Tensor:
    """Return (N, C, H, W) as (N, P, C): a view where the memory is channels-last."""
    return features.permute(0, 2, 3, 1).flatten(1, 2)  # (image, height * width, channel)
