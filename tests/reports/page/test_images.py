from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from mamviz_reports.page.images import cell_map, photo_uri
from tests.reports.records import NAN


def picture_of(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def test_a_photo_is_a_jpeg_of_the_same_picture():
    image = np.zeros((40, 64, 3), np.uint8)
    image[:, 32:] = (200, 100, 50)
    uri = photo_uri(image)
    assert uri.startswith("data:image/jpeg;base64,")
    shown = np.asarray(picture_of(uri), dtype=float)
    assert shown.shape == image.shape
    assert shown[20, 48] == pytest.approx((200, 100, 50), abs=6)
    assert shown[20, 10] == pytest.approx((0, 0, 0), abs=6)


def test_a_large_photo_shrinks_to_96_pixels():
    assert picture_of(photo_uri(np.zeros((100, 200, 3), np.uint8))).size == (96, 48)


def test_a_map_holds_its_numbers_its_scale_and_a_still_of_one_pixel_a_cell():
    values = np.array([[0.123456, NAN, -2.0], [0.0, 1.0, 2.0]])
    found = cell_map(values, limits=(-2.0, 2.0), palette="diverging", kind="contrast", label="what")
    assert json.loads(found.data) == {
        "values": [[0.1235, None, -2.0], [0.0, 1.0, 2.0]],
        "lowest": -2.0,
        "highest": 2.0,
        "palette": "diverging",
    }
    assert (found.width, found.height, found.kind, found.label) == (3, 2, "contrast", "what")
    still = np.asarray(picture_of(found.still))
    assert still.shape == (2, 3, 3)
    assert still[0, 2, 2] > still[0, 2, 0]  # the lowest is blue, the highest red
    assert still[1, 2, 0] > still[1, 2, 2]
