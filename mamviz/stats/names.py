"""Finding things by name, with a helpful word where there is none."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from mamviz.errors import DataError


def find_names(wanted: Sequence[str], names: Sequence[str], *, what: str) -> list[int]:
    """Return the index of each wanted name among `names`.

    Raises DataError naming the closest ones where a name is unknown.
    """
    places = {name: index for index, name in enumerate(names)}
    for name in wanted:
        if name not in places:
            raise DataError(f"{what}: expected one of {len(names)} names, got {name!r}. {suggest_names(name, names)}")
    return [places[name] for name in wanted]


def suggest_names(name: str, names: Sequence[str]) -> str:
    """Say which names are like `name`, whatever its capitals and spaces, or which the first ones are."""
    spelled = {each.casefold(): each for each in names}
    close = difflib.get_close_matches(name.casefold().replace(" ", "_"), list(spelled), n=3, cutoff=0.5)
    if close:
        return f"Did you mean {' or '.join(spelled[each] for each in close)}?"
    return f"There are {', '.join(names[:5])}{', ...' if len(names) > 5 else '.'}"
