"""Fading, toning, grain and print dots by the formulas that their docstrings give, written out here."""

import math

import numpy as np
import pytest

from models.degradation_ageing import (
    BlackAndWhite,
    Fading,
    Grain,
    Halftone,
    Toning,
    faded,
    film_weights,
    screened,
    toned,
)
from models.degradation_steps import Chance
from models.degradations import DegradationRecipe, degrade
from models.line_drawing import drawn
from models.textures import clouds


def test_faded_dyes_lose_a_share_of_their_density():
    amount, cast, yellowing = 0.4, 0.5, 0.3
    table = faded(amount, cast, yellowing)[0]
    for value in (3, 60, 128, 255):
        density = min(2.2, -math.log10(value / 255))
        red = 10 ** -(density * (1 - (0.4 + 0.5 * 0.4 * 0.6)) + 0.3 * 0.02)
        green = 10 ** -(density * 0.6 + 0.3 * 0.06)
        blue = 10 ** -(density * (1 - 0.4 * 0.75) + 0.3 * 0.20)
        assert table[value] == pytest.approx([red, green, blue], abs=1e-5)
    assert faded(0.0, 0.0, 0.0)[0, 10:, 0] == pytest.approx(np.arange(10, 256) / 255, abs=1e-5)


def test_fading_lifts_black_and_turns_red():
    made = degrade(np.zeros((40, 60, 3), np.uint8), DegradationRecipe(steps=(
        Fading(amount=(0.5, 0.5), cast=(0.8, 0.8), yellowing=(0, 0), uneven=(0, 0)),)), 0).picture  # fmt: skip
    assert made[..., 0].min() > 40
    assert (made[..., 0] > made[..., 1]).all()


@pytest.mark.parametrize("hue", [20.0, 35.0, 45.0])
def test_toning_keeps_the_luma(hue):
    table = toned(hue, 0.5)[0]
    luma = table @ np.array([0.299, 0.587, 0.114])
    assert luma[:200] == pytest.approx(np.arange(200) / 255, abs=0.01)
    assert (table[40:250, 0] > table[40:250, 1]).all()
    assert (table[40:250, 1] > table[40:250, 2]).all()


def test_toning_half_way_is_half_way():
    grey = np.full((10, 10, 3), 120, np.uint8)
    full, half = (
        degrade(grey, DegradationRecipe(steps=(Toning(amount=(a, a), hue=(30, 30), strength=(0.5, 0.5)),)), 0).picture
        for a in (1.0, 0.5)
    )
    assert np.abs(half - (full.astype(float) + 120) / 2).max() <= 1


@pytest.mark.parametrize("film", [-1.0, -0.5, 0.0, 0.7, 1.0])
def test_film_keeps_grey_as_bright(film):
    weights = film_weights(film)
    assert sum(weights) == pytest.approx(1.0)
    assert (weights[0] < 0.299) == (film < 0)
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 200
    made = degrade(red, DegradationRecipe(steps=(BlackAndWhite(film=(film, film)),)), 0).picture
    assert np.abs(made - 200 * weights[0]).max() <= 1


def test_grain_is_strongest_in_middle_grey_and_keeps_the_mean():
    spread = {}
    for value in (5, 128, 250):
        picture = np.full((200, 200, 3), value, np.uint8)
        step = Grain(amount=(0.05, 0.05), size=(1, 1), colour=0.0)
        made = degrade(picture, DegradationRecipe(steps=(step,)), 0).picture.astype(float)
        spread[value] = made.std()
        assert made.mean() == pytest.approx(value, abs=1.5)
        assert np.array_equal(made[..., 0], made[..., 2])
    assert spread[128] == pytest.approx(255 * 0.05, rel=0.1)  # ¼ + 3 · ½ · ½ = 1
    assert spread[5] < 0.5 * spread[128] > spread[250]


@pytest.mark.parametrize("cover", [0.1, 0.3, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("angle", [0.0, 15.0, 45.0, 75.0])
def test_dots_cover_what_they_should(cover, angle):
    assert screened(np.full((240, 240), cover, np.float32), 6.0, angle).mean() == pytest.approx(cover, abs=0.025)


def test_print_keeps_the_tones_and_shows_its_pitch():
    picture = np.full((240, 240, 3), 120, np.uint8)
    step = Halftone(pitch=(12.5, 12.5), amount=(1, 1), colour=0.0)  # 6 px at this size
    made = degrade(picture, DegradationRecipe(steps=(step,)), 0).picture[..., 0].astype(float)
    assert made.mean() == pytest.approx(120, abs=20)
    power = np.abs(np.fft.rfft2(made - made.mean()))
    row, column = np.unravel_index(power.argmax(), power.shape)
    assert math.hypot(min(row, 240 - row), column) == pytest.approx(240 / 6, abs=1.5)


def test_a_grey_picture_is_printed_in_black_alone():
    picture = np.tile(np.arange(0, 240, dtype=np.uint8)[None, :, None], (50, 1, 3))
    made = degrade(picture, DegradationRecipe(steps=(Halftone(colour=1.0),)), 0).picture
    assert np.array_equal(made[..., 0], made[..., 1])


def test_drawing_is_the_extended_difference_of_gaussians():
    """Winnemöller et al. 2012: T = 1 + tanh(φ (S − ε)) below ε, else 1; on flat paper nothing is drawn."""
    import cv2

    grey = np.random.default_rng(0).random((40, 50)).astype(np.float32)
    grey = cv2.GaussianBlur(grey, (0, 0), 2)
    near, far = (cv2.GaussianBlur(grey, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101) for sigma in (1.1, 1.76))
    for shadows in (False, True):
        level = 0.5 if shadows else 0.88
        sharp = (21.0 * near - 20.0 * far) if shadows else 1.0 + 20.0 * (near - far)
        wanted = np.where(sharp >= level, 1.0, 1.0 + np.tanh(4.0 * (sharp - level)))
        np.testing.assert_allclose(drawn(grey, 1.1, 20.0, 4.0, shadows=shadows), wanted, atol=1e-3)
    assert (drawn(np.full((20, 20), 0.1, np.float32), 1.0, 20.0, 4.0) == 1.0).all()


@pytest.mark.parametrize("cell", [1.0, 5.0, 60.0, 400.0])
def test_clouds_have_no_mean_and_a_spread_of_about_one(cell):
    drawn_clouds = np.stack([clouds(120, 90, cell, Chance(seed, "clouds")) for seed in range(25)])
    assert drawn_clouds.shape[1:] == (120, 90)
    assert drawn_clouds.mean() == pytest.approx(0.0, abs=0.2 if cell < 100 else 0.7)  # then one shape fills a picture
    assert 0.7 < drawn_clouds.std() < 1.8
