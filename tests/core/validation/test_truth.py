from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from mamviz.config import RunConfig, from_dict
from mamviz.data.dataset import open_data
from mamviz.data.synthetic.labels import draw_labels
from mamviz.data.synthetic.render import draw_faces
from mamviz.errors import DataError, MaskFileError
from mamviz.extraction import extract_masks, plan_extraction
from mamviz.models.weights import build_network, load_network, write_network
from mamviz.schema import VARIANTS, Choices
from mamviz.stats.correlation import correlate_attributes, dataset_maps
from mamviz.store.masks import read_images, read_statistics
from mamviz.validation import truth
from mamviz.validation.attributions import grad_cam, has_captum, occlude
from mamviz.validation.explained import explain_faces
from mamviz.validation.localisation import mean_over_attributes, point
from mamviz.validation.recovery import adjusted_maps, compare_tables
from mamviz.validation.regions import compare_maps, describe_regions, draw_fresh_faces
from mamviz.validation.truth import FaceSettings, choose_examples, piece_folder, require_faces, validate_faces
from tests.core.made import make_config, make_data, make_run
from tests.core.models.stirred import stir

N = 24  # fresh faces
CONFIG = from_dict(
    RunConfig,
    {"data": {"size": 32, "n_faces": 40}, "model": {"channels": 4}, "train": {"epochs": 1, "threads": 1}},
)
SETTINGS = FaceSettings(n_images=N, n_replicates=20)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of stirred weights, which the checks here need no training for, with its masks."""
    folder = tmp_path_factory.mktemp("truth")
    data = open_data(CONFIG.data, cache=folder / "cache")
    made = make_run(folder / "run", CONFIG, data)
    network = build_network(CONFIG, n_attributes=40)
    stir(network, 0)
    write_network(made.model_file, network, config=CONFIG, attributes=made.attributes)
    plan, indices = plan_extraction(made, data, split="all", n_raw=0, version="0", shape=network.shape)
    extract_masks(made, data, plan, indices)
    return made


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """With a folder of pieces, so that regions are drawn once."""
    return dataclasses.replace(SETTINGS, folder=tmp_path_factory.mktemp("pieces"))


@pytest.fixture(scope="module")
def found(run, settings):
    return validate_faces(run, settings, generator=np.random.default_rng(0), version="0")


@pytest.fixture(scope="module")
def faces(run, found, settings):
    return draw_fresh_faces(CONFIG.data, (4, 4), n_images=N, folder=piece_folder(run, settings, "0"))


def test_a_run_on_other_images_is_refused_in_one_line(tmp_path):
    config = make_config()
    other = dataclasses.replace(config, data=dataclasses.replace(config.data, source="table.csv"))
    with pytest.raises(DataError, match=r"built-in faces.*table\.csv.*mamviz validate"):
        require_faces(make_run(tmp_path / "other", other, make_data()))


def test_missing_masks_are_named(run, tmp_path):
    moved = dataclasses.replace(run, folder=tmp_path / "moved")
    moved.folder.mkdir()
    moved.model_file.write_bytes(run.model_file.read_bytes())
    with pytest.raises(MaskFileError, match=r"masks\.h5"):
        validate_faces(moved, SETTINGS, generator=np.random.default_rng(0), version="0")


def test_the_faces_are_ones_the_run_has_not_seen(run, found, faces):
    labels = draw_labels(40 + N, seed=0)[40:]
    assert np.array_equal(faces.labels, labels)
    pictures = draw_faces(labels, np.arange(40, 40 + N), size=32, seed=0).numpy()
    logits = explain_faces(load_network(run), pictures, labels).logits
    assert found.accuracy.value == pytest.approx(((logits > 0) == labels).mean())
    assert found.accuracy.low <= found.accuracy.value <= found.accuracy.high
    assert found.majority == pytest.approx(
        np.mean([max(np.mean(column), np.mean(1 - column)) for column in labels.T.astype(float)])
    )
    assert found.provenance.n_images == N
    assert f"41 to {40 + N}" in found.provenance.data


def test_truth_is_that_of_the_fresh_regions(found, faces):
    expected = describe_regions(faces.regions, faces.labels)
    assert np.allclose(found.regions.mean, expected.mean)
    assert found.regions.local == expected.local


def test_single_images_are_pointed_at_by_every_method_in_every_variant(run, found, faces):
    methods = ["mask", "evidence", *(["GradCAM", "occlusion"] if has_captum() else [])]
    assert [(entry.method, entry.variant) for entry in found.localisations] == [
        (method, variant) for method in methods for variant in VARIANTS
    ]
    own = explain_faces(load_network(run), faces.images, faces.labels)
    centred = own.evidence - own.evidence.mean(axis=0)
    usage = dataset_maps(read_statistics(run.masks_file), Choices(map="evidence")).sum(axis=1)
    local = np.isin(found.regions.attributes, found.regions.local)
    for variant, seen in (("centred", centred), ("weighed", centred * np.nan_to_num(usage))):
        hits = point(seen, faces.regions, faces.labels)[:, local]
        expected = mean_over_attributes(hits, np.ones((1, N), np.int32)).value
        (entry,) = [each for each in found.localisations if (each.method, each.variant) == ("evidence", variant)]
        assert entry.local_pointing.value == pytest.approx(expected)


def test_the_recommended_table_is_that_of_the_masks_file(run, found, faces):
    stats = read_statistics(run.masks_file)
    table = correlate_attributes(stats, Choices()).values
    truth_relation = describe_regions(faces.regions, faces.labels).relation
    assert found.recommended.graph == pytest.approx(compare_tables(table, truth_relation))
    labels = read_images(run.masks_file).labels
    phi = np.full((40, 40), np.nan)
    varies = np.ptp(labels, axis=0) > 0
    phi[np.ix_(varies, varies)] = np.corrcoef(labels[:, varies].T)
    assert found.labels.table_size == pytest.approx(compare_tables(table, np.abs(phi)), abs=0.02)  # other pairs
    assert found.n_masks == 40


@pytest.mark.skipif(not has_captum(), reason="needs captum: pip install 'mamviz[validate]'")
def test_other_methods_maps_are_weighed_like_ours_on_the_same_faces(run, found, faces):
    network, mean = load_network(run), faces.images.mean(axis=0)
    methods = {"GradCAM": grad_cam(network, faces.images), "occlusion": occlude(network, faces.images, baseline=mean)}
    for method, maps in methods.items():
        adjusted, plain = (
            next(each for each in found.recoveries if each.method == method and each.kind == kind)
            for kind in ("absolute adjusted", "mean absolute")
        )
        for got, expected in ((adjusted, adjusted_maps(maps, faces.labels)), (plain, np.abs(maps).mean(axis=0))):
            size = np.nanmax(np.abs(expected))
            assert np.allclose(got.maps, expected, rtol=0, atol=1e-4 * size, equal_nan=True), method
        assert np.allclose(plain.map_r, compare_maps(plain.maps, found.regions.mean), equal_nan=True)


def test_without_captum_the_rest_is_measured(run, settings, monkeypatch):
    monkeypatch.setattr(truth, "has_captum", lambda: False)
    found = validate_faces(run, settings, generator=np.random.default_rng(0), version="0")
    assert {entry.method for entry in found.localisations} == {"mask", "evidence"}
    assert {entry.method for entry in found.recoveries} == {"mask", "evidence"}
    assert found.best_localisation("GradCAM") is None


def test_pieces_are_kept_apart_for_other_weights_faces_and_versions(run, tmp_path):
    settings = dataclasses.replace(SETTINGS, folder=tmp_path)
    names = {
        piece_folder(run, settings, "0"),
        piece_folder(run, settings, "1"),
        piece_folder(run, dataclasses.replace(settings, n_images=9), "0"),
    }
    assert len(names) == 3


def test_examples_are_local_and_lie_in_different_places(found):
    assert set(found.examples) <= set(found.regions.local)
    relation = np.array([[1, 0.9, -0.2, 0.1], [0.9, 1, 0, 0], [-0.2, 0, 1, 0.5], [0.1, 0, 0.5, 1]])
    regions = dataclasses.replace(
        found.regions,
        attributes=("a", "b", "c", "d"),
        relation=relation,
        n_visible=np.array([9.0, 1, 2, 3]),
        local=("a", "b", "c", "d"),
    )
    assert choose_examples(regions, n_attributes=1) == ("a",)  # most often seen
    assert choose_examples(regions, n_attributes=2) == ("a", "c")  # least like a
    assert choose_examples(regions, n_attributes=3) == ("a", "c", "d")  # 0.5 from c, where b is 0.9 from a
    assert choose_examples(regions) == ("a", "b", "c", "d")
