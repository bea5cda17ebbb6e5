"""A fast style trained from a folder of photos and a painting, through the real window, closed in the middle."""

from contextlib import contextmanager

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from studio_kit import PATIENCE, drop_files, open_studio, type_number, write_painting, write_photo

from studio.training.run_folder import RunFolder
from studio.training.run_log import RunHistory
from studio.ui.picture.session import SessionState

STEPS = 60


class Trainer:
    """Sits before the window with a mouse and a keyboard."""

    def __init__(self, studio, qtbot):
        self.studio, self.window, self._qtbot = studio, studio.window, qtbot
        self.panel = studio.window.panel("train")
        self.session = self.panel.session
        self.window.activateWindow()
        QTest.mouseClick(self.window.rail._buttons["train"], Qt.MouseButton.LeftButton)
        self.desk = self.panel.desk
        self.new, self.run = self.desk.new_page, self.desk.run_page

    def waits_until(self, condition):
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)

    def clicks(self, button):
        assert button.isEnabled(), button.text()
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def types(self, setting, value):
        type_number(self.new.forms[self.session.new_run.kind.name], setting, value)

    @property
    def snapshot(self):
        return self.session.watch.snapshot

    def clicks_run(self, row=0):
        view = self.desk.list.view
        self.waits_until(lambda: view.model().rowCount() > row)
        place = view.visualRect(view.model().index(row, 0)).center()
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)


@contextmanager
def sitting(home, qtbot):
    with open_studio(home) as studio:
        yield Trainer(studio, qtbot)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "holiday"
    for number in range(8):
        write_photo(folder / f"{number}.png", 64 + number, 48)
    return folder


@pytest.fixture
def painting(tmp_path):
    return write_painting(tmp_path / "stripes.png", 3)


def puts_a_run_together(trainer, photos, painting):
    """Drop photos and a painting, make everything tiny, and begin."""
    assert not trainer.new.start_button.isEnabled()
    assert drop_files(trainer.new, photos)
    trainer.waits_until(lambda: "8 pictures" in next(iter(trainer.new.data.views.values())).doctor.text)
    assert drop_files(trainer.new, painting)
    trainer.waits_until(trainer.new.start_button.isEnabled)
    for setting, value in (
        ("size", 16), ("batch", 1), ("blocks", 1), ("stroke_side", 64), ("held_back", 1), ("workers", 0),
        ("sample_every", 10), ("validate_every", 30), ("steps", STEPS),
    ):  # fmt: skip
        trainer.types(setting, value)
    assert f"{STEPS} steps" in trainer.new._words.text()
    trainer.clicks(trainer.new.start_button)


def test_a_fast_style_is_trained_over_two_sittings_and_used(home, qtbot, photos, painting, tmp_path):
    with sitting(home, qtbot) as trainer:
        puts_a_run_together(trainer, photos, painting)
        assert trainer.session.shown is not None
        path = trainer.session.shown
        trainer.waits_until(lambda: trainer.snapshot is not None and trainer.snapshot.history.step >= 12)
        trainer.waits_until(lambda: trainer.run.samples.shown is not None)
        assert "loss" in trainer.run.curves.names
        assert trainer.run.header.main_button.text() == "Pause"
        assert trainer.run.side.happenings.count() > 0

        trainer.window.close()  # in the middle
        dialog = trainer.panel._closing
        assert trainer.window.isVisible()
        assert "stripes" in dialog.question.text()
        trainer.clicks(dialog.pause_button)
        trainer.waits_until(lambda: not trainer.window.isVisible())

    half = RunHistory(RunFolder(path).events_file)
    half.poll()
    assert half.logged_state == "paused"
    assert 12 <= half.step < STEPS

    with sitting(home, qtbot) as trainer:
        trainer.clicks_run()
        trainer.waits_until(lambda: trainer.snapshot is not None and trainer.snapshot.state == "paused")
        assert trainer.run.header.main_button.text() == "Resume"
        assert trainer.snapshot.history.step == half.step
        trainer.clicks(trainer.run.header.main_button)
        trainer.waits_until(lambda: trainer.snapshot.state == "finished")
        assert trainer.snapshot.history.step == STEPS
        assert [one.step for one in trainer.snapshot.history.of_kind("resumed")] == [half.step]
        assert len(trainer.snapshot.history.metrics["loss"]) == STEPS
        trainer.waits_until(trainer.run.side.use_button.isVisible)

        trainer.clicks(trainer.run.side.use_button)
        style = trainer.window.panel("style")
        assert trainer.window.rail.current == "style"
        style.session.start_when_ready = True
        assert drop_files(style.workspace.canvas.viewport(), write_photo(tmp_path / "portrait.png", 80, 64))
        trainer.waits_until(lambda: style.session.state is SessionState.FINISHED)
        assert (style.session.settings.method, style.session.settings.fast_style) == ("instant", str(path))
        assert style.session.layer is not None
        assert path.name in {record.name for record in style.session.recipe.weights}
    assert QApplication.activeModalWidget() is None
