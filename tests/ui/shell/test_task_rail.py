import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton

from studio.ui.shell.task_rail import TaskEntry, TaskRail
from studio.ui.theme import Theme

ENTRIES = [
    TaskEntry("style", "Style", "style", "Paint a photo"),
    TaskEntry("restore", "Restore", "restore"),
    TaskEntry("train", "Train", "train", enabled=False),
    TaskEntry("library", "Library", "library", at_bottom=True),
]


@pytest.fixture
def rail(qtbot, theme: Theme) -> TaskRail:
    rail = TaskRail(ENTRIES, theme)
    qtbot.addWidget(rail)
    rail.resize(rail.width(), 600)
    rail.show()
    qtbot.waitExposed(rail)
    return rail


def button(rail: TaskRail, words: str) -> QToolButton:
    return next(b for b in rail.findChildren(QToolButton) if b.text() == words)


def test_click_chooses_a_task_and_shows_it(qtbot, rail: TaskRail):
    with qtbot.waitSignal(rail.task_chosen) as told:
        qtbot.mouseClick(button(rail, "Restore"), Qt.MouseButton.LeftButton)
    assert told.args == ["restore"]
    assert rail.current == "restore"


def test_set_current_tells_nobody_and_unchecks_the_other(qtbot, rail: TaskRail):
    rail.set_current("style")
    with qtbot.assertNotEmitted(rail.task_chosen):
        rail.set_current("library")
    assert rail.current == "library"
    assert not button(rail, "Style").isChecked()


def test_arrows_walk_over_what_can_be_chosen_and_enter_chooses(qtbot, rail: TaskRail):
    rail.set_current("style")
    button(rail, "Style").setFocus()
    qtbot.keyClick(button(rail, "Style"), Qt.Key.Key_Down)
    assert button(rail, "Restore").hasFocus()
    qtbot.keyClick(button(rail, "Restore"), Qt.Key.Key_Down)
    assert button(rail, "Library").hasFocus()  # Train is not built yet
    assert rail.current == "style"
    with qtbot.waitSignal(rail.task_chosen) as told:
        qtbot.keyClick(button(rail, "Library"), Qt.Key.Key_Return)
    assert told.args == ["library"]


def test_entries_that_are_not_ready_cannot_be_chosen(qtbot, rail: TaskRail):
    with qtbot.assertNotEmitted(rail.task_chosen):
        qtbot.mouseClick(button(rail, "Train"), Qt.MouseButton.LeftButton)


def test_what_is_kept_stands_below_the_gap(rail: TaskRail):
    assert button(rail, "Library").y() > button(rail, "Train").geometry().bottom() + 100


def test_long_words_widen_the_rail(qtbot, theme: Theme, rail: TaskRail):
    wide = TaskRail([TaskEntry("restore", "Wiederherstellen", "restore")], theme)
    qtbot.addWidget(wide)
    assert rail.width() <= wide.width() <= 120
