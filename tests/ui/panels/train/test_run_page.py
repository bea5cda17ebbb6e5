"""The page of a run, at work or done."""

from accessibility import controls_without_name, controls_without_tooltip
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QInputDialog,
    QLineEdit,
    QMessageBox,
    QSlider,
)
from studio_kit import PATIENCE
from train_kit import LONG, answer, begin, click
from training_kit import ToySettings, constant_schedule, toy_plan

from studio.core.controls import Controls
from studio.core.events import Job, Progress
from studio.core.settings import Settings
from studio.training.run_folder import RunFolder
from studio.ui.panels.train.desk import day_in_words


def test_a_run_at_work_is_shown_with_everything(panel, until):
    path = begin(panel.session, until, sample_every=50)
    page = panel.desk.run_page
    until(lambda: page.samples.shown is not None and page.curves.names)
    # each in its own time: curves, log and list are read one after the other
    until(lambda: {"loss", "error", "weight"} <= set(page.curves.names))
    until(lambda: page.header._state.text() == "Training")
    assert page.header.main_button.text() == "Pause"
    until(lambda: "/" in page.figures.step.text and page.header.bar.maximum() == LONG)
    until(lambda: [(one.subject.state, one.subject.title) for one in panel.desk.list._model.items]
          == [("running", "toy")])  # fmt: skip
    assert panel.desk.list.folders == (path,)
    assert panel.desk.list.selected.folder == path
    assert panel.is_running
    assert panel.can_stop


def test_every_control_has_a_name_and_explains_itself(panel, until, photos):
    panel.session.new_run.add_data([photos])
    begin(panel.session, until, sample_every=50)
    until(lambda: panel.desk.run_page.samples.shown is not None)
    panel.desk.new_page.schedule_section.set_open(True)
    for page in (panel.desk.new_page, panel.desk.run_page):
        panel.desk._pages.setCurrentWidget(page)
        assert controls_without_name(panel) == []
        kinds_of_control = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QSlider)
        assert controls_without_tooltip(panel, *kinds_of_control) == []


def paint_until_cancelled(_task: None, _controls: Controls[Settings]) -> Job[None]:
    while True:
        yield Progress("Painting")


def test_why_it_is_slow_while_something_is_painted(panel, until):
    begin(panel.session, until)
    header = panel.desk.run_page.header
    until(lambda: header._state.text() == "Training")
    painting = panel._studio.live("style", paint_until_cancelled, None, Controls(Settings()))
    until(lambda: header._state.text() == "Training · painting goes first")
    painting.cancel()
    until(lambda: header._state.text() == "Training")


def test_pause_and_resume_by_the_header(panel, until):
    path = begin(panel.session, until)
    header = panel.desk.run_page.header
    click(header.main_button)
    until(lambda: header.main_button.text() == "Resume" and header.main_button.isEnabled())
    assert header._state.text() == "Paused"
    assert header.keep_button.isEnabled() == (panel.session.watch.snapshot.history.step > 0)
    click(header.main_button)
    until(lambda: header.main_button.text() == "Pause" and panel.session.watch.snapshot.state == "running")
    click(header.keep_button)
    until(lambda: header._state.text() == "Stopped early and kept")
    assert RunFolder(path).model_file.is_file()


def test_a_live_setting_is_told_when_the_hand_rests(panel, until):
    begin(panel.session, until)
    live = panel.desk.run_page.side._forms[ToySettings]
    row = live.form.row("noise_weight")
    assert not live.form.row("batch").isVisible()
    entry = row.box.lineEdit()
    entry.selectAll()
    QTest.keyClicks(entry, "3")
    QTest.keyClick(entry, Qt.Key.Key_Return)
    until(lambda: panel.session.watch.snapshot.history.of_kind("settings"))
    assert panel.session.watch.snapshot.history.of_kind("settings")[-1].facts["values"] == {"noise_weight": 3.0}
    items = panel.desk.run_page.side.happenings
    until(lambda: any("Noise 3" in items.item(row).text() for row in range(items.count())))


