import struct

import numpy as np
import pytest
from PIL import Image

from studio.core.icc import from_srgb, srgb_profile, to_srgb


def srgb_to_light(value):
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def light_to_srgb(light):
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 0) ** (1 / 2.4) - 0.055)


def s15(*values):
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def curv(values):
    return b"curv\0\0\0\0" + struct.pack(f">I{len(values)}H", len(values), *values)


def para(kind, *values):
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + s15(*values)


# Adobe RGB (1998) 4.3.5.3 and IEC 61966-2-1: linear Adobe RGB → XYZ, XYZ → linear sRGB, both for D65
ADOBE_D65 = np.array([[0.57667, 0.18556, 0.18823], [0.29734, 0.62736, 0.07529], [0.02703, 0.07069, 0.99134]])
SRGB_D65 = np.array([[3.2404542, -1.5371385, -0.4985314], [-0.969266, 1.8760108, 0.041556],
                     [0.0556434, -0.2040259, 1.0572252]])  # fmt: skip
GREYS = np.repeat(np.linspace(0, 65535, 256).round().astype(np.uint16)[None, :, None], 3, axis=2)


def test_the_srgb_profile_is_the_same_bytes_each_time_and_moves_no_colour():
    assert srgb_profile() == srgb_profile()
    assert srgb_profile()[24:36] == struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    colours = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    assert np.array_equal(to_srgb(Image.fromarray(colours), srgb_profile()), colours)


def test_a_wide_profile_changes_colours_as_colour_science_says(wide_profile):
    colours = np.array([[[120, 130, 110], [60, 90, 140], [200, 180, 160]]], np.uint8)
    light = (colours / 255.0) ** (563 / 256)
    expected = light_to_srgb(light @ ADOBE_D65.T @ SRGB_D65.T) * 255
    got = np.asarray(to_srgb(Image.fromarray(colours), wide_profile))
    assert np.abs(got - expected).max() <= 1.0


def test_alpha_stays_out_of_colour_management(wide_profile):
    pixels = np.random.default_rng(1).integers(0, 256, (8, 8, 4), np.uint8)
    converted = np.asarray(to_srgb(Image.fromarray(pixels), wide_profile))
    assert np.array_equal(converted[..., 3], pixels[..., 3])
    assert np.array_equal(converted[..., :3], to_srgb(Image.fromarray(pixels[..., :3]), wide_profile))


def test_a_grey_profile_applies_to_grey_pictures(grey_profile):
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    converted = np.asarray(to_srgb(Image.fromarray(grey), grey_profile))
    gamma = round(1.8 * 256) / 256
    assert np.abs(converted[..., 0] - light_to_srgb((grey / 255) ** gamma) * 255).max() <= 1.0


def test_a_broken_or_foreign_profile_leaves_the_numbers(wide_profile, grey_profile):
    colours = np.random.default_rng(2).integers(0, 256, (8, 8, 3), np.uint8)
    for profile in (b"nonsense", wide_profile[:200], grey_profile, bytes(128)):
        assert np.array_equal(to_srgb(Image.fromarray(colours), profile), colours)


def test_saved_colours_are_those_of_the_profile(wide_profile, scene):
    converted, embedded = from_srgb(scene, wide_profile)
    assert embedded == wide_profile
    light = srgb_to_light(scene / 65535.0) @ np.linalg.inv(SRGB_D65).T @ np.linalg.inv(ADOBE_D65).T
    expected = light.clip(0, 1) ** (256 / 563) * 65535
    assert np.abs(expected - scene).max() > 1000
    assert np.abs(converted - expected).max() < 120  # half an 8-bit level: the matrices are rounded to four digits


def test_there_and_back_is_exact_to_8_bits(wide_profile, scene):
    calm = scene // 2 + 16384  # away from black, where one level of 8 bits is a wide step in light
    converted, _ = from_srgb(calm, wide_profile)
    eight = ((converted.astype(np.uint32) + 128) // 257).astype(np.uint8)
    back = np.asarray(to_srgb(Image.fromarray(eight), wide_profile)).astype(int)
    assert np.abs(back - calm / 257).max() <= 2.0


@pytest.mark.parametrize(
    ("curve", "value_of_light"),
    [
        (curv([]), lambda y: y),
        (curv([round(2.2 * 256)]), lambda y: y ** (1 / (round(2.2 * 256) / 256))),
        (curv([round(65535 * (i / 1023) ** 1.8) for i in range(1024)]), lambda y: y ** (1 / 1.8)),
        (para(0, 1.8), lambda y: y ** (1 / 1.8)),
        (para(1, 2.0, 1.0, 0.0), lambda y: y**0.5),
        (para(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045), light_to_srgb),
        (para(4, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, 0.0, 0.0), light_to_srgb),
    ],
    ids=["linear", "gamma", "table", "para0", "para1", "para3", "para4"],
)
def test_each_kind_of_tone_curve_is_inverted(make_matrix_profile, curve, value_of_light):
    converted, _ = from_srgb(GREYS, make_matrix_profile(curve))
    expected = value_of_light(srgb_to_light(GREYS / 65535.0)) * 65535
    assert np.abs(converted - expected).max() < 90  # a third of an 8-bit level
    assert abs(int(converted[0, -1, 0]) - 65535) < 40  # white stays white


def test_what_is_no_matrix_profile_leaves_srgb_and_says_so(grey_profile, wide_profile, scene):
    for profile in (None, grey_profile, b"nonsense", wide_profile[:150]):
        same, embedded = from_srgb(scene, profile)
        assert np.array_equal(same, scene)
        assert embedded == srgb_profile()
