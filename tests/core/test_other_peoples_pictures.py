"""Pixels as other programs write them: floats, extra channels, other colours, linear light."""

import struct

import cv2
import numpy as np
import pytest
from foreign_kit import chunk, deep, near, opened, tiff, with_chunks

from studio.core.images import PictureError, load_bytes
from studio.core.picture_saving import encode

# Floats


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("highlight", [1.02, 7.0, 60_000.0, np.inf])
def test_floats_are_clipped_above_one(scene, kind, highlight):
    values = (scene / 65535).astype(kind)
    values[:6, :6] = highlight
    expected = scene.copy()
    expected[:6, :6] = 65535
    near(opened(tiff(values, photometric="rgb")), expected)
    near(deep(tiff(values, photometric="rgb")), expected)


def test_negative_floats_and_what_is_no_number_are_black(scene):
    values = (scene / 65535).astype(np.float32)
    values[0, 0], values[1, 1], values[2, 2] = -3.0, np.nan, -np.inf
    pixels = opened(tiff(values, photometric="rgb"))
    assert not pixels[[0, 1, 2], [0, 1, 2]].any()


@pytest.mark.parametrize("order", ["<", ">"])
def test_colour_and_grey_float_maps_open(scene, order):
    values = (scene / 65535).astype(np.float32)
    values[:6, :6] = 1.5
    head = b"\n60 40\n" + (b"-1.0\n" if order == "<" else b"1.0\n")
    expected = scene.copy()
    expected[:6, :6] = 65535
    near(opened(b"PF" + head + values[::-1].astype(order + "f4").tobytes()), expected)
    near(deep(b"PF" + head + values[::-1].astype(order + "f4").tobytes()), expected)
    grey = opened(b"Pf" + head + values[::-1, :, 0].astype(order + "f4").tobytes())
    near(grey, np.repeat(expected[..., :1], 3, axis=2))


def test_half_a_float_map_is_refused(scene):
    values = (scene / 65535).astype("<f4")
    with pytest.raises(PictureError, match="incomplete"):
        load_bytes(b"PF\n60 40\n-1.0\n" + values.tobytes()[:-400], "a")


# Deep pictures with more channels, or other colours


def straight(scene):
    alpha = np.linspace(20_000, 65_535, scene.shape[1]).astype(np.uint16)[None, :, None].repeat(scene.shape[0], 0)
    return np.concatenate([scene, alpha], axis=2)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_channels_that_are_no_alpha_are_ignored(scene, kind):
    """A selection that was saved with the picture is not its transparency."""
    array = np.concatenate([scene, scene[..., :1]], axis=2)
    array = array if kind == np.uint16 else (array / 257).round().astype(np.uint8)
    pixels = opened(tiff(array, photometric="rgb", extrasamples=["unspecified"]))
    assert pixels.shape[2] == 3
    near(pixels, scene)


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_a_declared_alpha_is_found_behind_other_channels(scene, planar):
    full = straight(scene)
    array = np.concatenate([scene, scene[..., 1:2], full[..., 3:]], axis=2)
    data = array if planar == "contig" else np.moveaxis(array, -1, 0)
    extra = ["unspecified", "unassalpha"]
    assert np.array_equal(deep(tiff(data, photometric="rgb", extrasamples=extra, planarconfig=planar)), full)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_premultiplied_alpha_is_undone(scene, kind):
    full = straight(scene)
    array = full.astype(np.float64)
    array[..., :3] *= array[..., 3:] / 65535
    array = array.round().astype(np.uint16) if kind == np.uint16 else (array / 257).round().astype(np.uint8)
    pixels = opened(tiff(array, photometric="rgb", extrasamples=["assocalpha"]))
    near(pixels, scene, 1 if kind == np.uint16 else 3)
    assert np.abs(pixels[..., 3] / 255 - full[..., 3] / 65535).max() <= 1 / 255


