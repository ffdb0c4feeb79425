"""What a training will need, counted before it starts."""

from __future__ import annotations

import torch
from torch.utils.flop_counter import FlopCounterMode

from mamviz.config import RunConfig
from mamviz.models.network import MaskNetwork, count_parameters
from mamviz.models.weights import build_network
from mamviz.schema import Budget, Component
from mamviz.stats.moments import number_of_blocks
from mamviz.store.layout import size_on_disk
from mamviz.training.loop import autocast_dtype
from mamviz.training.losses import total_loss

# Measured: peak resident memory of a training on celeba-8k at 64 px, less what is counted below; libraries, buffers of
# the convolutions and read-ahead.
PROCESS_BYTES = 620e6
# Weights, their average, gradients and AdamW's two moments, float32.
BYTES_A_PARAMETER = 20


def predict_budget(config: RunConfig, *, n_attributes: int, n_images: int, device: str = "cpu") -> Budget:
    """Return parameters, FLOPs and bytes of a training; computes one batch of two images and writes nothing.

    flops_per_image    of the forward pass, two a multiply-add, matrix products and convolutions
    ram_bytes          of the process: code, weights and optimiser, and what the backward pass of a batch keeps
    device_bytes       the same of the device's memory, 0 on the CPU
    disk_bytes         packed images, masks.h5 without raw masks, weights and checkpoint
    """
    network = build_network(config, n_attributes=n_attributes, pretrained=False)
    parameters = count_parameters(network)
    n_parameters = sum(parameters.values())
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.eval()(torch.zeros(1, 3, config.data.size, config.data.size))
    working = BYTES_A_PARAMETER * n_parameters + config.train.batch_size * _kept_bytes(network, config, device)
    n_blocks = number_of_blocks(n_attributes, *network.shape)
    masks = size_on_disk(n_blocks, n_attributes, network.shape, n_raw=0, n_images=n_images)
    pixels = 3 * config.data.size**2 * n_images
    on_device = device.startswith("cuda")
    return Budget(
        parameters=parameters,
        flops_per_image=float(counter.get_total_flops()),
        ram_bytes=PROCESS_BYTES + (0 if on_device else working),
        device_bytes=working if on_device else 0.0,
        disk_bytes=pixels + masks + 4 * n_parameters * 5,
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


def _kept_bytes(network: MaskNetwork, config: RunConfig, device: str) -> float:
    """Return the bytes an image keeps for the backward pass, counted on a batch of two."""
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    parameters = {p.untyped_storage().data_ptr() for p in network.parameters()}
    x = torch.zeros(2, 3, config.data.size, config.data.size)
    dtype = autocast_dtype(config.train, device)
    network.train()
    with (
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
        torch.autocast("cpu", dtype, enabled=dtype is not None),
    ):
        outputs = network(x)
        total_loss(outputs, torch.zeros(2, network.n_attributes), x, config.train)
    return sum(size for pointer, size in kept.items() if pointer not in parameters) / 2 + 4.0 * x[0].numel() * 3
