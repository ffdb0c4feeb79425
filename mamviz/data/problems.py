"""Everything wrong with the data, gathered and told in one line."""

from __future__ import annotations

from collections.abc import Sequence

from mamviz.errors import DataError

SHOWN = 3

WEB_PAGE = (
    "is a web page saved under this name, as a download gives that met a quota or a log-in page "
    "(Google Drive does that); download it again"
)


def settle_problems(problems: Sequence[str], *, source: str, skip_bad: bool) -> tuple[str, ...]:
    """Return the problems where they may be skipped, else raise them all.

    Raises one DataError that shows the first few, says how many more there are, and names --skip-bad.
    """
    if problems and not skip_bad:
        count = "1 problem" if len(problems) == 1 else f"{len(problems):,} problems"
        more = f"; and {len(problems) - SHOWN:,} more" if len(problems) > SHOWN else ""
        raise DataError(
            f"{source}: {count}: {'; '.join(problems[:SHOWN])}{more}. "
            "Repair them, or leave out what can't be read with --skip-bad."
        )
    return tuple(problems)


def is_web_page(head: bytes) -> bool:
    """Say whether a file that begins with `head` is HTML."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<script"))
