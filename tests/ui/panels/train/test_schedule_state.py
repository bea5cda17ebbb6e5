import pytest
from PySide6.QtGui import QUndoStack
from pytestqt.qtbot import QtBot

from studio.training.schedule import Phase, Ramp, Schedule
from studio.training.schedule_presets import one_cycle
from studio.ui.panels.train.schedule_editor.columns import COLUMNS
from studio.ui.panels.train.schedule_editor.edits import Point
from studio.ui.panels.train.schedule_editor.state import EditorState

COLUMN = {column.key: column for column in COLUMNS}
THREE = Schedule(
    phases=tuple(Phase(name=n, duration=2, learning_rate=Ramp.level(0.01)) for n in ("one", "two", "three"))
)


@pytest.fixture
def state() -> EditorState:
    stack = QUndoStack()
    state = EditorState(stack)
    stack.setParent(state)
    state.set_schedule(THREE, 100, 5, 64)  # 20 steps an epoch, 40 a phase
    return state


def durations(state: EditorState) -> list[float]:
    return [phase.duration for phase in state.schedule.phases]


def test_a_drag_is_one_step_to_undo(state: EditorState, qtbot: QtBot) -> None:
    told: list[Schedule] = []
    state.schedule_changed.connect(told.append)
    state.begin()
    for step in (42, 50, 60):
        state.move_border(0, step)
    assert told == []
    state.end("Move Border")
    assert durations(state) == [3, 1, 2]
    assert told == [state.schedule]
    state._stack.undo()
    assert state.schedule == THREE
    state._stack.redo()
    assert durations(state) == [3, 1, 2]
    assert len(told) == 3


def test_a_drag_goes_on_when_the_data_is_counted_meanwhile(state: EditorState) -> None:
    state.begin()
    state.move_border(0, 50)
    state.set_schedule(THREE, 200, 5, 64)  # 40 steps an epoch
    state.move_border(0, 100)
    state.end("Move Border")
    assert durations(state) == [2.5, 1.5, 2]
    state._stack.undo()
    assert state.schedule == THREE


def test_a_drag_that_is_given_up_leaves_nothing(state: EditorState) -> None:
    state.begin()
    state.move_border(0, 60)
    state.cancel()
    assert state.schedule == THREE
    assert not state._stack.canUndo()


def test_a_drag_that_comes_back_is_no_step(state: EditorState) -> None:
    state.begin()
    state.move_border(0, 60)
    state.move_border(0, 40)
    state.end("Move Border")
    assert not state._stack.canUndo()


def test_a_new_schedule_forgets_the_old_one_s_history(state: EditorState) -> None:
    state.write(0, COLUMN["duration"], "5")
    state.set_schedule(state.schedule, 200, 5, 64)  # the same over more pictures: undo still makes sense
    assert state._stack.canUndo()
    state.set_schedule(THREE, 200, 5, 64)
    state._stack.undo()
    assert state.schedule == THREE
    assert not state._stack.canUndo()


def test_what_cannot_be_is_refused_with_words(state: EditorState, qtbot: QtBot) -> None:
    with qtbot.waitSignal(state.refused, timeout=1000) as refused:
        assert not state.write(0, COLUMN["momentum_start"], "1")
    assert "Momentum" in refused.args[0]
    assert state.schedule == THREE


def test_phases_are_added_repeated_and_removed_at_the_chosen_one(state: EditorState) -> None:
    state.select(1)
    state.add()
    assert state.selection == 2
    state.duplicate()
    assert (state.selection, len(state.schedule.phases)) == (3, 5)
    state.remove()
    state.remove()
    state.remove()
    assert [phase.name for phase in state.schedule.phases] == ["one", "two"]
    assert state.selection == 1
    state.select(0)
    state.remove()
    assert not state.can_remove


def test_a_preset_keeps_length_and_speed_and_can_be_undone(state: EditorState) -> None:
    state.take_preset("one_cycle")
    assert state.schedule == one_cycle(duration=6, rate=0.01, optimiser="adam")
    state._stack.undo()
    assert state.schedule == THREE


def test_what_is_over_cannot_be_changed(state: EditorState, qtbot: QtBot) -> None:
    state.set_position(50)
    assert [state.is_past(i) for i in range(3)] == [True, False, False]
    assert [state.is_begun(i) for i in range(3)] == [True, True, False]
    with qtbot.waitSignal(state.refused, timeout=1000):
        state.write(0, COLUMN["duration"], "5")
    state.begin()
    state.move_border(0, 20)
    state.move_point(Point(0, "learning_rate", "end"), 0.5)
    state.end("Nothing")
    state.take_preset("sgdr")
    state.select(0)
    state.remove()
    assert state.schedule == THREE


def test_the_phase_in_training_keeps_what_has_been_done_of_it(state: EditorState) -> None:
    state.set_position(50)
    assert not state.can_change(1, COLUMN["batch"])
    assert state.can_change(1, COLUMN["learning_rate_end"])
    state.begin()
    state.move_border(1, 0)
    state.end("Move Border")
    assert state.timeline.phase_start(2) > 50
    assert state.timeline.phase_at(50) == 1


def test_undo_leaves_what_is_over(state: EditorState, qtbot: QtBot) -> None:
    state.write(0, COLUMN["learning_rate_start"], "0.02")
    after = state.schedule
    state.set_position(50)
    with qtbot.waitSignal(state.refused, timeout=1000):
        state._stack.undo()
    assert state.schedule == after


def test_a_phase_s_own_data_is_typed(state: EditorState, qtbot: QtBot, tmp_path) -> None:
    small, more = (tmp_path / name for name in ("small", "more"))
    for folder in (small, more):
        folder.mkdir()
    assert state.write(0, COLUMN["data"], f"{small}; {more}")
    assert state.schedule.phases[0].data == {"data": (str(small), str(more))}
    assert COLUMN["data"].shown(state.timeline, 0) == "small, more"
    assert COLUMN["data"].text(state.timeline, 0) == f"{small}; {more}"
    assert state.write(1, COLUMN["data"], f"a={small}; b={more}; b={small}")
    assert state.schedule.phases[1].data == {"a": (str(small),), "b": (str(more), str(small))}
    with qtbot.waitSignal(state.refused) as refused:
        assert not state.write(2, COLUMN["data"], str(tmp_path / "gone"))
    assert "gone is not there" in refused.args[0]
    assert state.write(0, COLUMN["data"], "")
    assert state.schedule.phases[0].data == {}
    state.set_position(50)
    assert not state.can_change(1, COLUMN["data"])  # its examples are being drawn
    assert state.can_change(2, COLUMN["data"])


def test_edits_keep_what_is_known_of_every_phase_s_data(state: EditorState) -> None:
    own = THREE.with_data(1, {"data": ("/small",)})
    state.set_schedule(own, lambda phase: 10 if phase.data else 100, 5, 64)
    assert state.timeline.counts == (100, 10, 100)
    state.select(0)
    state.duplicate()
    assert state.timeline.counts == (100, 100, 10, 100)
    state.select(2)
    state.duplicate()
    assert state.timeline.counts == (100, 100, 10, 10, 100)
