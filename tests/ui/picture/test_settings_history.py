import pytest
from PySide6.QtGui import QUndoStack

from studio.core.style_settings import StyleSettings
from studio.ui.picture.settings_history import SettingsHistory

CALM, BOLD, BOLDER = (StyleSettings(style_weight=weight) for weight in (1.0, 2.0, 3.0))


@pytest.fixture
def stack(qapp):
    return QUndoStack()


@pytest.fixture
def applied():
    return []


@pytest.fixture
def history(stack, applied):
    return SettingsHistory(stack, applied.append)


def test_one_drag_however_many_moves_is_one_step(history, stack, applied):
    history.begin(CALM)
    assert history.in_gesture
    history.commit(BOLDER)
    assert stack.count() == 1
    assert not history.in_gesture
    stack.undo()
    stack.redo()
    assert applied == [CALM, BOLDER]


def test_the_gesture_itself_has_applied_its_settings_so_recording_does_not(history, applied):
    history.begin(CALM)
    history.commit(BOLD)
    assert applied == []


def test_a_drag_that_returns_to_its_start_leaves_no_step(history, stack):
    history.begin(CALM)
    history.commit(CALM)
    assert stack.count() == 0


def test_a_second_begin_belongs_to_the_same_gesture(history, stack, applied):
    history.begin(CALM)
    history.begin(BOLD)
    history.commit(BOLDER)
    stack.undo()
    assert applied == [CALM]


def test_a_commit_without_a_gesture_does_nothing(history, stack):
    history.commit(BOLD)
    assert stack.count() == 0


def test_a_change_without_a_gesture_is_recorded_once(history, stack, applied):
    history.record(CALM, BOLD)
    history.record(BOLD, BOLD)
    assert stack.count() == 1
    stack.undo()
    assert applied == [CALM]


def test_a_step_is_called_by_what_it_changed(history, stack):
    history.record(CALM, BOLD)
    assert stack.undoText() == "Style"
    history.record(BOLD, StyleSettings(style_weight=1.5, saturation=0.5))
    assert stack.undoText() == "Settings"


def test_a_new_change_after_undo_forgets_the_undone(history, stack, applied):
    history.record(CALM, BOLD)
    stack.undo()
    history.record(CALM, BOLDER)
    assert not stack.canRedo()
    stack.undo()
    assert applied == [CALM, CALM]
