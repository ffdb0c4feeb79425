"""What a network answers to clean, noisy and attacked images, with every transformation of its masks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mamviz.models.network import MaskNetwork
from mamviz.models.transforming import classify_features
from mamviz.robustness.attack import Defence, attack_direction, perturb
from mamviz.schema import Floats, Perturbation, PerturbationKind, RobustnessSettings, Transformation
from mamviz.stats.calibration import calibrate

CLEAN = Perturbation("clean")
# Attacks whose images are another transformation by transformation.
OWN: tuple[PerturbationKind, ...] = ("through", "surrogate")


@dataclass(frozen=True)
class Batch:
    """Images to perturb: x (b, 3, S, S) in [-1, 1], labels (b, K), noise (b, 3, S, S) of standard deviation 1."""

    x: Tensor
    labels: Tensor
    noise: Tensor


@torch.inference_mode()
def read_logits(network: MaskNetwork, x: Tensor, transformations: Sequence[Transformation]) -> Floats:
    """Return the logits (b, T, K) of clean images under each transformation, biases as trained."""
    features = network.extractor(x)
    found = [classify_features(network, features, each) for each in transformations]
    return np.asarray(torch.stack(found, 1).double().cpu().numpy())


def make_defences(
    network: MaskNetwork, transformations: Sequence[Transformation], logits: Floats, labels: npt.NDArray[np.uint8]
) -> tuple[Defence, ...]:
    """Calibrate every transformation, none too, on logits (n, T, K) and labels (n, K) of images that measure nothing.

    A transformation shifts and stretches logits; what that alone costs says nothing of its robustness.
    """
    defences = []
    for place, transformation in enumerate(transformations):
        fitted = calibrate(logits[:, place], labels)
        like = network.readout.bias
        scale, bias = (
            torch.from_numpy(each).to(device=like.device, dtype=like.dtype) for each in vars(fitted).values()
        )
        defences.append(Defence(network, transformation, scale, bias))
    return tuple(defences)


def right_answers(defences: Sequence[Defence], batch: Batch, settings: RobustnessSettings) -> npt.NDArray[np.bool_]:
    """Return which answers are right, (b, T, L, K), under each of the settings' L perturbations.

    defences   the network without transformation first: the attacks that are transferred are aimed at it
    """
    network = defences[0].network
    labels = batch.labels.cpu().numpy().astype(np.bool_)
    transferred = attack_direction(defences[0], batch.x, batch.labels)
    with torch.inference_mode():
        shared = {
            each: network.extractor(
                perturb(batch.x, batch.noise if each.kind == "noise" else transferred, each.strength)
            )
            for each in settings.perturbations
            if each.kind not in OWN
        }
    right = np.empty((len(batch.x), len(defences), len(settings.perturbations), labels.shape[1]), dtype=np.bool_)
    for place, defence in enumerate(defences):
        for level, logits in enumerate(_read_all(defence, batch, settings, shared)):
            right[:, place, level] = (logits > 0).cpu().numpy() == labels
    return right


def _read_all(
    defence: Defence, batch: Batch, settings: RobustnessSettings, shared: Mapping[Perturbation, Tensor]
) -> Iterator[Tensor]:
    """Give the logits (b, K) of one transformation under each perturbation, in order.

    What is attacked through another gradient is the same image where there is no other: it is read once.
    """
    read: dict[Perturbation, Tensor] = {}
    directions: dict[PerturbationKind, Tensor] = {}
    for each in settings.perturbations:
        same = Perturbation(_same_attack(each.kind, defence.transformation), each.strength)
        if same.kind in OWN and same.kind not in directions:
            surrogate = same.kind == "surrogate"
            directions[same.kind] = attack_direction(defence, batch.x, batch.labels, surrogate=surrogate)
        if same not in read:
            with torch.inference_mode():
                read[same] = _read(defence, same, batch.x, directions.get(same.kind), shared)
        yield read[same]


def _read(
    defence: Defence,
    perturbation: Perturbation,
    x: Tensor,
    direction: Tensor | None,
    shared: Mapping[Perturbation, Tensor],
) -> Tensor:
    if direction is not None:
        return defence.read(defence.network.extractor(perturb(x, direction, perturbation.strength)))
    if perturbation.kind == "kept":
        return classify_features(defence.network, shared[CLEAN], defence.transformation)
    return defence.read(shared[perturbation])


def _same_attack(kind: PerturbationKind, transformation: Transformation) -> PerturbationKind:
    """Name the first perturbation that is the same: one attack on none, and no surrogate where there is no step."""
    if kind in OWN and transformation.kind == "none":
        return "transfer"
    return "through" if kind == "surrogate" and not transformation.stepped else kind
