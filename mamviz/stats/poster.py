"""The accuracy table of the poster, with our own column beside it.

Kimura & Tanaka, "Interpretation of Feature Space using Multi-Channel Attentional Sub-Networks", CVPRW 2019.
"""

from __future__ import annotations

from mamviz.schema import Evaluation, Interval, PosterRow

# Accuracy in percent: the poster's own, MT-RBM PCA, LNets+ANet, FaceTracer.
PUBLISHED: tuple[tuple[str, float, float, float, float], ...] = (
    ("5 Shadow", 92.85, 90, 91, 85),
    ("Arched Eyebrows", 81.37, 77, 79, 76),
    ("Attractive", 80.71, 76, 81, 78),
    ("Bags Under Eyes", 83.79, 81, 79, 76),
    ("Bald", 98.3, 98, 98, 89),
    ("Bangs", 94.1, 88, 95, 88),
    ("Big Lips", 70.14, 69, 68, 64),
    ("Big Nose", 83.67, 81, 78, 74),
    ("Black Hair", 88.39, 76, 88, 70),
    ("Blond Hair", 95.1, 91, 95, 80),
    ("Blurry", 95.33, 95, 84, 81),
    ("Brown Hair", 86.55, 83, 80, 60),
    ("Bushy Eyebrows", 91.87, 88, 90, 80),
    ("Chubby", 96.02, 95, 91, 86),
    ("Double Chin", 96.68, 96, 92, 88),
    ("Eyeglasses", 98.67, 96, 99, 98),
    ("Goatee", 96.72, 96, 95, 93),
    ("Gray Hair", 97.89, 97, 97, 90),
    ("Heavy Makeup", 89.49, 85, 90, 85),
    ("High Cheekbone", 86.77, 83, 87, 84),
    ("Male", 97.38, 90, 98, 91),
    ("Mouth Open", 93.67, 82, 92, 87),
    ("Mustache", 96.6, 97, 95, 91),
    ("Narrow Eyes", 86.38, 86, 81, 82),
    ("No Beard", 94.87, 90, 95, 90),
    ("Oval Face", 73.33, 73, 66, 64),
    ("Pale Skin", 97.67, 96, 91, 83),
    ("Pointy Nose", 75.62, 73, 72, 68),
    ("Recede Hair", 93.44, 96, 89, 76),
    ("Rosy Cheeks", 94.67, 94, 90, 84),
    ("Sideburns", 97.65, 96, 96, 94),
    ("Smiling", 92.28, 88, 92, 89),
    ("Straight Hair", 81.6, 80, 73, 63),
    ("Wavy Hair", 81.64, 72, 80, 73),
    ("Earring", 84.61, 81, 82, 73),
    ("Hat", 98.92, 97, 99, 89),
    ("Lipstick", 92.52, 89, 93, 89),
    ("Necklace", 86.37, 87, 71, 68),
    ("Necktie", 96.3, 94, 93, 86),
    ("Young", 87.0, 81, 87, 80),
)

# As printed. The poster's own forty rows have the mean 90.17, not 92.05; the other columns' means agree.
PUBLISHED_AVERAGE = ("Average", 92.05, 87, 87, 81)

# The poster's labels that are not CelebA's names with spaces.
CELEBA_NAMES = {
    "5 Shadow": "5_o_Clock_Shadow",
    "High Cheekbone": "High_Cheekbones",
    "Mouth Open": "Mouth_Slightly_Open",
    "Recede Hair": "Receding_Hairline",
    "Earring": "Wearing_Earrings",
    "Hat": "Wearing_Hat",
    "Lipstick": "Wearing_Lipstick",
    "Necklace": "Wearing_Necklace",
    "Necktie": "Wearing_Necktie",
}


def poster_table(evaluation: Evaluation) -> tuple[PosterRow, ...]:
    """Put our accuracies beside the published ones, in percent, one row per attribute.

    An attribute that the data lack has no accuracy of ours (None).
    """
    found = {score.attribute: 100 * score.accuracy.value for score in evaluation.scores}
    return tuple(
        PosterRow(label, found.get(name := celeba_name(label)), poster, mt_rbm_pca, lnets_anet, facetracer, name)
        for label, poster, mt_rbm_pca, lnets_anet, facetracer in PUBLISHED
    )


def poster_average(evaluation: Evaluation) -> PosterRow:
    """Return the average row: our mean over all forty attributes beside the averages as printed.

    None where the data lack one: a mean over other attributes can't be compared.
    """
    ours = [row.ours for row in poster_table(evaluation)]
    known = [value for value in ours if value is not None]
    label, poster, mt_rbm_pca, lnets_anet, facetracer = PUBLISHED_AVERAGE
    mean = sum(known) / len(known) if len(known) == len(ours) else None
    return PosterRow(label, mean, poster, mt_rbm_pca, lnets_anet, facetracer)


def poster_intervals(evaluation: Evaluation) -> tuple[Interval | None, ...]:
    """Return the interval of our accuracy for each row of `poster_table`, as shares; None where the data lack it."""
    found = {score.attribute: score.accuracy for score in evaluation.scores}
    return tuple(found.get(celeba_name(label)) for label, *_ in PUBLISHED)


def describe_average() -> str:
    """Say how the average that the poster prints relates to ours, for a note under the table."""
    mean = sum(row[1] for row in PUBLISHED) / len(PUBLISHED)
    return (
        f"The poster's printed average, {PUBLISHED_AVERAGE[1]:.2f}, is not the mean of its {len(PUBLISHED)} rows, "
        f"which is {mean:.2f}; ours is the mean of our rows, so the two averages are not like with like."
    )


def celeba_name(label: str) -> str:
    """Return CelebA's name of an attribute as the poster spells it."""
    return CELEBA_NAMES.get(label, label.replace(" ", "_"))
