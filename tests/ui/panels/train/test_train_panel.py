import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from accessibility import controls_without_name, controls_without_tooltip
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFileDialog,
    QInputDialog,
    QLineEdit,
    QMessageBox,
    QSlider,
)
from studio_kit import PATIENCE, answering_file_dialog, drop_files, open_studio, write_painting
from training_kit import ToySettings, constant_schedule, toy_kind, toy_plan

from studio.core.controls import Controls
from studio.core.events import Job, Progress
from studio.core.failures import StudioError
from studio.core.picture_task import InputSlot
from studio.core.samples import sample_paintings
from studio.core.settings import Settings
from studio.engine import Engine
from studio.training import kinds
from studio.training.run_folder import RunFolder, RunPlan
from studio.training.run_log import RunHistory
from studio.training.run_summary import summarise
from studio.training.schedule import DATA, Phase, Ramp, Schedule
from studio.training.task import TaskContext, TrainingTask
from studio.training.task_kind import DataSlot, TaskKind
from studio.training.time_estimate import TimeEstimate
from studio.ui.panels.train.closing import ClosingDialog
from studio.ui.panels.train.desk import day_in_words
from studio.ui.panels.train.new_run.data_places import DataPlaceView
from studio.ui.panels.train.new_run.data_shelf import sources_of
from studio.ui.panels.train.new_run.page import NewRunPage
from studio.ui.panels.train.panel import TrainPanel, length_in_words
from studio.ui.preferences import Preferences
from studio.ui.shell.notifier import Notifier
from studio.ui.theme import Theme

LONG = 1_000_000


@pytest.fixture
def toys(monkeypatch) -> tuple[TaskKind, ...]:
    """Two kinds of toys instead of what there really is."""
    painter = TaskKind(
        "painter", "Painter", "Paints.", ToySettings, "training_kit:open_regression",
        (DataSlot(DATA, "Photos", "pictures", "Drop photos."),), lambda _: constant_schedule(20),
        (InputSlot("painting", "Painting", "The painting it imitates.", samples=sample_paintings),),
    )  # fmt: skip
    toys = (painter, toy_kind())
    monkeypatch.setattr(kinds, "KINDS", toys)
    return toys


@pytest.fixture
def panel(qtbot, theme: Theme, toys, tmp_path) -> Iterator[TrainPanel]:
    engines = [Engine(name) for name in ("studio", "pictures", "runs")]
    preferences = Preferences(tmp_path / "atelier.ini")
    panel = TrainPanel(theme, *engines, tmp_path / "runs", preferences)
    qtbot.addWidget(panel)
    panel.resize(1200, 900)
    panel.show()
    yield panel
    panel.hide()
    panel.close_gently()
    for engine in engines:
        assert engine.shut_down()


def begin(panel: TrainPanel, until, steps: int = LONG, **settings) -> Path:
    """Begin a toy's run, and wait until it learns in sight."""
    path = panel.session.manager.create(toy_plan(steps, **settings))
    panel.session.show(path)
    until(lambda: panel.session.watch.snapshot is not None and panel.session.watch.snapshot.history.step > 0)
    return path


def place(page: NewRunPage) -> DataPlaceView:
    """The only place of data on the page."""
    (view,) = page.data.views.values()
    return view


def click(button: QAbstractButton) -> None:
    assert button.isEnabled(), button.text()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def answer(words: str) -> None:
    """Press the button with these words in the question that is on the screen."""
    question = QApplication.activeModalWidget()
    assert isinstance(question, QMessageBox)
    next(button for button in question.buttons() if button.text() == words).click()


# -- a new run ---------------------------------------------------------------------------------------------------------


