"""The weighted loss of design and poster: classifiers, multi-label classifier, reconstruction and sparsity."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from mamviz.config import TrainConfig
from mamviz.models.network import Outputs


def total_loss(outputs: Outputs, labels: Tensor, images: Tensor, config: TrainConfig) -> Tensor:
    """Return BCE(logit, y) + lambda_m BCE(multi, y) + lambda_r MSE(x_hat, x) + lambda_s mean(M).

    labels (N, K) in {0, 1}; images (N, 3, S, S) in [-1, 1]. float32 whatever the outputs are. With `loss` "focal"
    both classifiers' terms are focal (`focal_loss`).
    """
    loss = _classification(outputs.logits, labels, config)
    if config.multi_weight:
        loss = loss + config.multi_weight * _classification(outputs.multi, labels, config)
    if config.reconstruction_weight:
        loss = loss + config.reconstruction_weight * functional.mse_loss(outputs.images.float(), images.float())
    if config.sparsity_weight:
        loss = loss + config.sparsity_weight * outputs.mask_level
    return loss


def focal_loss(logits: Tensor, labels: Tensor, *, gamma: float) -> Tensor:
    """Return the mean of -(1 - p_t)^gamma log p_t (Lin et al. 2017, arXiv 1708.02002, eq. 4); gamma 0 is BCE."""
    entropy = functional.binary_cross_entropy_with_logits(logits, labels, reduction="none")
    return ((1 - torch.exp(-entropy)) ** gamma * entropy).mean()


def _classification(logits: Tensor, labels: Tensor, config: TrainConfig) -> Tensor:
    if config.loss == "focal":
        return focal_loss(logits.float(), labels, gamma=config.focal_gamma)
    return functional.binary_cross_entropy_with_logits(logits.float(), labels)
