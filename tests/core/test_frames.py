import pickle

import numpy as np
import pytest

from studio.core.frames import prepare_frame, repaint


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, (301, 1000, 3), np.uint8)


def test_an_opaque_frame_is_bgrx(picture):
    frame = prepare_frame(picture)
    assert not frame.has_alpha
    assert np.array_equal(frame.levels[0][..., 2::-1], picture)
    assert (frame.levels[0][..., 3] == 255).all()


def test_a_transparent_frame_is_premultiplied_bgra(picture):
    alpha = np.random.default_rng(1).integers(0, 256, (301, 1000), np.uint8)
    frame = prepare_frame(np.dstack([picture, alpha]))
    assert frame.has_alpha
    assert np.array_equal(frame.levels[0][..., 3], alpha)
    expected = picture * (alpha[..., None] / 255)
    assert np.abs(frame.levels[0][..., 2::-1] - expected).max() <= 0.5 + 1e-6
    for level in frame.levels:
        assert (level[..., :3] <= level[..., 3:]).all()


def test_an_alpha_channel_without_transparency_needs_no_blending(picture):
    frame = prepare_frame(np.dstack([picture, np.full((301, 1000), 255, np.uint8)]))
    assert not frame.has_alpha
    assert np.array_equal(frame.levels[0], prepare_frame(picture).levels[0])


def test_levels_halve_down_to_256(picture):
    frame = prepare_frame(picture)
    assert [(level.shape[1], level.shape[0]) for level in frame.levels] == [(1000, 301), (500, 151), (250, 76)]
    assert all(level.flags.c_contiguous and level.dtype == np.uint8 for level in frame.levels)
    assert (frame.width, frame.height) == (1000, 301)
    assert frame.scale(1) == (2.0, 301 / 151)


def test_a_level_is_the_mean_of_the_one_above(picture):
    even = prepare_frame(picture[:300]).levels
    mean = even[0].reshape(150, 2, 500, 2, 4).astype(float).mean(axis=(1, 3))
    assert np.abs(even[1] - mean).max() <= 0.5


def test_a_small_picture_has_one_level():
    assert len(prepare_frame(np.zeros((1, 256, 3), np.uint8)).levels) == 1


def test_16_bits_are_rounded(scene):
    frame = prepare_frame(scene)
    assert np.abs(frame.levels[0][..., 2::-1] - scene / 257).max() <= 0.5


def test_the_level_for_a_zoom_has_enough_pixels(picture):
    frame = prepare_frame(picture)
    assert [frame.level_for(zoom) for zoom in (8.0, 1.0, 0.51, 0.5, 0.26, 0.25, 0.01)] == [0, 0, 0, 1, 1, 2, 2]


def test_a_frame_crosses_processes(picture):
    again = pickle.loads(pickle.dumps(prepare_frame(picture)))
    assert np.array_equal(again.levels[1], prepare_frame(picture).levels[1])


def test_a_part_that_is_painted_anew_is_as_if_all_had_been_prepared_again():
    chance = np.random.default_rng(3)
    picture = chance.integers(0, 256, (600, 904, 3), dtype=np.uint8)
    frame = prepare_frame(picture)
    rows, columns = slice(101, 257), slice(851, 904)
    picture[rows, columns] = chance.integers(0, 256, (156, 53, 3), dtype=np.uint8)
    repaint(frame, picture, rows, columns)
    fresh = prepare_frame(picture)
    assert len(frame.levels) == len(fresh.levels) == 3
    assert np.array_equal(frame.levels[0], fresh.levels[0])
    assert all(
        np.abs(one.astype(int) - other).max() <= 1 for one, other in zip(frame.levels, fresh.levels, strict=True)
    )
