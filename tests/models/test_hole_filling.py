"""Whole pictures with holes: hole by hole, thin ones and thick ones, and nothing else is touched."""

import cv2
import numpy as np
import pytest
import torch
from retouch_kit import small_filler, soft_photo

from models import hole_filling
from models.hole_filling import _parts, _strokeness, fill_holes, thick_part
from models.inpainter import membrane


def finished(job):
    parts = []
    try:
        while True:
            parts.append(next(job)[:2])
    except StopIteration as end:
        return end.value, parts


def textured(height: int = 120, width: int = 160) -> np.ndarray:
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 1.0)


def holes(height: int = 120, width: int = 160) -> np.ndarray:
    hole = np.zeros((height, width), np.uint8)
    cv2.line(hole, (5, 8), (150, 20), 255, 2)
    hole[50:80, 40:70] = 255
    hole[50:80, 70] = 128
    return hole


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("filler", [membrane, small_filler()])
def test_outside_the_hole_every_bit_stays(deep, filler):
    picture = textured()
    picture = picture.astype(np.uint16) * 257 + 3 if deep else picture
    as_deep = picture if deep else picture.astype(np.uint16) * 257
    made, parts = finished(fill_holes(picture, holes(), filler))
    assert made.dtype == np.uint16
    outside = holes() == 0
    assert np.array_equal(made[outside], as_deep[outside])
    assert (made[~outside] != as_deep[~outside]).mean() > 0.9
    assert parts[-1][1] == pytest.approx(1.0)
    assert [share for _, share in parts] == sorted(share for _, share in parts)


