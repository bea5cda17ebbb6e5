"""A folder is queued, killed in the middle, gone on with; a result is searched, starred, deleted and brought back."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch  # noqa: F401 - here, as in the program below
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from studio_kit import PATIENCE, UNTRAINED, drop_files, open_studio, write_painting, write_photo

from studio.core.images import read_recipe
from studio.ui.picture.session import SessionState

ROOT = Path(__file__).resolve().parents[2]
CTRL = Qt.KeyboardModifier.ControlModifier
NAMES = ("beach.png", "rome/forum.png", "rome/day 2/café.png", "rome/day 2/fountain.png", "zoo.png")
RESULTS = [str(Path(name).with_name(f"{Path(name).stem} painted.jpg")) for name in NAMES]

FIRST_DAY = """
import sys
from pathlib import Path

import torch  # here, since on the engine's thread, which stands back, it takes minutes on a busy machine
from PySide6.QtWidgets import QApplication
from studio.app import Studio
from studio.core.style_settings import StyleSettings
from studio.core.user_folders import UserFolders

home, folder, painting, out, backbone = sys.argv[1:]
application = QApplication([])
studio = Studio(application, UserFolders.within(Path(home)))
studio.window.show()
panel = studio.window.panel("style")
panel.session.set_settings(StyleSettings(size=64, steps=40, backbone=backbone))
panel.open_as("style", [Path(painting)])
studio.preferences.queue_folder = out
studio.window.open_files([Path(folder)])

def start():
    if panel.session.paintings and panel.desk.queue.proposed:
        panel.desk.view._folder = Path(out)
        panel.desk.view._offer_places()
        panel.desk.view.format_box.setCurrentIndex(1)
        panel.desk.view.start_button.click()

