"""The Train panel in the window: its commands, its keys, and what closing does."""

import numpy as np
import pytest
from accessibility import focusable_controls
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QScrollBar
from studio_kit import answering_file_dialog, write_painting
from training_kit import new_run, toy_plan

from studio.core.controls import Controls
from studio.core.events import finish
from studio.core.settings import Settings
from studio.jobs.train import train
from studio.training.run_folder import RunFolder, RunPlan, TrainRequest
from studio.training.schedule_presets import one_cycle

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def window(studio, until):
    studio.window.activateWindow()
    until(lambda: QApplication.activeWindow() is studio.window)
    return studio.window


def test_plots_are_made_only_when_the_panel_is_seen(window):
    assert window.panel("train")._desk is None
    window.show_panel("train")
    assert window.panel("train")._desk is not None


def test_commands_act_on_the_panel_in_sight(window, tmp_path):
    actions, new = window.actions_of_window, window.panel("train").session.new_run
    window.show_panel("train")
    assert (actions.start.text(), actions.start.isEnabled()) == ("Start Training", False)
    assert window.menus.work.title() == "&Training"
    before = new.settings
    new.set_settings(before.model_copy(update={"batch": 7}))
    actions.undo.trigger()
    assert new.settings == before
    new.set_settings(before.model_copy(update={"batch": 9}))
    actions.reset.trigger()
    assert new.settings == type(before)()
    window.show_panel("style")
    assert actions.start.text() == "Paint"
    assert window.menus.work.title() == "&Painting"
    assert not actions.undo.isEnabled()  # what happened in the other panel stays there


def test_a_new_run_and_a_runs_folder_have_keys(window, until, tmp_path):
    run = new_run(tmp_path / "elsewhere", toy_plan(3))
    with answering_file_dialog(run.path):
        QTest.keyClick(window, Qt.Key.Key_N, CTRL | SHIFT)
    assert window.rail.current == "train"
    panel = window.panel("train")
    until(lambda: panel.session.watch.snapshot is not None)
    assert panel.session.shown == run.path
    assert panel.desk._pages.currentWidget() is panel.desk.run_page
    assert panel.desk.run_page.header._state.text() == "Not begun yet"
    window.activateWindow()  # again, behind the dialog
    until(window.isActiveWindow)
    QTest.keyClick(window, Qt.Key.Key_N, CTRL)
    assert panel.session.shown is None
    assert panel.desk._pages.currentWidget() is panel.desk.new_page


def test_a_message_moves_nothing_on_the_page_of_a_run(window, until, tmp_path):
    panel = window.panel("train")
    window.show_panel("train")
    panel.session.show(new_run(tmp_path / "elsewhere", toy_plan(3)).path)
    canvas = panel.desk.run_page.samples.canvas
    until(canvas.isVisible)
    QApplication.processEvents()  # which lays it out
    before = canvas.mapTo(window, QPoint())
    window.show_notice("It was stopped, and its network kept.")
    QApplication.processEvents()
    moved = canvas.mapTo(window, QPoint()) - before
    assert moved.manhattanLength() <= 2  # a line of words may settle by a pixel; a message is 40 high
    panel.session.show(None)  # there is no sample: what a run is put together on makes room at its lower end
    sheet = panel.desk.new_page.sheet
    until(lambda: sheet.viewport().height() < sheet.height())
    below = sheet.viewport().mapTo(window, sheet.viewport().rect().bottomLeft())
    until(lambda: window.banner.mapTo(window, QPoint()).y() > below.y())


def test_what_closing_does_can_be_chosen_beforehand(window, studio):
    menu = next(menu for menu in window.findChildren(QMenu) if menu.title() == "When Closing While It Trains")
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions() if action.isChecked()] == ["Ask"]
    menu.actions()[2].trigger()
    assert studio.preferences.training_at_close == "background"


def test_tab_alone_reaches_every_control_in_sight(window, until, tmp_path):
    window.show_panel("train")
    page = window.panel("train").desk.new_page
    window.panel("train").session.new_run.add_data([write_painting(tmp_path / "one.png")])
    until(lambda: all(view.doctor.text for view in page.data.views.values()))
    until(lambda: all(tile._samples.tiles for tile in page.inputs.values()))
    wanted = {
        control
        for control in focusable_controls(page)
        if control.isVisible() and control.isEnabled() and control.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not isinstance(control, QScrollBar) and control.focusProxy() is None
        and control.property("kind") != "segment"
    }  # fmt: skip
    page.title.setFocus()
    reached = set()
    for _ in range(2 * len(wanted) + 60):
        reached.add(QApplication.focusWidget())
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert len(wanted) > 15
    assert {f"{type(one).__name__} {one.accessibleName()}" for one in wanted - reached} == set()


def trained_classifier(folder):
    """A finished run of a classifier that tells red from blue."""
    for name, colour in (("red", (200, 30, 30)), ("blue", (30, 30, 200))):
        (folder / "pictures" / name).mkdir(parents=True)
        for number in range(6):
            picture = np.random.default_rng(number).integers(0, 50, (20, 20, 3)) + np.array(colour)
            Image.fromarray(picture.astype(np.uint8)).save(folder / "pictures" / name / f"{number}.png")
    schedule = one_cycle(duration=4, rate=3e-3, optimiser="adamw", unit="steps")
    settings = {"size": 16, "batch": 4, "average": "none", "workers": 0}
    data = (str(folder / "pictures"),)
    plan = RunPlan(task="classifier", title="Red or blue", data=data, settings=settings, schedule=schedule)
    run = RunFolder.create(folder / "run", plan)
    assert finish(train(TrainRequest(run.path), Controls(Settings()))).state == "finished"
    return run


def test_a_trained_classifier_looks_at_pictures_in_the_style_panel(window, until, tmp_path):
    run = trained_classifier(tmp_path)
    window.show_panel("train")
    window.panel("train").session.open(run.path)
    button = window.panel("train").desk.run_page.side.use_button
    until(button.isVisible)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    until(lambda: window.rail.current == "style")
    entry = window.panel("models").session.entry(window.panel("style").session.settings.backbone)
    assert (entry.name, entry.architecture) == (run.path.name, "resnet_narrow")
    assert entry.path.parent == window.panel("models")._shelf.folder
