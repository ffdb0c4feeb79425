"""The settings of a run: frozen, checked once when made, written to run.json."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from mamviz.errors import ConfigError

Crop = Literal["square", "full"]
Readout = Literal["shared", "per-attribute"]
Loss = Literal["bce", "focal"]
Precision = Literal["auto", "float32", "bfloat16"]
Preset = Literal["small", "resnet18", "resnet34", "resnet50"]

BUILT_IN_FACES = "faces"

# Of `small`, chosen in trials on celeba-8k (docs/results.md); of the resnets, usual for AdamW and not measured.
PEAK_RATES: dict[Preset, float] = {"small": 8e-3, "resnet18": 2e-3, "resnet34": 2e-3, "resnet50": 1e-3}


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """Which images and labels, and how an image is cut.

    source               "faces" for the built-in ones, a folder in CelebA's layout, or a CSV file
    images               folder that the CSV's paths start from; its own folder when None
    size                 side of the square image the network sees, in pixels
    crop                 "square": the largest centred square; "full": the whole image, stretched
    skip_bad             leave out rows and files that can't be read, instead of stopping
    path_column          name of the CSV's column of paths; likewise the two below, None where there is none
    n_faces              number of built-in faces
    label_correlation    0 independent labels to 1 CelebA's; built-in faces only
    faces_seed           seed of the built-in faces, apart from the run's
    """

    source: str = BUILT_IN_FACES
    images: str | None = None
    size: int = 64
    crop: Crop = "square"
    skip_bad: bool = False
    path_column: str = "path"
    split_column: str | None = None
    identity_column: str | None = None
    n_faces: int = 8000
    label_correlation: float = 1.0
    faces_seed: int = 0

    def __post_init__(self) -> None:
        _require(16 <= self.size <= 1024, "size", "a side of 16 to 1024 pixels", self.size)
        _require(self.n_faces >= 1, "n_faces", "at least 1 image", self.n_faces)
        _require(0.0 <= self.label_correlation <= 1.0, "label_correlation", "0 to 1", self.label_correlation)


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """The network: extractor, mask generator, readout and the two helpers.

    preset             a built-in extractor; ignored where `extractor` is set
    extractor          "package.module:factory" of the user's own extractor, or None
    channels           C; 0 keeps what the extractor gives (a 1x1 convolution is added where it differs)
    receptive_field    of `small`, in pixels: each feature sees a square of this side
    last_stage         of the resnets: 3 (stride 16) or 4 (stride 32)
    weights            file of ImageNet weights for the resnets, or None
    readout            "shared": one vector of classifier weights for all attributes; or "per-attribute"
    trunk_kernel       side of the mask generator's first convolution: 1 sees one cell, 3 its neighbours
    position           learned map of positions added to the mask generator's features
    kept               channels of the whole extractor that pruning kept, ascending, counted from 0; None for all
    """

    preset: Preset = "small"
    extractor: str | None = None
    channels: int = 64
    receptive_field: int = 15
    last_stage: int = 4
    weights: str | None = None
    readout: Readout = "shared"
    trunk_kernel: int = 1
    position: bool = True
    kept: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        _require(self.channels >= 0, "channels", "0 or more", self.channels)
        _require(self.last_stage in (3, 4), "last_stage", "3 or 4", self.last_stage)
        _require(self.trunk_kernel in (1, 3), "trunk_kernel", "1 or 3", self.trunk_kernel)


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How the network is trained.

    epochs, batch_size, weight_decay, clip (gradient norm)
    learning_rate      the peak of the one-cycle; 0 takes the preset's (PEAK_RATES)
    multi_weight, reconstruction_weight, sparsity_weight    lambda_m, lambda_r, lambda_s of the loss
    loss               "bce", or "focal" with focusing parameter `focal_gamma` (Lin et al. 2017, arXiv 1708.02002)
    ema_decay          of the exponential moving average of the weights; 0 turns it off
    crop_scale         smallest side of a random crop, as a share of the image; 1 turns it off
    flip               mirror images at random
    precision          "auto": bfloat16 where the device gains by it
    compile            torch.compile the training step
    threads            CPU threads; 0 takes the cores that are free and records the number (bits depend on it)
    checkpoint_steps   steps between two checkpoints within an epoch; one is written after each epoch anyway
    """

    epochs: int = 20
    batch_size: int = 128
    learning_rate: float = 0.0
    weight_decay: float = 0.05
    clip: float = 1.0
    multi_weight: float = 0.5
    reconstruction_weight: float = 0.3
    sparsity_weight: float = 0.0
    loss: Loss = "bce"
    focal_gamma: float = 2.0
    ema_decay: float = 0.99
    crop_scale: float = 0.9
    flip: bool = True
    precision: Precision = "auto"
    compile: bool = False
    threads: int = 0
    checkpoint_steps: int = 500

    def __post_init__(self) -> None:
        _require(self.epochs >= 1, "epochs", "at least 1", self.epochs)
        _require(self.batch_size >= 1, "batch_size", "at least 1", self.batch_size)
        _require(0 <= self.ema_decay < 1, "ema_decay", "0 up to, not with, 1", self.ema_decay)
        _require(0.5 <= self.crop_scale <= 1, "crop_scale", "0.5 to 1", self.crop_scale)
        for name in (
            "learning_rate",
            "weight_decay",
            "clip",
            "multi_weight",
            "reconstruction_weight",
            "sparsity_weight",
        ):
            _require(getattr(self, name) >= 0, name, "0 or more", getattr(self, name))


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """All settings of a run, and the one seed its randomness comes from."""

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    seed: int = 0

    @property
    def peak_rate(self) -> float:
        """Learning rate at the peak of the one-cycle: the one that is set, or the preset's."""
        return self.train.learning_rate or PEAK_RATES[self.model.preset]


Config = TypeVar("Config", DataConfig, ModelConfig, TrainConfig, RunConfig)


def to_dict(config: DataConfig | ModelConfig | TrainConfig | RunConfig) -> dict[str, Any]:
    """Return the settings as plain values, ready for JSON."""
    return dataclasses.asdict(config)


def from_dict(kind: type[Config], values: Mapping[str, Any]) -> Config:
    """Make a config of `kind` from plain values.

    Raises ConfigError for an unknown name, a value of another type, or one out of its range;
    a missing name takes its default.
    """
    hints = get_type_hints(kind)
    unknown = sorted(set(values) - set(hints))
    if unknown:
        raise ConfigError(
            f"{kind.__name__} has no setting {unknown[0]!r}; it has {', '.join(sorted(hints))}. "
            "Remove it, or upgrade mamviz if a newer one wrote the file."
        )
    return kind(**{name: _convert(name, hints[name], value) for name, value in values.items()})


def _convert(name: str, hint: Any, value: Any) -> Any:
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{name}: expected a group of settings, got {value!r}.")
        return from_dict(cast("type[RunConfig]", hint), value)
    if get_origin(hint) is Literal:
        allowed = get_args(hint)
        _require(value in allowed, name, "one of " + ", ".join(map(str, allowed)), value)
        return value
    if hint == tuple[int, ...] | None and isinstance(value, (list, tuple)):
        _require(all(type(each) is int for each in value), name, "whole numbers", value)
        return tuple(value)
    kinds = tuple(get_args(hint)) or (hint,)
    if float in kinds and type(value) is int:
        return float(value)
    _require(type(value) in kinds, name, " or ".join(kind.__name__ for kind in kinds), value)
    return value


def _require(holds: bool, name: str, expected: str, got: object) -> None:
    if not holds:
        raise ConfigError(f"{name}: expected {expected}, got {got!r}. Change the setting and start again.")
