import numpy as np
import pytest

from studio.core.resizing import fit_within, resize, thumbnail, to_8_bits, to_16_bits


def test_depths_round_and_return(scene):
    every = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1).repeat(3, axis=2)
    assert np.array_equal(to_8_bits(every), np.floor(every / 257 + 0.5))
    eight = to_8_bits(scene)
    assert np.array_equal(to_16_bits(eight), eight * 257.0)
    assert np.array_equal(to_8_bits(to_16_bits(eight)), eight)
    assert to_8_bits(eight) is eight
    assert to_16_bits(scene) is scene


def test_halving_averages_areas():
    picture = np.random.default_rng(0).integers(0, 65536, (8, 12, 3)).astype(np.uint16)
    mean = picture.reshape(4, 2, 6, 2, 3).mean(axis=(1, 3))
    assert np.abs(resize(picture, 6, 4) - mean).max() <= 0.5


@pytest.mark.parametrize(("width", "height"), [(1, 1), (7, 200), (333, 50)])
def test_any_size_and_depth(scene, width, height):
    for picture in (scene, to_8_bits(scene), np.dstack([scene, scene[..., 0]])):
        resized = resize(picture, width, height)
        assert resized.shape == (height, width, picture.shape[2])
        assert resized.dtype == picture.dtype


def test_invisible_colours_do_not_bleed_into_visible_ones():
    picture = np.zeros((4, 4, 4), np.uint8)
    picture[..., 1] = 255  # invisible green
    picture[:, 0::2] = (200, 10, 30, 255)  # beside visible red
    small = resize(picture, 2, 2)
    assert np.abs(small.astype(int) - (200, 10, 30, 128)).max() <= 1


def test_fit_within_keeps_proportions_and_only_enlarges_when_asked(scene):
    assert fit_within(scene, 30).shape == (20, 30, 3)
    assert fit_within(scene, 60) is scene
    assert fit_within(scene, 600) is scene
    assert fit_within(scene, 120, enlarge=True).shape == (80, 120, 3)
    assert fit_within(np.zeros((1000, 1, 3), np.uint8), 10).shape == (10, 1, 3)


def test_a_thumbnail_does_not_hold_the_large_picture(scene):
    eight = to_8_bits(scene)
    small = thumbnail(eight, 256)
    assert np.array_equal(small, eight)
    assert not np.shares_memory(small, eight)
    assert thumbnail(scene, 12).shape == (8, 12, 3)
