"""Gradients of a batch: the same whole as in parts, but for batch norm, which sees the parts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from mamviz.data.dataset import ImageData
from mamviz.distributed import Group
from mamviz.models.weights import build_network
from mamviz.training import gradients
from mamviz.training.gradients import Batch, make_gradients
from mamviz.training.loop import make_session
from mamviz.training.session import Session
from tests.core.made import make_config, make_data
from tests.core.models.stirred import stir

CONFIG = make_config(crop_scale=0.8, batch_size=14)


@pytest.fixture
def data() -> ImageData:
    return make_data(20)


def begin(*, batch_norm: bool) -> Session:
    network = build_network(CONFIG, n_attributes=4)
    stir(network.masking, 1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.train(batch_norm)
    return make_session(network, CONFIG, Group(), total_steps=10)


def make(session: Session, data: ImageData, at_once: int) -> tuple[dict[str, torch.Tensor], gradients.Totals]:
    indices = np.arange(14)
    batch = Batch(indices, data.images[indices], seed=5)
    sums = make_gradients(session, data, batch, CONFIG.train, device="cpu", dtype=None, at_once=at_once)
    return {name: p.grad.clone() for name, p in session.network.named_parameters() if p.grad is not None}, sums


@pytest.mark.parametrize("at_once", [7, 5, 3, 1])
def test_parts_give_the_gradients_and_sums_of_the_whole(data: ImageData, at_once: int) -> None:
    session = begin(batch_norm=False)
    expected, whole = make(session, data, 14)
    got, sums = make(session, data, at_once)
    assert len(expected) > 10
    for name, value in expected.items():
        # sums of float32 in another order
        torch.testing.assert_close(got[name], value, rtol=0, atol=1e-5 * float(value.abs().max()), msg=name)
    assert sums.n_images == whole.n_images == 14
    assert sums.loss == pytest.approx(whole.loss, rel=1e-6)
    assert sums.correct == pytest.approx(whole.correct, abs=1e-5)


def test_batch_norm_sees_the_parts(data: ImageData) -> None:
    session = begin(batch_norm=True)
    expected, _ = make(session, data, 14)
    counted = {name: int(value) for name, value in session.network.named_buffers() if "num_batches" in name}
    got, _ = make(session, data, 7)
    assert any(not torch.allclose(got[name], expected[name], rtol=1e-3) for name in expected)
    now = {name: int(value) for name, value in session.network.named_buffers() if "num_batches" in name}
    assert now == {name: count + 2 for name, count in counted.items()}


def test_a_call_that_failed_leaves_nothing_behind(data: ImageData, monkeypatch: pytest.MonkeyPatch) -> None:
    untouched, session = begin(batch_norm=True), begin(batch_norm=True)
    expected, _ = make(untouched, data, 7)
    true_loss, calls = gradients.total_loss, []

    def full_in_the_third(*arguments: object) -> object:
        calls.append(None)
        if len(calls) == 3:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return true_loss(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(gradients, "total_loss", full_in_the_third)
    with pytest.raises(torch.OutOfMemoryError):
        make(session, data, 4)
    got, _ = make(session, data, 7)
    assert all(torch.equal(got[name], value) for name, value in expected.items())
    buffers = dict(untouched.network.named_buffers())
    assert all(torch.equal(value, buffers[name]) for name, value in session.network.named_buffers())
