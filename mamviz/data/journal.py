"""The journal of a cache that is being filled: what stands in it so far, with checksums."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

Bad = tuple[tuple[int, str], ...]
"""Images that couldn't be made: (index, reason), ascending."""


@dataclass(frozen=True)
class Entry:
    """A chunk that was written: its first image, the crc32 of its pixels, and what is bad in it."""

    start: int
    checksum: int
    bad: Bad


def append_entry(journal: Path, entry: Entry) -> None:
    """Add a line to the journal, in one write."""
    line = json.dumps([entry.start, entry.checksum, entry.bad])
    with journal.open("a", encoding="utf-8") as handle:
        handle.write(f"\n{line}\n")  # the first newline ends what a job that was killed left half


def read_journal(journal: Path) -> dict[int, Entry]:
    """Read the entries by their first image, the last of each; none where there is no journal.

    A line cut short is passed over: its chunk is made again.
    """
    entries: dict[int, Entry] = {}
    try:
        text = journal.read_text(encoding="utf-8")
    except FileNotFoundError:  # not begun, or another process that fills the same cache was just done with it
        return entries
    for line in filter(None, text.splitlines()):
        try:
            start, checksum, bad = json.loads(line)
            entries[start] = Entry(start, checksum, tuple((int(image), str(reason)) for image, reason in bad))
        except (ValueError, TypeError):
            continue
    return entries
