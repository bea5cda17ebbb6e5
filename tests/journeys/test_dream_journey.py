"""A generator that still learns is browsed: on the pad, along a direction, bent; saved, and brought back."""

import numpy as np
import pytest
from generator_kit import write_pictures
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from studio_kit import PATIENCE, answering_file_dialog, drag_slider, drop_files, open_studio

from studio.core.controls import Controls
from studio.core.dream_settings import DreamSettings
from studio.core.events import Metrics
from studio.core.images import read_recipe
from studio.jobs.train import train
from studio.training.run_commands import RunCommand
from studio.training.run_folder import RunFolder, RunPlan, TrainRequest
from studio.training.schedule import Phase, Ramp, Schedule
from studio.training.settings import TrainingSettings

QUIET = {
    "batch": 4, "size": 16, "width": 5, "latent": 8, "style": 16, "blocks": 1, "sample_every": 10_000,
    "validate_every": 10_000, "checkpoint_minutes": 240.0, "workers": 0,
}  # fmt: skip


class Dreamer:
    """Sits before the window with a mouse and a keyboard."""

    def __init__(self, studio, qtbot):
        self.window, self._qtbot = studio.window, qtbot
        self.train, self.panel = studio.window.panel("train"), studio.window.panel("dream")
        self.session, self.column = self.panel.session, self.panel.column

    def waits_until(self, condition):
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)

    def waits(self):
        self.waits_until(lambda: self.panel.has_picture and self.session.is_settled and self.session.recipe)

    def clicks(self, button):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def drags_on_pad(self, across, down):
        """Drag by so many of the pad's pictures, in several moves."""
        pad, left, none = self.column.pad.pad, Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        start = pad.rect().center()
        way = QPoint(round(across * pad.height() / 5), round(down * pad.height() / 5))
        QTest.mousePress(pad, left, pos=start)
        for number in range(1, 5):
            place = QPointF(start + way * number / 4)
            event = QMouseEvent(
                QEvent.Type.MouseMove, place, pad.mapToGlobal(place), none, left, Qt.KeyboardModifier.NoModifier
            )
            QApplication.sendEvent(pad, event)
            self._qtbot.wait(10)
        QTest.mouseRelease(pad, left, pos=start + way)


@pytest.fixture
def run(tmp_path):
    """A run that has a long way before it, and rests after its first steps."""
    phase = Phase(duration=100_000, unit="steps", learning_rate=Ramp.level(1e-3), momentum=Ramp.level(0.0), batches=1)
    pictures = write_pictures(tmp_path / "pictures", 8)
    plan = RunPlan(task="gan", data=(str(pictures),), settings=QUIET, schedule=Schedule(phases=(phase,)), title="Spots")
    folder = RunFolder.create(tmp_path / "home" / "runs" / "spots", plan)
    for event in train(TrainRequest(folder.path), Controls(TrainingSettings())):
        if isinstance(event, Metrics):
            folder.commands.post(RunCommand("pause"))
    return folder


def test_a_generator_is_browsed_while_it_learns(run, tmp_path, qtbot, monkeypatch):
    monkeypatch.setenv("ATELIER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ATELIER_DEVICE", "cpu")
    with open_studio(tmp_path / "home") as studio:
        dreamer = Dreamer(studio, qtbot)
        is_tried(dreamer, run)
        learns_on(dreamer, run)
        layer, settings = is_changed_by_hand(dreamer)
        is_saved_and_comes_back(dreamer, tmp_path / "dream.png", layer, settings)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def is_tried(dreamer, run):
    dreamer.window.show_panel("train")
    dreamer.train.session.show(run.path)
    button = dreamer.train.desk.run_page.side.use_button
    dreamer.waits_until(button.isVisible)
    assert button.text() == "Try It"
    dreamer.clicks(button)
    assert dreamer.panel.isVisible()
    dreamer.waits_until(lambda: dreamer.session.settings.model == str(run.path))
    dreamer.waits_until(lambda: dreamer.session.generator is not None)
    dreamer.waits()


def learns_on(dreamer, run):
    """See what it dreams by now, while it goes on."""
    first = dreamer.session.generator.steps
    dreamer.panel._watch.setInterval(100)  # nobody here has the patience
    manager = dreamer.train.session.manager
    manager.progressed.connect(lambda path, _progress: manager.save_now(path))
    manager.start(run.path)
    dreamer.waits_until(lambda: dreamer.session.generator.steps > first)
    manager.pause(run.path)
    dreamer.waits_until(lambda: run.path not in manager.here)
    dreamer.waits()


def is_changed_by_hand(dreamer):
    dreamer.drags_on_pad(1.5, -1.0)
    assert dreamer.session.settings.across == pytest.approx(1.5, abs=0.05)
    dreamer.panel.directions_desk.find("styles", 0)
    dreamer.waits_until(lambda: dreamer.column.directions.rows)
    drag_slider(dreamer.column.directions.rows[0].slider.slider, 0.8)
    assert dreamer.session.settings.moves.along
    dreamer.column.bending.set_open(True)
    drag_slider(dreamer.column.bending.rows["turn"].slider, 0.7)
    assert dreamer.session.settings.bends.stages
    dreamer.waits_until(
        lambda: (
            dreamer.session.is_settled
            and DreamSettings.model_validate(dreamer.session.recipe.settings).bends == dreamer.session.settings.bends
        )
    )
    return dreamer.session.layer, dreamer.session.settings


def is_saved_and_comes_back(dreamer, path, layer, settings):
    with answering_file_dialog(path):
        dreamer.clicks(dreamer.column.save_button)
    dreamer.waits_until(path.is_file)
    recipe = read_recipe(path)
    assert (recipe.task, recipe.weights[0].name) == ("dream", "spots")
    dreamer.panel.reset()
    dreamer.waits_until(lambda: dreamer.session.settings.model and dreamer.session.settings != settings)
    assert drop_files(dreamer.panel.canvas.viewport(), path)
    dreamer.waits_until(lambda: dreamer.session.settings.bends == settings.bends)
    now = dreamer.session.settings
    assert now.model_copy(update={"model": settings.model}) == settings
    dreamer.waits_until(lambda: dreamer.session.is_settled and np.array_equal(dreamer.session.layer, layer))
