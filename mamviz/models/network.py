"""The whole network of the poster's Figure 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from mamviz.config import ModelConfig
from mamviz.errors import ConfigError
from mamviz.models.cutting import cut_channels
from mamviz.models.extractor import feature_shape, make_extractor
from mamviz.models.masking import MaskGenerator, ReadoutWeights
from mamviz.models.reconstructor import Reconstructor


@dataclass(frozen=True)
class Outputs:
    """What training compares with labels and images.

    logits (N, K), multi (N, K), images (N, 3, S, S) in [-1, 1], mask_level: mean of all masks, a scalar
    """

    logits: Tensor
    multi: Tensor
    images: Tensor
    mask_level: Tensor


@dataclass(frozen=True)
class Masks:
    """Masks and evidence of a batch: b_k + sum of evidence_k = logit_k.

    masks, evidence (N, K, C, H, W); features (N, C, H, W); logits (N, K)
    """

    masks: Tensor
    evidence: Tensor
    features: Tensor
    logits: Tensor


class MaskNetwork(nn.Module):
    """Extractor, mask generator with binary classifiers, multi-label classifier and reconstructor.

    shape    (C, H, W) of its features
    """

    def __init__(self, config: ModelConfig, *, n_attributes: int, size: int) -> None:
        super().__init__()
        self.extractor = make_extractor(config, size=size)
        whole = feature_shape(self.extractor, size=size)
        self.shape = whole
        if config.kept is not None:
            self.shape = (len(config.kept), *whole[1:])
            self.extractor = cut_channels(self.extractor, _checked(config.kept, whole[0]), size=size)
        self.n_attributes = n_attributes
        self.masking = MaskGenerator(
            n_attributes, self.shape, trunk_kernel=config.trunk_kernel, position=config.position, hidden=whole[0]
        )
        self.readout = ReadoutWeights(n_attributes, self.shape[0], readout=config.readout)
        self.multi = nn.Linear(self.shape[0], n_attributes)
        self.reconstructor = Reconstructor(self.shape, size=size)

    def forward(self, x: Tensor) -> Outputs:
        """Return what the loss needs, for images x (N, 3, S, S) in [-1, 1]."""
        features = self.extractor(x)
        pooled, level = self.masking.pool(features)
        return Outputs(
            logits=self.readout(pooled),
            multi=self.multi(features.mean((2, 3))),
            images=self.reconstructor(features),
            mask_level=level,
        )

    def classify(self, x: Tensor) -> Tensor:
        """Return the binary classifiers' logits (N, K)."""
        features = self.extractor(x)
        pooled, _ = self.masking.pool(features)
        return cast(Tensor, self.readout(pooled))

    def explain(self, x: Tensor) -> Masks:
        """Return masks, evidence, features and logits of images x (N, 3, S, S) in [-1, 1]."""
        return self.explain_features(self.extractor(x))

    def explain_features(self, features: Tensor) -> Masks:
        """Return the same of features (N, C, H, W): of a few images at a time, masks stay in a processor's cache."""
        channels, height, width = self.shape
        masks = self.masking(features)
        scale = self.readout.scale.view(1, -1, channels, 1, 1)  # one row for all attributes, or one each
        # A shared readout meets the features first, which are K times smaller than the masks.
        evidence = masks * (features.unsqueeze(1) * (scale / (height * width)))
        return Masks(masks, evidence, features, evidence.sum((2, 3, 4)) + self.readout.bias)


def compile_network(network: MaskNetwork, *, backend: str = "inductor") -> MaskNetwork:
    """Return the network compiled by torch, but for the pooling: its loop over chunks is made for the cache.

    Not by a decorator, which would load the compiler, for seconds, wherever a network is read.
    """
    network.masking.pool = torch.compiler.disable(network.masking.pool)  # type: ignore[method-assign, no-untyped-call]
    return cast(MaskNetwork, torch.compile(network, backend=backend))


def _checked(kept: tuple[int, ...], n_channels: int) -> tuple[int, ...]:
    if not kept or list(kept) != sorted(set(kept)) or not 0 <= kept[0] <= kept[-1] < n_channels:
        raise ConfigError(
            f"kept: expected ascending channels from 0 to {n_channels - 1}, at least one, got {list(kept)[:8]}. "
            "Restore the run's run.json, or prune again."
        )
    return kept


def count_parameters(network: MaskNetwork) -> dict[str, int]:
    """Return the number of parameters of each component, in the order of the data's way."""
    return {name: sum(p.numel() for p in child.parameters()) for name, child in network.named_children()}
