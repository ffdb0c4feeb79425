"""One image file to one upright square of RGB bytes."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from mamviz.config import Crop
from mamviz.data.problems import WEB_PAGE, is_web_page
from mamviz.errors import DataError

try:
    import simplejpeg
except ImportError:  # the optional extra `fast`; the pixels are the same without
    simplejpeg = None

Pixels = npt.NDArray[np.uint8]

_ORIENTATION = 0x0112  # of EXIF
_WHITE = (255, 255, 255, 255)
# What Pillow's readers raise for a file that is not what it says, gathered by feeding them damaged files.
_UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    EOFError,
    OverflowError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


def decode_image(file: Path, *, size: int, crop: Crop) -> Pixels:
    """Read an image as a square of `size` pixels.

    result   (size, size, 3) RGB

    "square" cuts the largest centred square, "full" stretches the whole image. Greyscale, palette and
    16-bit images become RGB, transparent ones are laid on white, EXIF-rotated ones stand upright. JPEGs
    much larger than `size` are decoded at 1/2, 1/4 or 1/8 (46.7 dB from the same resize of the whole one).
    Raises DataError, with the reason only, for a file that is missing, cut short, empty or no image.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise DataError(f"can't be read ({error.strerror})") from error
    if not data:
        raise DataError("is empty")
    if is_web_page(data[:512]):
        raise DataError(WEB_PAGE)
    return _decode_fast(data, size, crop) if _is_plain_jpeg(data) else _decode(data, size, crop)


def _is_plain_jpeg(data: bytes) -> bool:
    # simplejpeg does not turn images upright: whatever may carry EXIF goes through Pillow.
    return simplejpeg is not None and data.startswith(b"\xff\xd8\xff") and b"Exif\0" not in data


def _decode_fast(data: bytes, size: int, crop: Crop) -> Pixels:
    try:
        height, width, _, _ = simplejpeg.decode_jpeg_header(data)
        factor = _draft_factor(width, height, size)
        least = (-(-height // factor), -(-width // factor)) if factor > 1 else (0, 0)
        # fastdct and fastupsample off: then the bytes are those of Pillow's decoder
        pixels = simplejpeg.decode_jpeg(
            data, fastdct=False, fastupsample=False, min_height=least[0], min_width=least[1]
        )
    except ValueError:
        return _decode(data, size, crop)  # CMYK, or damaged: Pillow has the last word on both
    return _cut(Image.fromarray(pixels), (width, height), size, crop)


def _decode(data: bytes, size: int, crop: Crop) -> Pixels:
    try:
        with Image.open(io.BytesIO(data)) as image:
            width, height = image.size
            factor = _draft_factor(width, height, size)
            image.draft(None, (width // factor, height // factor))
            image.load()
            if image.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8):
                width, height = height, width
            upright = ImageOps.exif_transpose(image)
            return _cut(_to_rgb(upright), (width, height), size, crop)
    except _UNREADABLE as error:
        raise DataError(f"is no readable image ({' '.join(str(error).split()) or type(error).__name__})") from error


def _draft_factor(width: int, height: int, size: int) -> int:
    """Return by how much a JPEG can be shrunk while decoding so that `size` pixels are left to cut from."""
    ratio = min(width, height) // size
    return next((factor for factor in (8, 4, 2) if ratio >= factor), 1)


def _cut(image: Image.Image, whole: tuple[int, int], size: int, crop: Crop) -> Pixels:
    """Cut and resize; `whole` is the image's width and height before it was shrunk while decoding."""
    width, height = whole
    side = min(width, height)
    left, top = ((width - side) // 2, (height - side) // 2) if crop == "square" else (0, 0)
    right, bottom = (left + side, top + side) if crop == "square" else (width, height)
    x, y = image.width / width, image.height / height
    box = (left * x, top * y, right * x, bottom * y)
    # Pillow's resize widens its kernel when it shrinks: no aliasing. reducing_gap: quick for huge images.
    small = image.resize((size, size), Image.Resampling.BICUBIC, box=box, reducing_gap=3.0)
    return np.asarray(small)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_to_bytes(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        whole = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", whole.size, _WHITE), whole).convert("RGB")
    return image.convert("RGB")


def _to_bytes(values: npt.NDArray[Any]) -> Pixels:
    if values.min() < 0 or values.max() > 65535 or values.dtype.kind == "f":
        raise ValueError(f"its pixels are {values.dtype} from {values.min()} to {values.max()}, not 8 or 16 bits")
    return (values.astype(np.uint16) >> 8).astype(np.uint8)
