"""The honest mirror in the window: its words, its pairs, and a quiz that counts."""

import math

import numpy as np
import pytest
from accessibility import controls_without_name, controls_without_tooltip

from studio.core.dreams import Mirrored
from studio.ui.panels.train.mirror import MirrorDialog, in_words


def seen(different: float = math.inf) -> Mirrored:
    picture = np.zeros((16, 16, 3), np.uint8)
    numbers = {"kid": 0.1, "precision": 0.8, "recall": 0.4, "copies": 0.02, "twins": 3.0}
    ends = {"lightness": (0.5, 0.1), "warmth": (0.25, 0.25), "colourfulness": (0.2, 0.3)}
    mixed = tuple((picture, number % 2 == 0) for number in range(4))
    return Mirrored(500, (7, 9), ((picture, picture),) * 2, numbers, numbers | {"recall": 0.7}, different, mixed, ends)


@pytest.fixture
def dialog(theme, engines, window, tmp_path):
    dialog = MirrorDialog(tmp_path / "no run", "Faces", engines[0], theme, window)
    dialog.show()
    return dialog


def test_every_figure_stands_beside_that_of_real_pictures():
    words = in_words(seen())
    assert "2.0% are nearer" in words
    assert "40% of real ones among them (70%)" in words
    assert "more different pictures than can be told" in words
    assert "dark 50%, light 10%" in words
    assert "about 1,234 different pictures" in in_words(seen(1234.4))


def test_what_cannot_be_looked_at_is_told(dialog, until):
    until(lambda: "no generator" in dialog.figures.text())
    assert not dialog.page.isEnabled()


def test_pairs_are_listed_and_the_quiz_counts(dialog, until):
    until(lambda: "no generator" in dialog.figures.text())
    dialog.show_found(seen())
    assert [dialog.pairs.item(row).text() for row in range(dialog.pairs.count())] == ["Seed 7", "Seed 9"]
    quiz = dialog.quiz
    dialog.page.buttons[1].click()
    assert quiz.isVisible()
    quiz.made_button.click()  # the last of the four was made, the one before it real
    assert "1 of 1" in quiz.score.text()
    quiz.made_button.click()
    assert quiz.score.text().startswith("Wrong: it was real. 1 of 2")
    quiz.made_button.click()
    quiz.real_button.click()
    assert "3 of 4" in quiz.score.text()
    assert not quiz.real_button.isEnabled()


def test_everything_has_a_name_and_explains_itself(dialog):
    dialog.show_found(seen())
    assert controls_without_name(dialog) == []
    assert controls_without_tooltip(dialog) == []
