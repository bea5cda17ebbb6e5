import subprocess
import sys
from collections.abc import Callable

import pytest
from accessibility import controls_without_name, controls_without_tooltip
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QMouseEvent, QUndoCommand, QUndoStack
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QTableView, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from studio.training.schedule import Phase, Ramp, Schedule
from studio.training.schedule_presets import one_cycle
from studio.ui.controls.choice_box import ChoiceBox
from studio.ui.panels.train.schedule_editor import ScheduleEditor
from studio.ui.panels.train.schedule_editor.columns import COLUMNS
from studio.ui.panels.train.schedule_editor.edits import Point
from studio.ui.panels.train.schedule_editor.plot import Border, Grip, PhasePlot
from studio.ui.theme import Theme

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # offscreen, of popups
KEYS = [column.key for column in COLUMNS]
LEFT = Qt.MouseButton.LeftButton
SCHEDULE = Schedule(
    phases=(
        Phase(name="Warm up", duration=2, learning_rate=Ramp(start=0.001, end=0.01, decay="linear")),
        Phase(name="Work", duration=4, learning_rate=Ramp.level(0.01)),
        Phase(name="Land", duration=2, learning_rate=Ramp(start=0.01, end=0.001, decay="cosine")),
    )
)
Made = Callable[..., ScheduleEditor]


@pytest.fixture
def make(qtbot: QtBot, theme: Theme) -> Made:
    def make(schedule: Schedule = SCHEDULE, width: int = 1100) -> ScheduleEditor:
        editor = ScheduleEditor(theme)
        qtbot.addWidget(editor)
        editor.set_schedule(schedule, 400, 4, 64)  # 100 steps an epoch
        editor.resize(width, 420)
        editor.show()
        qtbot.waitExposed(editor)
        QApplication.processEvents()
        return editor

    return make


def durations(editor: ScheduleEditor) -> list[float]:
    return [phase.duration for phase in editor.schedule.phases]


def rates(editor: ScheduleEditor) -> list[tuple[float, float]]:
    return [(phase.learning_rate.start, phase.learning_rate.end) for phase in editor.schedule.phases]


def rate_plot(editor: ScheduleEditor) -> PhasePlot:
    assert editor.plot is not None
    return editor.plot.rate


def drag(
    plot: PhasePlot,
    grip: Grip,
    by: QPointF,
    keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    release: bool = True,
) -> None:
    """Take a grip where it is drawn and pull it, in several moves, as a hand does."""
    begin = plot.place_of(grip)
    at = begin
    _send(plot.viewport(), QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton, keys)
    _send(plot.viewport(), QEvent.Type.MouseButtonPress, at, LEFT, keys)
    for move in range(1, 6):
        at = begin + by * (move / 5)
        _send(plot.viewport(), QEvent.Type.MouseMove, at, LEFT, keys)
    if release:
        _send(plot.viewport(), QEvent.Type.MouseButtonRelease, at, LEFT, keys)


def _send(widget: QWidget, kind: QEvent.Type, at: QPointF, button: Qt.MouseButton, keys: Qt.KeyboardModifier) -> None:
    moved = kind == QEvent.Type.MouseMove
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else button
    event = QMouseEvent(
        kind, at, QPointF(widget.mapToGlobal(at.toPoint())), Qt.MouseButton.NoButton if moved else button, held, keys
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


def pixels_per_step(plot: PhasePlot) -> float:
    return (plot.place_of(Border(2)).x() - plot.place_of(Border(0)).x()) / 600


def cell(editor: ScheduleEditor, row: int, key: str) -> QPoint:
    index = editor.table.model().index(row, KEYS.index(key))
    editor.table.scrollTo(index)
    return editor.table.visualRect(index).center()


def type_into(editor: ScheduleEditor, row: int, key: str, text: str) -> None:
    table: QTableView = editor.table
    table.setCurrentIndex(table.model().index(row, KEYS.index(key)))
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Return)
    line = table.findChildren(QLineEdit)[-1]
    line.selectAll()
    QTest.keyClicks(line, text)
    QTest.keyClick(line, Qt.Key.Key_Return)
    QApplication.processEvents()  # the delegate takes it over when the key is done


# --- drawing


def test_dragging_a_border_changes_exactly_two_durations(make: Made, qtbot: QtBot) -> None:
    editor = make()
    plot = rate_plot(editor)
    with qtbot.waitSignal(editor.schedule_changed) as told:
        drag(plot, Border(0), QPointF(100 * pixels_per_step(plot), 0))
    assert durations(editor) == pytest.approx([3, 3, 2], abs=0.1)
    assert durations(editor)[2] == 2
    assert sum(durations(editor)) == pytest.approx(8)
    assert told.args == [editor.schedule]


