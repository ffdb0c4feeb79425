import numpy as np

from mamviz.data.synthetic.labels import ATTRIBUTES
from mamviz.data.synthetic.logic import BEARDS, HAIR_COLOURS, HAIR_FORMS, resolve, tied_pairs, without_rivals


def labels_of(**excess):
    row = np.full((1, 40), -1.0)
    for name, value in excess.items():
        row[0, ATTRIBUTES.index(name)] = value
    kept = resolve(row, ATTRIBUTES)[0]
    return {ATTRIBUTES[k] for k in np.flatnonzero(kept)}


def test_the_hair_colour_that_is_wanted_most_stays():
    assert labels_of(Black_Hair=0.2, Blond_Hair=0.7, Gray_Hair=0.3) == {"Blond_Hair"}


def test_the_bald_have_no_hair():
    assert labels_of(Bald=0.1, Gray_Hair=2.0, Bangs=1.0, Wavy_Hair=1.0, Receding_Hairline=1.0) == {"Bald"}


def test_a_hat_hides_baldness_and_so_leaves_the_hair():
    assert labels_of(Wearing_Hat=0.1, Bald=1.0, Black_Hair=0.5) == {"Wearing_Hat", "Black_Hair"}


def test_no_beard_excludes_every_beard():
    assert labels_of(No_Beard=0.1, Goatee=2.0, Mustache=1.0, Sideburns=1.0) == {"No_Beard"}


def test_random_wishes_never_contradict_each_other():
    labels = resolve(np.random.default_rng(0).normal(size=(4000, 40)), ATTRIBUTES)
    column = {name: labels[:, k] for k, name in enumerate(ATTRIBUTES)}
    for group in (HAIR_COLOURS, HAIR_FORMS):
        assert max(sum(column[name].astype(int) for name in group)) == 1
    assert not any((column["Bald"] & column[name]).any() for name in (*HAIR_COLOURS, *HAIR_FORMS, "Bangs"))
    assert not any((column["No_Beard"] & column[name]).any() for name in BEARDS)


def test_ties_count_both_ways_round():
    assert ("Bald", "Bangs") in tied_pairs()
    assert ("Bangs", "Bald") in tied_pairs()
    assert ("Male", "No_Beard") not in tied_pairs()


def test_rivals_are_cleared_and_nothing_else():
    cleared = without_rivals(np.ones((2, 40), np.uint8), "Blond_Hair", ATTRIBUTES)
    off = {ATTRIBUTES[k] for k in np.flatnonzero(cleared[0] == 0)}
    assert off == set(HAIR_COLOURS) - {"Blond_Hair"}
