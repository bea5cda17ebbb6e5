"""Where a crop lies: shapes, turned pictures, and that nothing outside of the picture is ever shown."""

from math import cos, radians, sin, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from studio.core.adjust_settings import AdjustSettings
from studio.core.settings import describe
from studio.jobs.adjust import framed


def test_untouched_settings_keep_all_of_a_picture():
    assert AdjustSettings().box(600, 400) == (0.0, 0.0, 600.0, 400.0)
    assert AdjustSettings().leaves_tones


def test_a_crop_is_told_in_shares_so_that_it_means_the_same_at_every_size():
    settings = AdjustSettings(crop=(0.25, 0.5, 0.75, 1.0))
    assert settings.box(600, 400) == (150.0, 200.0, 450.0, 400.0)
    assert settings.box(60, 40) == (15.0, 20.0, 45.0, 40.0)


@pytest.mark.parametrize(
    ("aspect", "expected"),
    [
        ("free", (0, 0, 600, 400)),
        ("original", (0, 0, 600, 400)),
        ("1:1", (100, 0, 500, 400)),
        ("16:9", (0, 31.25, 600, 368.75)),
        ("9:16", (187.5, 0, 412.5, 400)),
        ("5:4", (50, 0, 550, 400)),
    ],
)
def test_a_shape_is_cut_out_of_the_middle_of_the_crop(aspect, expected):
    assert AdjustSettings(aspect=aspect).box(600, 400) == pytest.approx(expected)


def test_the_photos_own_shape_is_that_of_the_turned_photo():
    settings = AdjustSettings(aspect="original", turn="90", crop=(0.0, 0.0, 1.0, 0.5))
    left, top, right, bottom = settings.box(400, 600)
    assert (right - left) / (bottom - top) == pytest.approx(400 / 600)
    assert (left + right, top + bottom) == pytest.approx((400, 300))


def test_straightening_cuts_the_largest_crop_of_its_shape_about_its_centre():
    """A square of side w turned by θ holds an upright square of w ÷ (cos θ + sin θ)."""
    left, top, right, bottom = AdjustSettings(angle=10.0).box(500, 500)
    side = 500 / (cos(radians(10)) + sin(radians(10)))
    assert (right - left, bottom - top) == pytest.approx((side, side))
    assert (left + right, top + bottom) == pytest.approx((500, 500))


def test_a_small_crop_is_left_alone_by_straightening():
    settings = AdjustSettings(angle=5.0, crop=(0.4, 0.4, 0.6, 0.6))
    assert settings.box(600, 400) == pytest.approx((240, 160, 360, 240))


@given(
    width=st.integers(1, 5000), height=st.integers(1, 5000), angle=st.floats(-45, 45),
    x=st.tuples(st.floats(0, 1), st.floats(0, 1)), y=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    aspect=st.sampled_from(["free", "original", "1:1", "16:9", "2:3"]),
)  # fmt: skip
def test_the_corners_of_a_crop_are_always_inside_the_picture(width, height, angle, x, y, aspect):
    (left, right), (top, bottom) = sorted(x), sorted(y)
    if right - left < 1e-3 or bottom - top < 1e-3:
        left, right, top, bottom = 0.0, 1.0, 0.0, 1.0
    settings = AdjustSettings(crop=(left, top, right, bottom), angle=angle, aspect=aspect)
    box = settings.box(width, height)
    assert box[0] < box[2]
    assert box[1] < box[3]
    c, s = cos(radians(angle)), sin(radians(angle))
    for u, v in ((box[0], box[1]), (box[2], box[1]), (box[0], box[3]), (box[2], box[3])):
        dx, dy = u - width / 2, v - height / 2
        assert abs(dx * c + dy * s) <= width / 2 * (1 + 1e-9)
        assert abs(dy * c - dx * s) <= height / 2 * (1 + 1e-9)
    ratio = settings.ratio(width, height)
    if ratio is not None:
        assert (box[2] - box[0]) / (box[3] - box[1]) == pytest.approx(ratio, rel=1e-6)


