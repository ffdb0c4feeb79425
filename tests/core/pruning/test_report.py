from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from mamviz.data.dataset import ImageData
from mamviz.distributed import Group
from mamviz.errors import RunError, StatisticsError
from mamviz.models.weights import load_network
from mamviz.pruning.importance import channel_importance
from mamviz.pruning.observation import observe
from mamviz.pruning.part import Part, read_part
from mamviz.pruning.removal import logits_without
from mamviz.pruning.report import Pruning, find_obstacle, measure_pruning, read_pruning
from mamviz.run import Run
from mamviz.schema import MASK_CRITERIA, PruningReport, PruningSettings
from mamviz.training.prediction import predict
from tests.core.pruning.made_runs import MAKER, QUICK, make_images, make_trained
from tests.core.pruning.removed import Stop

SETTINGS = PruningSettings(n_images=1000, n_random=2, step=0.25, last=0.75, n_replicates=50, max_loss=0.1)


class World:
    """A trained run, its images, and the report of it."""

    def __init__(self, folder: Path) -> None:
        self.data = make_images()
        self.run = make_trained(folder / "made-1", self.data)
        self.file = self.run.folder / "pruning.json"

    def measure(self, settings: PruningSettings = SETTINGS, **options: object) -> Pruning:
        return measure_pruning(self.run, self.data, settings, maker=MAKER, timing=QUICK, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def report(world: World) -> PruningReport:
    return world.measure().report


def parts_but_cost(report: PruningReport) -> dict[str, str]:
    """Every field as text but the one that is timed."""
    return {field.name: repr(getattr(report, field.name)) for field in fields(report) if field.name != "cost"}


def test_validation_images_rank_and_test_images_measure(world: World, report: PruningReport) -> None:
    network, generator = load_network(world.run), np.random.default_rng(0)
    assert (report.ranked, report.measured) == (12, 24)
    validation = read_part(network, world.data, "validation", n_images=1000, generator=generator)
    usage = channel_importance(observe(network, validation).statistics).usage
    order = next(order for order in report.orders if order.criterion == "usage")
    assert order.channels == tuple(np.argsort(usage.sum(axis=0), kind="stable"))
    np.testing.assert_allclose(report.causal[0].claim, usage, rtol=1e-6)
    test = world.data.select("test")
    right = (predict(network, world.data, test, group=Group()) > 0) == world.data.labels[test]
    for curve in report.curves:
        np.testing.assert_allclose(curve.attributes[0], right.mean(axis=0), atol=1e-12)
    positive = world.data.labels[test].mean(axis=0)
    assert report.majority == pytest.approx(np.maximum(positive, 1 - positive).mean())


def test_every_order_is_measured_with_both_fills(report: PruningReport) -> None:
    orders = [(curve.order.criterion, curve.order.draw, curve.fill) for curve in report.curves]
    assert len(orders) == len(set(orders)) == 2 * len(report.orders) == 2 * (5 + 4 + 2)
    assert {curve.removed for curve in report.curves} == {(0, 2, 4, 6)}
    assert {(each.criterion, each.fill) for each in report.differences} == {
        (criterion, fill) for criterion in MASK_CRITERIA for fill in ("zero", "mean")
    }
    assert report.absent == ()
    assert report.tuned == ()


def test_what_is_safe_is_said_of_the_choice_first_then_of_the_others(report: PruningReport) -> None:
    assert [(each.criterion, each.fill) for each in report.safe[:2]] == [("contrast", "mean"), ("contrast", "zero")]
    assert {each.fill for each in report.safe[2:]} == {"mean"}
    assert [each.criterion for each in report.safe].count("random") == 1
    assert len(report.safe) == 2 + 9
    assert report.going == report.chosen.order.channels[: report.safe[0].removed]


def test_what_is_safe_is_chosen_on_validation_images_and_paid_for_on_test_images(
    world: World, report: PruningReport
) -> None:
    network, generator, first = load_network(world.run), np.random.default_rng(0), report.safe[0]
    assert 0 < first.removed < 8
    validation, test = (
        read_part(network, world.data, split, n_images=1000, generator=generator) for split in ("validation", "test")
    )
    means = observe(network, validation).means

    def lose(part: Part, removed: int) -> float:
        kept = sorted(report.chosen.order.channels[removed:])
        before, after = (logits_without(network, part, each, means=means) > 0 for each in (range(8), kept))
        return float((before == part.labels).mean() - (after == part.labels).mean())

    assert first.validation_loss.value == pytest.approx(lose(validation, first.removed))
    assert first.test_loss.value == pytest.approx(lose(test, first.removed))
    assert lose(validation, first.removed) <= 0.1 < lose(validation, first.removed + 1)


def test_the_claim_is_checked_with_both_fills(report: PruningReport) -> None:
    assert [check.fill for check in report.causal] == ["zero", "mean"]
    assert not np.allclose(report.causal[0].effect, report.causal[1].effect)
    assert report.causal[0].n_images == 24


def test_cost_is_of_half_the_channels_and_the_smaller_network_is_exact(report: PruningReport) -> None:
    assert report.cost is not None
    assert (report.cost.before.channels, report.cost.after.channels) == (8, 4)
    assert 0 < report.cost.error < 1e-5


def test_the_file_holds_the_report(world: World, report: PruningReport) -> None:
    assert repr(read_pruning(world.file)) == repr(report)
    assert not (world.run.folder / "pruning.part.json").exists()
    assert not (world.run.folder / "pruning").exists()
    origin = json.loads(world.file.read_text())["provenance"]
    assert (origin["split"], origin["n_images"], origin["version"]) == ("test", 24, "1.2.3")


def test_a_second_time_nothing_is_computed(world: World, report: PruningReport) -> None:
    stamp, seen = world.file.stat().st_mtime_ns, Stop()
    assert repr(world.measure(progress=seen).report) == repr(report)
    assert world.file.stat().st_mtime_ns == stamp
    assert seen.seen == []


@pytest.mark.parametrize("after", [12, 60, 130])
def test_a_stopped_job_goes_on_to_the_same_numbers(
    world: World, report: PruningReport, tmp_path: Path, after: int
) -> None:
    run = move(world.run, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        measure_pruning(run, world.data, SETTINGS, maker=MAKER, timing=QUICK, progress=Stop(after))
    unfinished = run.folder / "pruning.part.json"
    kept = unfinished.read_bytes() if unfinished.exists() else b""
    pieces = list(run.folder.glob("pruning/pieces-*/*.npy"))
    assert kept
    assert pieces
    again = Stop()
    found = measure_pruning(run, world.data, SETTINGS, maker=MAKER, timing=QUICK, progress=again)
    assert parts_but_cost(found.report) == parts_but_cost(report)
    assert not unfinished.exists()
    assert not (run.folder / "pruning").exists()


def test_parts_that_are_done_are_not_done_again(
    world: World, report: PruningReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mamviz.pruning import tasks

    run = move(world.run, tmp_path)

    def stop(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tasks, "compare_costs", stop)
    with pytest.raises(KeyboardInterrupt):
        measure_pruning(run, world.data, SETTINGS, maker=MAKER, timing=QUICK)
    monkeypatch.undo()
    for name in ("all_orders", "trace_curves", "find_safe_removal", "check_claim"):
        monkeypatch.setattr(tasks, name, stop)
    found = measure_pruning(run, world.data, SETTINGS, maker=MAKER, timing=QUICK)
    assert parts_but_cost(found.report) == parts_but_cost(report)


def test_a_fine_tune_asked_for_later_leaves_the_rest_as_it_is(
    world: World, report: PruningReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mamviz.pruning import tasks, tuning

    monkeypatch.setattr(tasks, "KEEPS", (0.5,))
    monkeypatch.setattr(tuning.tune_levels, "__kwdefaults__", {**tuning.tune_levels.__kwdefaults__, "keeps": (0.5,)})
    run = move(world.run, tmp_path)
    (run.folder / "pruning.json").write_bytes(world.file.read_bytes())
    found = measure_pruning(run, world.data, replace(SETTINGS, tune_epochs=1), maker=MAKER, timing=QUICK).report
    assert repr(replace(found, settings=SETTINGS, tuned=())) == repr(report)  # the timing too
    (point,) = found.tuned
    assert (point.kept, point.epochs) == (4, 1)
    half = report.chosen.level(report.half)
    assert point.pruned.value == pytest.approx(report.chosen.accuracy[half].value)
    assert list((run.folder / "pruning").glob("tuned-4-*"))  # runs stay, pieces don't
    assert not list((run.folder / "pruning").glob("pieces-*"))


@pytest.mark.parametrize("text", ["", "{", '{"schema_version": 99}', '{"schema_version": 1, "settings": 3}'])
def test_what_is_no_report_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "pruning.json"
    file.write_text(text)
    with pytest.raises(RunError, match=r"pruning\.json: expected the pruning report of a run"):
        read_pruning(file)
    with pytest.raises(RunError, match="Make it with `mamviz prune-report`"):
        read_pruning(tmp_path / "missing.json")


def test_a_damaged_report_of_the_same_work_is_made_again(world: World, report: PruningReport, tmp_path: Path) -> None:
    run = move(world.run, tmp_path)
    values = json.loads(world.file.read_text())
    values["curves"] = 3
    (run.folder / "pruning.json").write_text(json.dumps(values))
    found = measure_pruning(run, world.data, SETTINGS, maker=MAKER, timing=QUICK).report
    assert parts_but_cost(found) == parts_but_cost(report)


def test_another_choice_is_another_report(world: World, report: PruningReport, tmp_path: Path) -> None:
    run = move(world.run, tmp_path)
    (run.folder / "pruning.json").write_bytes(world.file.read_bytes())
    other = replace(SETTINGS, criterion="L1", fill="zero", n_random=0)
    found = measure_pruning(run, world.data, other, maker=MAKER, timing=QUICK).report
    assert (found.safe[0].criterion, found.safe[0].fill) == ("L1", "zero")
    assert (found.chosen.order.criterion, found.chosen.fill) == ("L1", "zero")
    assert found.absent == ("random: no draw was asked for",)


def test_a_criterion_without_an_order_is_refused_before_the_curves(world: World, tmp_path: Path) -> None:
    run = move(world.run, tmp_path)
    with pytest.raises(StatisticsError, match=r"expected one .* has an order of \(contrast, usage, .* got 'greedy'"):
        measure_pruning(run, world.data, replace(SETTINGS, criterion="greedy"), maker=MAKER, timing=QUICK)
    assert not (run.folder / "pruning").exists()


def test_greedy_removal_is_an_order_where_it_is_asked_for(world: World, tmp_path: Path) -> None:
    run = move(world.run, tmp_path)
    asked = replace(SETTINGS, oracle=8, criterion="greedy", n_random=1)
    found = measure_pruning(run, world.data, asked, maker=MAKER, timing=QUICK).report
    assert found.chosen.order.criterion == "greedy"
    assert {each.other for each in found.differences} >= {"greedy", "Taylor"}


def test_progress_never_falls_and_ends_at_its_total(world: World, tmp_path: Path) -> None:
    seen = Stop()
    measure_pruning(move(world.run, tmp_path), world.data, SETTINGS, maker=MAKER, timing=QUICK, progress=seen)
    done = [pair[0] for pair in seen.seen]
    (total,) = {pair[1] for pair in seen.seen}
    assert done == sorted(done)
    assert done[-1] == total
    assert max(np.diff(done)) < total / 4  # pieces are comparable


def test_data_without_a_part_say_so(world: World) -> None:
    assert find_obstacle(world.data, SETTINGS) is None
    without = replace(world.data, split=np.where(world.data.split == 1, 0, world.data.split).astype(np.int8))
    assert find_obstacle(without, SETTINGS) == (
        "120 made images has 0 images of the split 'validation', of which 8 are needed"
    )
    assert "'test'" in (find_obstacle(no_test(world.data), SETTINGS) or "")


def no_test(data: ImageData) -> ImageData:
    return replace(data, split=np.where(data.split == 2, 0, data.split).astype(np.int8))


def move(run: Run, folder: Path) -> Run:
    """The same run by the same name in another folder, without its report."""
    import shutil

    target = folder / run.name
    target.mkdir()
    for name in ("run.json", "model.safetensors"):
        shutil.copy(run.folder / name, target)
    return replace(run, folder=target)
