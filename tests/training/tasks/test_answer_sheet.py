"""The sheet of confusions and mistakes: everything is in it, within its borders, whatever the classes are called."""

import numpy as np
import pytest
import torch

from studio.training.tasks.answer_sheet import Mistake, answer_sheet

RED, BLUE = (250, 10, 10), (10, 10, 250)


def plain(colour, height=30, width=30):
    return np.full((height, width, 3), colour, np.uint8)


def count(sheet, colour):
    return int((sheet == np.array(colour)).all(axis=2).sum())


def mistakes(number, colour=RED):
    return [Mistake(plain(colour), "cat", "dog", 0.5)] * number


def test_every_mistake_is_shown_as_a_picture_of_the_same_size():
    table = torch.tensor([[3, 1], [0, 4]])
    one, two, many = (count(answer_sheet(table, ("cat", "dog"), mistakes(n)), RED) for n in (1, 2, 40))
    assert one > 0
    assert two == 2 * one
    assert many == 12 * one  # three rows of four; there is no room for the rest


def test_a_long_picture_is_fitted_in():
    table = torch.tensor([[3, 1], [0, 4]])
    square = count(answer_sheet(table, ("cat", "dog"), mistakes(1)), RED)
    long = count(answer_sheet(table, ("cat", "dog"), [Mistake(plain(RED, 10, 40), "cat", "dog", 0.5)]), RED)
    assert long == pytest.approx(square / 4, rel=0.05)


def test_the_sheet_keeps_its_size_whatever_it_shows():
    table = torch.tensor([[3, 1], [0, 4]])
    sizes = {answer_sheet(table, ("cat", "dog"), mistakes(number)).shape for number in (0, 3, 30)}
    assert len(sizes) == 1


def test_the_table_darkens_with_the_share_of_its_row():
    """Half of the pictures of a class in one column look the same, whether the class has 2 pictures or 200."""
    few, many = (answer_sheet(torch.tensor([[n, n], [0, 1]]), ("a", "b"), []) for n in (1, 100))
    corner = few.shape[0] - 24 - 520 + 30  # inside of the first cell, off its number
    assert (few[corner, 100:110] == many[corner, 100:110]).all()


@pytest.mark.parametrize("classes", [2, 17, 41, 300, 1000])
@pytest.mark.parametrize("name", ["a", "photo of an exceedingly long-named thing / 東京"])
def test_any_number_of_classes_and_any_names_fit(classes, name):
    names = [f"{name} {number}" for number in range(classes)]
    wrong = [Mistake(plain(BLUE, 1, 300), names[0], names[1], 1.0)]
    sheet = answer_sheet(torch.eye(classes, dtype=torch.int64), names, wrong)
    assert sheet.dtype == np.uint8
    border = np.concatenate([sheet[:8].reshape(-1, 3), sheet[-8:].reshape(-1, 3), sheet[:, -8:].reshape(-1, 3),
                             sheet[:, :8].reshape(-1, 3)])  # fmt: skip
    assert len(np.unique(border, axis=0)) == 1
