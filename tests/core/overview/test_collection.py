"""The whole record of a run: what it holds, what it must not hold, and that it repeats."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mamviz.errors import MaskFileError, RunError, StatisticsError
from mamviz.extraction import write_masks
from mamviz.overview.settings import OverviewSettings
from mamviz.run import Run, file_sha256
from mamviz.schema import Overview
from tests.core.overview.conftest import SETTINGS, World


def leaves(value: Any) -> Iterator[Any]:
    """Everything that a record holds, at any depth."""
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from leaves(getattr(value, field.name))
    elif isinstance(value, dict):
        yield from itertools.chain.from_iterable(leaves(each) for each in (*value, *value.values()))
    elif isinstance(value, (tuple, list)):
        yield from itertools.chain.from_iterable(map(leaves, value))
    else:
        yield value


def same(first: Any, second: Any) -> bool:
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and np.array_equal(first, second, equal_nan=first.dtype.kind == "f")
    return bool(first == second or (first != first and second != second))  # noqa: PLR0124 - NaN


def texts_of(overview: Overview) -> list[str]:
    return [each for each in leaves(overview) if isinstance(each, str)]


def test_masks_and_scores_say_where_they_come_from(world: World, overview: Overview) -> None:
    weights = file_sha256(world.run.model_file)
    assert (overview.provenance.split, overview.provenance.n_images) == ("all", 120)
    assert (overview.evaluated.split, overview.evaluated.n_images) == ("test", 24)
    assert overview.provenance.model_sha256 == overview.evaluated.model_sha256 == weights
    assert overview.evaluated.version == "1.2.3"


def test_every_attribute_is_there_in_the_runs_order(world: World, overview: Overview) -> None:
    assert tuple(each.attribute for each in overview.attributes) == world.run.attributes
    assert overview.correlation.names == world.run.attributes
    assert sorted(overview.clustering.order) == [0, 1, 2, 3]
    assert [each.score for each in overview.attributes] == list(overview.evaluation.scores)
    assert {len(each.channels) for each in overview.attributes} == {8}
    assert len(overview.channel_correlation.names) == len(overview.channels.rows) == 8
    assert overview.run.name == "made-1"


def test_the_scale_of_the_examples_holds_every_cell(overview: Overview) -> None:
    cells = [np.abs(example.evidence).max() for each in overview.attributes for example in each.examples]
    assert overview.evidence_limit == max(cells)
    assert overview.strip_limit == max(np.abs(image.evidence.sum(axis=1)).max() for image in overview.strip)
    assert [image.name for image in overview.strip] == ["007.png", "009.png", "017.png"]


def test_the_same_run_gives_the_same_record(world: World, overview: Overview) -> None:
    again = world.collect()
    pairs = list(zip(leaves(overview), leaves(again), strict=True))
    assert len(pairs) > 1000
    assert all(same(*pair) for pair in pairs)


def test_without_thumbnails_there_is_no_pixel_and_no_name_of_an_image(world: World, overview: Overview) -> None:
    private = world.collect(replace(SETTINGS, thumbnails=False))
    held = list(leaves(private))
    assert not [each for each in held if isinstance(each, np.ndarray) and each.dtype == np.uint8]
    assert not [word for word in texts_of(private) for name in world.data.names if name in word]
    assert private.strip == ()
    assert all(each.examples == () for each in private.attributes)
    assert (private.evidence_limit, private.strip_limit) == (1.0, 1.0)
    # all else is as with images
    assert [each.n_outcomes for each in private.attributes] == [each.n_outcomes for each in overview.attributes]
    np.testing.assert_array_equal(private.correlation.values, overview.correlation.values)
    # and the two can be told apart: with thumbnails pixels and names are there
    shown = list(leaves(overview))
    assert [each for each in shown if isinstance(each, np.ndarray) and each.dtype == np.uint8]
    assert "007.png" in texts_of(overview)


def test_a_constant_label_is_told_and_drawn_as_nan(world: World, tmp_path: Path) -> None:
    copy = world.copy(tmp_path)
    labels = world.data.labels.copy()
    labels[:, 1] = 1
    data = replace(world.data, labels=labels, fingerprint="one label")
    write_masks(copy.run, data)
    found = World(copy.run, data).collect()
    green = found.attributes[1]
    assert np.isfinite(green.maps.mask).all()
    assert np.isnan(green.maps.contrast).all()
    assert green.neighbours == ()
    assert green.n_outcomes[1] == green.n_outcomes[3] == 0
    assert {example.outcome for example in green.examples} <= {"true positive", "false negative"}
    assert np.isnan(green.score.auroc.value)
    assert found.clustering.order[-1] == 1  # the undefined come last
    assert np.isfinite([*found.map_limits, *found.mask_range, found.evidence_limit]).all()
    assert any(words.startswith("Green: the same label on all evaluated images") for words in found.warnings)


def test_test_images_of_one_class_have_no_auroc_but_examples(world: World, tmp_path: Path) -> None:
    copy = world.copy(tmp_path)
    split = np.where(world.data.labels[:, 0] == 1, 2, 0).astype(np.int8)  # all test images are red
    found = World(copy.run, replace(world.data, split=split, fingerprint="red ones")).collect()
    red = found.attributes[0]
    assert red.n_outcomes[1] == red.n_outcomes[3] == 0
    assert sum(red.n_outcomes) == int((split == 2).sum())
    assert np.isnan(red.score.auroc.value)
    assert np.isfinite(red.maps.contrast).all()  # masks are of all images
    assert any("extracted from other images" in words for words in found.warnings)


def test_without_test_images_all_are_taken_and_that_is_said_first(world: World, tmp_path: Path) -> None:
    copy = world.copy(tmp_path)
    found = World(copy.run, replace(world.data, split=np.zeros(120, np.int8))).collect()
    assert (found.evaluated.split, found.evaluation.n_images) == ("all", 120)
    assert found.warnings[0].startswith("There are no test images")


def test_the_poster_stands_beside_only_where_its_attributes_are(world: World, overview: Overview) -> None:
    assert (overview.poster, overview.poster_average, overview.poster_intervals) == ((), None, ())
    assert overview.poster_remark == ""


def test_progress_ends_where_it_should_and_never_goes_back(world: World) -> None:
    seen: list[tuple[int, int]] = []
    world.collect(progress=lambda done, total, note="": seen.append((done, total)))
    assert {total for _, total in seen} == {100}
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (100, 100)


def test_a_stopped_overview_leaves_nothing_behind(world: World, tmp_path: Path) -> None:
    copy = world.copy(tmp_path)
    before = {file.name for file in copy.run.folder.iterdir()}

    def stop(done: int, total: int, note: str = "") -> None:
        if done >= 60:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy.collect(progress=stop)
    assert {file.name for file in copy.run.folder.iterdir()} - before <= {"analysis.h5"}


def test_too_few_replicates_are_refused_before_anything_is_computed(world: World) -> None:
    seen: list[int] = []
    with pytest.raises(StatisticsError, match="Expected 100 replicates or more, got 99"):
        world.collect(OverviewSettings(n_replicates=99), progress=lambda done, total, note="": seen.append(done))
    assert seen == []


def test_a_run_without_masks_or_weights_is_refused(world: World, tmp_path: Path) -> None:
    copy = world.copy(tmp_path)
    copy.run.masks_file.unlink()
    with pytest.raises(MaskFileError, match=r"masks\.h5"):
        copy.collect()
    copy.run.model_file.unlink()
    with pytest.raises(RunError, match="training has not finished"):
        World(Run(copy.run.folder, copy.run.config, copy.run.attributes, copy.run.record), copy.data).collect()
