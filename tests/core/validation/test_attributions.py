from __future__ import annotations

import numpy as np
import pytest
import torch

from mamviz.config import ModelConfig
from mamviz.data.batches import to_tensor
from mamviz.validation.attributions import AttributeHead, grad_cam, has_captum, occlude
from tests.core.models.stirred import stirred_network

needs_captum = pytest.mark.skipif(not has_captum(), reason="needs captum: pip install 'mamviz[validate]'")

K, SIZE = 3, 24


@pytest.fixture(scope="module", params=["shared", "per-attribute"])
def network(request):
    return stirred_network(ModelConfig(channels=4, readout=request.param), n_attributes=K, size=SIZE)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(256, size=(5, SIZE, SIZE, 3), dtype=np.uint8)


def test_a_head_gives_the_network_s_logit(network, images):
    with torch.no_grad():
        x = to_tensor(images)
        expected = network.classify(x)
        for attribute in range(K):
            got = AttributeHead(network, attribute).eval()(network.extractor(x))
            assert torch.allclose(got, expected[:, attribute], atol=1e-5)
    assert network.masking.n_attributes == K  # the network itself is left as it was


@needs_captum
def test_grad_cam_is_the_mean_gradient_times_the_feature(network, images):
    got = grad_cam(network, images)
    assert got.shape == (5, K, *network.shape[1:])
    features = network.extractor(to_tensor(images)).detach().requires_grad_()
    for attribute in range(K):
        logit = network.readout(network.masking.pool(features)[0])[:, attribute].sum()
        (gradient,) = torch.autograd.grad(logit, features)
        expected = (gradient.mean((2, 3), keepdim=True) * features).sum(1)
        assert np.allclose(got[:, attribute], expected.detach().numpy(), atol=1e-6)
    assert np.abs(got).max() > 1e-4


@needs_captum
def test_grad_cam_is_captum_s_of_the_whole_network(network, images):
    from captum.attr import LayerGradCam

    whole = torch.nn.Module()
    whole.network = network
    whole.forward = network.classify
    cam = LayerGradCam(whole, network.extractor)
    for attribute in range(K):
        expected = cam.attribute(to_tensor(images).requires_grad_(), target=attribute)[:, 0].detach().numpy()
        assert np.allclose(grad_cam(network, images)[:, attribute], expected, atol=1e-6)


@needs_captum
def test_occlusion_is_what_each_logit_loses_with_a_cell(network, images):
    baseline = images.mean(axis=0)
    got = occlude(network, images, baseline=baseline)
    _, height, width = network.shape
    with torch.no_grad():
        before = network.classify(to_tensor(images))
        for row in range(height):
            for column in range(width):
                hidden = to_tensor(images).clone()
                place = (slice(row * SIZE // height, (row + 1) * SIZE // height),)
                place += (slice(column * SIZE // width, (column + 1) * SIZE // width),)
                hidden[:, :, *place] = torch.tensor(baseline / 127.5 - 1).float().permute(2, 0, 1)[:, *place]
                expected = before - network.classify(hidden)
                assert np.allclose(got[:, :, row, column], expected.numpy(), atol=1e-5)
    assert np.abs(got).max() > 1e-4


@needs_captum
def test_images_can_be_explained_in_pieces(network, images):
    baseline = images.mean(axis=0)
    cam, occlusion = grad_cam(network, images), occlude(network, images, baseline=baseline)
    for part in (slice(0, 2), slice(2, 5)):
        assert np.allclose(grad_cam(network, images[part]), cam[part], atol=1e-5)
        assert np.allclose(occlude(network, images[part], baseline=baseline), occlusion[part], atol=1e-4)
