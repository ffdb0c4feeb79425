"""Small results with known numbers, as core would hand them over."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mamviz.schema import (
    AttributeScore,
    ChannelReport,
    ChannelRow,
    Choices,
    Clustering,
    Correlation,
    EpochRow,
    Evaluation,
    ImageMasks,
    Interval,
    Neighbour,
    PosterRow,
    Provenance,
    Ranking,
)

PROVENANCE = Provenance(
    run="faces-3",
    n_images=1996,
    split="test",
    data="built-in faces",
    fingerprint="fedcba9876543210" * 4,
    model_sha256="0123456789abcdef" * 4,
    readout="shared",
    version="0.1.0",
)
NAN = float("nan")


def correlation_of(values: object, names: tuple[str, ...], *, undefined: tuple[str, ...] = ()) -> Correlation:
    """Wrap a matrix; rows and columns of undefined names become NaN."""
    matrix = np.array(values, dtype=np.float64)
    for name in undefined:
        matrix[names.index(name)] = matrix[:, names.index(name)] = NAN
    return Correlation(
        axis="attribute", names=names, values=matrix, choices=Choices(), n_images=1234, undefined=undefined
    )


def four_attributes() -> tuple[Correlation, Clustering]:
    """Four names of which Bald is undefined; Young and Hat merge first, then Male; the saved order is not theirs."""
    values = [[1, 0.1, 0.3, 0.8], [0.1, 1, 0, 0], [0.3, 0, 1, -0.5], [0.8, 0, -0.5, 1]]
    correlation = correlation_of(values, ("Hat", "Bald", "Male", "Young"), undefined=("Bald",))
    linkage = np.array([[0, 2, 0.2, 2], [1, 3, 1.1, 3]])  # leaves: Hat, Male, Young
    return correlation, Clustering(linkage=linkage, order=np.array([2, 3, 0, 1]))


def ranking() -> Ranking:
    """Two of Hat's and Young's related, one of Male's, none of Bald's."""
    rows = (
        Neighbour("Hat", 1, "Young", 0.8),
        Neighbour("Hat", 2, "Male", 0.3),
        Neighbour("Male", 1, "Hat", 0.3),
        Neighbour("Young", 1, "Hat", 0.8),
        Neighbour("Young", 2, "Male", -0.5),
    )
    return Ranking(rows=rows, top=2, by="r", correlation=four_attributes()[0])


def around(value: float, width: float = 0.01) -> Interval:
    """Return an interval of `width` to each side."""
    return Interval(value, value - width, value + width)


def evaluation() -> Evaluation:
    """Two attributes, the second without a defined average precision."""
    scores = (
        AttributeScore(
            attribute="5_o_Clock_Shadow",
            accuracy=around(0.9125),
            balanced_accuracy=around(0.8),
            average_precision=around(0.7),
            auroc=around(0.95),
            prevalence=0.111,
            majority=0.889,
        ),
        AttributeScore(
            attribute="Bald",
            accuracy=around(0.99),
            balanced_accuracy=around(0.5),
            average_precision=Interval(NAN, NAN, NAN),
            auroc=Interval(NAN, NAN, NAN),
            prevalence=0.0,
            majority=1.0,
        ),
    )
    return Evaluation(
        scores=scores,
        mean_accuracy=around(0.95125),
        mean_balanced_accuracy=around(0.65),
        mean_average_precision=around(0.7),
        mean_auroc=around(0.95),
        mean_majority=0.9445,
        n_images=500,
        n_units=321,
        unit="identity",
        level=0.9,
        n_replicates=1000,
        protocol="Yes above a logit of 0.",
    )


def poster_rows() -> tuple[PosterRow, ...]:
    """One row we win, one the poster wins with a tie of three, one we lack."""
    return (
        PosterRow("Arched Eyebrows", 82.5, 81.37, 77, 79, 76),
        PosterRow("Young", 86.999, 87.0, 81, 87, 80),
        PosterRow("Blurry", None, 95.33, 95, 84, 81),
    )


def channel_report() -> ChannelReport:
    """Four channels in order of usage: one repeats the first, one is dead."""
    rows = (
        ChannelRow(
            channel=2, mean_mask=0.6, usage=0.5, activation=0.4, top_attributes=(("Smiling", 0.3), ("Male", 0.25))
        ),
        ChannelRow(
            channel=0,
            mean_mask=0.5,
            usage=0.3,
            activation=0.2,
            top_attributes=(("Young", 0.5),),
            duplicate_of=2,
            duplicate_r=0.97,
            candidate="repeats channel 2",
        ),
        ChannelRow(channel=3, mean_mask=0.4, usage=0.2, activation=0.1, top_attributes=(("Bald", 1.0),)),
        ChannelRow(channel=1, mean_mask=0.3, usage=0.0, activation=0.0, top_attributes=(), candidate="never active"),
    )
    correlation = Correlation(
        axis="channel", names=("0", "1", "2", "3"), values=np.eye(4), choices=Choices(), n_images=1234
    )
    return ChannelReport(rows=rows, correlation=correlation, threshold=0.95, dead=(1,), n_images=1234)


def image_masks(name: str = "000001.jpg") -> ImageMasks:
    """Two attributes, three channels on a 2 x 3 grid; every cell has another value."""
    cells = np.arange(36, dtype=np.float64).reshape(2, 3, 2, 3)
    return ImageMasks(
        name=name,
        image=np.full((6, 6, 3), 200, np.uint8),
        attributes=("Smiling", "Wearing_Hat"),
        masks=cells / 36,
        evidence=(cells - 18) / 100,
        channels=(2, 0),
        labels=np.array([1, 0], np.uint8),
        logits=np.array([2.25, 0.5]),
    )


def epochs() -> tuple[EpochRow, ...]:
    """Three epochs of a minute each."""
    return tuple(
        EpochRow(
            epoch=epoch,
            train_loss=1.0 / epoch,
            train_accuracy=0.8 + epoch / 100,
            validation_accuracy=0.79 + epoch / 100,
            learning_rate=1e-3,
            images_per_second=300,
            seconds=60,
        )
        for epoch in (1, 2, 3)
    )


def caption_of(figure: Figure) -> str:
    """Return the caption's words on one line."""
    (words,) = [text.get_text() for text in figure.texts if text.get_gid() == "caption"]
    return " ".join(words.split())


def ticks(axes: Axes, which: str) -> list[str]:
    """Return the tick labels of one axis, in order."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    return [label.get_text() for label in axis.get_ticklabels()]