def test_a_crop_in_a_corner_that_turns_away_moves_inwards():
    """At 45° the corner of a square lies outside of it; a tenth of the crop still has to fit."""
    left, top, right, bottom = AdjustSettings(angle=45.0, crop=(0.0, 0.0, 0.1, 0.1)).box(100, 100)
    assert right - left == bottom - top == pytest.approx(1.0)
    # its centre lies on the diagonal, 50 − 1 ÷ √2 from the middle: as far out as a square of 1 px can be
    assert (left + right) / 2 == pytest.approx(50 - (50 - 1 / sqrt(2)) / sqrt(2))


@pytest.mark.parametrize(
    "crop", [(0.1,), (0.5, 0, 0.5, 1), (0, 0, 1.1, 1), (-0.1, 0, 1, 1), (0, 0.8, 1, 0.2), (0,) * 5]
)
def test_what_is_no_rectangle_is_refused(crop):
    with pytest.raises(ValidationError, match="left, top, right, bottom"):
        AdjustSettings(crop=crop)


def test_every_setting_explains_itself():
    for info in describe(AdjustSettings):
        assert info.help
        assert info.term
        assert info.group


def test_each_tone_counts_as_a_touch_and_no_geometry_does():
    tones = ("exposure", "contrast", "highlights", "shadows", "temperature", "tint", "saturation", "sharpen")
    assert not any(AdjustSettings(**{tone: 1.0}).leaves_tones for tone in tones)
    assert AdjustSettings(angle=3.0, crop=(0, 0, 0.5, 1), aspect="1:1", turn="180", flip="vertical").leaves_tones


SETTINGS = st.builds(
    AdjustSettings,
    turn=st.sampled_from(["0", "90", "180", "270"]),
    flip=st.sampled_from(["none", "horizontal", "vertical"]),
    crop=st.sampled_from([(), (0.0, 0.25, 0.5, 1.0), (0.25, 0.0, 1.0, 0.75)]),
    aspect=st.sampled_from(["free", "1:1", "original"]),
)


def shown(settings):
    """What is left of a picture whose every pixel has a number."""
    return framed(np.arange(24 * 16 * 3, dtype=np.uint16).reshape(16, 24, 3), settings)


@given(settings=SETTINGS, quarters=st.integers(-3, 3))
def test_turning_turns_what_is_shown_with_its_crop_and_shape(settings, quarters):
    assert np.array_equal(shown(settings.turned(quarters)), np.rot90(shown(settings), -quarters))


@given(settings=SETTINGS)
def test_mirroring_mirrors_what_is_shown(settings):
    assert np.array_equal(shown(settings.mirrored("horizontal")), shown(settings)[:, ::-1])
    assert np.array_equal(shown(settings.mirrored("vertical")), shown(settings)[::-1])


def test_a_locked_shape_turns_with_the_picture():
    assert [AdjustSettings(aspect="3:2").turned(quarters).aspect for quarters in range(4)] == ["3:2", "2:3"] * 2


def test_a_straightened_picture_stays_straight_in_the_mirror():
    y, x = np.mgrid[0:120, 0:160].astype(float)
    picture = np.repeat((np.sin(x / 9) + np.cos(y / 7))[..., None] * 12_000 + 32_000, 3, axis=2).astype(np.uint16)
    settings = AdjustSettings(angle=7.0, crop=(0.1, 0.2, 0.7, 0.9))
    assert settings.mirrored("horizontal").angle == -7.0
    for changed, turn in (
        (settings.mirrored("horizontal"), lambda a: a[:, ::-1]),
        (settings.mirrored("vertical"), lambda a: a[::-1]),
        (settings.turned(1), lambda a: np.rot90(a, -1)),
    ):
        difference = framed(picture, changed).astype(int) - turn(framed(picture, settings))
        assert np.abs(difference).max() < 200  # of 65,535


def test_a_typed_size_is_cut_about_the_middle_of_the_crop_and_stays_in_the_picture():
    settings = AdjustSettings(crop=(0.5, 0.0, 1.0, 0.5))
    assert settings.cut_to(20, 10, 100, 50).box(100, 50) == pytest.approx((65, 7.5, 85, 17.5))
    assert settings.cut_to(80, 10, 100, 50).box(100, 50) == pytest.approx((20, 7.5, 100, 17.5))
    assert settings.cut_to(500, 500, 100, 50).crop == ()


def test_a_typed_size_keeps_a_locked_aspect():
    assert AdjustSettings(aspect="2:3").cut_to(20, 20, 100, 50).size(100, 50) == (20, 30)
