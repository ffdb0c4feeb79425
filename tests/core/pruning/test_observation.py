from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
import torch
from torch.nn import functional

from mamviz.models.network import MaskNetwork
from mamviz.pruning import observation
from mamviz.pruning.importance import channel_importance
from mamviz.pruning.observation import estimate_taylor, observe
from mamviz.pruning.part import Part
from mamviz.schema import BlockSums, Floats
from mamviz.stats.moments import adjusted_weights
from tests.core.models.stirred import draw_images
from tests.core.pruning.pruned_parts import NAMES, make_network, make_part, sparse_part


def loss_of(network: MaskNetwork, part: Part, image: int, features: torch.Tensor) -> torch.Tensor:
    """Binary cross entropy of one image, its masks all made, in the network's precision."""
    logits = network.explain_features(features[None]).logits[0]
    labels = torch.from_numpy(part.labels[image]).to(features)
    return functional.binary_cross_entropy_with_logits(logits, labels)


def taylor_slowly(network: MaskNetwork, part: Part) -> Floats:
    """Image by image, channel by channel: how fast the loss changes as a channel is scaled, by central differences."""
    network = network.double()
    total = np.zeros(network.shape[0])
    n_cells = part.features[0, 0].numel()
    for image, whole in enumerate(part.features.double()):
        for channel in range(len(total)):
            more, less = whole.clone(), whole.clone()
            more[channel] *= 1 + 1e-5
            less[channel] *= 1 - 1e-5
            with torch.no_grad():
                slope = (loss_of(network, part, image, more) - loss_of(network, part, image, less)) / 2e-5
            total[channel] += abs(float(slope)) / n_cells
    network.float()
    return total / part.n_images


@pytest.mark.parametrize("readout", ["shared", "per-attribute"])
def test_statistics_are_those_of_masks_and_evidence_of_all_images(
    readout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observation, "CELLS_AT_A_TIME", 500)  # five images at a time
    network = make_network(readout=readout)
    part = make_part(network)
    with torch.no_grad():
        seen = network.explain(draw_images(24, size=16))
    found = observe(network, part).statistics
    assert (found.attributes, found.grid, found.n_blocks, found.n_images) == (NAMES, network.shape, 1, 24)
    np.testing.assert_array_equal(found.positives[0], part.labels.sum(axis=0))
    factors = np.ones((24, 4)), part.labels.astype(float), adjusted_weights(part.labels).values
    for sums, values in ((found.mask, seen.masks), (found.evidence, seen.evidence)):
        maps = values.double().numpy()
        for name, factor in zip(("total", "positive", "adjusted"), factors, strict=True):
            expected = np.einsum("nkchw,nk->kchw", maps, factor)
            np.testing.assert_allclose(
                getattr(sums, name)[0], expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max(), err_msg=name
            )
        gram = np.einsum("nkchw,nkdhw->cd", maps, maps)
        np.testing.assert_allclose(sums.channel_gram[0], gram, rtol=1e-4, atol=1e-6 * np.abs(gram).max())


def test_whole_equals_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    network = make_network()
    part = make_part(network)
    whole = observe(network, part)
    monkeypatch.setattr(observation, "CELLS_AT_A_TIME", 1)
    monkeypatch.setattr(observation, "IMAGES_AT_A_TIME", 7)
    single = observe(network, part)
    for entry in fields(BlockSums):
        ours, theirs = (getattr(each.statistics.evidence, entry.name) for each in (whole, single))
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5 * np.abs(theirs).max(), err_msg=entry.name)
    np.testing.assert_allclose(whole.taylor, single.taylor, rtol=1e-4)


def test_means_and_activation_are_those_of_all_images() -> None:
    network = make_network(readout="per-attribute")
    part = make_part(network)
    found = observe(network, part)
    with torch.no_grad():
        seen = network.explain_features(part.features)
    assert found.means.features.dtype == found.means.evidence.dtype == torch.float32
    torch.testing.assert_close(found.means.features, part.features.mean(0), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(found.means.evidence, seen.evidence.sum((3, 4)).mean(0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found.activation, part.features.mean((0, 2, 3)).numpy(), rtol=1e-5)
    np.testing.assert_array_equal(found.activation, channel_importance(found.statistics).activation)


@pytest.mark.parametrize(("kernel", "readout"), [(1, "shared"), (3, "per-attribute")])
def test_taylor_is_the_slope_of_the_loss_as_a_channel_is_scaled(kernel: int, readout: str) -> None:
    network = make_network(trunk_kernel=kernel, readout=readout, size=32)
    part = sparse_part(network, 8)
    np.testing.assert_allclose(estimate_taylor(network, part), taylor_slowly(network, part), rtol=1e-3)


def test_taylor_adds_sizes_of_images_not_their_signs() -> None:
    """Two images whose slopes cancel: with the opposite label the gradient turns round."""
    network = make_network(size=32)
    with torch.no_grad():
        network.readout.scale.mul_(1e-6)
        network.readout.bias.zero_()
    part = sparse_part(network, 8)
    part.features[1::2] = part.features[::2]
    part.labels[1::2] = 1 - part.labels[::2]
    taylor = estimate_taylor(network, part)
    once = Part(
        indices=part.indices[::2],
        labels=part.labels[::2],
        units=part.units[::2],
        features=part.features[::2],
        attributes=part.attributes,
    )
    assert (taylor > 0).all()
    np.testing.assert_allclose(taylor, estimate_taylor(network, once), rtol=1e-3)


def test_a_channel_that_is_never_active_changes_no_loss() -> None:
    network = make_network()
    part = make_part(network)
    part.features[:, 3] = 0
    taylor = observe(network, part).taylor
    assert taylor[3] == 0
    assert (np.delete(taylor, 3) > 0).all()


def test_the_network_stays_as_it_was_even_in_training() -> None:
    network = make_network()
    part = make_part(network)
    expected = observe(network, part)
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with torch.no_grad():  # a caller's mode does not keep Taylor from its gradient
        found = observe(network, part)
    np.testing.assert_array_equal(found.taylor, expected.taylor)
    np.testing.assert_array_equal(found.statistics.mask.total, expected.statistics.mask.total)
    assert network.training
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not part.features.requires_grad
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


def test_progress_ends_with_all_images() -> None:
    seen: list[tuple[int, int]] = []
    network = make_network()
    observe(network, make_part(network), progress=lambda done, total, note="": seen.append((done, total)))
    assert seen[-1] == (24, 24)
