"""Holes by chance: as much as is asked for, of the kind that is asked for, the same for the same seed."""

import cv2
import numpy as np
import pytest

from models.holes import any_hole, scratch_holes, square_holes, stroke_holes


@pytest.mark.parametrize(("cut", "share"), [(scratch_holes, 0.05), (stroke_holes, 0.08)])
def test_as_much_is_gone_as_asked_and_hardly_more(cut, share):
    hole = cut(128, 128, share, np.random.default_rng(0))
    assert set(np.unique(hole)) == {0, 255}
    assert share <= (hole > 0).mean() < share + 0.06


def test_scratches_are_at_most_three_pixels_wide_where_they_do_not_cross():
    hole = np.zeros((64, 64), np.uint8)
    hole = scratch_holes(64, 64, 0.01, np.random.default_rng(3))
    assert cv2.distanceTransform(hole, cv2.DIST_L2, 5).max() <= 3


def test_strokes_are_as_thick_as_asked():
    hole = stroke_holes(200, 200, 0.05, np.random.default_rng(1), thickness=(20, 20))
    assert 9 <= cv2.distanceTransform(hole, cv2.DIST_L2, 5).max() <= 13


def test_squares_are_apart():
    hole = square_holes(128, 128, 3, 24, np.random.default_rng(0))
    count, _, boxes, _ = cv2.connectedComponentsWithStats(hole)
    assert count == 4
    assert [tuple(box[2:]) for box in boxes[1:]] == [(24, 24, 576)] * 3


def test_where_there_is_no_room_there_are_fewer_squares():
    assert (square_holes(32, 32, 5, 24, np.random.default_rng(0)) > 0).sum() == 24**2


def test_a_seed_decides():
    assert np.array_equal(any_hole(96, 5), any_hole(96, 5))
    kinds = [any_hole(96, seed) for seed in range(12)]
    assert all((hole > 0).any() and (hole == 0).any() for hole in kinds)
    assert len({hole.tobytes() for hole in kinds}) == 12
    assert 0.08 < np.mean([hole > 0 for hole in (any_hole(128, seed) for seed in range(60))]) < 0.2
