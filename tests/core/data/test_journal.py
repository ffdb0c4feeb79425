from pathlib import Path

import pytest

from mamviz.data.journal import Entry, append_entry, read_journal

FIRST, SECOND = Entry(0, 17, ()), Entry(5, 2**32 - 1, ((6, "is no\n readable image \u00e9"),))


def test_entries_are_read_as_they_were_added(tmp_path: Path) -> None:
    journal = tmp_path / "a.journal"
    assert read_journal(journal) == {}
    for entry in (FIRST, SECOND):
        append_entry(journal, entry)
    assert read_journal(journal) == {0: FIRST, 5: SECOND}


def test_the_last_entry_of_a_chunk_counts(tmp_path: Path) -> None:
    for checksum in (1, 2, 3):
        append_entry(tmp_path / "a.journal", Entry(0, checksum, ()))
    assert read_journal(tmp_path / "a.journal")[0].checksum == 3


@pytest.mark.parametrize("length", range(1, 12))
def test_a_line_cut_short_costs_no_other_line(tmp_path: Path, length: int) -> None:
    journal = tmp_path / "a.journal"
    append_entry(journal, FIRST)
    whole = journal.read_bytes()
    journal.write_bytes(whole.replace(b"[0,", b"[9,")[:length])
    append_entry(journal, SECOND)
    entries = read_journal(journal)
    assert entries.pop(5) == SECOND
    assert set(entries) <= {9}


def test_a_journal_removed_while_it_is_looked_for_is_an_empty_one(tmp_path: Path) -> None:
    class RemovedOnceSeen(type(tmp_path)):
        def exists(self) -> bool:
            there = super().exists()
            Path(self).unlink()
            return there

    journal = RemovedOnceSeen(tmp_path / "a.journal")
    append_entry(journal, FIRST)
    assert read_journal(journal) in ({}, {0: FIRST})
