"""What stands on a canvas of an opened page."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Locator


def pixels_of(canvas: Locator) -> npt.NDArray[np.uint8]:
    """Return the pixels, (height, width, 4): red, green, blue and opacity; one a CSS pixel on a desktop's screen."""
    uri: str = canvas.evaluate("canvas => canvas.toDataURL()")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("RGBA"))
