from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mamviz.errors import RunError
from mamviz.schema import (
    Agreement,
    Choices,
    ComparedRun,
    FeatureAgreement,
    Interval,
    MantelTest,
    Matching,
    Stability,
    TableAgreement,
    TopOverlap,
)
from mamviz.store.stability import read_stability, write_stability

NAN = float("nan")


def make_stability(*, gaps: bool) -> Stability:
    value = NAN if gaps else 0.25
    agreement = Agreement(
        first="a",
        second="b",
        spearman=Interval(0.5, value, value),
        n_pairs=3,
        mantel=MantelTest(p_greater=value, p_two_sided=value, n_permutations=99),
        overlap=TopOverlap(top=2, by="abs", targets=("Größe", "Male"), shares=(0.5, value), mean=value, chance=value),
    )
    table = TableAgreement(
        name="t", axis="channel", choices=Choices(view="full"), agreements=(agreement,), n_replicates=9
    )
    run = ComparedRun(name="a", model_sha256="m", fingerprint="f", split="test", data="d", n_images=7, seed=3)
    matching = Matching(first=(0, 2), second=(1, 0), r=(0.5, -0.25), unmatched_first=(1,), unmatched_second=(2,))
    features = FeatureAgreement(first="a", second="b", cka=value, matching=matching, n_images=5)
    return Stability(
        runs=(run, replace(run, name="b", seed=None)),
        tables=(table,),
        features=(features,),
        same_settings=True,
        paired=False,
        level=0.95,
    )


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    whole = make_stability(gaps=False)
    assert write_stability(tmp_path, whole) == tmp_path / "stability.json"
    assert read_stability(tmp_path) == whole
    assert read_stability(tmp_path).tables[0].lowest.spearman.value == 0.5  # type: ignore[union-attr]


def test_what_is_undefined_comes_back_as_nan_and_is_null_in_the_file(tmp_path: Path) -> None:
    write_stability(tmp_path, make_stability(gaps=True))
    text = (tmp_path / "stability.json").read_text(encoding="utf-8")
    assert "NaN" not in text
    assert json.loads(text)["tables"][0]["agreements"][0]["spearman"] == {"value": 0.5, "low": None, "high": None}
    found = read_stability(tmp_path)
    assert found is not None
    agreement = found.tables[0].agreements[0]
    assert np.isnan([agreement.spearman.low, agreement.mantel.p_greater, agreement.overlap.chance]).all()
    assert agreement.overlap.shares[0] == 0.5
    assert np.isnan([agreement.overlap.shares[1], found.features[0].cka]).all()


def test_a_run_that_was_never_compared_has_none(tmp_path: Path) -> None:
    assert read_stability(tmp_path) is None


@pytest.mark.parametrize("text", ["no JSON", "[]", "{}", '{"schema_version": 1, "runs": [{"name": "a"}]}'])
def test_what_is_no_record_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "stability.json").write_text(text)
    with pytest.raises(RunError, match=r"stability\.json: can't be read as a record of stability"):
        read_stability(tmp_path)


def test_another_version_is_refused(tmp_path: Path) -> None:
    file = write_stability(tmp_path, make_stability(gaps=False))
    file.write_text(json.dumps({**json.loads(file.read_text()), "schema_version": 9}))
    with pytest.raises(RunError, match="has schema version 9; this mamviz reads 1"):
        read_stability(tmp_path)
