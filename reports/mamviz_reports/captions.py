"""What figures and tables say under themselves: choices, images, data, run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from mamviz.schema import Correlation, Provenance


def describe_provenance(provenance: Provenance, *, n_images: int | None = None) -> str:
    """Say which images, data, run and model the numbers come from.

    n_images   of the result itself, where it used other images than the run's masks; the provenance's otherwise
    """
    n = provenance.n_images if n_images is None else n_images
    split = "all splits" if provenance.split == "all" else f"the {provenance.split} split"
    return (
        f"{n:,} images of {split} of {provenance.data}; run {provenance.run}, "
        f"{provenance.readout} readout, model {provenance.model_sha256[:12]}, mamviz {provenance.version}."
    )


def describe_choices(correlation: Correlation) -> str:
    """Name each choice with its value, as the command line spells them."""
    return ", ".join(f"{name} {value}" for name, value in asdict(correlation.choices).items())


def list_names(names: Sequence[str], *, most: int = 8) -> str:
    """Join names with commas; past `most`, say how many more there are."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
