from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from mamviz.errors import RunError
from mamviz.sanity.kept import read_nulls, read_sanity, write_nulls
from mamviz.schema import SanityReport, Significance
from mamviz.stats.multiplicity import test_against_null as compare_with_null
from mamviz.store.records import write_plain
from tests.reports.checked import sanity_report
from tests.reports.records import PROVENANCE


def write(file: Path, report: SanityReport) -> None:
    parts = {field.name: getattr(report, field.name) for field in fields(report)}
    write_plain(file, PROVENANCE, report.settings, parts)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    report = sanity_report()
    write(tmp_path / "sanity.json", report)
    read = read_sanity(tmp_path / "sanity.json")
    assert repr(read) == repr(report)  # NaN equals nothing but reads the same
    assert read.exchanges == report.exchanges


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema_version": 99}', '{"schema_version": 1, "settings": 3}'])
def test_what_is_no_report_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "sanity.json"
    file.write_text(text)
    with pytest.raises(RunError, match=r"sanity\.json: expected the sanity checks of a run"):
        read_sanity(file)
    with pytest.raises(RunError, match="Make them with `mamviz sanity`"):
        read_sanity(tmp_path / "missing.json")


def test_nulls_are_kept_pair_by_pair(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    drawn = np.array([np.corrcoef(rng.normal(size=(4, 9))) for _ in range(20)])
    nulls = tuple(
        compare_with_null(drawn[0], drawn[1:], null=null) for null in ("random network", "swapped attributes")
    )
    write_nulls(tmp_path / "nulls.npz", nulls, ("a", "b", "c", "d"))
    for null, read in zip(nulls, read_nulls(tmp_path / "nulls.npz"), strict=True):
        for entry in fields(Significance):
            np.testing.assert_array_equal(getattr(read, entry.name), getattr(null, entry.name), err_msg=entry.name)


def test_a_file_that_is_no_null_is_refused(tmp_path: Path) -> None:
    (tmp_path / "nulls.npz").write_bytes(b"no zip")
    for name in ("nulls.npz", "missing.npz"):
        with pytest.raises(RunError, match=r"npz: expected the nulls of a run"):
            read_nulls(tmp_path / name)
