"""The loss against its formula, written out."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from mamviz.config import TrainConfig
from mamviz.models.network import Outputs
from mamviz.training.losses import focal_loss, total_loss

LOGITS = torch.tensor([[0.3, -1.2], [2.0, 0.0]])
MULTI = torch.tensor([[-0.4, 0.7], [0.1, -2.0]])
LABELS = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
DRAWN, IMAGES = torch.full((2, 3, 4, 4), 0.25), torch.full((2, 3, 4, 4), -0.5)
OUTPUTS = Outputs(LOGITS, MULTI, DRAWN, torch.tensor(0.4))


def entropy(logits: torch.Tensor, gamma: float = 0.0) -> float:
    terms = []
    for logit, label in zip(logits.flatten().tolist(), LABELS.flatten().tolist(), strict=True):
        p = 1 / (1 + math.exp(-logit))
        right = p if label else 1 - p
        terms.append(-((1 - right) ** gamma) * math.log(right))
    return sum(terms) / len(terms)


def test_the_four_terms_add_up() -> None:
    config = TrainConfig(multi_weight=0.5, reconstruction_weight=0.3, sparsity_weight=0.1)
    expected = entropy(LOGITS) + 0.5 * entropy(MULTI) + 0.3 * 0.75**2 + 0.1 * 0.4
    assert float(total_loss(OUTPUTS, LABELS, IMAGES, config)) == pytest.approx(expected, rel=1e-6)


def test_a_weight_of_zero_leaves_its_term_out() -> None:
    config = TrainConfig(multi_weight=0.0, reconstruction_weight=0.0, sparsity_weight=0.0)
    nan = replace(OUTPUTS, multi=MULTI * math.nan, images=DRAWN * math.nan)
    assert float(total_loss(nan, LABELS, IMAGES, config)) == pytest.approx(entropy(LOGITS), rel=1e-6)


@pytest.mark.parametrize("gamma", [0.0, 1.0, 2.0])
def test_focal_loss_is_its_formula(gamma: float) -> None:
    assert float(focal_loss(LOGITS, LABELS, gamma=gamma)) == pytest.approx(entropy(LOGITS, gamma), rel=1e-5)


def test_focal_is_used_for_both_classifiers() -> None:
    config = TrainConfig(loss="focal", multi_weight=1.0, reconstruction_weight=0.0)
    expected = entropy(LOGITS, 2.0) + entropy(MULTI, 2.0)
    assert float(total_loss(OUTPUTS, LABELS, IMAGES, config)) == pytest.approx(expected, rel=1e-5)
