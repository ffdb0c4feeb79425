"""What a network found on built-in faces, beside the planted answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mamviz.schema.arrays import Floats
from mamviz.schema.provenance import Provenance
from mamviz.schema.scores import Interval

# What explains an image: ours (mask, evidence) and others' (GradCAM, occlusion).
Method = Literal["mask", "evidence", "GradCAM", "occlusion"]
OURS: tuple[Method, ...] = ("mask", "evidence")
OTHERS: tuple[Method, ...] = ("GradCAM", "occlusion")

# Of a data-set map: least squares with all other labels held fixed, then the absolute value; or the mean absolute map.
MapKind = Literal["absolute adjusted", "mean absolute"]

# Of a map of a single image: as it is; minus its mean over the images; or that, weighed by the method's own absolute
# adjusted data-set map, which says where the attribute's effect is when all other labels are held fixed.
Variant = Literal["as it is", "centred", "weighed"]
VARIANTS: tuple[Variant, ...] = ("as it is", "centred", "weighed")


@dataclass(frozen=True, kw_only=True)
class TrueRegions:
    """Where each attribute is on the feature grid, from faces whose labels were switched one at a time.

    mean        (K, H, W) mean over images of the share of a cell's pixels that change, in [0, 1]
    relation    (K, K) r over cells of two mean regions, NaN where a region is nowhere or everywhere the same
    n_visible   (K,) images that have the attribute and show it
    chance      (K,) over these images, the mean share of cells that the region touches; NaN where there are none
    local       names of the attributes with a chance below 0.25, in the order of `attributes`
    n_images    number of faces
    """

    attributes: tuple[str, ...]
    mean: Floats
    relation: Floats
    n_visible: Floats
    chance: Floats
    local: tuple[str, ...]
    n_images: int


@dataclass(frozen=True, kw_only=True)
class Localisation:
    """How well one method's maps of single images lie on the region.

    pointing         (K,) share of images whose strongest cell lies on the region (Zhang et al. 2016)
    energy           (K,) mean share of the positive part that lies on the region (Wang et al. 2020); NaN: no image
    local_pointing   mean over the local attributes, with an interval from resampled images; energy likewise
    """

    method: Method
    variant: Variant
    pointing: Floats
    energy: Floats
    local_pointing: Interval
    local_energy: Interval


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """How well one method's data-set maps, and the table made from them, are the true ones.

    images      what the maps were made from: "masks.h5", or "fresh faces" that the network never saw
    maps        (K, H, W) data-set maps
    map_r       (K,) r over cells with the mean region; NaN where either is constant
    mean_r      mean of the defined ones
    graph       Spearman, over pairs, of the table with the true relation
    """

    method: Method
    kind: MapKind
    images: Literal["masks.h5", "fresh faces"]
    maps: Floats
    map_r: Floats
    mean_r: float
    graph: float


@dataclass(frozen=True, kw_only=True)
class LabelExplanation:
    """How much of a table label correlation phi explains, and how much of the true relation: Spearman over pairs.

    table_size, truth_size        with |phi|
    table_signed, truth_signed    with phi
    """

    table_size: float
    truth_size: float
    table_signed: float
    truth_signed: float

    @property
    def excess(self) -> float:
        """How much more |phi| explains of the table than of the truth; negative where less."""
        return self.table_size - self.truth_size


@dataclass(frozen=True, kw_only=True)
class FaceValidation:
    """One run on built-in faces, beside the planted answer.

    label_correlation   the dial of the run's faces
    provenance          of the fresh faces' numbers; masks.h5 has its own number of images, `n_masks`
    accuracy            mean over attributes, on the fresh faces
    examples            attributes for a figure, in places that differ
    """

    provenance: Provenance
    label_correlation: float
    n_masks: int
    accuracy: Interval
    majority: float
    regions: TrueRegions
    localisations: tuple[Localisation, ...]
    recoveries: tuple[Recovery, ...]
    labels: LabelExplanation
    examples: tuple[str, ...]

    def best_localisation(self, method: Method) -> Localisation | None:
        """Return this method's variant that points best on local attributes; None where it was not measured."""
        found = [entry for entry in self.localisations if entry.method == method]
        return max(found, key=lambda entry: entry.local_pointing.value, default=None)

    def best_recovery(self, method: Method, *, by: Literal["mean_r", "graph"]) -> Recovery | None:
        """Return this method's entry with the highest figure; None where it was not measured."""
        found = [entry for entry in self.recoveries if entry.method == method]
        return max(found, key=lambda entry: float(getattr(entry, by)), default=None)

    @property
    def recommended(self) -> Recovery:
        """Return the recommended maps and table, those that `mamviz correlate` shows."""
        return next(entry for entry in self.recoveries if entry.method == "mask" and entry.images == "masks.h5")


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A figure beside what it should be.

    wanted   the goal in words, such as "at least 0.85"
    met      None where the figure was not measured
    """

    name: str
    run: str
    value: float
    wanted: str
    met: bool | None
