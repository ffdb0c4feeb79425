"""What is seen of every channel on the images that rank: masks and evidence, means, and Taylor's criterion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch.nn import functional

from mamviz.extraction.sums import add_images, start_sums, to_statistics
from mamviz.models.network import MaskNetwork
from mamviz.models.surgery import ChannelMeans
from mamviz.pruning.importance import channel_importance
from mamviz.pruning.part import Part
from mamviz.schema import BlockStatistics, Floats, Progress, silent
from mamviz.stats.moments import adjusted_weights

# Cells of masks summed at a time: their float64 copies are 4 MB each (as in extraction.sweep).
CELLS_AT_A_TIME = 1 << 19
IMAGES_AT_A_TIME = 64  # of Taylor's criterion, which keeps no mask


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What channels do on the images of a part; all that rankings need but the network itself.

    statistics   of masks and evidence, all images in one block
    means        what a removed channel leaves behind where the fill is the mean
    taylor       (C,) mean over images of |mean over cells of F_c dL/dF_c|, L the binary cross entropy of an image
    activation   (C,) mean of the feature over images and cells
    """

    statistics: BlockStatistics
    means: ChannelMeans
    taylor: Floats
    activation: Floats


def observe(network: MaskNetwork, part: Part, *, progress: Progress = silent) -> Observation:
    """Look once at the features of a part; the network is used as for inference and left as it was."""
    training = network.training
    network.eval()
    statistics = sum_masks(network, part, progress=progress)
    taylor = estimate_taylor(network, part)
    network.train(training)
    return Observation(
        statistics=statistics,
        means=take_means(network, statistics),
        taylor=taylor,
        activation=channel_importance(statistics).activation,
    )


@torch.no_grad()
def sum_masks(network: MaskNetwork, part: Part, *, progress: Progress = silent) -> BlockStatistics:
    """Return block statistics of the part's masks and evidence: one block, weights of these images alone."""
    device = part.features.device
    labels = torch.from_numpy(part.labels).to(device, torch.float64)
    weights = torch.from_numpy(adjusted_weights(part.labels).values).to(device)
    sums = start_sums(network.n_attributes, network.shape, device=str(device))
    step = max(1, CELLS_AT_A_TIME // (network.n_attributes * part.features[0].numel()))
    for rows in _slices(part.n_images, step):
        masks = network.explain_features(part.features[rows])
        add_images(sums, masks, labels=labels[rows], weights=weights[rows])
        progress(rows.stop, part.n_images)
    return to_statistics(sums, part.attributes)


def take_means(network: MaskNetwork, statistics: BlockStatistics) -> ChannelMeans:
    """Return each channel's mean map (C, H, W) and mean evidence (K, C), float32 on the network's device."""
    device = network.readout.bias.device
    features = statistics.feature_sum.sum(0) / statistics.n_images
    evidence = statistics.evidence.total.sum((0, 3, 4)) / statistics.n_images
    return ChannelMeans(
        torch.from_numpy(features).to(device, torch.float32), torch.from_numpy(evidence).to(device, torch.float32)
    )


@torch.enable_grad()
def estimate_taylor(network: MaskNetwork, part: Part) -> Floats:
    """Return (C,) the first-order change of the loss when a channel goes (Molchanov et al. 2017, 1611.06440, eq. 8).

    |mean over cells of F_c dL/dF_c| of each image, mean over images; L is the binary cross entropy, mean over
    attributes. Eq. 9, which compares layers, changes nothing within one. No parameter is left with a gradient.
    """
    total = torch.zeros(network.shape[0], dtype=torch.float64, device=part.features.device)
    labels = torch.from_numpy(part.labels).to(part.features.device, torch.float32)
    for rows in _slices(part.n_images, IMAGES_AT_A_TIME):
        features = part.features[rows].detach().requires_grad_()
        pooled, _ = network.masking.pool(features)
        logits = network.readout(pooled)
        entropy = functional.binary_cross_entropy_with_logits(logits, labels[rows], reduction="none")
        # Summed over images: the gradient of each is that of its own loss.
        (gradient,) = torch.autograd.grad(entropy.mean(1).sum(), features)
        total += (features.detach() * gradient).mean((2, 3)).abs().sum(0, dtype=torch.float64)
    taylor: Floats = (total / part.n_images).cpu().numpy()
    return taylor


def _slices(n: int, step: int) -> Iterator[slice]:
    return (slice(start, min(start + step, n)) for start in range(0, n, step))
