"""Maps of single images by other methods, from captum: GradCAM and occlusion.

captum is optional (the extra `validate`); `has_captum` says whether it is there.
"""

from __future__ import annotations

import copy
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mamviz.data.batches import to_tensor
from mamviz.models.network import MaskNetwork
from mamviz.schema import Floats


def has_captum() -> bool:
    """Say whether captum is installed."""
    return find_spec("captum") is not None


class AttributeHead(nn.Module):
    """The logit (n,) of one attribute from features (n, C, H, W): the network after its extractor.

    The masks of the other attributes are not made: with K attributes the network itself takes K times as long.
    layer    where the features pass, for captum to look at
    """

    def __init__(self, network: MaskNetwork, attribute: int) -> None:
        super().__init__()
        channels = network.shape[0]
        rows = slice(attribute * channels, (attribute + 1) * channels)
        self.layer = nn.Identity()
        self.masking = copy.deepcopy(network.masking)
        self.masking.n_attributes = 1
        self.masking.mask.weight = nn.Parameter(self.masking.mask.weight[rows].detach())
        self.masking.mask.bias = nn.Parameter(self.masking.mask.bias[rows].detach())
        self.scale = network.readout.scale.detach().expand(network.n_attributes, -1)[attribute]
        self.bias = network.readout.bias.detach()[attribute]

    def forward(self, features: Tensor) -> Tensor:
        """Return the logits of features."""
        pooled, _ = self.masking.pool(self.layer(features))
        logits: Tensor = (pooled[:, 0] * self.scale).sum(-1) + self.bias
        return logits


def grad_cam(network: MaskNetwork, images: npt.NDArray[np.uint8], *, device: str = "cpu") -> Floats:
    """Return GradCAM of the extractor's output for each attribute's logit, (n, K, H, W).

    images   (n, S, S, 3)

    The mean gradient of a channel weighs its feature, summed over channels (Selvaraju et al. 2017). Signed: the
    rectifier at its end is left to who reads the map.
    """
    from captum.attr import LayerGradCam

    with torch.no_grad():
        features = network.extractor(to_tensor(images, device=device))
    features.requires_grad_()
    maps = np.empty((len(images), network.n_attributes, *network.shape[1:]))
    for attribute in range(network.n_attributes):
        head = AttributeHead(network, attribute).eval()
        maps[:, attribute] = LayerGradCam(head, head.layer).attribute(features)[:, 0].detach().double().cpu().numpy()
    return maps


@torch.no_grad()
def occlude(network: MaskNetwork, images: npt.NDArray[np.uint8], *, baseline: Floats, device: str = "cpu") -> Floats:
    """Return how much each logit falls when one cell's pixels show the baseline instead, (n, K, H, W).

    images     (n, S, S, 3)
    baseline   (S, S, 3) in 0..255, such as the mean image

    Occlusion (Zeiler and Fergus 2014) with a window of one cell's pixels, moved by its own size. captum moves it over
    a map of switches, one a cell, so that all logits come out of one pass.
    """
    from captum.attr import Occlusion

    n_images, (_, height, width) = len(images), network.shape
    pixels = to_tensor(images, device=device)
    behind = torch.from_numpy(baseline / 127.5 - 1).float().permute(2, 0, 1).to(device)

    def classify(shown: Tensor, pixels: Tensor) -> Tensor:
        opened = F.interpolate(shown, size=pixels.shape[2:], mode="nearest")
        return network.classify(opened * pixels + (1 - opened) * behind)

    falls = Occlusion(classify).attribute(
        torch.ones(n_images, 1, height, width, device=device),
        sliding_window_shapes=(1, 1, 1),
        baselines=0,
        additional_forward_args=(pixels,),
    )
    return np.asarray(falls.view(n_images, network.n_attributes, height, width).double().cpu().numpy())