def test_undo_takes_a_whole_drag_back(make: Made) -> None:
    editor = make()
    drag(rate_plot(editor), Border(0), QPointF(40, 0))
    drag(rate_plot(editor), Point(0, "learning_rate", "start"), QPointF(0, -30))
    changed = editor.schedule
    QTest.mouseClick(editor.undo_button, LEFT)
    QTest.mouseClick(editor.undo_button, LEFT)
    assert editor.schedule == SCHEDULE
    assert not editor.undo_button.isEnabled()
    QTest.mouseClick(editor.redo_button, LEFT)
    QTest.mouseClick(editor.redo_button, LEFT)
    assert editor.schedule == changed


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_dragging_an_end_changes_the_rate(make: Made, scale: str) -> None:
    editor = make()
    editor.set_scale(scale)  # type: ignore[arg-type]
    drag(rate_plot(editor), Point(0, "learning_rate", "start"), QPointF(0, -20))
    (start, end), *others = rates(editor)
    assert 0.001 < start < 0.01
    assert (end, others) == (0.01, [(0.01, 0.01), (0.01, 0.001)])
    assert durations(editor) == [2, 4, 2]


def test_joined_ends_are_one_handle_and_alt_parts_them(make: Made) -> None:
    editor = make()
    plot = rate_plot(editor)
    with pytest.raises(KeyError):
        plot.place_of(Point(1, "learning_rate", "start"))
    drag(plot, Point(0, "learning_rate", "end"), QPointF(0, 30))
    top = rates(editor)[0][1]
    assert rates(editor) == [(0.001, top), (top, top), (top, 0.001)]
    assert top < 0.01
    drag(plot, Point(0, "learning_rate", "end"), QPointF(0, -40), Qt.KeyboardModifier.AltModifier)
    assert rates(editor)[0][1] > top
    assert rates(editor)[1:] == [(top, top), (top, 0.001)]


def test_dragging_the_momentum_changes_only_that(make: Made) -> None:
    editor = make(one_cycle(duration=8))
    assert editor.plot is not None
    drag(editor.plot.momentum, Point(0, "momentum", "end"), QPointF(0, 15))
    first, second, _ = editor.schedule.phases
    assert first.momentum.end == second.momentum.start < 0.85
    assert first.learning_rate == one_cycle(duration=8).phases[0].learning_rate


def test_escape_gives_a_drag_up(make: Made) -> None:
    editor = make()
    plot = rate_plot(editor)
    drag(plot, Border(0), QPointF(60, 0), release=False)
    assert editor.schedule != SCHEDULE
    QTest.keyClick(plot, Qt.Key.Key_Escape)
    assert editor.schedule == SCHEDULE
    assert not editor.undo_stack.canUndo()


def test_the_last_border_is_the_training_s_length(make: Made) -> None:
    editor = make()
    plot = rate_plot(editor)
    drag(plot, Border(2), QPointF(-100 * pixels_per_step(plot), 0))
    assert durations(editor)[:2] == [2, 4]
    assert durations(editor)[2] == pytest.approx(1, abs=0.1)


def test_the_cursor_tells_what_can_be_dragged(make: Made) -> None:
    editor = make()
    plot = rate_plot(editor)
    places = {
        Qt.CursorShape.SplitHCursor: plot.place_of(Border(0)),
        Qt.CursorShape.SizeVerCursor: plot.place_of(Point(0, "learning_rate", "start")),
        Qt.CursorShape.ArrowCursor: plot.place_of(Border(0)) + QPointF(40, 40),
    }
    for shape, place in places.items():
        _send(plot.viewport(), QEvent.Type.MouseMove, place, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier)
        assert plot.viewport().cursor().shape() == shape


def test_hovering_reads_the_numbers(make: Made) -> None:
    editor = make()
    plot = rate_plot(editor)
    place = plot.place_of(Border(0)) + QPointF(30, 60)
    _send(plot.viewport(), QEvent.Type.MouseMove, place, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier)
    assert "Work" in editor.readout.text()
    assert "rate 0.01" in editor.readout.text()
    QApplication.sendEvent(plot, QEvent(QEvent.Type.Leave))
    assert editor.readout.text() == "800 steps · 8 epochs · 3,200 pictures"


