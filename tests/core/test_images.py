"""Every kind of file that a person may drop, written by real encoders, and every way in which one may be broken."""

import hashlib
import os
import struct
import zlib
from io import BytesIO

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from studio.core.images import LoadedPicture, PictureError, from_pixels, load_bytes, load_picture
from studio.core.picture_decoding import HARD_LIMIT


def encoded(image, kind, **options):
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def tiff(array, **options):
    out = BytesIO()
    tifffile.imwrite(out, array, **options)
    return out.getvalue()


@pytest.fixture
def photo(scene):
    """8 bits, 60 × 40."""
    return (scene >> 8).astype(np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF", "PPM", "TGA"])
def test_lossless_formats_give_their_very_pixels(photo, kind):
    flat = photo // 64 * 64  # few enough colours for GIF's palette
    image = Image.fromarray(flat)
    if kind == "GIF":
        image = image.quantize(256)
    loaded = load_bytes(encoded(image, kind), "a")
    assert loaded.pixels.dtype == np.uint8
    assert np.array_equal(loaded.pixels, image.convert("RGB"))


@pytest.mark.parametrize(("kind", "options"), [("JPEG", {"quality": 95}), ("WEBP", {"quality": 95}),
                                               ("WEBP", {"lossless": True})])  # fmt: skip
def test_photo_formats_open(photo, kind, options):
    loaded = load_bytes(encoded(Image.fromarray(photo), kind, **options), "a")
    assert np.abs(loaded.pixels.astype(int) - photo).mean() < 3


def test_the_file_is_named_hashed_and_kept(tmp_path, photo):
    path = tmp_path / "view.PNG"
    path.write_bytes(encoded(Image.fromarray(photo), "PNG"))
    loaded = load_picture(path)
    assert (loaded.name, loaded.path, loaded.width, loaded.height, loaded.bits) == ("view.PNG", path, 60, 40, 8)
    assert loaded.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert loaded.encoded == path.read_bytes()
    assert loaded.recipe is None
    assert loaded.recipe_problem == ""
    assert loaded.full_size is None


def test_content_decides_not_the_suffix(tmp_path, photo):
    path = tmp_path / "really_a_png.jpg"
    path.write_bytes(encoded(Image.fromarray(photo), "PNG"))
    assert np.array_equal(load_picture(path).pixels, photo)


@pytest.mark.skipif(os.name != "posix", reason="other systems' file names are always text")
def test_a_file_name_that_is_no_text_gets_a_name_that_is(tmp_path, photo):
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    path.write_bytes(encoded(Image.fromarray(photo), "PNG"))
    assert load_picture(path).name == "caf?.png"


TURNS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_pictures_stand_upright(photo, orientation, kind):
    stored = np.ascontiguousarray(TURNS[orientation](photo))  # what the camera stores for this orientation
    exif = Image.Exif()
    exif[274] = orientation
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    loaded = load_bytes(encoded(Image.fromarray(stored), kind, exif=exif, **options), "a")
    assert np.array_equal(loaded.pixels, photo)


def test_deep_pictures_stand_upright_too(scene):
    stored = np.ascontiguousarray(TURNS[6](scene))
    loaded = load_bytes(tiff(stored, photometric="rgb", extratags=[(274, "H", 1, 6, True)]), "a")
    assert np.abs(loaded.pixels - scene / 257).max() <= 0.5


def test_a_wide_profile_is_converted_and_kept(photo, wide_profile):
    loaded = load_bytes(encoded(Image.fromarray(photo), "PNG", icc_profile=wide_profile), "a")
    assert loaded.icc_profile == wide_profile
    assert np.abs(loaded.pixels.astype(int) - photo).max() > 5


def test_a_broken_profile_does_not_stop_a_picture(photo):
    loaded = load_bytes(encoded(Image.fromarray(photo), "PNG", icc_profile=b"not a profile"), "a")
    assert np.array_equal(loaded.pixels, photo)


def test_alpha_is_kept(photo):
    alpha = np.arange(2400, dtype=np.uint32).reshape(40, 60).astype(np.uint8)
    rgba = np.dstack([photo, alpha])
    assert np.array_equal(load_bytes(encoded(Image.fromarray(rgba), "PNG"), "a").pixels, rgba)
    grey_alpha = Image.merge("LA", [Image.fromarray(photo[..., 0]), Image.fromarray(alpha)])
    loaded = load_bytes(encoded(grey_alpha, "PNG"), "a").pixels
    assert np.array_equal(loaded, np.dstack([photo[..., :1]] * 3 + [alpha]))


def test_transparent_colours_become_alpha():
    palette = Image.new("P", (2, 2))
    palette.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    palette.putdata([0, 1, 2, 1])
    data = encoded(palette, "PNG", transparency=bytes([255, 0, 128]))
    assert load_bytes(data, "a").pixels.tolist() == [
        [[255, 0, 0, 255], [0, 255, 0, 0]], [[0, 0, 255, 128], [0, 255, 0, 0]]]  # fmt: skip
    grey = Image.fromarray(np.array([[7, 9]], np.uint8))
    assert load_bytes(encoded(grey, "PNG", transparency=9), "a").pixels.tolist() == [[[7, 7, 7, 255], [9, 9, 9, 0]]]


def test_black_and_white_grey_and_palette_pictures_become_rgb(photo):
    for mode in ("1", "L", "P"):
        image = Image.fromarray(photo).convert(mode)
        assert np.array_equal(load_bytes(encoded(image, "PNG"), "a").pixels, image.convert("RGB"))


def test_cmyk_becomes_rgb(photo):
    image = Image.fromarray(photo).convert("CMYK")
    for kind, tolerance in (("TIFF", 1), ("JPEG", 40)):
        loaded = load_bytes(encoded(image, kind), "a")
        assert loaded.pixels.shape == (40, 60, 3)
        assert np.abs(loaded.pixels.astype(int) - photo).max() <= tolerance


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_16_bit_png_is_rounded_not_cut(scene, channels):
    deep = np.dstack([scene, scene[..., :1]])[..., :channels]
    bgr = deep[..., {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[channels]]
    loaded = load_bytes(cv2.imencode(".png", np.ascontiguousarray(bgr))[1].tobytes(), "a")
    expected = deep / 257 if channels > 1 else np.repeat(deep / 257, 3, axis=2)
    assert loaded.bits == 16
    assert np.abs(loaded.pixels - expected).max() <= 0.5


@pytest.mark.parametrize(
    ("options", "channels"),
    [({"photometric": "rgb"}, 3), ({"photometric": "rgb", "extrasamples": ["unassalpha"]}, 4),
     ({"photometric": "minisblack"}, 1), ({"photometric": "rgb", "compression": "zlib"}, 3),
     ({"photometric": "rgb", "planarconfig": "separate"}, 3), ({"photometric": "rgb", "byteorder": ">"}, 3)],
)  # fmt: skip
def test_16_bit_tiff_is_rounded_not_cut(scene, options, channels):
    deep = np.dstack([scene, scene[..., :1]])[..., :channels]
    stored = deep[..., 0] if channels == 1 else deep
    if options.get("planarconfig") == "separate":
        stored = np.moveaxis(stored, -1, 0)
    loaded = load_bytes(tiff(np.ascontiguousarray(stored), **options), "a")
    expected = deep / 257 if channels > 1 else np.repeat(deep / 257, 3, axis=2)
    assert loaded.bits == 16
    assert np.abs(loaded.pixels - expected).max() <= 0.5


def test_16_bit_tiff_with_lzw_opens(scene):
    data = cv2.imencode(".tif", scene[..., ::-1], [cv2.IMWRITE_TIFF_COMPRESSION, 5])[1].tobytes()
    assert np.abs(load_bytes(data, "a").pixels - scene / 257).max() <= 0.5


def test_inverted_16_bit_grey_tiff_opens(scene):
    loaded = load_bytes(tiff(scene[..., 0], photometric="miniswhite"), "a")
    assert np.abs(loaded.pixels[..., 0] - (65535 - scene[..., 0].astype(int)) / 257).max() <= 0.5


def test_float_tiff_opens_in_the_range_that_it_was_written_in(scene):
    unit = (scene / 65535).astype(np.float32)
    unit[0, 0] = np.nan
    for scale in (1.0, 255.0, 65535.0):
        loaded = load_bytes(tiff(unit * np.float32(scale), photometric="rgb"), "a")
        assert loaded.bits == 32
        assert loaded.pixels[0, 0].tolist() == [0, 0, 0]
        assert np.abs(loaded.pixels[1:] - scene[1:] / 257).max() <= 0.6


def test_an_animation_gives_its_first_picture(photo):
    frames = [Image.fromarray(photo), Image.fromarray(255 - photo)]
    for kind in ("PNG", "WEBP", "TIFF"):
        options = {"lossless": True} if kind == "WEBP" else {}
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        assert np.array_equal(load_bytes(data, "a").pixels[..., :3], photo)


def test_above_the_limit_a_smaller_version_opens(photo):
    large = cv2.resize(photo, (600, 400), interpolation=cv2.INTER_CUBIC)
    for kind in ("JPEG", "PNG", "TIFF"):
        loaded = load_bytes(encoded(Image.fromarray(large), kind), "a", max_pixels=60_000)
        assert loaded.full_size == (600, 400)
        assert loaded.width * loaded.height <= 60_000
        assert loaded.width * loaded.height > 50_000
        same = cv2.resize(large, (loaded.width, loaded.height), interpolation=cv2.INTER_AREA)
        assert np.abs(loaded.pixels.astype(int) - same).mean() < 3
    deep = load_bytes(cv2.imencode(".png", large.astype(np.uint16) * 257)[1].tobytes(), "a", max_pixels=60_000)
    assert deep.full_size == (600, 400)
    assert deep.width * deep.height <= 60_000


# --- what cannot be opened -------------------------------------------------------------------------------------------


def refusal(action):
    with pytest.raises(PictureError) as caught:
        action()
    assert caught.value.cause.endswith(".")
    assert caught.value.remedy.endswith(".")
    return caught.value.cause


def png_header(width, height):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [25_000, 100_000])
def test_a_bomb_is_refused_by_its_header(side):
    assert side * side > HARD_LIMIT
    assert "too large" in refusal(lambda: load_bytes(png_header(side, side), "bomb.png"))


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "empty"), (b"Dear diary,\ntoday I painted.\n", "a text file"), (b"%PDF-1.7 ...", "a PDF document"),
     (b"PK\x03\x04rest", "an archive"), (b"\0\0\0\x18ftypheic\0\0\0\0mif1", "HEIC"),
     (b"\0\0\0\x18ftypisom\0\0\0\0", "a video"), (b"<?xml version='1.0'?><svg xmlns='s'/>", "SVG"),
     (bytes(range(256)) * 4, "not a picture"), (b"\x89PNG\r\n\x1a\n", "damaged"), (b"\xff\xd8\xff\xe0", "damaged"),
     ("Ünïcode ".encode() * 900, "a text file")],
)  # fmt: skip
def test_what_is_no_picture_is_called_what_it_is(data, words):
    cause = refusal(lambda: load_bytes(data, "holiday.jpg"))
    assert words in cause
    assert "“holiday.jpg”" in cause