def test_dropping_photos_and_a_painting_is_enough_to_start(panel, until, photos, tmp_path):
    page = panel.desk.new_page
    assert not page.start_button.isEnabled()
    assert page._words.text() == "Drop photos."
    assert drop_files(page, photos)
    until(lambda: "6 pictures" in place(page).doctor.text)
    assert "painting it imitates" in page._words.text()
    assert drop_files(page, write_painting(tmp_path / "stripes.png"))
    assert page.start_button.isEnabled()
    assert page._words.text() == "20 steps. How long that takes shows after the first ones."
    assert page.title.placeholderText() == "stripes painter"
    assert panel.can_start
    page.title.setFocus()
    QTest.keyClicks(page.title, "My first")
    click(page.start_button)
    until(lambda: panel.session.watch.snapshot is not None and panel.session.watch.snapshot.state == "finished")
    plan = panel.session.watch.snapshot.plan
    assert (plan.title, plan.task, plan.data) == ("My first", "painter", {"data": (str(photos),)})
    assert plan.inputs == {"painting": str(tmp_path / "stripes.png")}
    assert page.title.text() == ""


def test_folders_lists_and_single_files_stand_in_lines_of_their_own(tmp_path):
    (tmp_path / "a").mkdir()
    singles = [tmp_path / "pictures" / f"{number}.jpg" for number in range(5)]
    lines = sources_of([tmp_path / "a", tmp_path / "list.txt", *singles, tmp_path / "other" / "one.png"])
    assert [line.words for line in lines] == ["a", "list.txt", "5 files of pictures", "one.png"]
    assert lines[2].paths == tuple(singles)


def test_data_is_added_by_dialog_and_removed_by_its_cross(panel, until, photos, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(photos))
    shelf = place(panel.desk.new_page).shelf
    click(shelf.folder_button)
    assert [row.words.text() for row in shelf.rows] == ["photos"]
    click(shelf.rows[0].remove_button)
    assert shelf.rows == []
    assert not place(panel.desk.new_page).doctor.isVisible()
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(photos / "1.png")], ""))
    click(shelf.files_button)
    assert panel.session.new_run.data == {"data": (photos / "1.png",)}


def test_a_phase_gets_a_folder_of_its_own_by_a_menu(panel, until, photos, tmp_path, monkeypatch):
    page, new = panel.desk.new_page, panel.session.new_run
    assert drop_files(page, photos)
    few = tmp_path / "few"
    few.mkdir()
    for name in ("1.png", "2.png"):
        (few / name).write_bytes((photos / name).read_bytes())
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(few))
    page.data.phase_menu.aboutToShow.emit()
    assert [action.text() for action in page.data.phase_menu.actions()] == ["Only in “Phase 1”…"]
    page.data.phase_menu.actions()[0].trigger()
    own = list(page.data.views.values())[1]
    assert (own.title.text(), [row.words.text() for row in own.shelf.rows]) == ("Only in “Phase 1”", ["few"])
    until(lambda: "2 pictures" in own.doctor.text)
    assert page.schedule.schedule.phases[0].data == {"data": (str(few),)}
    page.data.phase_menu.aboutToShow.emit()
    assert page.data.phase_menu.actions() == []
    click(own.shelf.rows[0].remove_button)
    assert len(page.data.views) == 1
    assert new.schedule.phases[0].data == {}


def test_moved_pictures_are_asked_for_slot_by_slot(panel, until, photos, tmp_path, monkeypatch):
    slots = tuple(DataSlot(name, name.upper(), "pictures", "") for name in "ab")
    panel.session.kinds = (replace(toy_kind(), data=slots),)
    data = {"a": (str(photos),), "b": (str(tmp_path / "gone"),)}
    run = RunFolder.create(tmp_path / "run", toy_plan(3).model_copy(update={"data": data}))
    panel.session.open(run.path)
    until(lambda: panel.session.watch.snapshot is not None)
    asked = []
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda _, title, *__: asked.append(title) or str(tmp_path))
    panel._questions.choose_moved_pictures(run.path)
    assert asked == ["B: where they lie now"]
    assert run.read_plan().data == {"a": (str(photos),), "b": (str(tmp_path),)}


def test_a_sample_painting_is_one_click_away(panel, until):
    tile = panel.desk.new_page.inputs["painter", "painting"]
    until(lambda: tile._samples.tiles)
    tile._samples.tiles[0].click()
    assert panel.session.new_run.inputs["painting"].is_file()
    until(lambda: tile._name.text() == panel.session.new_run.inputs["painting"].name)


