import dataclasses

import numpy as np
import torch

from mamviz.data.synthetic.person import MAX_SHIFT, MAX_TURN, SCALES, draw_persons


def test_a_person_does_not_depend_on_the_others():
    many = draw_persons(np.arange(40), seed=4)
    one = draw_persons(np.array([23]), seed=4)
    assert torch.equal(many.numbers[:, 23:24], one.numbers)
    assert torch.equal(many.hues[:, 23:24], one.hues)


def test_pose_stays_within_what_windows_allow_for():
    pose = draw_persons(np.arange(4000), seed=0).pose
    assert pose.shift_x.abs().max() <= MAX_SHIFT
    assert pose.shift_y.abs().max() <= MAX_SHIFT
    assert pose.sine.abs().max() <= 2 * MAX_TURN / (1 + MAX_TURN**2)
    assert pose.scale.min() >= SCALES[0]
    assert pose.scale.max() <= SCALES[1]
    torch.testing.assert_close(pose.cosine**2 + pose.sine**2, torch.ones_like(pose.sine))


def test_every_trait_varies_and_no_two_are_the_same_number():
    person = draw_persons(np.arange(500), seed=0)
    flat = person.numbers[:, :, 0, 0].double().numpy()
    assert (flat.std(axis=1) > 0).all()
    related = np.abs(np.corrcoef(flat)) - np.eye(len(flat))
    names = [field.name for group in (person.pose, person.build) for field in dataclasses.fields(group)]
    turned = [names.index("cosine"), names.index("sine")]
    related[np.ix_(turned, turned)] = 0
    assert related.max() < 0.25  # 500 independent numbers: beyond 0.25 is a chance of 1e-8


def test_taking_persons_takes_every_group():
    person = draw_persons(np.arange(6), seed=1)
    some = person.take(torch.tensor([4, 1]))
    assert torch.equal(some.build.nose, person.build.nose[[4, 1]])
    assert torch.equal(some.colours.skin, person.colours.skin[[4, 1]])
    assert torch.equal(some.style.strand, person.style.strand[[4, 1]])
