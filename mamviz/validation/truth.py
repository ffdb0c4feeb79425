"""One run on built-in faces, measured against the planted answer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mamviz.config import BUILT_IN_FACES
from mamviz.errors import DataError
from mamviz.models.network import MaskNetwork
from mamviz.models.weights import load_network
from mamviz.run import Run, file_sha256
from mamviz.schema import (
    RECOMMENDED,
    VARIANTS,
    BlockStatistics,
    Choices,
    FaceValidation,
    Floats,
    Localisation,
    Method,
    Progress,
    Provenance,
    Recovery,
    TrueRegions,
    silent,
)
from mamviz.stats.association import count_labels, phi_correlations
from mamviz.stats.correlation import correlate_attributes, dataset_maps
from mamviz.stats.resampling import draw_units
from mamviz.store.masks import read_statistics
from mamviz.store.pieces import compute_pieces
from mamviz.validation.attributions import grad_cam, has_captum, occlude
from mamviz.validation.explained import Explained, explain_faces
from mamviz.validation.localisation import localise, mean_over_attributes, vary
from mamviz.validation.recovery import adjusted_maps, explain_by_labels, recover
from mamviz.validation.regions import FreshFaces, describe_regions, draw_fresh_faces

MASK = RECOMMENDED["attribute"]
EVIDENCE = Choices(map="evidence")


@dataclass(frozen=True, kw_only=True)
class FaceSettings:
    """How a run is measured.

    n_images       fresh faces
    n_replicates   bootstrap draws of images behind each interval
    others         measure GradCAM and occlusion too, where captum is installed
    folder         of the pieces that a stopped job keeps, a folder a run inside it; None keeps nothing
    """

    n_images: int = 1000
    n_replicates: int = 1000
    others: bool = True
    device: str = "cpu"
    folder: Path | None = None


def require_faces(run: Run) -> None:
    """Raise DataError unless the run's images are built-in faces: others have no planted answer."""
    source = run.config.data.source
    if source != BUILT_IN_FACES:
        raise DataError(
            f"{run.folder}: expected a run on the built-in faces, whose regions are known, this one is of {source}. "
            "Name such a run, or none: `mamviz validate` trains its own."
        )


def validate_faces(
    run: Run, settings: FaceSettings, *, generator: np.random.Generator, version: str, progress: Progress = silent
) -> FaceValidation:
    """Compare the maps and tables of a trained run, masks.h5 included, with the true regions of fresh faces.

    generator   of the bootstrap draws; version of mamviz, for the provenance
    Raises DataError for a run on other images, MaskFileError where masks.h5 is missing.
    """
    require_faces(run)
    network, stats = load_network(run, device=settings.device), read_statistics(run.masks_file)
    folder = piece_folder(run, settings, version)
    faces = draw_fresh_faces(
        run.config.data, network.shape[1:], n_images=settings.n_images, folder=folder, progress=progress
    )
    truth = describe_regions(faces.regions, faces.labels)
    own = explain_faces(network, faces.images, faces.labels, device=settings.device, progress=progress)
    others = _explain_otherwise(network, faces, settings, folder, progress)
    draws = draw_units(settings.n_images, settings.n_replicates, generator)
    rates = faces.labels.mean(axis=0)
    table = correlate_attributes(stats, MASK).values
    maps: dict[Method, Floats] = {"mask": own.mask, "evidence": own.evidence, **others}
    usages = _own_maps(stats) | {method: adjusted_maps(values, faces.labels) for method, values in others.items()}
    return FaceValidation(
        provenance=_describe_fresh(run, faces, version),
        label_correlation=run.config.data.label_correlation,
        n_masks=stats.n_images,
        accuracy=mean_over_attributes(((own.logits > 0) == faces.labels).astype(np.float64), draws),
        majority=float(np.maximum(rates, 1 - rates).mean()),
        regions=truth,
        localisations=_localise_all(maps, usages, faces, truth, draws),
        recoveries=(*_recover_own(stats, own, truth), *_recover_others(others, faces, truth)),
        labels=explain_by_labels(table, truth, phi_correlations(count_labels(stats))),
        examples=choose_examples(truth),
    )