def test_a_file_that_is_no_picture_is_not_taken_for_a_painting(panel, until, photos, qtbot, tmp_path):
    (tmp_path / "poem.txt").write_text("Not a painting.")
    run = panel.session.new_run
    run.add_data([photos])
    with qtbot.waitSignal(panel.failed, timeout=PATIENCE) as told:
        run.set_input("painting", tmp_path / "poem.txt")
    assert "poem.txt" in told.args[0].cause
    assert not run.inputs
    assert not panel.can_start
    assert not panel.desk.new_page.start_button.isEnabled()


def open_missing(plan: RunPlan, place: TaskContext) -> Job[TrainingTask]:
    yield Progress("Reading")
    raise StudioError("The photos are not there.", "Plug the disk in.")


def test_why_a_run_failed_is_said_once(panel, until, qtbot, monkeypatch):
    monkeypatch.setattr(kinds, "KINDS", (toy_kind(open_missing),))
    notices, ends = [], []
    panel.noticed.connect(lambda *words: notices.append(words))
    panel.ended.connect(lambda *words: ends.append(words))
    with qtbot.waitSignal(panel.failed, timeout=PATIENCE) as told:
        panel.session.manager.create(toy_plan(5))
    assert told.args[0].cause == "The photos are not there."
    until(lambda: ends)
    assert notices == []


def test_a_drawn_schedule_is_the_runs(panel):
    page = panel.desk.new_page
    assert page.schedule.schedule == constant_schedule(20)
    page.schedule_section.set_open(True)
    page.schedule.state.take_preset("one_cycle")
    assert panel.session.new_run.is_schedule_drawn
    assert panel.session.new_run.schedule == page.schedule.schedule
    panel.undo_stack.undo()
    assert panel.session.new_run.schedule == constant_schedule(20)


def test_a_learning_rate_is_searched_for_and_used(panel, until, photos):
    panel.session.new_run.choose_kind("toy")
    panel.session.new_run.add_data([photos])
    panel.session.new_run.set_settings(ToySettings(size=16, batch=4))
    click_when_open(panel.desk.new_page)
    dialog = QApplication.activeModalWidget()
    until(lambda: dialog.finder.rate is not None)
    rate = dialog.finder.rate
    click(dialog.finder.use_button)
    assert panel.session.new_run.schedule.phases[0].learning_rate.start == pytest.approx(rate, rel=0.01)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def click_when_open(page) -> None:
    page.schedule_section.set_open(True)
    click(page.rate_button)


def test_without_data_there_is_no_search_for_a_rate(panel, qtbot):
    with qtbot.waitSignal(panel.failed) as told:
        panel.search_rate()
    assert told.args[0].remedy == "Drop photos."


@pytest.mark.parametrize(
    ("steps", "estimate", "words"),
    [
        (None, None, "known once the pictures are counted"),
        (1200, None, "1,200 steps. How long"),
        (1200, TimeEstimate(4000.0, 1, alike=True), "1,200 steps, about 1 h 7 min, judged by your last run like this."),
        (10, TimeEstimate(20.0, 3, alike=True), "about 20 seconds, judged by your last 3 runs like this."),
        (10, TimeEstimate(100_000.0, 2, alike=False), "perhaps 1 day 4 h, judged by a run with another network."),
    ],
)
def test_length_is_told_as_far_as_it_is_known(steps, estimate, words):
    assert words in length_in_words(steps, estimate)


# -- a run there is ----------------------------------------------------------------------------------------------------


def test_a_run_at_work_is_shown_with_everything(panel, until):
    path = begin(panel, until, sample_every=50)
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
    begin(panel, until, sample_every=50)
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
    begin(panel, until)
    header = panel.desk.run_page.header
    until(lambda: header._state.text() == "Training")
    painting = panel._studio.live("style", paint_until_cancelled, None, Controls(Settings()))
    until(lambda: header._state.text() == "Training · painting goes first")
    painting.cancel()
    until(lambda: header._state.text() == "Training")


