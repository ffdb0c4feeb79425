from __future__ import annotations

import numpy as np
import pytest

from mamviz.schema import Evaluation, PosterRow
from mamviz.stats.poster import (
    PUBLISHED,
    PUBLISHED_AVERAGE,
    celeba_name,
    describe_average,
    poster_average,
    poster_intervals,
    poster_table,
)
from mamviz.stats.scores import evaluate

CELEBA = (
    "5_o_Clock_Shadow",
    "Arched_Eyebrows",
    "Attractive",
    "Bags_Under_Eyes",
    "Bald",
    "Bangs",
    "Big_Lips",
    "Big_Nose",
    "Black_Hair",
    "Blond_Hair",
    "Blurry",
    "Brown_Hair",
    "Bushy_Eyebrows",
    "Chubby",
    "Double_Chin",
    "Eyeglasses",
    "Goatee",
    "Gray_Hair",
    "Heavy_Makeup",
    "High_Cheekbones",
    "Male",
    "Mouth_Slightly_Open",
    "Mustache",
    "Narrow_Eyes",
    "No_Beard",
    "Oval_Face",
    "Pale_Skin",
    "Pointy_Nose",
    "Receding_Hairline",
    "Rosy_Cheeks",
    "Sideburns",
    "Smiling",
    "Straight_Hair",
    "Wavy_Hair",
    "Wearing_Earrings",
    "Wearing_Hat",
    "Wearing_Lipstick",
    "Wearing_Necklace",
    "Wearing_Necktie",
    "Young",
)

# Rows where the poster's own figure is not printed bold; No Beard (94.87 against 95) has no bold figure at all.
NOT_BOLD = {
    "Attractive": "lnets_anet",
    "Bangs": "lnets_anet",
    "Eyeglasses": "lnets_anet",
    "Heavy Makeup": "lnets_anet",
    "High Cheekbone": "lnets_anet",
    "Male": "lnets_anet",
    "Mustache": "mt_rbm_pca",
    "No Beard": "lnets_anet",
    "Recede Hair": "mt_rbm_pca",
    "Hat": "lnets_anet",
    "Lipstick": "lnets_anet",
    "Necklace": "mt_rbm_pca",
}


def evaluation_of(attributes: tuple[str, ...]) -> Evaluation:
    """200 images; the number of right answers grows by one from attribute to attribute."""
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=(200, len(attributes)))
    wrong = np.arange(200)[:, None] >= 100 + np.arange(len(attributes))
    logits = np.where(wrong, 0.5 - labels, labels - 0.5)
    return evaluate(logits, labels, np.arange(200), attributes, generator=rng, protocol="", n_replicates=0)


def test_labels_are_celeba_s_attributes_in_its_order() -> None:
    assert tuple(celeba_name(label) for label, *_ in PUBLISHED) == CELEBA


def test_published_columns_have_the_means_that_tell_of_typing_errors() -> None:
    """The three older columns are printed with their rounded means; the poster's rows do not give its 92.05."""
    means = np.array([row[1:] for row in PUBLISHED]).mean(axis=0)
    assert tuple(np.round(means[1:])) == PUBLISHED_AVERAGE[2:]
    assert means[0] == pytest.approx(90.17, abs=0.005)
    assert PUBLISHED_AVERAGE[1] == 92.05


def test_ours_is_found_by_name_in_percent() -> None:
    shuffled = tuple(np.random.default_rng(1).permutation(CELEBA).tolist())
    rows = poster_table(evaluation_of(shuffled))
    assert [row.ours for row in rows] == pytest.approx([50 + shuffled.index(name) / 2 for name in CELEBA])
    assert rows[21] == PosterRow("Mouth Open", rows[21].ours, 93.67, 82, 92, 87, "Mouth_Slightly_Open")
    average = poster_average(evaluation_of(shuffled))
    assert average.ours == pytest.approx(50 + 39 / 4)
    assert (average.label, average.poster, average.facetracer) == ("Average", 92.05, 81)


def test_intervals_are_found_by_name_row_by_row() -> None:
    evaluation = evaluation_of(("Wearing_Hat", "Bald", "Beret"))
    intervals = poster_intervals(evaluation)
    rows = poster_table(evaluation)
    found = {row.label: interval for row, interval in zip(rows, intervals, strict=True) if interval is not None}
    assert found == {"Hat": evaluation.scores[0].accuracy, "Bald": evaluation.scores[1].accuracy}


def test_the_printed_average_is_said_not_to_be_the_mean_of_the_rows() -> None:
    words = describe_average()
    assert "92.05, is not the mean of its 40 rows, which is 90.17" in words
    assert "not like with like" in words


def test_attributes_the_data_lack_have_no_accuracy_and_there_is_no_average() -> None:
    evaluation = evaluation_of(("Bald", "Male", "Beret"))
    rows = poster_table(evaluation)
    assert {row.label: row.ours for row in rows if row.ours is not None} == pytest.approx({"Bald": 50, "Male": 50.5})
    assert len(rows) == 40
    assert poster_average(evaluation).ours is None


def test_the_best_columns_are_those_the_poster_prints_bold() -> None:
    for row in poster_table(evaluation_of(("Beret",))):
        first, *_ = row.best
        assert first == NOT_BOLD.get(row.label, "poster"), row.label


@pytest.mark.parametrize(
    ("ours", "best"),
    [(87.004, ("ours", "poster", "lnets_anet")), (87.01, ("ours",)), (86.99, ("poster", "lnets_anet"))],
)
def test_accuracies_that_look_equal_share_the_win(ours: float, best: tuple[str, ...]) -> None:
    assert PosterRow("Young", ours, 87.00, 81, 87, 80).best == best
