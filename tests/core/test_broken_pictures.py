"""Pictures whose pixels are whole though something beside them is not, and those that lack some."""

import struct
import zlib

import cv2
import numpy as np
import pytest
from foreign_kit import chunk, deep, near, opened, saved, with_chunks
from PIL import Image

from studio.core.images import PictureError, load_bytes


@pytest.fixture
def photo(scene):
    """The scene in 8 bits, as a Pillow image."""
    return Image.fromarray((scene / 257).round().astype(np.uint8))


def exif(orientation_field):
    """Return an Exif directory of one field, given as its twelve bytes."""
    return b"Exif\0\0II*\0\x08\0\0\0\x01\0" + orientation_field + bytes(4)


BROKEN_EXIF = {
    "cut": exif(b"\x12\x01\x03\0\x01")[:-8],
    "garbage": b"Exif\0\0garbage garbage garbage",
    "empty": b"Exif\0\0",
    "orientation 9": exif(b"\x12\x01\x03\0\x01\0\0\0\x09\0\0\0"),
    "orientation 0": exif(b"\x12\x01\x03\0\x01\0\0\0\0\0\0\0"),
    "orientation as text": exif(b"\x12\x01\x02\0\x02\0\0\0\x36\0\0\0"),
    "orientation as byte": exif(b"\x12\x01\x01\0\x01\0\0\0\x06\0\0\0"),
    "orientation as fraction of nothing": exif(b"\x12\x01\x05\0\x01\0\0\0\0\0\0\0"),
    "endless directory": b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12\x01\x03\0",
}


@pytest.mark.parametrize("broken", BROKEN_EXIF.values(), ids=BROKEN_EXIF)
def test_unreadable_exif_leaves_a_picture_as_it_lies(photo, scene, broken):
    near(opened(saved(photo, "JPEG", quality=100, subsampling=0, exif=broken)), scene, 8)
    near(opened(saved(photo, "WEBP", lossless=True, exif=broken)), scene)
    near(opened(with_chunks(saved(photo, "PNG"), chunk(b"eXIf", broken.removeprefix(b"Exif\0\0")))), scene)
    near(opened(with_chunks(saved(photo, "PNG"), chunk(b"eXIf", broken))), scene)


@pytest.mark.parametrize(
    "broken",
    [
        chunk(b"iCCP", b"broken\0\0not compressed at all"),
        chunk(b"iCCP", b"no end of the name"),
        chunk(b"tEXt", b"Comment\0x")[:-1] + b"\0",
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n      20\nxyzzy not hexadecimal\n")),
        chunk(b"zTXt", b"Raw profile type exif\0\0broken stream"),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0broken stream"),
        chunk(b"gAMA", b"\0"),
        chunk(b"cHRM", b"\0" * 32) + chunk(b"gAMA", struct.pack(">I", 45455)),
        chunk(b"pHYs", b"\0"),
        chunk(b"tIME", b""),
    ],
)
def test_broken_chunks_beside_the_pixels_do_not_stop_a_png(photo, scene, broken):
    near(opened(with_chunks(saved(photo, "PNG"), broken)), scene)


def test_a_broken_chunk_in_a_16_bit_png_costs_no_depth(scene):
    data = cv2.imencode(".png", scene[..., ::-1])[1].tobytes()
    broken = chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n      20\nxyzzy\n"))
    assert np.array_equal(deep(with_chunks(data, broken)), scene)


def test_a_png_without_its_last_chunk_opens(photo, scene):
    near(opened(saved(photo, "PNG")[:-12]), scene)


def test_a_broken_chunk_does_not_excuse_missing_pixels(photo):
    data = saved(photo, "PNG")
    place = data.index(b"IDAT")
    length = int.from_bytes(data[place - 4 : place], "big")
    half = data[: place - 4] + chunk(b"IDAT", data[place + 4 : place + 4 + length // 2]) + data[-12:]
    with pytest.raises(PictureError):
        load_bytes(with_chunks(half, chunk(b"pHYs", b"")), "a")


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("cut", [1, 2])
def test_a_jpeg_without_its_end_marker_is_whole(photo, scene, progressive, cut):
    near(opened(saved(photo, "JPEG", quality=100, subsampling=0, progressive=progressive)[:-cut]), scene, 8)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
def test_a_jpeg_that_lacks_pixels_is_refused(photo, progressive, share):
    data = saved(photo.resize((640, 480)), "JPEG", quality=95, progressive=progressive)
    with pytest.raises(PictureError, match="incomplete"):
        load_bytes(data[: int(len(data) * share)], "a")


def test_a_broken_profile_in_several_pieces_is_none(photo, scene):
    data = saved(photo, "JPEG", quality=100, subsampling=0)
    piece = b"ICC_PROFILE\0\x02\x07" + b"x" * 50
    loaded = load_bytes(data[:2] + b"\xff\xe2" + struct.pack(">H", len(piece) + 2) + piece + data[2:], "a")
    near(loaded.pixels, scene, 8)
