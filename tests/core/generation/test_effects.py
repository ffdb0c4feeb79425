"""Measured edits against edits made one image at a time, and pieces that are kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mamviz.errors import DataError
from mamviz.generation.effects import measure_edits
from mamviz.generation.moving import move_features
from mamviz.generation.pictures import make_edit
from mamviz.generation.reference import read_drawn, read_logits
from mamviz.schema import EditSettings
from tests.core.generation.drawn import features_of, make_network, make_reference
from tests.core.made import ATTRIBUTES, make_data

DATA = make_data(60)
SETTINGS = EditSettings(n_images=100, n_replicates=20, strength=1.0)


def test_effects_are_means_over_images_edited_one_by_one() -> None:
    network = make_network(double=False)
    reference = make_reference(network, DATA)
    report = measure_edits(network, DATA, reference, SETTINGS)
    assert len(report.effects) == len(ATTRIBUTES) * 4
    assert (report.split, report.unit, report.n_images) == ("test", "image", 12)
    for effect in report.effects:
        column = ATTRIBUTES.index(effect.attribute)
        sign, wanted = (1.0, 0) if effect.action == "add" else (-1.0, 1)
        read = read_logits if effect.reading == "features" else read_drawn
        changes = []
        for row in DATA.select("test"):
            if DATA.labels[row, column] == wanted:
                features = features_of(network, DATA, [int(row)])
                asked = torch.tensor([sign * SETTINGS.strength * float(reference.spread[column])])
                moved = move_features(network, features, make_edit(column, reference, SETTINGS), asked)
                changes.append(read(network, moved)[0] - read(network, features)[0])
        means = np.mean(changes, axis=0)
        assert effect.n_images == len(changes)
        assert effect.own.value == pytest.approx(sign * means[column], abs=1e-4)
        others = np.delete(means, column)
        assert effect.other.value == pytest.approx(others[np.abs(others).argmax()], abs=1e-4)


def test_a_job_that_goes_on_gives_the_same_and_computes_nothing_again(tmp_path: Path) -> None:
    network = make_network(double=False)
    reference = make_reference(network, DATA)
    first = measure_edits(network, DATA, reference, SETTINGS, folder=tmp_path)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 2 * len(ATTRIBUTES)
    stamps = [file.stat().st_mtime_ns for file in files]
    assert measure_edits(network, DATA, reference, SETTINGS, folder=tmp_path) == first
    assert [file.stat().st_mtime_ns for file in sorted(tmp_path.iterdir())] == stamps
    measure_edits(network, DATA, reference, replace(SETTINGS, strength=0.5), folder=tmp_path)
    assert len(list(tmp_path.iterdir())) == 4 * len(ATTRIBUTES)


def test_no_more_images_of_a_label_are_edited_than_asked_for() -> None:
    network = make_network(double=False)
    report = measure_edits(network, DATA, make_reference(network), replace(SETTINGS, n_images=3))
    assert max(effect.n_images for effect in report.effects) == 3


def test_data_without_enough_images_is_refused() -> None:
    network = make_network(double=False)
    reference = make_reference(network)
    few = make_data(60)
    few = replace(few, names=few.names[:5], images=few.images[:5], labels=few.labels[:5], split=few.split[:5])
    with pytest.raises(DataError, match="expected at least 8 images to edit, got 5"):
        measure_edits(network, few, reference, SETTINGS)
