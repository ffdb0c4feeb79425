import dataclasses

import numpy as np
import pytest
import torch

from mamviz.data.synthetic.labels import ATTRIBUTES
from mamviz.data.synthetic.parts import PARTS, find_box
from mamviz.data.synthetic.person import draw_persons
from mamviz.data.synthetic.view import Rows, find_rows, open_view

SIZE = 40


def painted(part, labels, background=0.5):
    n = len(labels)
    view = open_view(torch.from_numpy(labels), draw_persons(np.arange(n), seed=8), Rows(0, SIZE, 0, SIZE), SIZE)
    view.rgb.fill_(background)
    part.paint(view)
    return view.rgb


@pytest.fixture(scope="module")
def labels():
    return (np.random.default_rng(1).random((24, 40)) < 0.5).astype(np.float32)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.paint.__name__)
def test_a_part_stays_in_its_box_and_reads_only_what_it_says(part, labels):
    rgb = painted(part, labels)
    outside = (rgb != 0.5).any(dim=1).any(dim=0)
    rows = find_rows(part.box, SIZE)
    outside[rows.top : rows.bottom, rows.left : rows.right] = False
    assert not outside.any()
    others = [k for k, name in enumerate(ATTRIBUTES) if name not in part.reads]
    changed = labels.copy()
    changed[:, others] = 1 - changed[:, others]
    if part.needs is None or part.needs[0] in part.reads:
        assert torch.equal(painted(part, changed), rgb)


@pytest.mark.parametrize(
    ("part", "attribute"),
    [(part, name) for part in PARTS for name in part.reads],
    ids=lambda value: value if isinstance(value, str) else value.paint.__name__,
)
def test_a_part_does_depend_on_what_it_reads(part, attribute, labels):
    plain = labels.copy()
    if part.needs is not None and part.needs[0] != attribute:
        plain[:, ATTRIBUTES.index(part.needs[0])] = part.needs[1]
    switched = plain.copy()
    k = ATTRIBUTES.index(attribute)
    switched[:, k] = 1 - switched[:, k]

    def shown(rows):
        passed_over = np.zeros(len(rows), bool)
        if part.needs is not None:
            passed_over = rows[:, ATTRIBUTES.index(part.needs[0])] != part.needs[1]
        rgb = painted(part, rows)
        rgb[torch.from_numpy(passed_over)] = 0.5
        return rgb

    assert not torch.equal(shown(plain), shown(switched))


def test_every_attribute_but_blurry_is_read_by_a_part():
    assert [name for name in ATTRIBUTES if find_box(name) is None] == ["Blurry"]


def test_parts_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        PARTS[0].needs = None
