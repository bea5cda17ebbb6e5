"""Rows of pictures with their names beside them."""

import numpy as np

from studio.training.sample_sheet import sample_sheet


def row(side, width, colour):
    return np.full((side, width, 3), colour, np.uint8)


def count(sheet, colour):
    return int((sheet == np.array(colour)).all(axis=2).sum())


def test_rows_lie_one_below_the_other_behind_their_names():
    sheet = sample_sheet({"Red": row(128, 200, (250, 0, 0)), "Blue": row(128, 100, (0, 0, 250))})
    assert sheet.shape[0] == 2 * 128 + 4
    assert (count(sheet, (250, 0, 0)), count(sheet, (0, 0, 250))) == (128 * 200, 128 * 100)


def test_small_pictures_are_enlarged_so_that_words_are_not():
    small = sample_sheet({"Red": row(32, 64, (250, 0, 0))})
    assert small.shape[0] == 96
    assert count(small, (250, 0, 0)) == 96 * 192
