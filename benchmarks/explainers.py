"""All maps of an image by captum on the same network: LayerGradCam and integrated gradients, an attribute at a time."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from timing import Timing, timed

from mamviz.models.network import MaskNetwork

IG_STEPS = 50  # captum's default


def measure_explainers(network: MaskNetwork, x: torch.Tensor, repeats: int) -> Iterator[Timing]:
    """Yield images a second of every explainer, each with all attributes' maps; nothing where captum is missing."""
    try:
        from captum.attr import IntegratedGradients, LayerGradCam
    except ImportError:
        print("captum is not installed: its rows are left out")
        return
    network.eval()
    yield timed("all maps of an image: ours", lambda: _explain(network, x), repeats, n_images=len(x))
    gradcam = LayerGradCam(network.classify, network.extractor)
    few = x[:16]

    def by_gradcam() -> None:
        for attribute in range(network.n_attributes):
            gradcam.attribute(few, target=attribute)

    yield timed("all maps of an image: captum's LayerGradCam", by_gradcam, repeats, n_images=len(few))
    integrated = IntegratedGradients(network.classify)

    def by_integration() -> None:
        for attribute in range(network.n_attributes):
            integrated.attribute(x[:1], target=attribute, n_steps=IG_STEPS)

    yield timed(
        f"all maps of an image: captum's integrated gradients, {IG_STEPS} steps", by_integration, repeats, n_images=1
    )


@torch.inference_mode()
def _explain(network: MaskNetwork, x: torch.Tensor) -> None:
    features = network.extractor(x)
    for few in features.split(8):
        network.explain_features(few)