def test_notes_lie_beside_the_run(panel, until):
    path = begin(panel.session, until, steps=3)
    notes = panel.desk.run_page.side.notes
    notes.setFocus()
    QTest.keyClicks(notes, "too coarse")
    panel.new_run()
    assert RunFolder(path).notes_file.read_text() == "too coarse"
    panel.session.show(path)
    assert notes.toPlainText() == "too coarse"


def test_a_moment_is_pinned_with_a_note(panel, until, monkeypatch):
    begin(panel.session, until)
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("best so far", True))
    panel.desk.run_page.header.pin_action.trigger()
    pinned = lambda: [  # noqa: E731
        one for one in panel.session.watch.snapshot.history.of_kind("checkpoint") if one.facts.get("kind") == "pinned"
    ]
    until(pinned)
    assert [mark.kind for mark in panel.desk.run_page.curves.plot._marks] == ["pinned"]


def test_two_runs_curves_are_compared(panel, until):
    first = begin(panel.session, until, steps=20)
    until(lambda: panel.session.watch.snapshot.state == "finished")
    second = begin(panel.session, until, steps=20)
    panel.desk.list.compare_requested.emit(first)
    curves = panel.desk.run_page.curves
    until(lambda: curves._compared)
    menu = panel.desk.run_page.header.compare_menu
    until(lambda: [action.text() for action in menu.actions() if action.isChecked()])
    panel.desk.list.compare_requested.emit(first)
    assert not curves._compared
    assert panel.session.shown == second


def test_the_folder_is_shown(panel, until, shown_folders):
    path = begin(panel.session, until, steps=3)
    panel.desk.run_page.header.folder_action.trigger()
    assert shown_folders == [path]


def test_deleting_asks_first(panel, until, monkeypatch):
    path = begin(panel.session, until, steps=3)
    until(lambda: panel.session.manager.place(path) == "nowhere")
    delete = panel.desk.run_page.header.delete_action
    until(delete.isEnabled)
    delete.trigger()
    answer("Keep")
    assert path.exists()
    panel.desk.list.delete_requested.emit(path)
    answer("Delete")
    if path.exists():  # a disk without a wastebasket: it stays, and the panel says so
        assert panel.session.shown is None
    else:
        until(lambda: panel.desk.list.folders == ())


def test_a_change_is_named_and_the_artist_decides(panel, until):
    path = begin(panel.session, until)
    panel.toggle_pause()
    until(lambda: panel.session.watch.snapshot.state == "paused" and panel.session.manager.place(path) == "nowhere")
    editor = panel.desk.run_page.schedule
    until(editor.isEnabled)
    panel.session.redraw_shown(constant_schedule(2 * LONG))
    panel.toggle_pause()
    until(lambda: isinstance(QApplication.activeModalWidget(), QMessageBox))
    assert "the schedule" in QApplication.activeModalWidget().text()
    reached = panel.session.watch.snapshot.history.step
    answer("Go On With the Change")
    until(lambda: panel.session.watch.snapshot.history.step > reached)


def test_another_run_like_this_is_put_together(panel, until, photos):
    begin(panel.session, until, steps=3, noise_weight=2.0)
    panel.desk.run_page.header.repeat_action.trigger()
    assert panel.desk._pages.currentWidget() is panel.desk.new_page
    assert panel.desk.new_page.forms["toy"].settings.noise_weight == 2.0


def test_a_run_that_cannot_be_read_is_left(panel, until, qtbot, tmp_path):
    run = RunFolder.create(tmp_path / "elsewhere", toy_plan(3))
    run.plan_file.write_text("{")
    with qtbot.waitSignal(panel.failed, timeout=PATIENCE) as told:
        panel.session.open(run.path)
    assert "run.json" in told.args[0].cause
    until(lambda: panel.desk.list.folders == (run.path,))
    assert panel.desk.list._model.items[0].subject.state == "failed"


def test_days_are_told_as_people_do():
    noon = 1_780_000_000.0
    assert ":" in day_in_words(noon, noon + 1)
    assert day_in_words(noon, noon + 86_400) == "yesterday"
    assert day_in_words(noon, noon + 20 * 86_400).split()[0].isdigit()
