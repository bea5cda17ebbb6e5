"""What is copied into a hole, and where from."""

import cv2
import numpy as np
import pytest

from models.patch_filling import copied, descriptors, fill_from_around


def finished(job):
    try:
        while True:
            next(job)
    except StopIteration as end:
        return end.value


def stripes(height: int = 96, width: int = 96, period: int = 8) -> np.ndarray:
    """Upright stripes, H×W×3."""
    wave = 0.5 + 0.4 * np.sin(2 * np.pi * np.arange(width) / period)
    return np.repeat(np.repeat(wave[None, :, None], height, 0), 3, 2).astype(np.float32)


def square(height: int = 96, width: int = 96, side: int = 24) -> np.ndarray:
    hole = np.zeros((height, width), np.bool_)
    hole[36 : 36 + side, 30 : 30 + side] = True
    return hole


def test_descriptors_are_the_lowest_cosine_coefficients_of_a_patch():
    pixels = np.random.default_rng(0).random((20, 20, 3)).astype(np.float32)
    found = descriptors(pixels)
    assert found.shape == (20, 20, 16)
    patch = pixels[7:14, 5:12]
    luma = patch @ np.array([0.299, 0.587, 0.114], np.float32)
    assert found[10, 8, 0] == pytest.approx(luma.sum() / 7, rel=1e-4)  # each constant wave is 1 ÷ √7
    wave = np.cos(np.pi * (np.arange(7) + 0.5) / 7)
    wave /= np.linalg.norm(wave)
    assert found[10, 8, 1] == pytest.approx(float((luma * wave[None, :]).sum() / np.sqrt(7)), abs=1e-4)
    assert found[10, 8, 10] == pytest.approx(float((patch[..., 0] - luma).sum() / 7), abs=1e-4)


def test_stripes_go_on_through_a_hole_as_sharp_as_they_were():
    picture, hole = stripes(), square()
    guide = np.full((24, 24, 3), 0.5, np.float32)  # knows nothing but the mean
    field = finished(fill_from_around(picture, hole, guide))
    made = copied(picture, hole, field)
    assert np.abs(made - picture[hole]).mean() < 0.02


def test_everything_is_copied_from_outside_the_hole():
    random = np.random.default_rng(0)
    picture, hole = random.random((80, 90, 3)).astype(np.float32), square(80, 90)
    field = finished(fill_from_around(picture, hole, picture, seed=4))
    y, x = np.nonzero(hole)
    from_y, from_x = y + field[0, y, x], x + field[1, y, x]
    assert (from_y >= 0).all()
    assert (from_x < 90).all()
    assert not hole[from_y, from_x].any()


def test_a_seed_decides_and_others_propose_something_else():
    picture, hole = np.random.default_rng(1).random((72, 72, 3)).astype(np.float32), square(72, 72)
    same, again, other = (
        finished(fill_from_around(picture, hole, np.full((9, 9, 3), 0.5, np.float32), seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(same, again)
    assert not np.array_equal(same, other)


def test_neighbours_from_one_place_copy_it_exactly():
    picture, hole = np.random.default_rng(2).random((30, 40, 3)).astype(np.float32), np.zeros((30, 40), np.bool_)
    hole[10:16, 8:14] = True
    field = np.zeros((2, 30, 40), np.int32)
    field[1] = 17
    assert np.allclose(copied(picture, hole, field), picture[10:16, 25:31].reshape(-1, 3), atol=1e-6)


def test_with_nothing_to_copy_from_there_is_no_field():
    hole = np.ones((40, 40), np.bool_)
    hole[:3] = False
    assert finished(fill_from_around(np.zeros((40, 40, 3), np.float32), hole, np.zeros((8, 8, 3), np.float32))) is None


def test_where_it_is_guided_what_is_copied_is_more_like_the_guide():
    noise = np.random.default_rng(0).random((96, 96, 3), np.float32)
    picture, hole = cv2.GaussianBlur(noise, (0, 0), 1.5), square()
    errors = [
        np.abs(copied(picture, hole, finished(fill_from_around(picture, hole, picture, guided=guided))) - picture[hole])
        for guided in (None, np.ones(hole.shape, np.float32))
    ]
    assert errors[1].mean() < 0.9 * errors[0].mean()
