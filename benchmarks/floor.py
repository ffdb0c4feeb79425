"""The floor of a job: its products counted, over what the device multiplies in one large product of the same kind."""

from __future__ import annotations

from collections.abc import Callable

import torch
from timing import timed
from torch.utils.flop_counter import FlopCounterMode


def count_flops(job: Callable[[], object]) -> float:
    """Return the FLOPs of a job's products and convolutions, two a multiply-add."""
    with FlopCounterMode(display=False) as counter:
        job()
    return float(counter.get_total_flops())


def measure_peak(*, side: int, device: str = "cpu", dtype: torch.dtype = torch.float32) -> float:
    """Return FLOP/s of one product of two square matrices."""
    square = torch.rand(side, side, device=device, dtype=dtype)
    job = synchronized(lambda: square @ square, device)
    return 2.0 * side**3 * timed("product", job, 5, n_images=1).median


def synchronized(job: Callable[[], object], device: str, *, times: int = 1) -> Callable[[], None]:
    """Return the job done so many times, and waited for until the device has finished."""

    def run() -> None:
        for _ in range(times):
            job()
        if device.startswith("cuda"):
            torch.cuda.synchronize()

    return run
