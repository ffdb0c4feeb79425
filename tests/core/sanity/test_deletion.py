"""Traces of single pairs against the whole network on changed features."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mamviz.sanity.deletion import DIRECTIONS, N_STEPS, Traces, choose_rows, order_cells, take_pairs, trace_cells
from mamviz.schema import ORDERS
from tests.core.sanity.sampled import NAMES, logits_of, make_network, make_sample, pixels_of

N_IMAGES = 24


def trace(fill: str, readout: str = "shared") -> Traces:
    return trace_cells(
        make_network(readout=readout), make_sample(N_IMAGES), generator=np.random.default_rng(0), n_images=6, fill=fill
    )


@pytest.mark.parametrize("readout", ["shared", "per-attribute"])
@pytest.mark.parametrize("fill", ["mean", "zero"])
def test_traces_equal_the_whole_network_on_changed_features(fill: str, readout: str) -> None:
    network, sample, found = make_network(readout=readout), make_sample(N_IMAGES), trace(fill, readout)
    scale = network.readout.scale.detach().expand(len(NAMES), -1)[:, :, None, None] / 4
    with torch.no_grad():
        features = network.extractor(pixels_of(sample))
        masks = network.masking(features)
    filled = features.mean(0) if fill == "mean" else torch.zeros_like(features[0])
    assert found.kept.shape == found.recomputed.shape == (2, len(ORDERS), 6 * len(NAMES), N_STEPS + 1)
    for pair in range(0, len(found.rows), 5):
        row, attribute = found.rows[pair], found.attributes[pair]
        sign = np.sign(logits_of(network, sample)[row, attribute])
        assert found.sign[pair] == sign
        evidence = (sign * scale[attribute] * masks[row, attribute] * features[row]).flatten()
        order = evidence.argsort(descending=True)
        for d, direction in enumerate(DIRECTIONS):
            for step in range(0, N_STEPS + 1, 5):
                gone = torch.zeros(24, dtype=torch.bool)
                gone[order[: round(step * 24 / N_STEPS)]] = True
                if direction == "insertion":
                    gone = ~gone
                changed = torch.where(gone.view(6, 2, 2), filled, features[row])
                with torch.no_grad():
                    anew = network.masking(changed[None])[0]
                for mask, traced in ((masks[row], found.kept), (anew, found.recomputed)):
                    logit = (scale * mask * changed).sum((1, 2, 3)) + network.readout.bias
                    expected = sign * logit[attribute].item()
                    assert traced[d, 0, pair, step] == pytest.approx(expected, abs=5e-4)


def test_all_orders_start_and_end_together() -> None:
    found = trace("mean")
    logits = logits_of(make_network(), make_sample(N_IMAGES))[found.rows, found.attributes]
    for traces in (found.kept, found.recomputed):
        np.testing.assert_allclose(traces[0, :, :, 0], np.broadcast_to(np.abs(logits), (4, len(logits))), atol=1e-4)
        np.testing.assert_allclose(traces[1, :, :, -1], traces[0, :, :, 0], atol=1e-4)
        np.testing.assert_allclose(traces[1, :, :, 0], traces[0, :, :, -1], atol=1e-4)
        np.testing.assert_allclose(traces[0, 1:, :, -1], traces[0, :-1, :, -1], atol=1e-4)


def test_deleted_evidence_is_what_the_logit_loses_where_cells_become_zero() -> None:
    found = trace("zero")
    # with masks kept no order can do more harm at any share than the order by evidence
    assert (found.kept[0, :1] <= found.kept[0] + 1e-4).all()
    assert (found.kept[1, :1] >= found.kept[1] - 1e-4).all()
    assert (found.kept[0, 1:] - found.kept[0, :1]).max() > 0.01


def test_orders_follow_their_strength() -> None:
    network = make_network()
    with torch.no_grad():
        features = network.extractor(pixels_of(make_sample(5)))
    pairs = take_pairs(network, features, attribute=2, fill=features.mean(0))
    sign = torch.tensor([1.0, -1.0, 1.0, 1.0, -1.0])
    orders = dict(zip(ORDERS, order_cells(pairs, sign, np.random.default_rng(0)), strict=True))
    logit = pairs.logits(features, pairs.generator(features)[:, 0])
    slope = torch.empty(5, 24)
    for cell in range(24):  # gradient by differences, masks moving along
        step = torch.zeros(24)
        step[cell] = 1e-2
        moved = features + step.view(1, 6, 2, 2)
        slope[:, cell] = (pairs.logits(moved, pairs.generator(moved)[:, 0]) - logit).detach() / 1e-2
    change = (features - features.mean(0)).flatten(1)
    for n in range(5):
        assert orders["magnitude"][n, 0] == features[n].flatten().argmax()
        strength = sign[n] * slope[n] * change[n]
        assert strength[orders["gradient"][n, 0]] == pytest.approx(float(strength.max()), rel=0.1)
        assert sorted(orders["random"][n].tolist()) == list(range(24))
    assert not torch.equal(orders["random"][0], orders["random"][1])


def test_images_are_half_with_the_attribute_where_there_are_enough() -> None:
    labels = np.array([1] * 3 + [0] * 20, np.uint8)
    for n_images, positives in ((6, 3), (4, 2), (10, 3), (23, 3), (40, 3)):
        rows = choose_rows(labels, n_images, np.random.default_rng(0))
        assert labels[rows].sum() == positives
        assert len(set(rows.tolist())) == len(rows) == min(n_images, 23)
    assert choose_rows(np.ones(9, np.uint8), 6, np.random.default_rng(0)).shape == (6,)