def choose_examples(truth: TrueRegions, *, n_attributes: int = 10) -> tuple[str, ...]:
    """Return attributes for a figure: the most often seen local one, then each time the one elsewhere.

    Elsewhere is where its largest relation to those chosen is smallest; in the order of the data. Fewer where there
    are not so many local ones with a relation.
    """
    local = [truth.attributes.index(name) for name in truth.local]
    left = [k for k in local if np.isfinite(truth.relation[k, k])]
    chosen: list[int] = []
    while left and len(chosen) < n_attributes:
        if chosen:
            nearest = [float(truth.relation[k, chosen].max()) for k in left]
            best = left[int(np.argmin(nearest))]
        else:
            best = max(left, key=lambda k: truth.n_visible[k])
        chosen.append(best)
        left.remove(best)
    return tuple(truth.attributes[k] for k in sorted(chosen))


def _explain_otherwise(
    network: MaskNetwork, faces: FreshFaces, settings: FaceSettings, folder: Path | None, progress: Progress
) -> dict[Method, Floats]:
    if not (settings.others and has_captum()):
        return {}
    baseline: Floats = faces.images.mean(axis=0)

    def cam(rows: slice) -> Floats:
        return grad_cam(network, faces.images[rows], device=settings.device)

    def occlusion(rows: slice) -> Floats:
        return occlude(network, faces.images[rows], baseline=baseline, device=settings.device)

    n_images = len(faces.images)
    return {
        "GradCAM": compute_pieces(cam, n_images, folder=folder, name="GradCAM", progress=progress),
        "occlusion": compute_pieces(occlusion, n_images, folder=folder, name="occlusion", progress=progress),
    }


def _localise_all(
    maps: dict[Method, Floats],
    usages: dict[Method, Floats],
    faces: FreshFaces,
    truth: TrueRegions,
    draws: npt.NDArray[np.int32],
) -> tuple[Localisation, ...]:
    found = []
    for method, values in maps.items():
        for variant in VARIANTS:
            seen = vary(values, variant, dataset_map=usages[method])
            found.append(
                localise(seen, faces.regions, faces.labels, truth, method=method, variant=variant, draws=draws)
            )
    return tuple(found)


def _own_maps(stats: BlockStatistics) -> dict[Method, Floats]:
    """Return our data-set maps of all images behind masks.h5, (K, H, W): the recommended choices, and of evidence."""
    choices: dict[Method, Choices] = {"mask": MASK, "evidence": EVIDENCE}
    return {method: dataset_maps(stats, choice).sum(axis=1) for method, choice in choices.items()}


def _recover_own(stats: BlockStatistics, own: Explained, truth: TrueRegions) -> list[Recovery]:
    """Compare the recommended maps and tables: of all images behind masks.h5, and of the fresh faces."""
    found = []
    fresh: dict[Method, Floats] = {"mask": own.mask_adjusted, "evidence": own.evidence_adjusted}
    choices: dict[Method, Choices] = {"mask": MASK, "evidence": EVIDENCE}
    whole = _own_maps(stats)
    for method, choice in choices.items():
        table, maps = correlate_attributes(stats, choice).values, whole[method]
        found.append(recover(maps, truth, method=method, kind="absolute adjusted", images="masks.h5", table=table))
    for method, maps in fresh.items():
        found.append(recover(maps, truth, method=method, kind="absolute adjusted", images="fresh faces"))
    return found


def _recover_others(maps: dict[Method, Floats], faces: FreshFaces, truth: TrueRegions) -> list[Recovery]:
    found = []
    for method, values in maps.items():
        adjusted, plain = adjusted_maps(values, faces.labels), np.abs(values).mean(axis=0)
        found.append(recover(adjusted, truth, method=method, kind="absolute adjusted", images="fresh faces"))
        found.append(recover(plain, truth, method=method, kind="mean absolute", images="fresh faces"))
    return found


def piece_folder(run: Run, settings: FaceSettings, version: str) -> Path | None:
    """Return a folder whose name changes with the weights, the number of faces and the version."""
    if settings.folder is None:
        return None
    return settings.folder / f"{run.name}-{file_sha256(run.model_file)[:12]}-{settings.n_images}-{version}"


def _describe_fresh(run: Run, faces: FreshFaces, version: str) -> Provenance:
    data, n_images = run.config.data, len(faces.images)
    return Provenance(
        run=run.name,
        n_images=n_images,
        split="fresh",
        data=(
            f"built-in faces {data.n_faces + 1:,} to {data.n_faces + n_images:,}, {data.size} px, label "
            f"correlation {data.label_correlation:g}"
        ),
        fingerprint=hashlib.sha256(faces.labels.tobytes() + faces.images.tobytes()).hexdigest(),
        model_sha256=file_sha256(run.model_file),
        readout=run.config.model.readout,
        version=version,
    )
