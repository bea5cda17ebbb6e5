"""Words side by side: in more lines where the place is narrow, and still one group."""

import pytest
from PySide6.QtWidgets import QWidget

from studio.training.kinds import KINDS
from studio.ui.controls.segments import Segments
from studio.ui.controls.settings_form import SettingsForm

WORDS = {"as": "As the generator", "seen": "Through atelier-slim", "lesson": "The lesson's", "none": "None"}
NARROWEST = 196
"""What the narrowest column of a new run leaves its form, px."""


@pytest.fixture
def around(qtbot, theme):
    """A widget with segments in it that may be as narrow as they like."""
    around = QWidget()
    qtbot.addWidget(around)
    Segments(WORDS, around, wraps=True)
    around.resize(800, 200)
    around.show()
    return around


def lines_of(segments):
    """The buttons' words, line by line from above, each with its corner."""
    tops = sorted({button.y() for button in segments.buttons})
    return [[(button.text(), button.property("end")) for button in segments.buttons if button.y() == top]
            for top in tops]  # fmt: skip


def test_what_does_not_fit_side_by_side_takes_more_lines_and_goes_back(around, qtbot):
    segments = around.findChild(Segments)
    wide, narrow = segments.sizeHint().width(), segments.minimumSizeHint().width()
    assert narrow < wide
    one = [[("As the generator", "first"), ("Through atelier-slim", ""), ("The lesson's", ""), ("None", "last")]]
    segments.resize(wide, 30)
    qtbot.waitUntil(lambda: lines_of(segments) == one)
    segments.resize(wide - 1, 60)
    two = [[("As the generator", "first"), ("Through atelier-slim", "last")],
           [("The lesson's", "first"), ("None", "last")]]  # fmt: skip
    qtbot.waitUntil(lambda: lines_of(segments) == two)
    segments.resize(narrow, 120)
    qtbot.waitUntil(lambda: lines_of(segments) == [[(words, "both")] for words in WORDS.values()])
    assert all(button.width() >= button.minimumSizeHint().width() for button in segments.buttons)
    segments.resize(wide, 30)
    qtbot.waitUntil(lambda: lines_of(segments) == one)


def test_without_leave_to_wrap_they_keep_to_their_lines(qtbot, theme):
    segments = Segments(WORDS, lines=2)
    qtbot.addWidget(segments)
    segments.show()
    assert segments.minimumSizeHint().width() > NARROWEST
    assert [len(line) for line in lines_of(segments)] == [2, 2]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_form_of_a_training_fits_into_its_narrowest_column(kind, qtbot, theme):
    form = SettingsForm(kind.settings, theme)
    qtbot.addWidget(form)
    form.set_open_groups(set(form._sections))
    assert form.minimumSizeHint().width() <= NARROWEST