def test_paths_that_lead_to_no_picture(tmp_path):
    assert "is a folder" in refusal(lambda: load_picture(tmp_path))
    assert "is not there" in refusal(lambda: load_picture(tmp_path / "gone.png"))
    (tmp_path / "file").write_text("x")
    assert "cannot be read" in refusal(lambda: load_picture(tmp_path / "file" / "below.png"))


def test_a_link_to_nothing_is_called_a_link(tmp_path):
    (tmp_path / "a.png").symlink_to(tmp_path / "gone.png")
    with pytest.raises(PictureError, match="leads to a file that is not there"):
        load_picture(tmp_path / "a.png")


@pytest.mark.skipif(os.name != "posix", reason="needs device files")
def test_devices_are_refused_before_they_are_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert "is a device" in refusal(lambda: load_picture(tmp_path / "pipe.png"))


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_a_file_that_may_not_be_read(open_folder, ordinary_user, photo):
    path = open_folder / "private.png"
    path.write_bytes(encoded(Image.fromarray(photo), "PNG"))
    path.chmod(0)
    with ordinary_user():
        assert "No permission" in refusal(lambda: load_picture(path))


KINDS = ["JPEG", "PNG", "PNG16", "WEBP", "BMP", "GIF", "TIFF", "TIFF16"]


