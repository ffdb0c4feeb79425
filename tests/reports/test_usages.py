from __future__ import annotations

from mamviz_reports.tables import NBSP
from mamviz_reports.usages import channel_table
from tests.reports.records import PROVENANCE, channel_report


def test_channels_come_in_the_given_order_with_their_users_and_reasons():
    rows = channel_table(channel_report(), PROVENANCE).rows
    assert [[cell.text.replace(NBSP, " ") for cell in row] for row in rows] == [
        ["2", "50.00", "0.600", "0.400", "Smiling 30%, Male 25%", ""],
        ["0", "30.00", "0.500", "0.200", "Young 50%", "repeats channel 2"],
        ["3", "20.00", "0.400", "0.100", "Bald 100%", ""],
        ["1", "0.00", "0.300", "0.000", "n/a", "never active"],
    ]


def test_raw_values_hold_shares_and_duplicates():
    table = channel_table(channel_report(), PROVENANCE)
    first, second = (dict(zip(table.fields, record, strict=True)) for record in table.records()[:2])
    assert (first["usage"], first["top_attributes"], first["top_shares"]) == (0.5, "Smiling; Male", "0.3; 0.25")
    assert (second["candidate"], second["duplicate_of"], second["duplicate_r"]) == ("repeats channel 2", 2, 0.97)
    assert (first["candidate"], first["duplicate_of"]) == (None, None)


def test_notes_count_candidates_and_name_dead_channels():
    notes = " ".join(channel_table(channel_report(), PROVENANCE).notes)
    assert "2 of 4 channels could go" in notes
    assert "same as another: |r| of at least 0.95" in notes
    assert "summed over attributes" in notes
    assert "Never active: 1." in notes
    assert "1,234 images" in notes


def test_shortened_table_says_that_it_is_short():
    table = channel_table(channel_report(), PROVENANCE, limit=2)
    assert [row[0].text for row in table.rows] == ["2", "0"]
    assert "First 2 of 4 rows." in table.notes
    assert not any("First" in note for note in channel_table(channel_report(), PROVENANCE, limit=4).notes)


def test_channels_that_go_together_are_marked_where_that_was_measured():
    table = channel_table(channel_report(), PROVENANCE, going=(1, 0))
    assert [row[-1].text for row in table.rows] == ["", "yes", "", "yes"]
    assert [record[table.fields.index("goes")] for record in table.records()] == [0, 1, 0, 1]
    assert "Goes: one of the 2 channels that can go together" in " ".join(table.notes)
    assert "goes" not in channel_table(channel_report(), PROVENANCE).fields
    nothing = channel_table(channel_report(), PROVENANCE, going=())
    assert [row[-1].text for row in nothing.rows] == [""] * 4
