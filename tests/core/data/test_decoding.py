import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mamviz.data import decoding
from mamviz.data.decoding import decode_image
from mamviz.errors import DataError

FACES = Path(__file__).parents[3].parent / "shared" / "celeba-8k" / "img_align_celeba"


@pytest.fixture(params=["pillow", "simplejpeg"])
def decoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test with each of the two JPEG readers."""
    name = str(request.param)
    if name == "simplejpeg":
        pytest.importorskip("simplejpeg")
    else:
        monkeypatch.setattr(decoding, "simplejpeg", None)
    return name


def paint(width: int, height: int) -> Image.Image:
    """Draw a smooth picture whose red rises to the right and whose green rises downwards."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([x, y, np.full_like(x, 90)], axis=2).astype(np.uint8))


def save(image: Image.Image, file: Path, **options: object) -> Path:
    image.save(file, **options)  # type: ignore[arg-type]
    return file


def encode(image: Image.Image, kind: str) -> bytes:
    data = io.BytesIO()
    image.save(data, kind)
    return data.getvalue()


def test_square_cuts_the_largest_centred_square(tmp_path: Path) -> None:
    image = paint(48, 32)
    decoded = decode_image(save(image, tmp_path / "a.png"), size=32, crop="square")
    np.testing.assert_array_equal(decoded, np.asarray(image)[:, 8:40])


def test_square_of_a_tall_image_is_centred_too(tmp_path: Path) -> None:
    image = paint(32, 49)
    decoded = decode_image(save(image, tmp_path / "a.png"), size=32, crop="square")
    np.testing.assert_array_equal(decoded, np.asarray(image)[8:40])


def test_full_keeps_every_corner(tmp_path: Path) -> None:
    decoded = decode_image(save(paint(96, 32), tmp_path / "a.png"), size=32, crop="full")
    np.testing.assert_allclose(decoded[0, 0], [0, 0, 90], atol=5)
    np.testing.assert_allclose(decoded[-1, -1], [255, 255, 90], atol=5)


def test_shrinking_averages_instead_of_picking_pixels(tmp_path: Path) -> None:
    stripes = np.zeros((256, 256, 3), np.uint8)
    stripes[:, ::2] = 255
    decoded = decode_image(save(Image.fromarray(stripes), tmp_path / "a.png"), size=32, crop="square")
    np.testing.assert_allclose(decoded, 127.5, atol=2)


@pytest.mark.parametrize(("width", "height"), [(178, 218), (89, 109), (20, 30), (701, 333), (1000, 1003)])
def test_jpegs_shrunk_while_decoding_show_the_same(tmp_path: Path, decoder: str, width: int, height: int) -> None:
    file = save(paint(width, height), tmp_path / "a.jpg", quality=95)
    with Image.open(file) as whole:
        side, left, top = min(whole.size), (width - min(whole.size)) // 2, (height - min(whole.size)) // 2
        expected = whole.resize((64, 64), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))
    decoded = decode_image(file, size=64, crop="square")
    np.testing.assert_allclose(decoded, np.asarray(expected, np.int64), atol=4)


@pytest.mark.parametrize("crop", ["square", "full"])
@pytest.mark.parametrize(("width", "height"), [(178, 218), (89, 109), (701, 333), (17, 1003)])
def test_both_jpeg_readers_give_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int, height: int, crop: decoding.Crop
) -> None:
    pytest.importorskip("simplejpeg")
    noise = np.random.default_rng(0).integers(0, 60, (height, width, 3))
    image = Image.fromarray((np.asarray(paint(width, height)) // 2 + noise).astype(np.uint8))
    file = save(image, tmp_path / "a.jpg")
    fast = decode_image(file, size=48, crop=crop)
    monkeypatch.setattr(decoding, "simplejpeg", None)
    np.testing.assert_array_equal(fast, decode_image(file, size=48, crop=crop))


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_jpegs_without_rgb_become_rgb(tmp_path: Path, decoder: str, mode: str) -> None:
    image = paint(32, 32).convert(mode)
    decoded = decode_image(save(image, tmp_path / "a.jpg", quality=98), size=32, crop="square")
    np.testing.assert_allclose(decoded, np.asarray(image.convert("RGB"), np.int64), atol=12)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "LA", "RGBA"])
