"""A validation of two attributes on a grid of 2 x 2, with figures that are easy to tell apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mamviz.schema import (
    FaceValidation,
    Interval,
    LabelExplanation,
    Localisation,
    Method,
    Provenance,
    Recovery,
    TrueRegions,
    Variant,
)

ATTRIBUTES = ("Bangs", "Goatee", "Male")
PROVENANCE = Provenance(
    run="validate-dial-1",
    n_images=500,
    split="fresh",
    data="built-in faces",
    fingerprint="fedcba9876543210" * 4,
    model_sha256="0123456789abcdef" * 4,
    readout="shared",
    version="0.1.0",
)
MEAN = np.array([[[0.5, 0.25], [0, 0]], [[0, 0], [0, 0.125]], [[0.25, 0.5], [0.5, 0.25]]])


def localisation(method: Method, pointing: float, variant: Variant = "as it is") -> Localisation:
    """Return one whose attributes point as often, more by 0.01 and never known."""
    return Localisation(
        method=method,
        variant=variant,
        pointing=np.array([pointing, pointing + 0.01, np.nan]),
        energy=np.array([pointing / 2, pointing / 2, np.nan]),
        local_pointing=Interval(pointing, pointing - 0.02, pointing + 0.03),
        local_energy=Interval(pointing / 2, pointing / 2 - 0.01, pointing / 2 + 0.01),
    )


def recovery(method: Method, mean_r: float, graph: float, **changes: object) -> Recovery:
    made = Recovery(
        method=method,
        kind="absolute adjusted",
        images="fresh faces",
        maps=MEAN * (2 if method == "mask" else 3),
        map_r=np.array([mean_r, mean_r, np.nan]),
        mean_r=mean_r,
        graph=graph,
    )
    return replace(made, **changes)


def face_validation(*, others: bool = True, **changes: object) -> FaceValidation:
    """Return one in which evidence points best when centred, and occlusion's mean absolute map is its better one."""
    places = [
        localisation("mask", 0.3),
        localisation("mask", 0.2, "centred"),
        localisation("evidence", 0.8),
        localisation("evidence", 0.9, "centred"),
    ]
    found = [
        recovery("mask", 0.85, 0.95, images="masks.h5"),
        recovery("evidence", 0.99, 0.99, images="masks.h5"),
        recovery("mask", 0.7, 0.6),
        recovery("evidence", 0.6, 0.5),
    ]
    if others:
        places += [localisation("GradCAM", 0.7), localisation("GradCAM", 0.6, "centred")]
        places += [localisation("occlusion", 0.91), localisation("occlusion", 0.92, "centred")]
        found += [recovery("GradCAM", 0.5, 0.4), recovery("GradCAM", 0.4, 0.45, kind="mean absolute")]
        found += [recovery("occlusion", 0.5, 0.7), recovery("occlusion", 0.9, 0.6, kind="mean absolute")]
    made = FaceValidation(
        provenance=PROVENANCE,
        label_correlation=1.0,
        n_masks=8000,
        accuracy=Interval(0.93, 0.92, 0.94),
        majority=0.8,
        regions=TrueRegions(
            attributes=ATTRIBUTES,
            mean=MEAN,
            relation=np.eye(3),
            n_visible=np.array([80.0, 30.0, 0.0]),
            chance=np.array([0.2, 0.1, np.nan]),
            local=("Bangs", "Goatee"),
            n_images=500,
        ),
        localisations=tuple(places),
        recoveries=tuple(found),
        labels=LabelExplanation(table_size=0.25, truth_size=0.2, table_signed=0.15, truth_signed=0.1),
        examples=("Bangs", "Goatee"),
    )
    return replace(made, **changes)
