"""Robustness: tables of accuracy under noise and attacks by transformation of the masks, and the figure of them."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mamviz.schema import (
    PerturbationKind,
    PerturbedScore,
    Provenance,
    RobustnessReport,
    judge_gain,
)
from mamviz_reports.amounts import signed_points, span
from mamviz_reports.robustness_words import answers_table, common_facts, common_notes
from mamviz_reports.style import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PALE,
    PURPLE,
    VERMILION,
    caption,
    house_style,
    new_figure,
    title,
)
from mamviz_reports.tables import Cell, Column, Table, percent

LONG = "robustness-scores"
COLOURS = (VERMILION, BLUE, GREEN, ORANGE, PURPLE)
STYLES = ("-", "--", ":")
WORDS: dict[PerturbationKind, str] = {
    "clean": "clean",
    "kept": "clean, biases as trained",
    "noise": "Gaussian noise",
    "through": "FGSM through the transformation",
    "surrogate": "FGSM through a smooth surrogate",
    "transfer": "FGSM without transformation, transferred",
}


def robustness_tables(report: RobustnessReport, provenance: Provenance) -> Mapping[str, Table]:
    """Return every table by the name of its file; the answers stand last."""
    return {
        "robustness": accuracy_table(report, provenance),
        "robustness-gains": gains_table(report, provenance),
        LONG: scores_table(report, provenance),
        "robustness-answers": answers_table(report, provenance),
    }


def accuracy_table(report: RobustnessReport, provenance: Provenance) -> Table:
    """Return a row a transformation: accuracy on clean, noisy and attacked images, of each epsilon the worst attack."""
    settings = report.settings
    headings = [("Clean", "clean")]
    headings += [(f"Noise {sigma:g}", f"noise_{sigma:g}") for sigma in settings.sigmas]
    headings += [(f"FGSM {epsilon:g}", f"fgsm_{epsilon:g}") for epsilon in settings.epsilons]
    fields = ("accuracy", "low", "high", "balanced", "gain", "gain_low", "gain_high", "under")
    rows = []
    for row in report.rows:
        scores = (row.clean, *row.of("noise"), *row.worst)
        rows.append((Cell(row.transformation.name, (row.transformation.name,)), *map(_accuracy_cell, scores)))
    return Table(
        title="Accuracy % under noise and attacks, by what is done to the masks",
        columns=(
            Column("Masks", ("transformation",)),
            *(Column(name, tuple(f"{key}_{field}" for field in fields), "right") for name, key in headings),
        ),
        rows=tuple(rows),
        notes=(
            "Mean over attributes. Star: better than the masks as they are, the paired interval above 0. Noise: "
            "standard deviation, FGSM: size of the step, both in grey levels of 255; FGSM: the worst of the attacks "
            f"tried. Always giving the more frequent answer has {percent(report.majority)} %.",
            *common_notes(report, provenance),
        ),
        facts=(("majority", report.majority), *common_facts(report, provenance)),
    )


def gains_table(report: RobustnessReport, provenance: Provenance) -> Table:
    """Return a row a transformation: what it gains in points on clean, noisy and attacked images."""
    rows = []
    for row in report.rows[1:]:
        cells = [Cell(row.transformation.name, (row.transformation.name,))]
        for gain, balanced in (
            (row.clean.gain, row.clean.balanced_gain),
            (row.noise_gain, row.noise_balanced_gain),
            (row.attack_gain, row.attack_balanced_gain),
        ):
            verdict = judge_gain(gain)
            cells.append(
                Cell(span(gain, signed_points), (gain.value, gain.low, gain.high, verdict), strong=verdict == "helps")
            )
            cells.append(Cell(span(balanced, signed_points), (balanced.value, balanced.low, balanced.high)))
        rows.append(tuple(cells))
    columns = [Column("Masks", ("transformation",))]
    for heading, key in (("Clean", "clean"), ("Noise", "noise"), ("FGSM", "fgsm")):
        columns.append(Column(heading, (key, f"{key}_low", f"{key}_high", f"{key}_verdict"), "right"))
        balanced_key = f"{key}_balanced"
        columns.append(
            Column(f"{heading}, balanced", (balanced_key, f"{balanced_key}_low", f"{balanced_key}_high"), "right")
        )
    return Table(
        title="What transformed masks gain over the masks as they are, points",
        columns=tuple(columns),
        rows=tuple(rows),
        notes=(
            "Above 0: the transformation helps; star: the whole interval is. Noise and FGSM: the mean over all "
            "strengths, FGSM with the worst attack at each. Balanced: of balanced accuracy, where rare attributes "
            "count as much as common ones. Intervals are not adjusted for the number of transformations.",
            *common_notes(report, provenance),
        ),
        facts=common_facts(report, provenance),
    )


def scores_table(report: RobustnessReport, provenance: Provenance) -> Table:
    """Return a row for each transformation and perturbation, every attack by itself."""
    rows = []
    for row in report.rows:
        for score in row.scores:
            perturbation = score.perturbation
            found = (score.accuracy, score.balanced_accuracy, score.gain, score.balanced_gain)
            rows.append(
                (
                    Cell(row.transformation.name, (row.transformation.name,)),
                    Cell(WORDS[perturbation.kind], (perturbation.kind,)),
                    Cell(f"{perturbation.strength:g}", (perturbation.strength,)),
                    *(
                        Cell(span(each, percent if place < 2 else signed_points), (each.value, each.low, each.high))
                        for place, each in enumerate(found)
                    ),
                )
            )
    names = (
        ("Accuracy %", "accuracy"),
        ("Balanced %", "balanced"),
        ("Gain", "gain"),
        ("Balanced gain", "balanced_gain"),
    )
    return Table(
        title="Every transformation under every perturbation",
        columns=(
            Column("Masks", ("transformation",)),
            Column("Perturbation", ("perturbation",)),
            Column("Strength", ("strength",), "right"),
            *(Column(heading, (key, f"{key}_low", f"{key}_high"), "right") for heading, key in names),
        ),
        rows=tuple(rows),
        notes=("Strength in grey levels of 255; gains in points.", *common_notes(report, provenance)),
        facts=common_facts(report, provenance),
    )


@house_style()
def robustness_figure(report: RobustnessReport, provenance: Provenance) -> Figure:
    """Draw accuracy over noise and over FGSM's step above, and what each transformation gains below."""
    figure = new_figure(7.6, 5.6, constrained=True)
    grid = figure.add_gridspec(3, 2, height_ratios=(0.1, 1, 1))
    upper, lower = ([figure.add_subplot(grid[row, column]) for column in (0, 1)] for row in (1, 2))
    for left, right in (upper, lower):
        right.sharey(left)
        right.tick_params(labelleft=False)
    for column, heading in enumerate(("Gaussian noise", "FGSM, the worst attack")):
        for row, look in zip(report.rows, _looks(report), strict=True):
            scores = (row.clean, *(row.of("noise") if column == 0 else row.worst))
            _draw_accuracy(upper[column], scores, row.transformation.name, look)
            if row is not report.baseline:
                _draw_gain(lower[column], scores, look)
        upper[column].axhline(100 * report.majority, color=INK, linewidth=0.6, linestyle=":")
        lower[column].axhline(0, color=INK, linewidth=1.0)
        upper[column].set_title(heading)
        for axes in (upper[column], lower[column]):
            strengths = report.settings.sigmas if column == 0 else report.settings.epsilons
            axes.set_xticks([0, *strengths], [f"{each:g}" for each in (0, *strengths)])
            axes.set_xlim(0, strengths[-1])
    upper[0].annotate(
        "majority guess", (0, 100 * report.majority), (2, 2), ("axes fraction", "data"), "offset points", va="bottom"
    )
    lower[0].set_xlabel("standard deviation, grey levels of 255")
    lower[1].set_xlabel("size of the step, grey levels of 255")
    upper[0].set_ylabel("accuracy, %")
    lower[0].set_ylabel("points gained over none")
    strip = figure.add_subplot(grid[0, :])
    strip.axis("off")
    handles, labels = upper[0].get_legend_handles_labels()
    strip.legend(handles, labels, loc="upper left", borderaxespad=0, ncols=6, handlelength=2.4, columnspacing=1.4)
    title(figure, "Accuracy under noise and attacks, by what is done to the masks")
    caption(figure, _caption_words(report, provenance))
    return figure


