"""Pictures in the depth of their files: 16 bits where the file has more than 8, the very same picture as in 8."""

import zlib
from dataclasses import replace
from io import BytesIO

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from studio.core.icc import deep_to_srgb, from_srgb
from studio.core.images import PictureError, full_depth, load_bytes, load_picture
from studio.core.picture_saving import encode


def tiff(array, **options):
    out = BytesIO()
    tifffile.imwrite(out, array, metadata=None, **options)
    return out.getvalue()


def png(array):
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[array.shape[2]]
    return cv2.imencode(".png", np.ascontiguousarray(array[..., order]))[1].tobytes()


def deep(data):
    return full_depth(load_bytes(data, "a"))


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("write", [png, lambda a: tiff(a if a.shape[2] > 1 else a[..., 0])])
def test_every_bit_of_a_16_bit_file_is_there(scene, channels, write):
    picture = np.dstack([scene, scene[..., :1]])[..., :channels]
    pixels = deep(write(picture))
    assert pixels.dtype == np.uint16
    assert np.array_equal(pixels, picture if channels > 1 else np.repeat(picture, 3, axis=2))


def test_grey_with_alpha_becomes_rgba(scene):
    pixels = deep(tiff(scene[..., :2], photometric="minisblack", extrasamples=["unassalpha"]))
    assert np.array_equal(pixels, scene[..., [0, 0, 0, 1]])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP"])
def test_8_bit_files_stay_as_they_are(scene, kind):
    loaded = load_bytes(encode(kind, scene, recipe=None), "a")
    assert full_depth(loaded) is loaded.pixels


@pytest.mark.parametrize("orientation", range(1, 9))
def test_deep_pixels_stand_as_upright_as_the_others(scene, orientation):
    loaded = load_bytes(tiff(scene, photometric="rgb", extratags=[(274, "H", 1, orientation, True)]), "a")
    assert np.abs(full_depth(loaded) / 257 - loaded.pixels).max() <= 0.5


@pytest.mark.parametrize("orientation", [1, 6])
def test_an_upright_16_bit_png(scene, orientation):
    """Its orientation stands in an eXIf chunk before the pixels."""
    exif = Image.Exif()
    exif[274] = orientation
    plain, body = png(scene), exif.tobytes().removeprefix(b"Exif\0\0")
    chunk = len(body).to_bytes(4, "big") + b"eXIf" + body + zlib.crc32(b"eXIf" + body).to_bytes(4, "big")
    loaded = load_bytes(plain[:33] + chunk + plain[33:], "a")
    assert np.abs(full_depth(loaded) / 257 - loaded.pixels).max() <= 0.5


def test_a_wide_profile_is_converted_in_16_bits(scene, wide_profile):
    """There and back again is the same picture, to the rounding of two tables."""
    wide, _ = from_srgb(scene, wide_profile)
    assert np.abs(deep_to_srgb(wide, wide_profile).astype(int) - scene).max() <= 24
    loaded = load_bytes(tiff(wide, photometric="rgb", iccprofile=wide_profile), "a")
    assert np.array_equal(full_depth(loaded), deep_to_srgb(wide, wide_profile))
    assert np.abs(full_depth(loaded) / 257 - loaded.pixels).mean() <= 0.5  # what 8 bits of a wide space can tell


def test_floats_come_out_in_16_bits(scene):
    unit = (scene / 65535).astype(np.float32)
    assert np.abs(deep(tiff(unit, photometric="rgb")).astype(int) - scene).max() <= 1


def test_where_only_8_bits_can_be_had_they_are_what_there_is(scene):
    cmyk = load_bytes(tiff(np.dstack([scene, scene[..., :1]]), photometric="separated"), "a")
    assert full_depth(cmyk) is cmyk.pixels
    reduced = load_bytes(png(scene), "a", max_pixels=500)
    assert full_depth(reduced) is reduced.pixels


def test_a_file_that_was_not_kept_is_read_again_and_must_be_the_same(scene, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png(scene))
    loaded = replace(load_picture(path), encoded=None)
    assert np.array_equal(full_depth(loaded), scene)
    path.write_bytes(png(scene[::-1]))
    assert full_depth(loaded) is loaded.pixels
    path.unlink()
    with pytest.raises(PictureError, match="is not there"):
        full_depth(loaded)
