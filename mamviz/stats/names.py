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
            close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
            hint = f"Did you mean {' or '.join(close)}?" if close else f"There are {', '.join(list(names)[:5])}, ..."
            raise DataError(f"{what}: expected one of {len(names)} names, got {name!r}. {hint}")
    return [places[name] for name in wanted]
