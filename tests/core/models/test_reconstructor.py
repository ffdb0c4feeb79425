from __future__ import annotations

import pytest
import torch

from mamviz.models.reconstructor import Reconstructor
from tests.core.models.stirred import stir


@pytest.mark.parametrize(("side", "size"), [(8, 64), (4, 64), (7, 224), (4, 224), (9, 65), (13, 100), (2, 16), (5, 5)])
def test_images_have_the_size_asked_for_from_any_grid(side: int, size: int) -> None:
    reconstructor = Reconstructor((3, side, side), size=size)
    stir(reconstructor, 0)
    images = reconstructor(torch.rand(1, 3, side, side)).detach()
    assert images.shape == (1, 3, size, size)
    assert float(images.abs().max()) <= 1
    assert float(images.std()) > 0


def test_a_cell_is_drawn_where_it_stands() -> None:
    torch.manual_seed(0)
    reconstructor = Reconstructor((4, 8, 8), size=64).double()
    features = torch.rand(1, 4, 8, 8, dtype=torch.float64)
    changed = features.clone()
    changed[:, :, 2, 5] += 1
    differs = (reconstructor(changed) != reconstructor(features)).any(0).any(0)
    rows, columns = differs.nonzero().T.tolist()
    # A 3x3 convolution at each of 8, 16 and 32 cells a side spreads by 8 + 4 + 2 pixels.
    assert (min(rows), max(rows)) == (2 * 8 - 14, 3 * 8 - 1 + 14)
    assert (min(columns), max(columns)) == (5 * 8 - 14, 6 * 8 - 1 + 14)