def noise_file(kind):
    """A picture whose every byte matters."""
    noise = np.random.default_rng(3).integers(0, 65536, (64, 64, 3)).astype(np.uint16)
    image = Image.fromarray((noise >> 8).astype(np.uint8))
    if kind == "PNG16":
        return cv2.imencode(".png", noise)[1].tobytes()
    if kind == "TIFF16":
        return tiff(noise, photometric="rgb")
    return encoded(image.quantize(256) if kind == "GIF" else image, kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.97])
def test_a_truncated_picture_is_refused_not_half_read(kind, share):
    whole = noise_file(kind)
    refusal(lambda: load_bytes(whole[: int(len(whole) * share)], "half"))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(KINDS), st.data())
def test_damage_anywhere_gives_a_picture_or_a_reason(kind, data):
    broken = bytearray(noise_file(kind))
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    try:
        loaded = load_bytes(bytes(broken), "broken", max_pixels=100_000)
    except PictureError:
        pass  # the reason; any other exception fails the test
    else:
        assert loaded.pixels.dtype == np.uint8
        assert loaded.pixels.shape[2] in (3, 4)


# --- pasted pictures -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [3, 4])
def test_pasted_pixels_get_a_file_of_their_own(photo, channels):
    pixels = np.dstack([photo, photo[..., :1]])[..., :channels]
    pasted = from_pixels(pixels, "Pasted picture")
    again = load_bytes(pasted.encoded, "again")
    assert np.array_equal(again.pixels, pixels)
    assert again.sha256 == pasted.sha256
    assert from_pixels(pixels.copy(), "other name").sha256 == pasted.sha256


@pytest.mark.parametrize("shape", [(0, 5, 3), (5, 5), (5, 5, 2)])
def test_what_is_no_picture_cannot_be_pasted(shape):
    refusal(lambda: from_pixels(np.zeros(shape, np.uint8), "nothing"))


@pytest.mark.data
def test_real_photos_and_paintings_open(shared_data):
    files = sorted((shared_data / "images" / "photos").glob("*.jpg"))
    files += sorted((shared_data / "images" / "styles").glob("*.jpg"))
    for path in files:
        loaded = load_picture(path)
        assert isinstance(loaded, LoadedPicture)
        assert loaded.pixels.std() > 10