def lab_of(scene):
    """Return CIE L*a*b* (D50) of an sRGB scene, by the book and not by the code under test."""
    unit = scene / 65535
    light = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
    matrix = [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
    xyz = light @ np.array(matrix).T / (0.9642, 1.0, 0.8249)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def test_lab_in_16_bits_is_converted(scene):
    lab = lab_of(scene)
    coded = np.stack([lab[..., 0] * 655.35, lab[..., 1] * 256, lab[..., 2] * 256], axis=-1).round()
    near(deep(tiff(coded.astype(np.int32).astype(np.uint16), photometric="cielab")), scene)
    coded = np.stack([lab[..., 0] * 652.8, (lab[..., 1] + 128) * 256, (lab[..., 2] + 128) * 256], axis=-1).round()
    near(deep(tiff(coded.astype(np.uint16), photometric="icclab")), scene)


def test_ycbcr_in_16_bits_is_converted(scene):
    r, g, b = (scene[..., channel].astype(np.float64) for channel in range(3))
    y = 0.299 * r + 0.587 * g + 0.114 * b
    coded = np.stack([y, 32768 + (b - y) / 1.772, 32768 + (r - y) / 1.402], axis=-1).round().clip(0, 65535)
    near(deep(tiff(coded.astype(np.uint16), photometric="ycbcr")), scene)


def test_inverted_grey_with_alpha_is_set_right(scene):
    array = np.stack([65535 - scene[..., 0], scene[..., 1]], axis=-1)
    pixels = deep(tiff(array, photometric="miniswhite", extrasamples=["unassalpha"]))
    assert np.array_equal(pixels, scene[..., [0, 0, 0, 1]])


def test_12_bits_reach_white(scene):
    grey = (scene[..., 0] >> 4).astype(np.uint16)
    data = bytearray(tiff(grey, photometric="minisblack"))
    place = data.index(struct.pack("<HHI", 258, 3, 1))
    data[place + 8 : place + 10] = struct.pack("<H", 12)
    packed = np.packbits((grey[..., None] >> np.arange(11, -1, -1) & 1).astype(np.uint8).reshape(grey.shape[0], -1), 1)
    start = int(struct.unpack_from("<I", data, data.index(struct.pack("<HHI", 273, 4, 1)) + 8)[0])
    data[start : start + packed.nbytes] = packed.tobytes()
    pixels = opened(bytes(data))
    near(pixels, np.repeat(scene[..., :1], 3, axis=2), 17)


def test_deep_cmyk_ignores_what_is_behind_it(scene):
    inks = np.zeros((*scene.shape[:2], 5), np.uint16)
    inks[..., :3], inks[..., 4] = 65535 - scene, 7
    near(opened(tiff(inks, photometric="separated", extrasamples=["unspecified"])), scene, 2)


def psd(array, bits, mode=3, layers=0, packed=False):
    """Return a Photoshop document of one merged picture, H×W×C."""
    height, width, channels = array.shape
    head = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", channels, height, width, bits, mode)
    layer = struct.pack(">Ih", 2, layers) + b"\0\0\0\0" if layers else b""
    sections = bytes(4) + bytes(4) + struct.pack(">I", len(layer)) + layer
    rows = np.moveaxis(array, -1, 0).astype({8: ">u1", 16: ">u2", 32: ">f4"}[bits])
    if not packed:
        return head + sections + b"\0\0" + rows.tobytes()
    lines = [line.tobytes() for line in rows.reshape(height * channels, width)]
    coded = [
        b"".join(bytes([len(p) - 1]) + p for p in (line[i : i + 128] for i in range(0, len(line), 128)))
        for line in lines
    ]
    return head + sections + b"\0\1" + b"".join(struct.pack(">H", len(c)) for c in coded) + b"".join(coded)


@pytest.mark.parametrize("packed", [False, True])
def test_photoshop_documents_of_16_bits_open_in_full_depth(scene, packed):
    assert np.array_equal(deep(psd(scene, 16, packed=packed)), scene)
    grey = deep(psd(scene[..., :1], 16, mode=1, packed=packed))
    assert np.array_equal(grey, np.repeat(scene[..., :1], 3, axis=2))


def test_photoshop_documents_of_32_and_8_bits_and_in_lab_open(scene):
    near(deep(psd(scene / 65535, 32)), scene)
    near(opened(psd((scene / 257).round(), 8, packed=True)), scene)
    lab = lab_of(scene)
    coded = np.stack([lab[..., 0] * 655.35, (lab[..., 1] + 128) * 256, (lab[..., 2] + 128) * 256], axis=-1)
    near(deep(psd(coded.round(), 16, mode=9)), scene)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_selection_in_a_photoshop_document_is_no_transparency(scene, bits):
    array = np.concatenate([scene, scene[..., :1]], axis=2)
    array = array if bits == 16 else (array / 257).round()
    assert opened(psd(array, bits)).shape[2] == 3
    assert opened(psd(array, bits, layers=-1)).shape[2] == 4


def test_a_transparent_tone_in_a_deep_png_becomes_alpha(scene):
    grey = scene[..., 0].copy()
    grey[3:9, 3:9] = 1234
    plain = cv2.imencode(".png", grey)[1].tobytes()
    pixels = deep(with_chunks(plain, chunk(b"tRNS", struct.pack(">H", 1234))))
    assert pixels.shape[2] == 4
    assert not pixels[3:9, 3:9, 3].any()
    assert (pixels[20:, 20:, 3] == 65535).all()
    assert np.array_equal(pixels[..., 0], grey)


# Linear light and wide colours


def curve(gamma):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


def srgb_light(scene):
    unit = scene / 65535
    return np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)


