"""Options of `mamviz train` that are settings of a run; their defaults stand in mamviz.config alone."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from mamviz.config import BUILT_IN_FACES, DataConfig, ModelConfig, RunConfig, TrainConfig, from_dict
from mamviz.errors import ConfigError

_PANELS = {DataConfig: "Data", ModelConfig: "Network", TrainConfig: "Training"}

# Settings whose option is not their name with hyphens.
_FLAGS = {"source": "--data", "n_faces": "--faces"}

# Settings that name a file or a folder.
_PATHS = ("source", "images", "weights")


def flag_of(name: str) -> str:
    """Return the option of a setting, as typed."""
    return _FLAGS.get(name, "--" + name.replace("_", "-"))


def _setting(kind: type, name: str, words: str) -> Any:
    """Return the typer option of one setting; its help ends with the default from `kind`."""
    default = next(entry.default for entry in dataclasses.fields(kind) if entry.name == name)
    if isinstance(default, bool):
        flag, text = f"{flag_of(name)}/--no-{flag_of(name).removeprefix('--')}", "yes" if default else "no"
    else:
        flag, text = flag_of(name), "none" if default is None else str(default)
    return typer.Option(flag, help=f"{words} (default {text})", show_default=False, rich_help_panel=_PANELS[kind])


def _data(name: str, words: str) -> Any:
    return _setting(DataConfig, name, words)


def _model(name: str, words: str) -> Any:
    return _setting(ModelConfig, name, words)


def _train(name: str, words: str) -> Any:
    return _setting(TrainConfig, name, words)


Text = str | None
Whole = int | None
Number = float | None
Switch = bool | None


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """DataConfig as options; None is its default."""

    source: Annotated[Text, _data("source", "Folder in CelebA's layout, CSV file, or faces: the built-in ones.")] = None
    images: Annotated[Text, _data("images", "Folder that the CSV's paths start from.")] = None
    path_column: Annotated[Text, _data("path_column", "CSV column of paths.")] = None
    split_column: Annotated[Text, _data("split_column", "CSV column: train, validation or test.")] = None
    identity_column: Annotated[Text, _data("identity_column", "CSV column that says who is shown.")] = None
    skip_bad: Annotated[Switch, _data("skip_bad", "Leave out what can't be read, instead of stopping.")] = None
    size: Annotated[Whole, _data("size", "Side of the image that the network sees, in pixels.")] = None
    crop: Annotated[Text, _data("crop", "square: the largest centred one; full: the whole image, stretched.")] = None
    n_faces: Annotated[Whole, _data("n_faces", "Number of built-in faces.")] = None
    label_correlation: Annotated[
        Number, _data("label_correlation", "Of the built-in faces: 0 independent labels, 1 CelebA's.")
    ] = None
    faces_seed: Annotated[Whole, _data("faces_seed", "Seed of the built-in faces.")] = None


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """ModelConfig as options; None is its default."""

    preset: Annotated[Text, _model("preset", "Extractor: small, resnet18, resnet34 or resnet50.")] = None
    extractor: Annotated[Text, _model("extractor", "Extractor of your own, package.module:factory.")] = None
    weights: Annotated[Text, _model("weights", "File of ImageNet weights for a resnet.")] = None
    channels: Annotated[Whole, _model("channels", "Feature channels; 0 keeps the extractor's.")] = None
    receptive_field: Annotated[Whole, _model("receptive_field", "Side of what a feature of small sees, in px.")] = None
    last_stage: Annotated[Whole, _model("last_stage", "Last stage of a resnet: 3 (stride 16) or 4 (32).")] = None
    readout: Annotated[Text, _model("readout", "shared: one weight vector for all attributes; per-attribute.")] = None
    trunk_kernel: Annotated[Whole, _model("trunk_kernel", "The mask generator's first convolution: 1 or 3.")] = None
    position: Annotated[Switch, _model("position", "Learned map of positions for the mask generator.")] = None


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """TrainConfig as options; None is its default. Its threads are an option of every command."""

    epochs: Annotated[Whole, _train("epochs", "Passes over the training images.")] = None
    batch_size: Annotated[Whole, _train("batch_size", "Images a step, over all processes.")] = None
    learning_rate: Annotated[Number, _train("learning_rate", "Peak of the one-cycle; 0 takes the preset's.")] = None
    weight_decay: Annotated[Number, _train("weight_decay", "Of AdamW.")] = None
    clip: Annotated[Number, _train("clip", "Largest norm of the gradient; 0: any.")] = None
    multi_weight: Annotated[Number, _train("multi_weight", "Weight of the multi-label loss.")] = None
    reconstruction_weight: Annotated[Number, _train("reconstruction_weight", "Weight of the reconstruction.")] = None
    sparsity_weight: Annotated[Number, _train("sparsity_weight", "Weight of the masks' mean.")] = None
    loss: Annotated[Text, _train("loss", "bce or focal.")] = None
    focal_gamma: Annotated[Number, _train("focal_gamma", "Focusing parameter of the focal loss.")] = None
    ema_decay: Annotated[Number, _train("ema_decay", "Of the average of the weights; 0: none.")] = None
    crop_scale: Annotated[Number, _train("crop_scale", "Smallest random crop as a share of the image.")] = None
    flip: Annotated[Switch, _train("flip", "Mirror images at random.")] = None
    precision: Annotated[Text, _train("precision", "auto, float32 or bfloat16.")] = None
    compile: Annotated[Switch, _train("compile", "Compile the training step.")] = None
    checkpoint_steps: Annotated[Whole, _train("checkpoint_steps", "Steps between checkpoints in an epoch.")] = None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings that were typed; None is the default."""

    data: DataOptions = field(default_factory=DataOptions)
    model: ModelOptions = field(default_factory=ModelOptions)
    train: TrainingOptions = field(default_factory=TrainingOptions)
    seed: Annotated[int | None, typer.Option(help="Seed of all of the run's randomness. (default 0)")] = None

    @property
    def typed(self) -> tuple[str, ...]:
        """Options that were typed, in the order of --help."""
        groups = (self.data, self.model, self.train)
        names = [name for group in groups for name in _given(group)] + (["seed"] if self.seed is not None else [])
        return tuple(map(flag_of, names))


def make_config(settings: Settings, *, threads: int) -> RunConfig:
    """Return the settings of a run; raises ConfigError, naming the option, for a value out of its range.

    Paths are kept absolute, so that a run can be used from any folder.
    """
    groups: dict[str, Any] = {name: _given(getattr(settings, name)) for name in ("data", "model", "train")}
    groups["train"]["threads"] = threads
    for values in groups.values():
        values |= {name: _absolute(values[name]) for name in _PATHS if name in values}
    try:
        return from_dict(RunConfig, {**groups, "seed": settings.seed or 0})
    except ConfigError as error:
        name, colon, rest = str(error).partition(":")
        raise ConfigError(f"{flag_of(name)}{colon}{rest}" if name.isidentifier() else str(error)) from error


def _given(group: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(group).items() if value is not None}


def _absolute(path: str) -> str:
    return path if path == BUILT_IN_FACES else str(Path(path).expanduser().absolute())
