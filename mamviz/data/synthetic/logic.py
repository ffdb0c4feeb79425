"""What labels can't say together: the contradictions, and how they are resolved."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt

HAIR_COLOURS = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair")
HAIR_FORMS = ("Straight_Hair", "Wavy_Hair")
BEARDS = ("5_o_Clock_Shadow", "Goatee", "Mustache", "Sideburns")

# At most one of each group; the one whose latent value passes its threshold by most stays.
EXCLUSIVE = (HAIR_COLOURS, HAIR_FORMS)

# The first excludes the others: they go when it is there. Earlier rules win.
EXCLUDES = (
    ("Wearing_Hat", ("Bald", "Receding_Hairline")),
    ("Bald", (*HAIR_COLOURS, *HAIR_FORMS, "Bangs", "Receding_Hairline")),
    ("No_Beard", BEARDS),
)


def tied_pairs() -> frozenset[tuple[str, str]]:
    """List the pairs whose correlation logic decides or bounds, both ways round.

    Kinds of beard are tied to each other too: all of them live in the images without No_Beard.
    """
    groups = (*EXCLUSIVE, BEARDS)
    pairs = [pair for group in groups for pair in combinations(group, 2)]
    pairs += [(first, other) for first, others in EXCLUDES for other in others]
    return frozenset(pairs) | frozenset((b, a) for a, b in pairs)


def resolve(excess: npt.NDArray[np.float64], attributes: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Turn latent values into labels that don't contradict each other.

    excess   (n, K): latent value minus threshold; above 0 the attribute wants to be there
    """
    place = {name: k for k, name in enumerate(attributes)}
    labels = excess > 0
    for first, others in EXCLUDES:
        columns = [place[name] for name in others]
        labels[:, columns] &= ~labels[:, place[first], None]
    for group in EXCLUSIVE:
        columns = [place[name] for name in group]
        wanted = np.where(labels[:, columns], excess[:, columns], -np.inf)
        best = np.arange(len(columns)) == wanted.argmax(axis=1)[:, None]
        labels[:, columns] &= best
    return labels


def without_rivals(labels: npt.NDArray[np.uint8], attribute: str, attributes: tuple[str, ...]) -> npt.NDArray[np.uint8]:
    """Return labels (n, K) in which the others of the attribute's exclusive group are off."""
    cleared = labels.copy()
    for group in EXCLUSIVE:
        if attribute in group:
            cleared[:, [attributes.index(name) for name in group if name != attribute]] = 0
    return cleared
