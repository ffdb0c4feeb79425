"""What a network says of a sample: logits and data-set maps, in one quick pass without a masks file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mamviz.data.batches import to_tensor
from mamviz.models.network import MaskNetwork
from mamviz.sanity.sample import Sample
from mamviz.schema import CENTRINGS, VIEWS, BlockStatistics, BlockSums, Floats, Progress, silent

BATCH = 16  # images; their masks are 13 MB at K = 40, C = 48, 8 x 8 (measured: 8 to 64 are equal)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One network on one sample.

    statistics   sums over the sample as a single block; sums of products (for the estimands image and across, and
                 between channels) aren't taken and are NaN
    logits       (n, K)
    """

    statistics: BlockStatistics
    logits: Floats


@torch.inference_mode()
def read_network(network: MaskNetwork, sample: Sample, *, progress: Progress = silent) -> Reading:
    """Return the logits and the sums behind the estimands mean, contrast and adjusted, of masks and evidence.

    Sums over a batch are float32 products, over batches float64: they agree with `mamviz.extraction.sums` to six
    digits, and take a quarter of the time.
    """
    device = str(next(network.parameters()).device)
    factors = np.stack([np.ones_like(sample.weights), sample.labels, sample.weights], axis=1)  # (n, 3, K)
    maps = torch.zeros(2, network.n_attributes, 3, *network.shape, dtype=torch.float64, device=device)
    feature_sum = torch.zeros(network.shape, dtype=torch.float64, device=device)
    logits = np.empty((sample.n_images, network.n_attributes))
    for rows, features in read_features(network, sample):
        factor = torch.from_numpy(factors[rows]).to(device, features.dtype).permute(2, 1, 0)  # (attribute, 3, image)
        masks = network.masking(features)
        maps[0] += _weigh(masks, factor)
        product = masks * features.unsqueeze(1)
        maps[1] += _weigh(product, factor)
        feature_sum += features.sum(0, dtype=torch.float64)
        logits[rows] = network.readout(product.mean((3, 4))).double().cpu().numpy()
        progress(rows.stop, sample.n_images)
    maps[1] *= evidence_scale(network).double().unsqueeze(1)
    return Reading(statistics=_to_statistics(maps, feature_sum, sample), logits=logits)


def read_features(
    network: MaskNetwork, sample: Sample, *, n_images: int | None = None
) -> Iterator[tuple[slice, Tensor]]:
    """Give the rows of each batch and their features (n, C, H, W); of the first `n_images` where it is given."""
    device = next(network.parameters()).device
    n_images = sample.n_images if n_images is None else min(n_images, sample.n_images)
    for start in range(0, n_images, BATCH):
        rows = slice(start, min(start + BATCH, n_images))
        yield rows, network.extractor(to_tensor(sample.images[rows], device=device))


def evidence_scale(network: MaskNetwork) -> Tensor:
    """Return s_kc / P, (K, C, 1, 1): times masks and features it is evidence."""
    _, height, width = network.shape
    return network.readout.scale.expand(network.n_attributes, -1)[:, :, None, None] / (height * width)


def _weigh(maps: Tensor, factor: Tensor) -> Tensor:
    """Return sums over images (K, 3, C, H, W) of maps (n, K, C, H, W), weighed by factor (K, 3, n)."""
    n_images, n_attributes, *grid = maps.shape
    # Cells before attributes, as the network lays masks out in memory: no copy is made but one.
    cells = maps.permute(1, 0, 3, 4, 2).reshape(n_attributes, n_images, -1)
    channels, height, width = grid
    sums = torch.bmm(factor, cells).view(n_attributes, 3, height, width, channels)
    return sums.permute(0, 1, 4, 2, 3).double()


def _to_statistics(maps: Tensor, feature_sum: Tensor, sample: Sample) -> BlockStatistics:
    labels = sample.labels.astype(np.float64)
    channels, height, width = feature_sum.shape
    mask, evidence = (_to_sums(part.cpu().numpy()) for part in maps)
    return BlockStatistics(
        attributes=sample.attributes,
        grid=(channels, height, width),
        count=np.array([float(sample.n_images)]),
        positives=labels.sum(axis=0)[None],
        weight_sum=sample.weights.sum(axis=0)[None],
        label_gram=(labels.T @ labels)[None],
        feature_sum=feature_sum.cpu().numpy()[None],
        mask=mask,
        evidence=evidence,
    )


def _to_sums(maps: Floats) -> BlockSums:
    n_attributes, _, channels = maps.shape[:3]
    pairs = (n_attributes, n_attributes)
    return BlockSums(
        total=maps[None, :, 0],
        positive=maps[None, :, 1],
        adjusted=maps[None, :, 2],
        attribute_gram=np.full((1, len(VIEWS), *pairs), np.nan),
        channel_gram=np.full((1, channels, channels), np.nan),
        image_r=np.full((1, len(VIEWS), len(CENTRINGS), *pairs), np.nan),
        image_count=np.full((1, len(VIEWS), len(CENTRINGS), *pairs), np.nan),
    )
