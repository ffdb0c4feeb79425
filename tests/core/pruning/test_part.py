from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mamviz.data.batches import to_tensor
from mamviz.errors import DataError
from mamviz.pruning.part import read_part
from tests.core.made import make_data
from tests.core.models.stirred import SMALL, stirred_network


def test_images_of_the_split_are_drawn_once_each_with_their_labels_and_features() -> None:
    data, network = make_data(200), stirred_network(SMALL, size=16)
    part = read_part(network, data, "train", n_images=100, generator=np.random.default_rng(0))
    assert len(set(part.indices.tolist())) == part.n_images == 100  # more than a batch
    assert (data.split[part.indices] == 0).all()
    np.testing.assert_array_equal(part.labels, data.labels[part.indices])
    assert (part.unit, part.n_units) == ("image", 100)
    assert part.attributes == data.attributes
    with torch.no_grad():
        for place in (0, 63, 64, 99):
            image = to_tensor(data.images[part.indices[place]][None])
            expected = network.extractor(image)[0]  # another batch size, another order of sums
            torch.testing.assert_close(part.features[place], expected, rtol=1e-4, atol=1e-5 * float(expected.max()))


def test_all_images_come_where_more_are_asked_for() -> None:
    data = make_data(60)
    part = read_part(stirred_network(SMALL, size=16), data, "test", n_images=99, generator=np.random.default_rng(0))
    np.testing.assert_array_equal(part.indices, data.select("test"))


def test_the_generator_chooses_and_persons_are_counted_where_known() -> None:
    data = replace(make_data(60), identity=np.arange(60) // 3 + 100)
    network = stirred_network(SMALL, size=16)
    parts = [read_part(network, data, "all", n_images=20, generator=np.random.default_rng(seed)) for seed in (0, 0, 1)]
    drawn = [part.indices.tolist() for part in parts]
    assert drawn[0] == drawn[1] != drawn[2]
    assert parts[0].unit == "identity"
    assert parts[0].n_units == len({index // 3 for index in drawn[0]}) < 20


def test_a_network_in_training_is_used_as_for_inference_and_left_as_it_was() -> None:
    data, network = make_data(60), stirred_network(SMALL, size=16)
    expected = read_part(network, data, "all", n_images=60, generator=np.random.default_rng(0)).features
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    got = read_part(network, data, "all", n_images=60, generator=np.random.default_rng(0)).features
    torch.testing.assert_close(got, expected, rtol=0, atol=0)
    assert network.training
    assert not got.is_inference()
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


def test_progress_ends_with_all_images() -> None:
    seen: list[tuple[int, int]] = []
    read_part(
        stirred_network(SMALL, size=16),
        make_data(100),
        "all",
        n_images=90,
        generator=np.random.default_rng(0),
        progress=lambda done, total, note="": seen.append((done, total)),
    )
    assert seen == [(64, 90), (90, 90)]


def test_too_few_images_are_refused() -> None:
    with pytest.raises(DataError, match=r"at least 8 images of the split 'validation' to prune on, got 6"):
        read_part(
            stirred_network(SMALL, size=16),
            make_data(60),
            "validation",
            n_images=100,
            generator=np.random.default_rng(0),
        )
