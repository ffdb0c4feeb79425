"""The most memory that a computation holds at once, counted tensor by tensor."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class PeakMemory(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of all tensors made while it is on: `peak` is the most that were alive at once.

    A storage counts once, however many views it has, until its last view is gone. Tensors made before (weights, say)
    do not count, nor does what a kernel holds for itself while it runs (the copied patches of a convolution). So the
    number depends on the network and its input alone, not on the machine.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.alive = 0
        self.peak = 0
        self._seen: set[int] = set()

    def hold(self, tensor: Tensor) -> None:
        """Count a tensor's storage until it is freed."""
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if key in self._seen:
            return
        self._seen.add(key)
        self.alive += size
        self.peak = max(self.peak, self.alive)
        weakref.finalize(storage, self._free, key, size)

    def _free(self, key: int, size: int) -> None:
        self._seen.discard(key)
        self.alive -= size

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Compute as without it, and count what comes out."""
        known = {leaf.untyped_storage()._cdata for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)}
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            # A view of a weight, or a weight changed in place, is not new memory.
            if isinstance(leaf, Tensor) and leaf.untyped_storage()._cdata not in known:
                self.hold(leaf)
        return result


@torch.no_grad()
def count_peak_bytes(compute: Callable[[Tensor], object], images: Tensor) -> int:
    """Return the most bytes that computing on `images` holds at once, the images themselves included.

    On CUDA the allocator's own maximum, kernels' buffers included; on the CPU `PeakMemory`'s count. Weights are left
    out in both.
    """
    if images.is_cuda:
        torch.cuda.synchronize(images.device)
        torch.cuda.reset_peak_memory_stats(images.device)
        before = torch.cuda.memory_allocated(images.device) - images.untyped_storage().nbytes()
        compute(images)
        torch.cuda.synchronize(images.device)
        return int(torch.cuda.max_memory_allocated(images.device)) - before
    memory = PeakMemory()
    with memory:
        memory.hold(images)
        compute(images)
    return memory.peak