def ramp():
    levels = np.repeat(np.arange(0, 65536, 257, dtype=np.uint16)[None, :, None], 8, axis=0)
    return np.repeat(levels, 3, axis=2)


def test_a_linear_picture_keeps_its_shadows(make_matrix_profile):
    """Rounded to 8 bits before the transform, a quarter of the tones would be left."""
    light = np.rint(srgb_light(ramp()) * 65535).astype(np.uint16)
    data = tiff(light, photometric="rgb", iccprofile=make_matrix_profile(curve(1.0)))
    for levels in (opened(data)[0, :, 1], (deep(data)[0, :, 1] / 257).round()):
        assert len(np.unique(levels)) >= 250
        assert np.abs(levels.astype(float) - np.arange(256)).max() <= 1.0


def test_a_linear_grey_picture_keeps_its_shadows(grey_profile):
    linear = grey_profile.replace(curve(1.8), curve(1.0))
    light = np.rint(srgb_light(ramp()[..., 0]) * 65535).astype(np.uint16)
    assert len(np.unique(opened(tiff(light, photometric="minisblack", iccprofile=linear))[0, :, 1])) >= 250


@pytest.mark.parametrize("bits", [8, 16])
def test_a_pngs_gamma_is_honoured(scene, bits):
    light = np.rint(srgb_light(scene) ** (1 / 1.6) * (2**bits - 1)).astype(np.uint16 if bits == 16 else np.uint8)
    data = cv2.imencode(".png", light[..., ::-1])[1].tobytes()
    near(opened(with_chunks(data, chunk(b"gAMA", struct.pack(">I", 62500)))), scene, 1 if bits == 16 else 4)
    srgb = with_chunks(cv2.imencode(".png", scene[..., ::-1])[1].tobytes(), chunk(b"gAMA", struct.pack(">I", 45455)))
    assert np.array_equal(deep(srgb), scene)


def test_a_pngs_primaries_are_honoured(scene, make_matrix_profile):
    """Adobe RGB told as chromaticities and gamma is Adobe RGB told as a profile."""
    points = (31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000)
    chunks = chunk(b"cHRM", struct.pack(">8I", *points)), chunk(b"gAMA", struct.pack(">I", round(1e5 * 256 / 563)))
    data = with_chunks(cv2.imencode(".png", scene[..., ::-1])[1].tobytes(), *chunks)
    profiled = tiff(scene, photometric="rgb", iccprofile=make_matrix_profile(curve(563 / 256)))
    near(deep(data), deep(profiled), 1)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WebP", "TIFF"])
def test_8_bits_are_never_written_in_linear_light(scene, make_matrix_profile, kind):
    linear = make_matrix_profile(curve(1.0))
    loaded = load_bytes(encode(kind, scene, recipe=None, icc_profile=linear, bits=8, quality=100), "a")
    assert loaded.icc_profile != linear
    near(loaded.pixels, scene, 12 if kind == "JPEG" else 1)
    kept = load_bytes(encode("TIFF", scene, recipe=None, icc_profile=linear, bits=16), "a")
    assert kept.icc_profile == linear
