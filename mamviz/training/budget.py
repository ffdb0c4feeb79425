"""What a training will need, counted before it starts."""

from __future__ import annotations

import torch
from torch.utils.flop_counter import FlopCounterMode

from mamviz.config import RunConfig
from mamviz.models.network import MaskNetwork, count_parameters
from mamviz.models.weights import build_network
from mamviz.schema import Budget, Component

# Weights, their average, and in a checkpoint both and AdamW's two moments: about five times float32.
BYTES_A_PARAMETER = 20


def predict_budget(config: RunConfig, *, n_attributes: int, n_images: int) -> Budget:
    """Return parameters, FLOPs and disk of a training; computes one image and writes nothing.

    flops_per_image    of the forward pass, two a multiply-add, matrix products and convolutions
    disk_bytes         packed images, weights and checkpoint
    Memory and time are found by `trial.try_training`.
    """
    network = build_network(config, n_attributes=n_attributes, pretrained=False)
    parameters = count_parameters(network)
    n_parameters = sum(parameters.values())
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.eval()(torch.zeros(1, 3, config.data.size, config.data.size))
    return Budget(
        parameters=parameters,
        flops_per_image=float(counter.get_total_flops()),
        disk_bytes=3.0 * config.data.size**2 * n_images + BYTES_A_PARAMETER * n_parameters,
        components=describe(network, config),
    )


def describe(network: MaskNetwork, config: RunConfig) -> tuple[Component, ...]:
    """Return the components of the poster's Figure 1 with the shapes they really have."""
    parameters = count_parameters(network)
    model, n_attributes = config.model, network.n_attributes
    image = (3, config.data.size, config.data.size)
    context = f", sees {model.receptive_field} px" if model.preset == "small" and not model.extractor else ""
    kept = "" if model.kept is None else f", {len(model.kept)} channels kept"
    position = " + positions" if model.position else ""
    trunk = f"{model.trunk_kernel}x{model.trunk_kernel} trunk{position}, 1x1, sigmoid"

    def part(name: str, key: str, reads: str, output: tuple[int, ...], detail: str) -> Component:
        return Component(name=name, reads=reads, output=output, parameters=parameters[key], detail=detail)

    return (
        part("extractor", "extractor", "", network.shape, f"F, {model.extractor or model.preset}{context}{kept}"),
        part("mask generator", "masking", "extractor", (n_attributes, *network.shape), f"M, {trunk}"),
        part("binary classifiers", "readout", "mask generator", (n_attributes,), f"{model.readout} s on M F"),
        part("multi-label classifier", "multi", "extractor", (n_attributes,), "linear on mean-pooled F"),
        part("reconstructor", "reconstructor", "extractor", image, "3x3 convolutions, pixel shuffle"),
    )
