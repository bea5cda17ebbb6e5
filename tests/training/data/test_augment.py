"""Random views of a picture: what they are made of, and that chance alone decides."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from picture_files import scene

from studio.core.settings import describe
from studio.training.data.augment import augmented, centred, random_box, recoloured
from studio.training.data.variation import Variation

STILL = Variation(crop_smallest=1.0, crop_stretch=1.0, mirror=False)
WILD = Variation(
    turn=180, shift=0.5, zoom=0.8, slant=45, brightness=0.9, contrast=0.9, saturation=0.9, hue=0.5, erase=1
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def as_image(pixels):
    return torch.from_numpy(pixels).permute(2, 0, 1) / 255


def test_without_variation_a_square_comes_back_as_it_is():
    square = scene(48, 48)
    torch.testing.assert_close(augmented(square, 48, STILL, generator()), as_image(square))


@pytest.mark.parametrize("pixels", [scene(96, 64), scene(5, 300), scene(28, 28), np.zeros((1, 1, 3), np.uint8)])
@pytest.mark.parametrize("size", [16, 28, 65])
def test_any_picture_and_variation_gives_a_whole_square(pixels, size):
    for seed in range(3):
        view = augmented(pixels, size, WILD, generator(seed))
        assert (view.shape, view.dtype, view.is_contiguous()) == ((3, size, size), torch.float32, True)
        assert 0.0 <= view.min() <= view.max() <= 1.0


def test_the_same_chance_gives_the_same_view_on_any_number_of_threads():
    pixels, before = scene(400, 300), torch.get_num_threads()
    views = []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            views.append([augmented(pixels, 256, WILD, generator(seed)) for seed in range(3)])
    finally:
        torch.set_num_threads(before)
    for view in views[1:]:
        assert all(map(torch.equal, view, views[0]))
    assert not torch.equal(views[0][0], views[0][1])


def test_only_the_given_chance_is_used():
    torch.manual_seed(1)
    np.random.seed(1)  # noqa: NPY002 - libraries may use it
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    augmented(scene(), 32, WILD, generator())
    assert torch.equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002


def test_read_only_maps_are_left_alone():
    pixels = scene(64, 64)
    pixels.setflags(write=False)
    augmented(pixels, 64, WILD, generator())
    centred(pixels, 64)


@given(
    height=st.integers(1, 500), width=st.integers(1, 500), seed=st.integers(0, 1000),
    smallest=st.floats(0.01, 1), stretch=st.floats(1, 3),
)  # fmt: skip
def test_boxes_lie_in_the_picture(height, width, seed, smallest, stretch):
    top, left, tall, wide = random_box(
        height, width, Variation(crop_smallest=smallest, crop_stretch=stretch), generator(seed)
    )
    assert tall >= 1
    assert wide >= 1
    assert 0 <= top <= height - tall
    assert 0 <= left <= width - wide


def test_boxes_have_the_wanted_areas_and_ratios():
    variation, draw = Variation(crop_smallest=0.25, crop_stretch=1.5), generator()
    boxes = np.array([random_box(1000, 1000, variation, draw) for _ in range(2000)], float)
    shares, ratios = boxes[:, 2] * boxes[:, 3] / 1e6, np.log(boxes[:, 3] / boxes[:, 2])
    assert 0.248 < shares.min() < 0.26
    assert shares.max() > 0.97
    assert np.abs(ratios).max() < math.log(1.5) + 0.01
    assert abs(ratios.mean()) < 0.02
    assert (boxes[:, 0] + boxes[:, 2]).max() > 990  # they reach the far end


def test_views_may_all_be_near_by():
    near = Variation(crop_smallest=0.04, crop_largest=0.25, crop_stretch=1.0)
    draw = generator()
    shares = [tall * wide / 1e6 for _, _, tall, wide in (random_box(1000, 1000, near, draw) for _ in range(500))]
    assert 0.039 < min(shares) < 0.06
    assert 0.23 < max(shares) < 0.251
    crossed = near.model_copy(update={"crop_largest": 0.01})
    assert random_box(1000, 1000, crossed, draw)[2:] == (200, 200)


def test_of_a_strip_the_middle_is_shown():
    """No square of a third of its area fits into a strip of 1 : 9."""
    top, left, tall, wide = random_box(90, 10, Variation(crop_smallest=0.5, crop_stretch=1.0), generator())
    assert (top, left, tall, wide) == (40, 0, 10, 10)


def test_half_of_the_views_are_mirrored():
    square = scene(24, 24)
    mirroring = STILL.model_copy(update={"mirror": True})
    views = [augmented(square, 24, mirroring, generator(seed)) for seed in range(200)]
    plain = sum(torch.allclose(view, as_image(square)) for view in views)
    flipped = sum(torch.allclose(view, as_image(square).flip(2)) for view in views)
    assert plain + flipped == 200
    assert 70 < flipped < 130


def test_colours_change_by_their_formulas():
    image = torch.tensor([0.2, 0.4, 0.6]).view(3, 1, 1).expand(3, 4, 4).clone()
    grey = 0.2989 * 0.2 + 0.587 * 0.4 + 0.114 * 0.6
    for name, expected in (
        ("brightness", lambda factor: image * factor),
        ("contrast", lambda factor: grey + (image - grey) * factor),
        ("saturation", lambda factor: grey + (image - grey) * factor),
    ):
        factor = 1 + 0.5 * (2 * float(torch.rand((), generator=generator(4))) - 1)
        changed = recoloured(image, Variation(**{name: 0.5}), generator(4))
        torch.testing.assert_close(changed, expected(factor).clamp(0, 1), atol=3e-3, rtol=0)


def test_a_turned_picture_has_no_empty_corners():
    white = np.full((32, 32, 3), 255, np.uint8)
    for seed in range(10):
        turned = augmented(
            white, 32, STILL.model_copy(update={"turn": 45.0, "zoom": 0.3, "shift": 0.2}), generator(seed)
        )
        assert turned.min() > 0.99


def test_a_quarter_turn_is_clockwise_where_the_drawn_angle_is_positive():
    square, directions = scene(33, 33), set()
    for seed in range(10):
        drawn = generator(seed)
        random_box(33, 33, STILL, drawn)  # what is drawn before
        share = 2 * float(torch.rand((), generator=drawn)) - 1  # uniform in ±turn
        if abs(share) < 0.5:
            continue
        turned = augmented(square, 33, STILL.model_copy(update={"turn": 90 / abs(share)}), generator(seed))
        expected = torch.rot90(as_image(square), -1 if share > 0 else 1, (1, 2))
        assert (turned - expected)[:, 2:-2, 2:-2].abs().max() < 0.02
        directions.add(share > 0)
    assert directions == {True, False}


def test_a_patch_is_covered():
    square = np.full((40, 40, 3), 255, np.uint8)
    covered = augmented(square, 40, STILL.model_copy(update={"erase": 1.0}), generator())
    share = float((covered[0] < 0.999).float().mean())
    assert 0.015 < share < 0.34


def test_the_middle_is_shown_to_be_judged():
    strip = np.zeros((20, 60, 3), np.uint8)
    strip[:, 20:40] = 255
    torch.testing.assert_close(centred(strip, 20), torch.ones(3, 20, 20))
    assert centred(strip, 10).shape == (3, 10, 10)
    square = np.zeros((40, 40, 3), np.uint8)
    square[10:30, 10:30] = 255
    torch.testing.assert_close(centred(square, 8, share=0.25), torch.ones(3, 8, 8))


def test_variations_are_settings_with_a_form():
    infos = describe(Variation)
    assert len(infos) == len(Variation.model_fields) == 13
    assert all(info.label and info.help and info.term for info in infos)
