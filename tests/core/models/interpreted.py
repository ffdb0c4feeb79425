"""The fused kernels run by Triton's interpreter, on the CPU; as a program, in a process of its own.

Triton decides when it is imported whether it compiles or interprets, and the tests' own process may have imported it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Case:
    """Sizes and kind of numbers; at_a_time: cells of masks whose gradient is held at once."""

    n_images: int
    n_cells: int
    hidden: int
    n_attributes: int
    channels: int
    dtype: torch.dtype = torch.float32
    at_a_time: int = 1 << 26
    programs: int = 1024
    seed: int = 0


def draw_tensors(case: Case, *, device: str = "cpu") -> list[Tensor]:
    """Hidden features, features, weight and bias, then what pooled and level are multiplied by in the loss."""
    generator = torch.Generator().manual_seed(case.seed)
    width = case.n_attributes * case.channels
    shapes = [
        (case.n_images, case.n_cells, case.hidden),
        (case.n_images, case.n_cells, case.channels),
        (width, case.hidden),
        (width,),
    ]
    tensors = [torch.randn(shape, generator=generator).to(device, case.dtype) for shape in shapes]
    tensors[2] = tensors[2] / case.hidden**0.5  # masks that are neither all open nor all shut
    factors = torch.randn(case.n_images, case.n_attributes, case.channels, generator=generator)
    return [*(tensor.requires_grad_() for tensor in tensors), factors.to(device), torch.tensor(70.0, device=device)]


def differentiate(function: type[torch.autograd.Function], tensors: list[Tensor]) -> list[Tensor]:
    """Pooled, level, and the four gradients of a loss of both."""
    pooled, level = function.apply(*tensors[:4])  # type: ignore[no-untyped-call]
    factors, weight = tensors[4:]
    gradients = torch.autograd.grad((pooled * factors).sum() + level * weight, tensors[:4])
    return [pooled.detach(), level.detach(), *gradients]


def interpret(cases: list[Case], folder: Path) -> list[list[Tensor]]:
    """What `differentiate` gives of each case by the fused kernels."""
    torch.save(cases, folder / "cases.pt")
    environment = os.environ | {"TRITON_INTERPRET": "1", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "error", "-m", "tests.core.models.interpreted", str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return torch.load(folder / "results.pt", weights_only=False)  # type: ignore[no-any-return]


def main(folder: Path) -> None:
    from mamviz.models import fused

    results = []
    for case in torch.load(folder / "cases.pt", weights_only=False):
        fused.CELLS_AT_A_TIME, fused.PROGRAMS = case.at_a_time, case.programs
        results.append(differentiate(fused.FusedPool, draw_tensors(case)))
    torch.save(results, folder / "results.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