def test_a_drag_says_what_it_does(make: Made) -> None:
    editor = make()
    drag(rate_plot(editor), Border(0), QPointF(40, 0), release=False)
    first, second, _ = durations(editor)
    assert editor.readout.text() == f"Warm up: {first:g} epochs · Work: {second:g} epochs"


def test_what_is_under_the_mouse_explains_itself(make: Made) -> None:
    editor = make()
    plot = rate_plot(editor)
    for grip, words in ((Border(0), "Work: 4 epochs"), (Point(2, "learning_rate", "end"), "Land ends at rate 0.001")):
        at = plot.place_of(grip).toPoint()
        QApplication.sendEvent(
            plot.viewport(), QHelpEvent(QEvent.Type.ToolTip, at, plot.viewport().mapToGlobal(at))
        )  # fmt: skip
        assert words in QToolTip.text()
    QToolTip.hideText()


def test_undo_keys_are_about_the_schedule_in_here(make: Made) -> None:
    editor = make()
    drag(rate_plot(editor), Border(0), QPointF(40, 0))
    changed = editor.schedule
    QTest.keyClick(rate_plot(editor), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert editor.schedule == SCHEDULE
    QTest.keyClick(
        editor.table, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )  # fmt: skip
    assert editor.schedule == changed


def test_a_shared_history_is_left_to_the_window(qtbot: QtBot, theme: Theme) -> None:
    stack = QUndoStack()
    stack.push(QUndoCommand("something else"))
    editor = ScheduleEditor(theme, stack)
    qtbot.addWidget(editor)
    editor.show()
    editor.set_schedule(SCHEDULE, 400, 4, 64)
    editor.take_rate(0.05)
    assert stack.undoText() == "Learning Rate"
    assert not editor.undo_button.isVisible()
    editor.set_schedule(one_cycle(), 400, 4, 64)
    assert stack.count() == 2  # the other thing can still be undone
    stack.undo()
    assert editor.schedule == one_cycle()
    assert stack.undoText() == "something else"


def test_a_found_rate_scales_the_schedule(make: Made) -> None:
    editor = make()
    editor.take_rate(0.05)
    assert rates(editor) == [(0.005, 0.05), (0.05, 0.05), (0.05, 0.005)]
    editor.undo_stack.undo()
    assert editor.schedule == SCHEDULE


def test_a_click_and_the_arrows_choose_a_phase(make: Made) -> None:
    editor = make()
    plot = rate_plot(editor)
    QTest.mouseClick(
        plot.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, (plot.place_of(Border(0)) + QPointF(40, 50)).toPoint()
    )
    assert editor.state.selection == 1
    assert editor.table.currentIndex().row() == 1
    QTest.keyClick(plot, Qt.Key.Key_Right)
    assert editor.table.currentIndex().row() == 2


# --- the table


def test_a_typed_number_is_taken_exactly(make: Made, qtbot: QtBot) -> None:
    editor = make()
    type_into(editor, 2, "learning_rate_end", "1.25e-4")
    assert rates(editor)[2] == (0.01, 0.000125)
    type_into(editor, 0, "name", "Rise")
    assert editor.schedule.phases[0].name == "Rise"
    editor.undo_stack.undo()
    editor.undo_stack.undo()
    assert editor.schedule == SCHEDULE


def test_nonsense_is_refused_in_words(make: Made) -> None:
    editor = make()
    type_into(editor, 0, "learning_rate_start", "fast")
    assert editor.schedule == SCHEDULE
    assert editor.readout.text() == "“fast” is no number."


def test_a_shape_is_chosen_from_a_list(make: Made) -> None:
    editor = make()
    table = editor.table
    for _ in range(2):  # the first click chooses the cell, the second opens the list
        QTest.mouseClick(table.viewport(), LEFT, pos=cell(editor, 0, "learning_rate_decay"))
    box = table.findChild(ChoiceBox)
    box.setCurrentIndex(box.findData("cosine"))
    assert editor.schedule.phases[0].learning_rate.decay == "cosine"


def test_more_columns_are_there_when_asked_for(make: Made) -> None:
    editor = make()
    assert [KEYS[i] for i in editor.table.shown_columns] == [
        "name", "duration", "unit", "learning_rate_start", "learning_rate_end", "learning_rate_decay"
    ]  # fmt: skip
    QTest.mouseClick(editor.more_button, LEFT)
    assert list(editor.table.shown_columns) == list(range(len(COLUMNS)))
    type_into(editor, 1, "batch", "8")
    assert editor.schedule.phases[1].batch == 8


def test_phases_are_added_and_removed_by_buttons(make: Made) -> None:
    editor = make()
    QTest.mouseClick(editor.add_button, LEFT)
    QTest.mouseClick(editor.duplicate_button, LEFT)
    assert len(editor.schedule.phases) == editor.table.model().rowCount() == 5
    assert editor.table.currentIndex().row() == 2
    QTest.mouseClick(editor.remove_button, LEFT)
    editor.table.setCurrentIndex(editor.table.model().index(1, 0))
    QTest.keyClick(editor.table, Qt.Key.Key_Delete)
    assert [phase.name for phase in editor.schedule.phases] == ["Warm up", "Work", "Land"]


# --- presets, training, looks


def test_a_preset_is_chosen_by_keys(make: Made) -> None:
    editor = make()
    editor.presets_button.setFocus()
    QTest.keyClick(editor.presets_button, Qt.Key.Key_Space)
    assert editor.presets.isVisible()
    for _ in range(2):
        QTest.keyClick(editor.presets, Qt.Key.Key_Down)
    QTest.keyClick(editor.presets, Qt.Key.Key_Return)
    assert not editor.presets.isVisible()
    assert editor.schedule == one_cycle(duration=8, rate=0.01, optimiser="adam")
    editor.undo_stack.undo()
    assert editor.schedule == SCHEDULE


def test_what_training_has_passed_cannot_be_drawn_on(make: Made) -> None:
    editor = make()
    editor.set_position(300)
    plot = rate_plot(editor)
    with pytest.raises(KeyError):
        plot.place_of(Point(0, "learning_rate", "end"))
    drag(plot, Border(0), QPointF(50, 0))
    assert editor.schedule == SCHEDULE
    index = editor.table.model().index(0, KEYS.index("duration"))
    assert not index.flags() & Qt.ItemFlag.ItemIsEditable
    assert not editor.presets_button.isEnabled()
    assert editor.readout.text().startswith("Step 300 of 800 steps")
    drag(plot, Border(1), QPointF(30, 0))
    assert durations(editor)[0] == 2
    assert durations(editor)[1] > 4
    editor.set_position(None)
    assert editor.presets_button.isEnabled()


def test_the_table_stands_below_where_there_is_no_room_beside(make: Made) -> None:
    wide, narrow = make(), make(width=640)
    assert wide.table.x() > wide.plot.geometry().right()  # type: ignore[union-attr]
    assert narrow.table.y() > narrow.plot.geometry().bottom()  # type: ignore[union-attr]


def test_pyqtgraph_waits_until_the_editor_is_seen(qtbot: QtBot, theme: Theme) -> None:
    editor = ScheduleEditor(theme)
    qtbot.addWidget(editor)
    editor.set_schedule(SCHEDULE, 400, 4, 64)
    assert editor.plot is None


def test_neither_pyqtgraph_nor_torch_is_loaded_before_anything_is_seen() -> None:
    code = (
        "import sys, studio.ui.panels.train.schedule_editor, studio.ui.panels.train.rate.finder\n"
        "sys.exit(any(name in sys.modules for name in ('pyqtgraph', 'torch')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_control_has_a_name_and_explains_itself(make: Made) -> None:
    editor = make()
    QTest.mouseClick(editor.more_button, LEFT)
    assert controls_without_name(editor) == []
    assert controls_without_tooltip(editor, QAbstractButton, QTableView) == []
    for row in range(3):
        for column in range(len(COLUMNS)):
            index = editor.table.model().index(row, column)
            assert index.data(Qt.ItemDataRole.ToolTipRole)
            assert index.data(Qt.ItemDataRole.AccessibleTextRole)


def test_the_colours_follow_the_theme(make: Made, theme: Theme) -> None:
    editor = make()
    before = editor.grab().toImage()
    theme.set_mode("light")
    QApplication.processEvents()
    after = editor.grab().toImage()
    places = [(20, 60), (150, 20), (editor.width() - 40, 300)]
    assert all(before.pixelColor(x, y).lightness() + 60 < after.pixelColor(x, y).lightness() for x, y in places)


def test_every_column_is_as_wide_as_its_title(make):
    editor = make(width=700)
    table = editor.table
    table.set_more(True)
    header = table.horizontalHeader()
    assert [KEYS[i] for i in range(len(KEYS)) if header.sectionSize(i) < header.sectionSizeHint(i)] == []