panel.desk.queue.changed.connect(start)
panel.session.input_changed.connect(start)
application.exec()
"""


class Owner:
    """Has a library, and keeps it in order."""

    def __init__(self, studio, qtbot):
        self.studio, self.window, self._qtbot = studio, studio.window, qtbot
        self.style, self.library = studio.window.panel("style"), studio.window.panel("library")
        self.queue, self.queue_view, self.view = self.style.desk.queue, self.style.desk.view, self.library.view

    def waits_until(self, condition):
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)

    def clicks(self, button):
        assert button.isVisible()
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def presses(self, key, modifiers=Qt.KeyboardModifier.NoModifier):
        self.window.activateWindow()
        self.waits_until(lambda: QApplication.activeWindow() is self.window)
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifiers)

    def shows(self):
        return [row.result.subject for row in self.library.session.rows]


@pytest.fixture
def folder(tmp_path):
    for number, name in enumerate(NAMES):
        write_photo(tmp_path / "holiday" / name, 64 + 4 * number, 48)
    return tmp_path / "holiday"


def test_a_folder_is_queued_killed_in_the_middle_and_gone_on_with(qapp, qtbot, folder, tmp_path):
    painting, out, home = write_painting(tmp_path / "stripes.png"), tmp_path / "painted", tmp_path / "home"
    arguments = [str(place) for place in (home, folder, painting, out)]
    with (tmp_path / "log.txt").open("wb") as log:
        program = subprocess.Popen(
            [sys.executable, "-c", FIRST_DAY, *arguments, UNTRAINED], cwd=ROOT, env=os.environ, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + 3 * PATIENCE / 1000
        while len(list(out.rglob("*.jpg"))) < 2:
            assert program.poll() is None, (tmp_path / "log.txt").read_text()
            assert time.monotonic() < deadline, (tmp_path / "log.txt").read_text()
            time.sleep(0.02)
    finally:
        program.kill()
        program.wait()
    there = {path: path.stat().st_mtime_ns for path in out.rglob("*.jpg")}
    assert len(there) < len(NAMES)
    painting.unlink()  # the queue has a copy

    with open_studio(home) as studio:
        owner = Owner(studio, qtbot)
        owner.waits_until(lambda: owner.queue.photos)
        assert owner.queue_view.words.text().startswith("A queue was broken off: ")
        assert not owner.queue.is_running
        assert owner.queue_view.pause_button.text() == "Go On"
        owner.clicks(owner.queue_view.pause_button)
        owner.clicks(owner.window.rail._buttons["adjust"])  # it goes on behind another panel
        owner.waits_until(lambda: owner.queue.is_over)
        assert owner.queue.report.failures == ()
        assert sorted(str(path.relative_to(out)) for path in out.rglob("*.*")) == sorted(RESULTS)
        assert {path: path.stat().st_mtime_ns for path in there} == there
        assert all(read_recipe(out / name).settings["steps"] == 40 for name in RESULTS)
        owner.clicks(owner.window.rail._buttons["style"])
        owner.clicks(owner.queue_view.close_button)
        assert owner.queue_view.isHidden()
    with open_studio(home) as studio:
        owner = Owner(studio, qtbot)
        owner.waits_until(lambda: studio.pictures.is_idle)
        assert owner.queue.photos == []


def test_a_result_is_searched_starred_deleted_and_brought_back(studio, qtbot, folder, tmp_path):
    owner = Owner(studio, qtbot)
    owner.window.activateWindow()
    owner.window.rail._buttons["adjust"].click()
    adjust = owner.window.panel("adjust")
    adjust.session.change(exposure=0.5)
    assert drop_files(adjust.canvas.viewport(), folder)
    view, queue = adjust.desk.view, adjust.desk.queue
    owner.waits_until(lambda: queue.proposed)
    owner.clicks(view.start_button)
    owner.waits_until(lambda: queue.photos and queue.is_over)
    assert view.words.text() == "5 photos: 5 adjusted"

    # every result of the queue is in the library, and is found by its words
    owner.clicks(owner.window.rail._buttons["library"])
    owner.waits_until(lambda: len(owner.view.paths) == 5)
    owner.presses(Qt.Key.Key_F, CTRL)
    QTest.keyClicks(owner.view.search, "CAFE exposure")
    owner.waits_until(lambda: owner.shows() == ["café"])
    owner.presses(Qt.Key.Key_Return)
    owner.presses(Qt.Key.Key_S)
    owner.waits_until(lambda: owner.library.session.rows[0].result.mark.star)
    owner.presses(Qt.Key.Key_F, CTRL)
    owner.presses(Qt.Key.Key_Escape)
    owner.waits_until(lambda: len(owner.view.paths) == 5)
    owner.clicks(owner.view.starred)
    assert owner.shows() == ["café"]

    # into the wastebasket, and back by undo
    owner.view.view.setFocus()
    owner.view.view.setCurrentIndex(owner.view.view.model().index(0, 0))
    owner.presses(Qt.Key.Key_Delete)
    owner.waits_until(lambda: owner.shows() == [])
    owner.clicks(owner.view.starred)
    assert len(owner.shows()) == 4
    assert owner.window.actions_of_window.undo.text() == "Undo Delete Picture"
    owner.presses(Qt.Key.Key_Z, CTRL)
    owner.waits_until(lambda: len(owner.shows()) == 5)
    owner.clicks(owner.view.starred)
    assert owner.shows() == ["café"]

    # and back from the wastebasket another way, to be opened with all its settings
    owner.view.view.choose(owner.view.paths)
    owner.clicks(owner.view.delete_button)
    owner.waits_until(lambda: owner.view.basket_button.text() == "Wastebasket (1)")
    owner.clicks(owner.view.basket_button)
    owner.view.view.choose(owner.view.paths)
    owner.clicks(owner.view.restore_button)
    owner.waits_until(lambda: owner.view.basket_button.text() == "Wastebasket")
    owner.clicks(owner.view.basket_button)
    adjust.session.change(exposure=-1.0)
    owner.view.view.setFocus()
    owner.view.view.setCurrentIndex(owner.view.view.model().index(0, 0))
    owner.presses(Qt.Key.Key_Return)
    owner.waits_until(lambda: adjust.session.photo is not None and adjust.session.settings.exposure == 0.5)
    owner.waits_until(lambda: adjust.session.is_settled)
    assert adjust.isVisible()
    assert adjust.session.photo.picture.name == "café.png"
    assert adjust.session.state is SessionState.FINISHED
