"""Names of attributes as parts of an address within the page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence


def anchor(name: str) -> str:
    """Replace every character that an address can't hold by a hyphen."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)


def anchors_of(names: Sequence[str]) -> Mapping[str, str]:
    """Return the anchor of each name; the second of two names with the same one gets a number."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        stem = wanted = anchor(name)
        number = 1
        while wanted in taken:
            number += 1
            wanted = f"{stem}-{number}"
        taken.add(wanted)
        found[name] = wanted
    return found


def pair_address(first: str, second: str) -> str:
    """Return the address of a pair from two anchors."""
    return f"#pair={first}--{second}"
