"""Sizes in the Style panel: what they cost, sizes for a given time, finishing larger, going on after Stop."""

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from studio_kit import LONG, QUICK, answering_file_dialog, open_pair, write_painting, write_photo

from studio.core.cost import Cost, Pace
from studio.core.events import finish
from studio.core.library_index import LibraryIndex
from studio.ui.picture.finish_dialog import FinishDialog
from studio.ui.picture.session import SessionState


@pytest.fixture
def panel(studio, tmp_path, until):
    panel = studio.window.panel("style")
    panel.session.set_settings(QUICK)
    open_pair(panel, write_photo(tmp_path / "photo.png", 192, 128), write_painting(tmp_path / "stripes.png"))
    until(lambda: panel.session.state is SessionState.READY and panel.context.pictures.is_idle)
    return panel


@pytest.fixture
def stopped(panel, until):
    panel.session.set_settings(LONG.model_copy(update={"size": 128, "steps": 1500}))
    panel.start()
    until(lambda: panel.session.history.frames)
    panel.workspace.progress_line._stop.click()
    until(lambda: panel.session.state is SessionState.FINISHED and not panel.session.compositor.is_busy)
    until(lambda: panel.context.studio.is_idle and panel.context.pictures.is_idle)  # the pace of this computer is read
    return panel


def pace(seconds, memory=None):
    return {QUICK.backbone: Pace({1_000_000: seconds}, "cpu" if memory is None else "cuda", memory)}


def offers(panel):
    panel.sizes._fill_sizes()
    return [action.text() for action in panel.sizes._sizes.actions()]


def bar_says(panel):
    return panel.workspace.compare_bar._result.accessibleName()


def test_the_bar_names_the_size_of_the_painting_and_what_it_is_going_to_be(stopped, until):
    assert bar_says(stopped) == "Painting 128 × 85, stopped"
    assert stopped.canvas.picture_size == (128, 85)
    stopped.session.set_settings(LONG.model_copy(update={"size": 512, "steps": 2000}))
    stopped.start()
    until(lambda: "→" in bar_says(stopped))
    assert bar_says(stopped) == "Painting 128 × 85 → 512 × 341"
    assert stopped.canvas.picture_size == (512, 341)


def test_what_was_stopped_goes_on_where_stop_was_pressed(stopped, until):
    line = stopped.workspace.progress_line
    assert line._pause.text() == "Go on"
    assert "Stopped before the end" in line.text
    assert stopped.context.actions.pause.isEnabled()
    QTest.mouseClick(line._pause, Qt.MouseButton.LeftButton)
    assert stopped.session.state is SessionState.RUNNING
    assert line._pause.text() == "Pause"
    stopped.session.stop()
    until(lambda: stopped.session.state is SessionState.FINISHED)
    stopped.toggle_pause()  # Ctrl+P does the same
    assert stopped.session.state is SessionState.RUNNING


def test_a_finished_painting_has_nothing_to_go_on_with(panel, until):
    panel.start()
    until(lambda: panel.session.state is SessionState.FINISHED and panel._shown is not None)
    assert not panel.workspace.progress_line._pause.isEnabled()
    assert bar_says(panel) == "Painting 64 × 43"
    assert not panel.context.actions.pause.isEnabled()


def test_the_library_and_the_save_dialog_tell_a_stopped_painting(studio, stopped, until, tmp_path):
    until(lambda: studio.library.entries())
    assert studio.library.entries()[0].subject == "photo, stopped"
    assert finish(LibraryIndex(studio.library).read())[0].subject == "photo, stopped"
    assert stopped._saver._title == "Save the picture: 128 × 85 pixels, not finished"
    with answering_file_dialog(tmp_path / "saved.png"):
        stopped.save_as()
    until((tmp_path / "saved.png").is_file)


def test_a_painting_is_finished_at_the_photos_size(stopped, until):
    stopped.session.take_pace(pace(1.0))
    stopped.session.set_settings(stopped.session.settings.model_copy(update={"steps": 20}))
    stopped.session._restart.stop()
    twice, photo = offers(stopped)[1], offers(stopped)[0]
    assert photo.startswith("The photo's size: 192 × 128 px\tabout")
    assert twice.startswith("Twice the size: 256 × 171 px")
    stopped.sizes._sizes.actions()[0].trigger()
    until(lambda: stopped.session.state is SessionState.FINISHED and not stopped.session.compositor.is_busy)
    assert bar_says(stopped) == "Painting 192 × 128"
    assert offers(stopped)[0].startswith("Twice the size: 384 × 256 px")  # the photo's size is reached


def test_what_there_is_no_memory_for_is_refused_with_what_would_do(studio, stopped, until):
    stopped.session.take_pace(pace(1.0, memory=20_000_000))
    assert offers(stopped)[-2] == "Twice the size: 256 × 171 px\ttoo large here"
    stopped.sizes._sizes.actions()[-2].trigger()
    assert "256 × 171 px would take about" in studio.window.banner.text
    assert "Choose up to" in studio.window.banner.text
    assert stopped.session.settings.size == 128
    assert stopped.session.state is SessionState.FINISHED


def test_another_size_is_asked_for_and_priced_while_one_types(qtbot, theme):
    def cost(size):
        return Cost(size, size // 2, size / 10, size * 1_000_000, 2_000_000_000)

    dialog = FinishDialog(cost, lambda: 1792, (512, 1024, 8192), theme, None)
    qtbot.addWidget(dialog)
    assert dialog.words.text() == "1024 × 512 px · about 2 minutes · 1.0 GB"
    dialog.box.setValue(4000)
    assert "Choose up to 1792 px" in dialog.words.text()
    assert not dialog.finish_button.isEnabled()
    dialog.box.setValue(1500)
    assert dialog.finish_button.isEnabled()
    assert dialog.size_chosen == 1500


def test_the_dialogs_size_is_painted(stopped, until):
    stopped.session.set_settings(stopped.session.settings.model_copy(update={"steps": 20}))
    stopped.session._restart.stop()

    def answer():
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, FinishDialog):
            QTimer.singleShot(20, answer)
            return
        dialog.box.setValue(160)
        dialog.accept()

    QTimer.singleShot(20, answer)
    stopped.sizes._ask()
    assert stopped.session.settings.size == 160
    until(lambda: stopped.session.state is SessionState.FINISHED and not stopped.session.compositor.is_busy)
    assert bar_says(stopped) == "Painting 160 × 107"


def test_the_size_says_what_it_costs_and_sizes_are_chosen_by_time(panel):
    note = panel.column.size_note
    panel.session.take_pace({})
    assert note.isHidden()
    panel.session.take_pace(pace(100.0))
    assert not note.isHidden()
    assert note.text().startswith("About ")
    assert note.text().endswith(" here")
    panel.sizes._fill_budgets()
    choices = panel.sizes._budgets.actions()
    sizes = [int(action.text().split("\t")[1].split()[0]) for action in choices]
    assert sizes == sorted(set(sizes))
    choices[1].trigger()
    assert panel.session.settings.size == sizes[1]
    assert panel.session.cost(sizes[1]).seconds <= 30


def test_settings_that_begin_again_are_marked(panel):
    row = panel.form.row("size")
    assert "begins again" in row.caption.toolTip()
    assert "begins again" not in panel.form.row("style_weight").caption.toolTip()