def test_pause_and_resume_by_the_header(panel, until):
    path = begin(panel, until)
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
    begin(panel, until)
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
    path = begin(panel, until, steps=3)
    notes = panel.desk.run_page.side.notes
    notes.setFocus()
    QTest.keyClicks(notes, "too coarse")
    panel.new_run()
    assert RunFolder(path).notes_file.read_text() == "too coarse"
    panel.session.show(path)
    assert notes.toPlainText() == "too coarse"


def test_a_moment_is_pinned_with_a_note(panel, until, monkeypatch):
    begin(panel, until)
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("best so far", True))
    panel.desk.run_page.header.pin_action.trigger()
    pinned = lambda: [  # noqa: E731
        one for one in panel.session.watch.snapshot.history.of_kind("checkpoint") if one.facts.get("kind") == "pinned"
    ]
    until(pinned)
    assert [mark.kind for mark in panel.desk.run_page.curves.plot._marks] == ["pinned"]


def test_two_runs_curves_are_compared(panel, until):
    first = begin(panel, until, steps=20)
    until(lambda: panel.session.watch.snapshot.state == "finished")
    second = begin(panel, until, steps=20)
    panel.desk.list.compare_requested.emit(first)
    curves = panel.desk.run_page.curves
    until(lambda: curves._compared)
    menu = panel.desk.run_page.header.compare_menu
    until(lambda: [action.text() for action in menu.actions() if action.isChecked()])
    panel.desk.list.compare_requested.emit(first)
    assert not curves._compared
    assert panel.session.shown == second


def test_the_folder_is_shown(panel, until, shown_folders):
    path = begin(panel, until, steps=3)
    panel.desk.run_page.header.folder_action.trigger()
    assert shown_folders == [path]


def test_deleting_asks_first(panel, until, monkeypatch):
    path = begin(panel, until, steps=3)
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
    path = begin(panel, until)
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
    begin(panel, until, steps=3, noise_weight=2.0)
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


# -- closing, and going on without the window --------------------------------------------------------------------------


def closing_dialog(panel: TrainPanel) -> ClosingDialog:
    assert panel.hold_closing()
    assert panel._closing is not None
    return panel._closing


def test_closing_asks_and_can_be_cancelled(panel, until, qtbot):
    path = begin(panel, until)
    dialog = closing_dialog(panel)
    assert "“toy” is still training" in dialog.question.text()
    assert dialog.pause_button.isDefault()
    assert controls_without_name(dialog) == []
    with qtbot.assertNotEmitted(panel.released):
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert panel._closing is None
    assert panel.session.manager.place(path) == "here"


def test_pausing_saves_before_the_window_may_close(panel, until, qtbot):
    path = begin(panel, until)
    dialog = closing_dialog(panel)
    dialog.remember.setChecked(True)
    with qtbot.waitSignal(panel.released, timeout=PATIENCE):
        click(dialog.pause_button)
        assert dialog.is_saving
        assert panel.hold_closing()  # asked once more meanwhile: it goes on saving
    assert not panel.hold_closing()
    history = RunHistory(RunFolder(path).events_file)
    history.poll()
    assert history.logged_state == "paused"
    panel.session.manager.start(path)
    until(lambda: panel.session.manager.place(path) == "here")
    with qtbot.waitSignal(panel.released, timeout=PATIENCE):
        assert panel.hold_closing()  # remembered: nobody is asked
        assert panel._closing.is_saving


def test_nobody_is_asked_where_the_system_closes_the_window(panel, until, qtbot):
    begin(panel, until)
    with qtbot.waitSignal(panel.released, timeout=PATIENCE):
        assert panel.hold_closing(ask=False)


def tiny_fast_style(photos: Path, painting: Path, steps: int) -> RunPlan:
    settings = {
        "size": 16, "batch": 1, "blocks": 1, "stroke_side": 64, "held_back": 1, "workers": 0, "sample_every": 100_000,
        "validate_every": 100_000,
    }  # fmt: skip
    rate = Ramp(start=1e-3, end=1e-3)
    return RunPlan(
        task="fast-style", title="Wave", data=(str(photos),), inputs={"painting": str(painting)}, settings=settings,
        schedule=Schedule(phases=(Phase(duration=steps, unit="steps", learning_rate=rate),)),
    )  # fmt: skip


