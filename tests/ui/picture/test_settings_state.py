import pytest
from PySide6.QtGui import QUndoStack

from studio.core.style_settings import StyleSettings
from studio.ui.picture.settings_state import SettingsState

CALM, BOLD, BOLDER = (StyleSettings(style_weight=weight) for weight in (1.0, 2.0, 3.0))


@pytest.fixture
def stack(qapp):
    return QUndoStack()


@pytest.fixture
def told():
    """Every change that was told of: before, after."""
    return []


@pytest.fixture
def state(stack, told):
    return SettingsState(CALM, stack, lambda before, after: told.append((before, after)))


def test_one_drag_however_many_moves_is_one_step(state, stack, told):
    state.begin()
    assert state.in_gesture
    state.set(BOLD)
    state.set(BOLDER)
    state.commit()
    assert stack.count() == 1
    assert not state.in_gesture
    told.clear()
    stack.undo()
    stack.redo()
    assert told == [(BOLDER, CALM), (CALM, BOLDER)]
    assert state.current == BOLDER


def test_every_move_is_told_once_and_the_end_of_the_gesture_tells_nothing(state, told):
    state.begin()
    state.set(BOLD)
    state.set(BOLD)
    state.commit()
    assert told == [(CALM, BOLD)]


def test_a_drag_that_returns_to_its_start_leaves_no_step(state, stack):
    state.begin()
    state.set(BOLD)
    state.set(CALM)
    state.commit()
    assert stack.count() == 0


def test_a_second_begin_belongs_to_the_same_gesture(state, stack):
    state.begin()
    state.set(BOLD)
    state.begin()
    state.set(BOLDER)
    state.commit()
    stack.undo()
    assert state.current == CALM


def test_a_commit_without_a_gesture_does_nothing(state, stack):
    state.apply(BOLD)
    state.commit()
    assert stack.count() == 0


def test_a_change_without_a_gesture_is_recorded_once(state, stack):
    state.set(BOLD)
    state.set(BOLD)
    assert stack.count() == 1


def test_a_step_is_called_by_what_it_changed(state, stack):
    state.set(BOLD)
    assert stack.undoText() == "Style"
    state.set(StyleSettings(style_weight=1.5, saturation=0.5))
    assert stack.undoText() == "Settings"


def test_a_new_change_after_undo_forgets_the_undone(state, stack, told):
    state.set(BOLD)
    stack.undo()
    state.set(BOLDER)
    assert not stack.canRedo()
    stack.undo()
    assert told == [(CALM, BOLD), (BOLD, CALM), (CALM, BOLDER), (BOLDER, CALM)]


def test_what_is_applied_is_told_but_is_no_step(state, stack, told):
    state.apply(BOLD)
    assert told == [(CALM, BOLD)]
    assert stack.count() == 0


def test_settings_are_made_to_fit_even_by_undo(stack, told):
    limit = {"weight": 9.0}

    def fit(settings):
        return settings.model_copy(update={"style_weight": min(settings.style_weight, limit["weight"])})

    state = SettingsState(BOLDER, stack, lambda before, after: told.append((before, after)), fit)
    state.set(CALM)
    limit["weight"] = 2.0
    stack.undo()
    assert state.current == BOLD
