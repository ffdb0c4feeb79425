from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mamviz.entanglement import find_entanglement
from mamviz.errors import DataError, MaskFileError, StatisticsError
from mamviz.extraction import extract_masks, plan_extraction
from mamviz.models.weights import load_network
from mamviz.schema import Choices, EntanglementSettings
from mamviz.stats.entanglement import measure_entanglement
from mamviz.store.masks import mask_provenance, read_statistics
from mamviz.training.loop import train
from tests.core.made import make_config, make_data, make_run

FEW = EntanglementSettings(n_replicates=20)


@pytest.fixture(scope="module")
def masks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """masks.h5 of a tiny trained run, alone in its folder."""
    folder = tmp_path_factory.mktemp("entanglement")
    data = make_data(60)
    run = make_run(folder / "run", make_config(learning_rate=0.02, ema_decay=0.0), data)
    train(run, data)
    plan, indices = plan_extraction(run, data, split="all", n_raw=0, version="0", shape=load_network(run).shape)
    extract_masks(run, data, plan, indices)
    return run.masks_file.rename(folder / "alone.h5")


def test_a_masks_file_is_enough(masks: Path) -> None:
    found = find_entanglement(masks, settings=FEW, targets=["Red"], seed=3)
    generator = np.random.default_rng(3)
    expected = measure_entanglement(read_statistics(masks), Choices(), generator=generator, settings=FEW)
    assert found.entanglement.pairs == expected.pairs
    assert found.provenance == mask_provenance(masks)
    assert found.entanglement.correlation.choices == Choices()
    assert len(found.entanglement.pairs) == 6
    assert all(np.isfinite(pair.phi.value) for pair in found.entanglement.pairs)


def test_other_choices_give_another_table(masks: Path) -> None:
    choices = Choices(map="evidence", sign="signed", estimand="mean", view="full")
    first, second = (find_entanglement(masks, choices=each, settings=FEW) for each in (choices, None))
    assert first.entanglement.correlation.choices == choices
    assert {pair.r.value for pair in first.entanglement.pairs} != {pair.r.value for pair in second.entanglement.pairs}


def test_what_is_wrong_is_said_before_anything_is_computed(masks: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"--attribute: .* got 'Redd'\. Did you mean Red\?"):
        find_entanglement(masks, targets=["Redd"])
    with pytest.raises(MaskFileError, match="expected a file of masks, found none"):
        find_entanglement(tmp_path / "masks.h5")


def test_collinear_maps_need_a_ridge(masks: Path) -> None:
    """Minus what all share, the maps add up to 0."""
    with pytest.raises(StatisticsError, match="Use a larger ridge"):
        find_entanglement(
            masks,
            choices=Choices(sign="signed", estimand="contrast", view="full", centring="common"),
            settings=EntanglementSettings(n_replicates=20, ridge=0),
        )
