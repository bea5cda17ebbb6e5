"""The page on which a run is put together."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from studio_kit import PATIENCE, answering_file_dialog, drop_files, write_painting
from train_kit import click
from training_kit import ToySettings, constant_schedule, toy_kind, toy_plan

from studio.core.events import Job, Progress
from studio.core.failures import StudioError
from studio.training import kinds
from studio.training.run_folder import RunFolder, RunPlan
from studio.training.task import TaskContext, TrainingTask
from studio.training.task_kind import DataSlot
from studio.training.time_estimate import TimeEstimate, length_in_words
from studio.ui.panels.train.new_run.data_places import DataPlaceView
from studio.ui.panels.train.new_run.data_shelf import sources_of
from studio.ui.panels.train.new_run.page import NewRunPage


def place(page: NewRunPage) -> DataPlaceView:
    """The only place of data on the page."""
    (view,) = page.data.views.values()
    return view


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


def test_five_steps_tell_how_long_it_takes_and_how_much_memory(panel, until, photos, tmp_path):
    page, run = panel.desk.new_page, panel.session.new_run
    assert not page.measure_button.isVisibleTo(page)
    drop_files(page, photos)
    drop_files(page, write_painting(tmp_path / "stripes.png"))
    until(lambda: run.total_steps is not None)
    click(page.measure_button)
    assert page.measure_button.text() == "Cancel"
    until(lambda: "measured" in page._words.text())
    assert "20 steps would take about" in page._words.text()
    assert "GB of memory: 5 steps measured" in page._words.text()
    run.set_settings(run.settings.model_copy(update={"steps": 10}))
    assert "10 steps would take" in page._words.text()  # a step costs the same
    run.set_settings(run.settings.model_copy(update={"batch": run.settings.batch + 1}))
    assert "shows after the first ones" in page._words.text()  # another step


def test_folders_lists_and_single_files_stand_in_lines_of_their_own(tmp_path):
    (tmp_path / "a").mkdir()
    singles = [tmp_path / "pictures" / f"{number}.jpg" for number in range(5)]
    lines = sources_of([tmp_path / "a", tmp_path / "list.txt", *singles, tmp_path / "other" / "one.png"])
    assert [line.words for line in lines] == ["a", "list.txt", "5 files of pictures", "one.png"]
    assert lines[2].paths == tuple(singles)


def test_data_is_added_by_dialog_and_removed_by_its_cross(panel, photos):
    shelf = place(panel.desk.new_page).shelf
    with answering_file_dialog(photos):
        click(shelf.folder_button)
    assert [row.words.text() for row in shelf.rows] == ["photos"]
    click(shelf.rows[0].remove_button)
    assert shelf.rows == []
    assert not place(panel.desk.new_page).doctor.isVisible()
    with answering_file_dialog(photos / "1.png"):
        click(shelf.files_button)
    assert panel.session.new_run.data == {"data": (photos / "1.png",)}


def test_a_phase_gets_a_folder_of_its_own_by_a_menu(panel, until, photos, tmp_path):
    page, new = panel.desk.new_page, panel.session.new_run
    assert drop_files(page, photos)
    few = tmp_path / "few"
    few.mkdir()
    for name in ("1.png", "2.png"):
        (few / name).write_bytes((photos / name).read_bytes())
    page.data.phase_menu.aboutToShow.emit()
    assert [action.text() for action in page.data.phase_menu.actions()] == ["Only in “Phase 1”…"]
    with answering_file_dialog(few):
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


def test_moved_pictures_are_asked_for_slot_by_slot(panel, until, photos, tmp_path):
    slots = tuple(DataSlot(name, name.upper(), "pictures", "") for name in "ab")
    panel.session.kinds = (replace(toy_kind(), data=slots),)
    data = {"a": (str(photos),), "b": (str(tmp_path / "gone"),)}
    run = RunFolder.create(tmp_path / "run", toy_plan(3).model_copy(update={"data": data}))
    panel.session.open(run.path)
    until(lambda: panel.session.watch.snapshot is not None)
    with answering_file_dialog(tmp_path):
        panel._questions.choose_moved_pictures(run.path)
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
