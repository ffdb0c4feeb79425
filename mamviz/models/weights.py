"""Writing and reading a trained network: safetensors, which runs no code."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from mamviz import config as settings
from mamviz.errors import RunError
from mamviz.models.network import MaskNetwork
from mamviz.run import Run, written_whole


def build_network(config: settings.RunConfig, *, n_attributes: int, pretrained: bool = True) -> MaskNetwork:
    """Return an untrained network; the same seed gives the same weights, whatever was drawn before.

    pretrained    load the config's ImageNet weights; False where trained ones follow anyway
    """
    model = config.model
    if not pretrained:
        model = settings.from_dict(settings.ModelConfig, {**settings.to_dict(model), "weights": None})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        network = MaskNetwork(model, n_attributes=n_attributes, size=config.data.size)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def write_network(file: Path, network: MaskNetwork, *, config: settings.RunConfig, attributes: tuple[str, ...]) -> None:
    """Write the weights with their settings, whole or not at all."""
    state = {name: value.contiguous() for name, value in network.state_dict().items()}
    # One entry: safetensors writes several in an order that changes from run to run, and the bytes with it.
    metadata = {"mamviz": json.dumps({"config": settings.to_dict(config), "attributes": attributes})}
    with written_whole(file) as partial:
        save_file(state, partial, metadata=metadata)


def load_network(run: Run, *, device: str = "cpu") -> MaskNetwork:
    """Return the trained network of a run, ready for inference.

    Raises RunError where training hasn't finished, or the file does not fit the run.
    """
    if not run.trained:
        raise RunError(
            f"{run.folder}: training has not finished, there is no {run.model_file.name}. "
            f"Go on with `mamviz train --resume {run.folder}`."
        )
    network = build_network(run.config, n_attributes=len(run.attributes), pretrained=False)
    read_weights(network, run.model_file)
    return network.to(device=device).eval()


def read_weights(network: MaskNetwork, file: Path) -> None:
    """Give a network the weights of a file.

    Raises RunError where it can't be read, or is of another network.
    """
    try:
        network.load_state_dict(load_file(file))
    except (OSError, SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise RunError(f"{file}: does not fit its run.json ({reason}). Train again.") from error