@pytest.fixture
def detached_runs() -> Iterator[list[Path]]:
    """Runs whose processes must not outlive the test, wherever it fails: one may only just be starting."""
    runs: list[Path] = []
    yield runs
    for run in runs:
        patience = time.monotonic() + PATIENCE / 1000
        while (run / "process.log").exists() and time.monotonic() < patience:
            beat = RunFolder(run).heartbeat()
            if beat is not None and beat.alive and beat.process != os.getpid():
                os.kill(beat.process, signal.SIGKILL)
                break
            if summarise(run).state in ("stopped", "failed"):
                break
            time.sleep(0.1)


def test_a_run_goes_on_without_the_window_and_is_brought_back(
    qtbot, until, photos, tmp_path, monkeypatch, detached_runs
):
    home = tmp_path / "atelier home"
    monkeypatch.setenv("ATELIER_HOME", str(home))
    plan = tiny_fast_style(photos, write_painting(tmp_path / "stripes.png"), LONG)
    with open_studio(home) as studio:
        studio.window.show_panel("train")
        panel = studio.window.panel("train")
        path = panel.session.manager.create(plan)
        detached_runs.append(path)
        panel.session.show(path)
        until(lambda: panel.session.watch.snapshot is not None and panel.session.watch.snapshot.history.step > 2)
        studio.window.close()
        click(panel._closing.background_button)
        until(lambda: not studio.window.isVisible())
    with open_studio(home) as studio:
        studio.window.show_panel("train")
        panel = studio.window.panel("train")
        panel.session.show(path)
        until(lambda: panel.session.watch.snapshot is not None and panel.session.watch.snapshot.state == "running")
        until(lambda: panel.session.manager.place(path) == "elsewhere")
        reached = panel.session.watch.snapshot.history.step
        until(lambda: panel.session.watch.snapshot.history.step > reached)
        other = panel.session.watch.snapshot.worker.process
        assert other != os.getpid()
        assert (path / "process.log").exists()
        header = panel.desk.run_page.header
        until(header.take_over_action.isVisible)
        header.take_over_action.trigger()
        until(lambda: panel.session.manager.place(path) == "here" and panel.session.watch.snapshot.state == "running")
        until(lambda: panel.session.watch.snapshot.worker.process == os.getpid())
        panel.stop()
        until(lambda: panel.session.watch.snapshot.state == "stopped")


def test_a_run_goes_on_with_pictures_that_have_moved(qtbot, until, photos, tmp_path, monkeypatch):
    home = tmp_path / "atelier home"
    monkeypatch.setenv("ATELIER_HOME", str(home))
    with open_studio(home) as studio:
        studio.window.show_panel("train")
        panel, header = studio.window.panel("train"), studio.window.panel("train").desk.run_page.header
        path = panel.session.manager.create(tiny_fast_style(photos, write_painting(tmp_path / "stripes.png"), LONG))
        panel.session.show(path)
        until(lambda: panel.session.watch.snapshot is not None and panel.session.watch.snapshot.history.step > 2)
        assert not header.pictures_action.isEnabled()
        click(header.main_button)
        until(lambda: panel.session.watch.snapshot.state == "paused" and panel.session.manager.place(path) == "nowhere")
        reached = panel.session.watch.snapshot.history.step
        moved = photos.rename(tmp_path / "elsewhere")
        until(header.pictures_action.isEnabled)
        with answering_file_dialog(moved):
            header.pictures_action.trigger()
        assert RunFolder(path).read_plan().data == {"data": (str(moved),)}
        click(header.main_button)
        until(
            lambda: (
                panel.session.watch.snapshot.state == "running" and panel.session.watch.snapshot.history.step > reached
            )
        )
        panel.stop()
        until(lambda: panel.session.watch.snapshot.state == "stopped")


def test_the_desktop_is_told_only_where_nobody_looks(qtbot, theme: Theme):
    from PySide6.QtWidgets import QWidget

    window = QWidget()
    qtbot.addWidget(window)
    notifier = Notifier(window)
    assert notifier.tell("Wave", "It is finished.")
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    assert not notifier.tell("Wave", "It is finished.")
