"""What is measured of a scan is what it was damaged with, and the recipe that follows makes photos measure the same."""

import cv2
import numpy as np
import pytest

from models.degradation_ageing import BlackAndWhite, Fading, Grain, Toning
from models.degradation_web import Blur, Jpeg, Noise
from models.degradations import DegradationRecipe, degrade
from models.scan_likeness import recipe_like, statistics_of
from studio.core.images import load_picture
from studio.core.samples import sample_photos


@pytest.fixture(scope="module")
def photos():
    """Three sample photos, small and sharp."""
    made = []
    for sample in sample_photos()[:3]:
        pixels = np.ascontiguousarray(load_picture(sample.path).pixels[..., :3])
        scale = 360 / min(pixels.shape[:2])
        made.append(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    return made


def scanned(photo, *steps):
    return degrade(photo, DegradationRecipe(steps=steps), 1).picture


@pytest.mark.parametrize("sigma", [4.0, 12.0])
@pytest.mark.parametrize("grey", [0.0, 1.0])
def test_noise_is_measured_in_flat_places(photos, sigma, grey):
    for photo in photos:
        found = statistics_of(scanned(photo, Noise(gaussian=1.0, sigma=(sigma, sigma), grey=grey)))
        assert found.noise == pytest.approx(sigma, rel=0.25)
        assert found.grey_noise == bool(grey)
        assert found.clump < 0.28


def test_grain_clumps_and_its_size_is_told(photos):
    for photo in photos:
        recipe = recipe_like(scanned(photo, Grain(amount=(0.08, 0.08), size=(1.5, 1.5), colour=0.0)))
        grain = next(step for step in recipe.steps if step.kind == "grain")
        assert grain.size[0] == pytest.approx(1.5, rel=0.5)
        assert "noise" not in [step.kind for step in recipe.steps]


@pytest.mark.parametrize("quality", [30, 50, 75, 90])
def test_the_quality_of_the_file_leaves_its_ghost(photos, quality):
    for photo in photos:
        assert statistics_of(scanned(photo, Jpeg(quality=(quality, quality)))).quality == quality
        assert statistics_of(photo).quality is None


def test_blur_is_measured_at_the_steepest_edges(photos):
    for photo in photos:
        measured = [
            statistics_of(scanned(photo, Blur(sigma=(sigma, sigma), shapes=(1, 0, 0, 0, 0, 0), sinc=0.0))).blur
            for sigma in (0.8, 1.5, 2.5)
        ]
        assert measured == sorted(measured)
        assert measured[1] == pytest.approx(1.5, rel=0.35)
        assert measured[2] == pytest.approx(2.5, rel=0.35)


@pytest.mark.parametrize("hue", [25.0, 45.0])
def test_sepia_has_a_hue_and_colour_is_told_from_tone(photos, hue):
    for photo in photos:
        found = statistics_of(
            scanned(photo, BlackAndWhite(), Toning(amount=(1, 1), hue=(hue, hue), strength=(0.5, 0.5)))
        )
        assert found.colourless
        assert found.hue == pytest.approx(hue, abs=2.0)
        assert not statistics_of(photo).colourless
        plain = statistics_of(scanned(photo, BlackAndWhite()))
        assert (plain.colourless, round(plain.chroma, 2)) == (True, 0.0)


def test_fading_is_solved_from_black_and_white_where_there_was_black():
    photo = np.tile(np.linspace(0, 255, 256, dtype=np.uint8)[None, :, None], (128, 1, 3)).copy()
    photo[:64, ::2, 0] = photo[:64, ::2, 2] // 2  # some colour
    step = Fading(amount=(0.5, 0.5), cast=(0.6, 0.6), yellowing=(0.4, 0.4), uneven=(0, 0))
    fading = next(each for each in recipe_like(scanned(photo, step)).steps if each.kind == "fading")
    for name, value in (("amount", 0.5), ("cast", 0.6), ("yellowing", 0.4)):
        low, high = getattr(fading, name)
        assert low * 0.8 <= value <= high * 1.2, name


def test_a_photo_made_like_a_scan_measures_like_it(photos):
    old = (BlackAndWhite(), Fading(amount=(0.5, 0.5), cast=(0, 0), yellowing=(0, 0), uneven=(0, 0)),
           Toning(amount=(1, 1), hue=(32, 32), strength=(0.5, 0.5)), Noise(gaussian=1, sigma=(7, 7), grey=1),
           Jpeg(quality=(60, 60)))  # fmt: skip
    scan = scanned(photos[0], *old)
    alike = degrade(photos[2], recipe_like(scan), 5).picture
    wanted, got = statistics_of(scan), statistics_of(alike)
    assert got.colourless
    assert got.hue == pytest.approx(wanted.hue, abs=4)
    assert got.noise == pytest.approx(wanted.noise, rel=0.35)
    assert got.clump == pytest.approx(wanted.clump, abs=0.15)


@pytest.mark.parametrize("size", [(1, 1), (3, 3), (17, 40)])
def test_tiny_scans_tell_little_but_break_nothing(size):
    scan = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    assert degrade(scan, recipe_like(scan), 0).picture.shape[:2] == size
    flat = np.full((*size, 3), 128, np.uint8)
    assert degrade(flat, recipe_like(flat), 0).picture.shape[:2] == size


def test_one_scan_is_always_the_same_recipe(photos):
    assert recipe_like(photos[0]) == recipe_like(photos[0].copy())
