from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from types import ModuleType

import pytest
import torch
from torch import Tensor

from mamviz.config import ModelConfig, TrainConfig
from mamviz.models import masking
from mamviz.models.masking import MaskedPool, choose_pool
from mamviz.training.losses import total_loss
from tests.core.models.interpreted import Case, differentiate, draw_tensors, interpret
from tests.core.models.stirred import draw_images, stirred_network

NAMES = ("pooled", "level", "grad_hidden", "grad_features", "grad_weight", "grad_bias")
AWKWARD = Case(n_images=2, n_cells=6, hidden=7, n_attributes=3, channels=5)
CASES = {
    "nothing fits a block": AWKWARD,
    "an image is more than a block": Case(3, 70, 16, 2, 4),
    "more channels and hidden features than a block": Case(2, 4, 70, 2, 67),
    "the usual ratios": Case(5, 16, 32, 6, 32),
    "images in two parts and a rest": Case(5, 6, 7, 3, 5, at_a_time=2 * 6 * 15),
    "attributes in one group": Case(5, 6, 7, 3, 5, programs=1),
    "attributes in groups and a rest": Case(9, 16, 7, 5, 5, programs=6),
    "one image of one cell, attribute and channel": Case(1, 1, 1, 1, 1),
    "half precision": replace(AWKWARD, dtype=torch.float16, n_cells=20),
}

needs_triton = pytest.mark.skipif(find_spec("triton") is None, reason="Triton is not installed: `make setup` does it")
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def assert_exact(got: list[Tensor], case: Case, *, digits: float) -> None:
    """Compare with the plain function of the same numbers in float64, in units of the largest of each kind."""
    numbers = draw_tensors(case)
    wide = [tensor.detach().double().requires_grad_(place < 4) for place, tensor in enumerate(numbers)]
    for name, one, other in zip(NAMES, got, differentiate(MaskedPool, wide), strict=True):
        assert one.shape == other.shape, name
        assert one.dtype == (torch.float32 if name in ("pooled", "level") else case.dtype), name
        error = float((one.cpu().double() - other).abs().max() / other.abs().max())
        assert error < digits, f"{name}: {error:.1e}"


def version(module: ModuleType) -> tuple[int, ...]:
    return tuple(map(int, module.__version__.split(".")[:2]))


@pytest.fixture(scope="module")
def interpreted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Tensor]]:
    import numpy as np
    import triton

    if version(triton) < (3, 7) and version(np) >= (2, 4):
        pytest.skip("the interpreter of Triton before 3.7 can't count in numpy 2.4")
    results = interpret(list(CASES.values()), tmp_path_factory.mktemp("interpreted"))
    return dict(zip(CASES, results, strict=True))


@needs_triton
@pytest.mark.parametrize("name", CASES)
def test_kernels_give_the_plain_function_and_its_gradients(name: str, interpreted: dict[str, list[Tensor]]) -> None:
    # float32 has 24 bits, of which sums of some hundred terms lose a few; float16 has 11 for each gradient.
    digits = 2e-6 if CASES[name].dtype == torch.float32 else 4e-3
    assert_exact(interpreted[name], CASES[name], digits=digits)


@needs_triton
def test_images_in_parts_and_attributes_in_groups_give_the_same(interpreted: dict[str, list[Tensor]]) -> None:
    one, two = interpreted["images in two parts and a rest"], interpreted["attributes in one group"]
    for name, first, second in zip(NAMES, one, two, strict=True):
        torch.testing.assert_close(first, second, rtol=2e-6, atol=2e-6, msg=name)


