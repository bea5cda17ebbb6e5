"""Nothing is lost: the program is killed in mid-painting, and the next start goes on from the last frame."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from studio_kit import PATIENCE, answering_file_dialog, open_studio, write_painting, write_photo

from studio.core.kept_sessions import kept_sessions
from studio.core.session_reading import read_session
from studio.ui.picture.session import SessionState

ROOT = Path(__file__).resolve().parents[2]

PAINTS = """
import sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
from studio.app import Studio
from studio.core.style_settings import StyleSettings
from studio.core.user_folders import UserFolders

application = QApplication([])
studio = Studio(application, UserFolders.standard())
session = studio.window.panel("style").session
session.set_settings(StyleSettings(size=64, steps=2000, backbone="squeezenet1_1:untrained", style_weight=2.5))
session.start_when_ready = True
photo, painting = map(Path, sys.argv[1:])
studio.open([photo])
studio.window.panel("style").open_as("style", [painting])
application.exec()
"""


@pytest.fixture
def pictures(tmp_path):
    return write_photo(tmp_path / "holiday.png"), write_painting(tmp_path / "stripes.png", 3)


def killed_in_mid_painting(home, pictures):
    """Let the program paint until a few frames are on the disk, and kill it so that it cannot say good-bye."""
    environment = os.environ | {"ATELIER_HOME": str(home), "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    program = subprocess.Popen([sys.executable, "-c", PAINTS, *map(str, pictures)], env=environment)
    deadline = time.monotonic() + PATIENCE / 1000
    try:
        while not (kept := kept_sessions(home / "sessions" / "stylize")) or len(read_session(kept[0].path).frames) < 2:
            assert program.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        time.sleep(0.5)  # somewhere between two writes, or in the middle of one
    finally:
        program.send_signal(signal.SIGKILL)
        program.wait()
    return kept[0].path


def choose(window, menu, words):
    """Open a menu of the menu bar's and choose an item."""
    shown = next(found for found in window.findChildren(QMenu) if found.title().replace("&", "") == menu)
    shown.aboutToShow.emit()
    action: QAction = next(action for action in shown.actions() if words in action.text())
    action.trigger()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_a_killed_painting_is_offered_at_the_next_start_and_goes_on(qapp, qtbot, tmp_path, pictures):
    home = tmp_path / "home"
    folder = killed_in_mid_painting(home, pictures)
    for file in pictures:
        file.unlink()
    kept = read_session(folder)
    assert kept.running

    with open_studio(home) as studio:
        until = lambda condition: qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)  # noqa: E731
        window, panel = studio.window, studio.window.panel("style")
        session, bar = panel.session, panel.workspace.strip_bar
        studio.open([])
        until(lambda: session.photo is not None and session.is_settled)

        assert session.state is SessionState.FINISHED
        assert (session.photo.picture.name, session.paintings[0].picture.name) == ("holiday.png", "stripes.png")
        assert session.settings.style_weight == 2.5
        assert panel.form.settings == session.settings
        assert np.array_equal(session.layer, kept.layer)
        assert "holiday" in window.banner.text
        assert "Go On" in window.banner.text
        assert panel.save_button.isEnabled()

        last, frames = session.film.shown_frame, len(session.history.frames)
        assert np.array_equal(last.layer, kept.layer)
        assert bar.go_on.isEnabled()
        QTest.mouseClick(bar.go_on, Qt.MouseButton.LeftButton)
        assert session.state is SessionState.RUNNING
        until(lambda: len(session.history.frames) >= frames + 2)
        QTest.mouseClick(panel.workspace.progress_line._stop, Qt.MouseButton.LeftButton)
        until(lambda: session.state is SessionState.FINISHED and len(studio.library.entries()) == 1)
        recipe = studio.library.entries()[0].recipe()
        assert [step.action for step in recipe.steering].count("branch") == 1

        named = tmp_path / "evening.atelier"
        with answering_file_dialog(named):
            QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        until(named.is_file)
        layer = session.layer

        panel.open_pictures([write_photo(tmp_path / "other.png", 64, 96)])
        until(lambda: session.photo.picture.name == "other.png" and session.history.frames)
        panel.stop()
        until(lambda: session.state is SessionState.FINISHED and session.is_settled and panel.keeper.is_up_to_date)
        choose(window, "Continue With", "holiday")
        until(lambda: session.photo.picture.name == "holiday.png")
        assert np.array_equal(session.layer, layer)
        panel.undo_stack.undo()
        assert session.photo.picture.name == "other.png"

        panel.open_pictures([named])
        until(lambda: session.photo.picture.name == "holiday.png")
        assert np.array_equal(session.layer, layer)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_whatever_moment_it_is_killed_at_the_session_opens(tmp_path, pictures):
    home = tmp_path / "home"
    for _ in range(2):
        read = read_session(killed_in_mid_painting(home, pictures))
        assert read.layer is not None
        assert len(read.inputs["style"]) == 1


@pytest.mark.parametrize("last", ["style", "adjust"])
def test_the_next_start_shows_the_panel_that_was_worked_in_last(qapp, qtbot, tmp_path, pictures, last):
    until = lambda condition: qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)  # noqa: E731
    home = tmp_path / "home"
    with open_studio(home) as studio:
        panels = [studio.window.panel(name) for name in ("style", "adjust")]
        for panel in panels:
            panel.open_pictures([pictures[0]])
            until(lambda panel=panel: panel.session.photo is not None and panel.session.is_settled)
        studio.window.show_panel(last)
        studio.window.close()
    with open_studio(home) as studio:
        panels = [studio.window.panel(name) for name in ("style", "adjust")]
        studio.open([])
        until(lambda: all(panel.session.photo is not None for panel in panels))
        assert studio.window.panel(last).isVisible()