def test_pngs_of_any_mode_become_rgb(tmp_path: Path, mode: str) -> None:
    image = paint(32, 32).convert("L").convert(mode) if mode in ("LA", "1") else paint(32, 32).convert(mode)
    decoded = decode_image(save(image, tmp_path / "a.png"), size=32, crop="square")
    np.testing.assert_array_equal(decoded, np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_keep_the_upper_eight(tmp_path: Path, suffix: str) -> None:
    values = np.linspace(0, 65535, 32 * 32).astype(np.uint16).reshape(32, 32)
    decoded = decode_image(save(Image.fromarray(values), tmp_path / f"a.{suffix}"), size=32, crop="square")
    np.testing.assert_array_equal(decoded, np.repeat((values >> 8)[:, :, None], 3, axis=2))


def test_floating_point_pixels_are_refused(tmp_path: Path) -> None:
    file = save(Image.fromarray(np.full((32, 32), 0.5, np.float32)), tmp_path / "a.tif")
    with pytest.raises(DataError, match="not 8 or 16 bits"):
        decode_image(file, size=32, crop="square")


def test_transparent_pixels_are_laid_on_white(tmp_path: Path) -> None:
    pixels = np.zeros((32, 32, 4), np.uint8)
    pixels[:, 16:] = (10, 20, 30, 255)
    decoded = decode_image(save(Image.fromarray(pixels), tmp_path / "a.png"), size=32, crop="square")
    assert (decoded[:, :16] == 255).all()
    assert (decoded[:, 16:] == (10, 20, 30)).all()


def test_a_transparent_palette_colour_is_laid_on_white(tmp_path: Path) -> None:
    image = Image.new("P", (32, 32), 1)
    image.putpalette([9, 9, 9, 50, 60, 70])
    image.paste(0, (0, 0, 16, 32))
    decoded = decode_image(save(image, tmp_path / "a.png", transparency=0), size=32, crop="square")
    assert (decoded[:, :16] == 255).all()
    assert (decoded[:, 16:] == (50, 60, 70)).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_rotated_photographs_stand_upright(tmp_path: Path, decoder: str, orientation: int) -> None:
    upright = paint(96, 160)
    back = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = upright if back is None else upright.transpose(back)
    decoded = decode_image(save(stored, tmp_path / "a.jpg", exif=exif, quality=98), size=32, crop="full")
    expected = decode_image(save(upright, tmp_path / "upright.png"), size=32, crop="full")
    np.testing.assert_allclose(decoded, expected.astype(np.int64), atol=6)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of a TIFF's tags
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP"])
def test_a_truncated_file_is_refused(tmp_path: Path, decoder: str, kind: str) -> None:
    data = encode(paint(64, 64), kind)
    for length in (10, len(data) // 2, len(data) * 3 // 4):
        (tmp_path / "a.img").write_bytes(data[:length])
        with pytest.raises(DataError, match="is no readable image"):
            decode_image(tmp_path / "a.img", size=32, crop="square")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty"),
        (b"hello, I am text", "is no readable image"),
        (b"\xff\xd8\xff\xe0 no more", "is no readable image"),
        (b"<!DOCTYPE html><html>Quota exceeded</html>", "web page .*download it again"),
    ],
)
def test_what_is_no_image_is_told_as_such(tmp_path: Path, decoder: str, data: bytes, problem: str) -> None:
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(DataError, match=problem):
        decode_image(tmp_path / "a.jpg", size=32, crop="square")


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    for path, problem in ((tmp_path / "no.jpg", "No such file"), (tmp_path, "directory")):
        with pytest.raises(DataError, match=problem):
            decode_image(path, size=32, crop="square")


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")  # Pillow's, of damaged headers
@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["JPEG", "PNG", "GIF", "TIFF", "WEBP"]), st.data())
def test_damaged_files_raise_nothing_but_data_errors(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject
) -> None:
    damaged = bytearray(encode(paint(24, 24), kind))
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    file = tmp_path_factory.getbasetemp() / "damaged"
    file.write_bytes(damaged)
    try:
        decoded = decode_image(file, size=16, crop="square")
    except DataError:
        return
    assert decoded.shape == (16, 16, 3)


@pytest.mark.faces
@pytest.mark.skipif(not FACES.is_dir(), reason="the real faces are not beside the project")
def test_real_faces_come_out_the_same_from_both_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("simplejpeg")
    files = sorted(FACES.iterdir())[:100]
    fast = [decode_image(file, size=64, crop="square") for file in files]
    monkeypatch.setattr(decoding, "simplejpeg", None)
    np.testing.assert_array_equal(fast, [decode_image(file, size=64, crop="square") for file in files])
    assert 60 < np.mean(fast) < 180