@needs_triton
@pytest.mark.parametrize("size", [(128, 64, 64, 40, 64), (128, 16, 512, 40, 512), (1, 1, 1, 1, 1), (3, 300, 20, 7, 5)])
def test_blocks_reach_every_cell_channel_and_attribute(size: tuple[int, int, int, int, int]) -> None:
    from mamviz.models.fused import cut

    n_images, n_cells, hidden, n_attributes, channels = size
    tensor = torch.empty(n_images, n_cells, hidden, device="meta")
    blocks = cut(tensor, channels=channels, width=n_attributes * channels)
    assert blocks.grid[0] == -(-n_images // blocks.images) * -(-n_cells // blocks.cells)
    assert (blocks.grid[1] - 1) * blocks.channels < channels <= blocks.grid[1] * blocks.channels
    assert (blocks.grid[2] - 1) * blocks.span < n_attributes <= blocks.grid[2] * blocks.span
    assert min(blocks.images * blocks.cells, blocks.channels, blocks.hidden) >= 16


@needs_triton
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("kernel", ["_forward", "_backward"])
def test_kernels_compile_for_a_gpu_that_is_not_there(kernel: str, dtype: torch.dtype) -> None:
    """The interpreter takes what the compiler refuses: names, types, and more shared memory than there is."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from mamviz.models import fused

    if triton.knobs.nvidia.ptxas is None:
        pytest.skip("this Triton has no compiler for NVIDIA")
    function = getattr(fused, kernel)
    hidden = torch.empty(128, 64, 64, dtype=dtype, device="meta")
    blocks = fused.cut(hidden, channels=64, width=40 * 64)
    constants = {"P": 64, "C": 64, "T": 64, "IMAGES": blocks.images, "CELLS": blocks.cells}
    constants |= {"CHANNELS": blocks.channels, "HIDDEN": blocks.hidden}
    own = f"*{'fp32' if dtype == torch.float32 else 'bf16'}"
    kinds = dict.fromkeys(("hidden", "features", "weight", "bias", "grad_z"), own)
    kinds |= dict.fromkeys(("n_images", "n_attributes", "span"), "i32") | dict.fromkeys(constants, "constexpr")
    source = ASTSource(function, {name: kinds.get(name, "*fp32") for name in function.arg_names}, constants)
    binary = triton.compile(source, target=GPUTarget("cuda", 80, 32), options=fused.COMPILER)
    assert len(binary.asm["cubin"]) > 1000
    assert binary.metadata.shared <= 99 * 1024  # what a block has on the smallest of GPUs since the A100


def test_the_cpu_pools_plainly() -> None:
    assert choose_pool(torch.zeros(1000, 64, 64), cells=1 << 30) is MaskedPool


def test_masks_are_pooled_where_triton_is_absent_and_no_compiler_is_loaded() -> None:
    script = (
        "import sys; sys.modules['triton'] = None; import torch, mamviz.models.network as n;"
        "from mamviz.config import ModelConfig;"
        "n.MaskNetwork(ModelConfig(channels=4), n_attributes=2, size=32)(torch.zeros(2, 3, 32, 32));"
        "assert 'mamviz.models.fused' not in sys.modules;"
        "assert 'torch._dynamo' not in sys.modules"  # the compiler, which takes seconds to load
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.gpu
@needs_cuda
@needs_triton
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("size", [(2, 6, 7, 3, 5), (3, 70, 16, 2, 4), (64, 64, 64, 40, 64), (8, 16, 512, 10, 512)])
def test_compiled_kernels_are_exact(size: tuple[int, int, int, int, int], dtype: torch.dtype) -> None:
    from mamviz.models.fused import FusedPool

    case = Case(*size, dtype=dtype)
    got = differentiate(FusedPool, draw_tensors(case, device="cuda"))
    again = differentiate(FusedPool, draw_tensors(case, device="cuda"))
    # A factor of ten over the interpreter's: tensor cores cut what they add, and the sigmoid's exponential is fast.
    assert_exact(got, case, digits=2e-5 if dtype == torch.float32 else {torch.float16: 4e-3}.get(dtype, 3e-2))
    assert all(torch.equal(one, other) for one, other in zip(got, again, strict=True))


@pytest.mark.gpu
@needs_cuda
@needs_triton
@pytest.mark.parametrize("half", [False, True])
def test_a_step_has_the_same_loss_and_gradients_either_way(half: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    from mamviz.models.fused import FusedPool

    config = ModelConfig(channels=64)
    labels = torch.randint(0, 2, (64, 40), generator=torch.Generator().manual_seed(3)).float().cuda()
    images = draw_images(64, size=64).cuda()
    found = []
    for function in (MaskedPool, FusedPool):
        monkeypatch.setattr(masking, "choose_pool", lambda *_, function=function, **__: function)
        network = stirred_network(config, n_attributes=40, size=64).cuda().train()
        with torch.autocast("cuda", torch.bfloat16, enabled=half):
            outputs = network(images)
        loss = total_loss(outputs, labels, images, TrainConfig(sparsity_weight=1.0))
        loss.backward()  # type: ignore[no-untyped-call]
        found.append([loss.detach(), *(p.grad for p in network.parameters() if p.grad is not None)])
    assert len(found[0]) == len(found[1])
    # Masks of bfloat16 are rounded by the plain function alone.
    tolerance = 0.05 if half else 1e-4
    for one, other in zip(*found, strict=True):
        assert float((one - other).norm()) <= tolerance * float(one.norm()) + 1e-7


@pytest.mark.gpu
@needs_cuda
@needs_triton
def test_a_gpu_fuses_large_batches_of_single_precision_alone() -> None:
    from mamviz.models.fused import FusedPool

    hidden = torch.zeros(128, 64, 64, device="cuda")
    assert choose_pool(hidden, cells=1 << 24) is FusedPool
    assert choose_pool(hidden, cells=1 << 10) is MaskedPool
    assert choose_pool(hidden.double(), cells=1 << 24) is MaskedPool
