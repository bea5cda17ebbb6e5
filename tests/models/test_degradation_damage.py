"""Damage is where its mask says, as large as it was asked for, and grows with the picture."""

import numpy as np
import pytest

from models.degradation_damage import Cracks, Creases, Dust, Folds, Scratches, Stains, Tears
from models.degradation_overlays import _WORDS, DateStamp, Watermark
from models.degradations import DegradationRecipe, degrade

DARK = np.full((250, 300, 3), (30, 60, 90), np.uint8)
HIDING = (Dust, Scratches, Creases, Folds, Cracks, Tears, Watermark, DateStamp)


def damaged(step, seed=0, picture=DARK):
    return degrade(picture, DegradationRecipe(steps=(step,)), seed)


@pytest.mark.parametrize("kind", HIDING)
def test_what_is_wholly_hidden_says_nothing_of_the_picture(kind):
    other = np.full_like(DARK, (200, 180, 20))
    found = 0
    for seed in range(6):
        one, two = damaged(kind(), seed), damaged(kind(), seed, other)
        assert np.array_equal(one.mask, two.mask)
        lost = one.mask >= 254
        found += lost.sum()
        assert np.abs(one.picture[lost].astype(int) - two.picture[lost]).max(initial=0) <= 4
    assert found or kind in (Scratches, Dust, Watermark, DateStamp)  # which are seldom quite opaque


@pytest.mark.parametrize("kind", [Cracks, Tears, Dust, Scratches, DateStamp])
def test_the_picture_is_left_alone_away_from_the_damage(kind):
    import cv2

    for seed in range(6):
        made = damaged(kind(), seed)
        near = cv2.dilate((made.mask > 0).astype(np.uint8), np.ones((25, 25), np.uint8)) > 0
        assert not near.all()
        assert (made.picture[~near] == DARK[~near]).all()


def test_stains_hide_nothing_and_only_darken():
    made = damaged(Stains(count=(4, 4), strength=(0.5, 0.5), foxing=1.0), picture=np.full_like(DARK, 230))
    assert not made.mask.any()
    assert made.picture.max() <= 230
    assert made.picture[..., 2].min() < 200
    assert made.picture[..., 2].mean() < made.picture[..., 0].mean()  # brown


@pytest.mark.parametrize("kind", [Cracks, Dust, Tears])
def test_damage_grows_with_the_picture(kind):
    """The same share of a picture is lost, whatever its size."""
    shares = []
    for scale in (1, 2):
        picture = np.full((130 * scale, 150 * scale, 3), 90, np.uint8)
        shares.append(np.mean([damaged(kind(), seed, picture).mask.mean() for seed in range(8)]))
    assert 0.5 < shares[0] / shares[1] < 2


def test_more_is_more():
    few, many = (damaged(Dust(specks=(n, n), hairs=(0, 0), dark=0.0)).mask > 60 for n in (10, 400))
    assert many.sum() > 10 * few.sum() > 0
    thin, thick = (np.mean([(damaged(Cracks(width=(w, w)), s).mask > 127).mean() for s in range(4)]) for w in (1.5, 12))
    assert thick > 2 * thin > 0


def test_folds_cross_the_whole_picture():
    made = damaged(Folds(count=(1, 1), worn=(1, 1)))
    rows, columns = (made.mask > 60).any(axis=1).mean(), (made.mask > 60).any(axis=0).mean()
    assert max(rows, columns) > 0.75


def test_a_tear_reaches_the_edge():
    for seed in range(8):
        lost = damaged(Tears(count=(1, 1), gap=(0.06, 0.06)), seed).mask > 127
        assert lost[0].any() or lost[-1].any() or lost[:, 0].any() or lost[:, -1].any()


def test_a_date_stands_in_the_lower_right_corner():
    mask = damaged(DateStamp()).mask > 127
    rows, columns = np.nonzero(mask)
    assert rows.min() > 125
    assert columns.min() > 100


def test_a_watermark_is_as_opaque_as_asked():
    made = damaged(Watermark(opacity=(0.4, 0.4), size=(0.3, 0.3), dark=0.0, outlined=0.0, tiled=1.0))
    assert made.mask.max() == pytest.approx(0.4 * 255, abs=1)
    assert (made.mask > 50).mean() > 0.02


def test_words_have_only_letters_that_the_font_has():
    assert all(word.isascii() for word in _WORDS)