def _looks(report: RobustnessReport) -> list[tuple[str, str]]:
    """Return colour and line style of each row: ink for none, then colours, and styles where they run out."""
    n_colours = len(COLOURS)
    others = [(COLOURS[n % n_colours], STYLES[n // n_colours % len(STYLES)]) for n in range(len(report.rows) - 1)]
    return [(INK, "-"), *others]


def _draw_accuracy(axes: Axes, scores: tuple[PerturbedScore, ...], name: str, look: tuple[str, str]) -> None:
    places = [score.perturbation.strength for score in scores]
    values = [100 * score.accuracy.value for score in scores]
    first = look[0] == INK
    axes.plot(
        places, values, color=look[0], linestyle=look[1], linewidth=1.6 if first else 1.0, marker="o", markersize=2.5,
        clip_on=False, label=name, zorder=3 if first else 2,
    )  # fmt: skip
    if first:
        low, high = ([100 * getattr(score.accuracy, end) for score in scores] for end in ("low", "high"))
        axes.fill_between(places, low, high, color=PALE, linewidth=0, zorder=0)


def _draw_gain(axes: Axes, scores: tuple[PerturbedScore, ...], look: tuple[str, str]) -> None:
    places = [score.perturbation.strength for score in scores]
    low, value, high = ([100 * getattr(score.gain, end) for score in scores] for end in ("low", "value", "high"))
    axes.fill_between(places, low, high, color=look[0], alpha=0.13, linewidth=0)
    axes.plot(places, value, color=look[0], linestyle=look[1], linewidth=1.2, marker="o", markersize=2.5, clip_on=False)


def _caption_words(report: RobustnessReport, provenance: Provenance) -> str:
    return " ".join(
        (
            f"Mean over {len(report.attributes)} attributes. Above: accuracy, the interval of the masks as they are "
            "shaded. Below: paired gains over the masks as they are with their intervals.",
            *common_notes(report, provenance),
        )
    )


def _accuracy_cell(score: PerturbedScore) -> Cell:
    found, gain = score.accuracy, score.gain
    values = (
        found.value, found.low, found.high, score.balanced_accuracy.value, gain.value, gain.low, gain.high,
        score.perturbation.kind,
    )  # fmt: skip
    return Cell(percent(found.value), values, strong=judge_gain(gain) == "helps")