def test_a_grey_hole_lets_the_photo_through():
    hole = np.zeros((120, 160), np.uint8)
    hole[40:70, 50:90] = 255
    whole, _ = finished(fill_holes(textured(), hole, membrane))
    half, _ = finished(fill_holes(textured(), hole // 255 * 102, membrane))
    photo = textured().astype(float) * 257
    assert np.abs(half - (photo + (whole - photo) * 0.4)).max() <= 1


def test_a_large_hole_is_as_rough_as_what_is_around_it_and_a_membrane_is_not():
    hole = np.zeros((120, 160), np.uint8)
    hole[28:92, 48:112] = 255
    made, _ = finished(fill_holes(textured(), hole, membrane))

    def roughness(rows: slice, columns: slice) -> float:
        return float(np.abs(np.diff(made[rows, columns].astype(float), axis=1)).mean())

    inside, around = roughness(slice(48, 72), slice(68, 92)), roughness(slice(0, 26), slice(0, 160))
    assert inside > 0.6 * around


def test_one_seed_gives_one_picture_and_another_one_another():
    hole = holes()
    one, again, other = (finished(fill_holes(textured(), hole, membrane, seed))[0] for seed in (0, 0, 3))
    assert np.array_equal(one, again)
    thin = (hole > 0) & ~thick_part(hole > 0)
    assert np.array_equal(one[thin], other[thin])
    assert not np.array_equal(one, other)


def test_only_what_is_wide_is_thick():
    gone = np.zeros((60, 80), np.bool_)
    gone[5:8] = True
    gone[20:50, 30:60] = True
    thick = thick_part(gone)
    assert thick[22:48, 32:58].all()
    assert not thick[5:8].any()
    assert not (thick & ~gone).any()


def test_where_hardly_anything_is_left_it_is_filled_smoothly():
    picture = soft_photo(40, 40)
    hole = np.full((40, 40), 255, np.uint8)
    hole[:2] = 0
    made, _ = finished(fill_holes(picture, hole, membrane))
    assert np.array_equal(made[:2], picture[:2].astype(np.uint16) * 257)


def test_a_fourth_channel_is_left_alone():
    picture = np.dstack([textured(), np.full((120, 160), 9, np.uint8)])
    assert finished(fill_holes(picture, holes(), membrane))[0].shape == (120, 160, 3)


def plain(pixels, gone):
    return torch.full_like(pixels, 0.5)


def test_where_one_piece_goes_on_from_the_last_a_wide_hole_is_as_rough_as_in_its_middle():
    picture, hole = textured(200, 800), np.zeros((200, 800), np.uint8)
    hole[60:140, 40:760] = 255
    made, parts = finished(fill_holes(picture, hole, plain))
    seam = parts[0][0].right
    assert 200 < seam < 400
    rough = np.abs(np.diff(made[85:115].astype(float), axis=0)).mean(axis=(0, 2))
    assert rough[seam : seam + 24].mean() > 0.58 * rough[120 : seam - 60].mean()


def test_the_guide_shows_through_in_a_narrow_hole_and_hardly_in_a_wide_one():
    picture = textured(200, 400)

    def roughness(thick):
        hole = np.zeros((200, 400), np.uint8)
        hole[100 - thick // 2 : 100 + thick // 2, 40:360] = 255
        made, _ = finished(fill_holes(picture, hole, plain))
        return np.abs(np.diff(made[96:104, 60:340].astype(float), axis=1)).mean()

    assert roughness(24) < 0.8 * roughness(80)


def test_how_much_a_hole_is_a_stroke_is_told_at_its_rim_as_in_its_middle():
    gone = np.zeros((200, 300), np.bool_)
    gone[20:44, 10:290] = True  # half the width is 12
    gone[90:190, 10:290] = True
    alone = gone.copy()
    gone[50:56, 10:290] = True  # a thread beside both
    stroke = _strokeness(gone)
    assert stroke[22, 150] == pytest.approx(stroke[32, 150])
    assert stroke[32, 150] == pytest.approx(1.0, abs=0.05)
    assert stroke[91:189, 20:280].max() < 0.02
    assert stroke[50:56, 20:280].max() < 0.3
    assert np.array_equal(stroke[alone], _strokeness(alone)[alone])
    assert _strokeness(np.ones((40, 60), np.bool_)).max() < 0.02


def test_what_lies_between_two_pieces_and_both_borders_is_filled():
    picture, hole = textured(60, 900), np.zeros((60, 900), np.uint8)
    hole[:, 60:] = 255  # from the second piece on no rim is in sight
    made, _ = finished(fill_holes(picture, hole, membrane))
    assert (made[:, 60:].astype(float).mean(axis=(0, 2)) > 8000).all()


def test_every_pixel_is_filled_once_and_a_thread_leaves_a_wide_hole_beside_it_alone(monkeypatch):
    gone = np.zeros((400, 700), np.uint8)
    cv2.circle(gone, (350, 220), 120, 255, -1)
    cv2.line(gone, (20, 30), (690, 200), 255, 7)
    cv2.line(gone, (0, 399), (300, 380), 255, 1)
    for x in range(30, 200, 30):
        cv2.circle(gone, (x, 300), 5, 255, -1)
    gone[350:, 690:] = 255
    times, sides = np.zeros(gone.shape, int), np.zeros(gone.shape, int)
    lay = hole_filling._lay

    def counted(made, tile, filled, where, hole):
        times[tile.cut] += where
        sides[tile.cut][where] = max(tile.bottom - tile.top, tile.right - tile.left)
        lay(made, tile, filled, where, hole)

    monkeypatch.setattr(hole_filling, "_lay", counted)
    finished(fill_holes(textured(400, 700), gone, membrane))
    assert (times == (gone > 0)).all()
    disc = cv2.circle(np.zeros_like(gone), (350, 220), 118, 255, -1) > 0
    assert sides[disc].min() > 128


def test_specks_near_one_another_are_filled_at_once_and_long_scratches_piece_by_piece():
    gone = np.zeros((300, 900), np.uint8)
    for x in range(20, 120, 20):
        cv2.circle(gone, (x, 40), 4, 255, -1)
    parts = list(_parts(thick_part(gone > 0)))
    assert len(parts) == 1
    tile, around = parts[0]
    assert tile.left <= 17
    assert tile.right >= 104
    assert around < 96
    cv2.line(gone, (10, 200), (890, 240), 255, 7)
    parts = [tile for tile, _ in _parts(thick_part(gone > 0))]
    assert len(parts) > 6
    assert max(tile.right - tile.left for tile in parts) <= 128
    covered = np.zeros_like(gone)
    for tile in parts:
        covered[tile.cut] = 255
    assert (covered[thick_part(gone > 0)] == 255).all()
