"""What noise and attacks do, in words: what they cost, whether transformed masks help, and what that is worth."""

from __future__ import annotations

from mamviz.schema import GainVerdict, Interval, Provenance, RobustnessReport, TransformationScores, judge_gain
from mamviz_reports.amounts import signed_points, span
from mamviz_reports.captions import describe_provenance, list_names
from mamviz_reports.tables import NBSP, Cell, Column, Table, Value, percent, provenance_facts

VERDICTS: tuple[tuple[GainVerdict, str], ...] = (
    ("helps", "Helps"),
    ("harms", "Harms"),
    ("unclear", "Not told apart from none"),
)


def answers_table(report: RobustnessReport, provenance: Provenance) -> Table:
    """Return questions with their answers in words."""
    rows = report.rows[1:]
    answers = [("What do noise and attacks do", describe_loss(report))]
    if rows:
        answers += [
            ("Does it cost anything on clean images", describe_gains(rows, [row.clean.gain for row in rows])),
            ("Does it help against noise", describe_gains(rows, [row.noise_gain for row in rows])),
            ("The same in balanced accuracy", describe_gains(rows, [row.noise_balanced_gain for row in rows])),
            ("Does it help against FGSM", describe_gains(rows, [row.attack_gain for row in rows])),
            ("The same in balanced accuracy", describe_gains(rows, [row.attack_balanced_gain for row in rows])),
            ("Are gradients hidden", describe_gradients(rows)),
        ]
    return Table(
        title="Robustness: the answers",
        columns=(Column("Question", ("question",)), Column("Answer", ("answer",))),
        rows=tuple((Cell(question, (question,)), Cell(words, (words,))) for question, words in answers),
        notes=common_notes(report, provenance),
        facts=common_facts(report, provenance),
    )


def describe_loss(report: RobustnessReport) -> str:
    """Say what the network without transformation has on clean images, under the strongest noise and attack."""
    row = report.baseline
    noisy, attacked = row.of("noise")[-1], row.worst[-1]
    return (
        f"The masks as they are: {span(row.clean.accuracy, percent)} % on clean images, "
        f"{span(noisy.accuracy, percent)} % under noise of {noisy.perturbation.strength:g} grey levels, "
        f"{span(attacked.accuracy, percent)} % under a step of {attacked.perturbation.strength:g}; always giving the "
        f"more frequent answer has {percent(report.majority)} %."
    )


def describe_gains(rows: tuple[TransformationScores, ...], gains: list[Interval]) -> str:
    """Say which transformations help, which harm, and which can't be told apart from none; points."""
    parts = []
    for verdict, words in VERDICTS:
        named = [
            f"{row.transformation.name}{NBSP}{span(gain, signed_points)}"
            for row, gain in zip(rows, gains, strict=True)
            if judge_gain(gain) == verdict
        ]
        if named:
            parts.append(f"{words}: {list_names(named)}.")
    return " ".join(parts)


def describe_gradients(rows: tuple[TransformationScores, ...]) -> str:
    """Say where other attacks take more than the true gradient does, and how many points."""
    masked = [
        f"{row.transformation.name}{NBSP}{span(row.hidden, signed_points)}" for row in rows if row.masked_gradients
    ]
    if masked:
        return (
            f"Yes, in {list_names(masked)}: an attack through a surrogate, or one aimed at the masks as they are, "
            "takes so much more than the true gradient does. The worst attack is what counts here."
        )
    return "Not seen: no attack takes more than the one through the transformation, the paired interval above 0."


def common_notes(report: RobustnessReport, provenance: Provenance) -> tuple[str, ...]:
    """Say how attacks were made and classifiers calibrated, what intervals resample, and where numbers come from."""
    settings = report.settings
    return (
        "FGSM (Goodfellow et al. 2015): one step along the sign of the gradient of the cross-entropy summed over "
        "attributes, through the transformation, through a smooth surrogate of a step (Athalye et al. 2018), and "
        "transferred from the masks as they are. One step is a weak attack: withstanding it proves no robustness.",
        f"Every row, none too, has a scale and a bias an attribute fitted on {report.calibrated:,} clean validation "
        f"images (Platt 1999). Intervals ({percent(settings.level, 0)} %) resample {report.n_units:,} units (unit: "
        f"{report.unit}) {settings.n_replicates:,} times.",
        describe_provenance(provenance, n_images=report.measured),
    )


def common_facts(report: RobustnessReport, provenance: Provenance) -> tuple[tuple[str, Value], ...]:
    """Return what every table of the report ends with."""
    settings = report.settings
    return (
        ("calibrated", report.calibrated),
        ("level", settings.level),
        ("unit", report.unit),
        ("n_units", report.n_units),
        ("seed", settings.seed),
        *provenance_facts(provenance, report.measured),
    )
