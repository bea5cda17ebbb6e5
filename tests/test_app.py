import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QLockFile
from studio_kit import LONG, PATIENCE, QUICK, open_studio, write_painting, write_photo
from thread_kit import running_threads

from studio.app import UncaughtErrors
from studio.core.images import load_picture
from studio.core.library import Library
from studio.core.style_settings import StyleSettings
from studio.ui.picture.session import SessionState

ROOT = Path(__file__).resolve().parents[1]


def run_python(script, **more):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", script], env=environment, capture_output=True, text=True, timeout=240,
        check=False, **more,
    )  # fmt: skip


def noise(done):
    """Return what the program complained about, without what Qt's screenless plugin always says."""
    return done.stderr.replace("This plugin does not support propagateSizeHints()\n", "")


FIRST_PAINT = """
import sys
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication
from studio.app import Studio
from studio.core.user_folders import UserFolders

application = QApplication([])
studio = Studio(application, UserFolders.standard())

class Painted(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            print("painted", [name for name in ("torch", "torchvision") if name in sys.modules])
            watched.removeEventFilter(self)
            QTimer.singleShot(0, studio.window.close)
        return False

painted = Painted()
studio.window.centralWidget().installEventFilter(painted)
studio.window.show()
application.exec()
"""


def test_the_window_is_painted_before_torch_is_imported():
    done = run_python(FIRST_PAINT)
    assert (done.returncode, noise(done)) == (0, "")
    assert done.stdout == "painted []\n"


INTERRUPTED = """
import os, signal, sys, threading, time
from studio.app import main

def interrupt():
    before = signal.getsignal(signal.{name})
    while signal.getsignal(signal.{name}) is before:
        time.sleep(0.02)
    time.sleep(0.5)
    os.kill(os.getpid(), signal.{name})

threading.Thread(target=interrupt, daemon=True).start()
sys.exit(main([]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_closes_the_window_in_good_order(name):
    done = run_python(INTERRUPTED.format(name=name))
    assert (done.returncode, noise(done)) == (0, "")


@pytest.fixture
def inputs(tmp_path):
    return [write_photo(tmp_path / "photo.png"), write_painting(tmp_path / "stripes.png")]


def begin_painting(studio, inputs, settings):
    photo, painting = inputs
    panel = studio.window.panel("style")
    panel.session.set_settings(settings)
    panel.session.start_when_ready = True
    panel.open_as("style", [painting])
    studio.open([photo])
    return panel.session


def test_a_photo_named_on_the_command_line_is_opened(qapp, qtbot, tmp_path, inputs):
    with open_studio(tmp_path / "home") as studio:
        session = begin_painting(studio, inputs, QUICK)
        qtbot.waitUntil(lambda: session.state is SessionState.FINISHED, timeout=PATIENCE)
        assert session.photo.picture.name == "photo.png"


def test_several_photos_named_on_the_command_line_are_a_queue(qapp, qtbot, tmp_path):
    photos = [write_photo(tmp_path / f"{number}.png") for number in range(2)]
    with open_studio(tmp_path / "home") as studio:
        studio.open(photos)
        queue = studio.window.panel("style").desk.queue
        qtbot.waitUntil(lambda: [item.photo for item in queue.proposed] == photos, timeout=PATIENCE)


def test_without_pictures_a_sample_is_being_painted(qapp, qtbot, tmp_path):
    with open_studio(tmp_path / "home") as studio:
        session = studio.window.panel("style").session
        session.set_settings(StyleSettings(size=64, steps=2000, backbone=LONG.backbone))
        studio.open([])
        qtbot.waitUntil(lambda: session.layer is not None, timeout=PATIENCE)
        assert session.photo.picture.path.parent.name == "photos"
        assert len(session.paintings) == 1


def test_the_sample_is_painted_on_the_first_start_alone_and_stays_out_of_the_library(qapp, qtbot, tmp_path):
    home = tmp_path / "home"
    with open_studio(home) as studio:
        session = studio.window.panel("style").session
        session.set_settings(QUICK)
        studio.open([])
        qtbot.waitUntil(lambda: session.state is SessionState.FINISHED and session.is_settled, timeout=PATIENCE)
        layer = session.layer
    assert Library(home / "library").entries() == ()
    with open_studio(home) as studio:
        session = studio.window.panel("style").session
        studio.open([])
        qtbot.waitUntil(lambda: session.layer is not None, timeout=PATIENCE)
        assert session.state is SessionState.FINISHED  # as it was left: nothing is painted
        assert np.array_equal(session.layer, layer)
        assert studio.window.panel("style").undo_stack.count() == 0


def test_a_sample_that_was_taken_in_hand_is_kept(qapp, qtbot, tmp_path):
    with open_studio(tmp_path / "home") as studio:
        panel = studio.window.panel("style")
        panel.session.set_settings(QUICK)
        studio.open([])
        qtbot.waitUntil(lambda: panel.session.state is SessionState.FINISHED, timeout=PATIENCE)
        panel.session.change(style_weight=3.0)
        qtbot.waitUntil(lambda: len(studio.library.entries()) == 1, timeout=PATIENCE)


def test_photo_paintings_settings_and_strip_are_back_in_every_panel(qapp, qtbot, tmp_path, inputs):
    home = tmp_path / "home"
    with open_studio(home) as studio:
        session = begin_painting(studio, inputs, QUICK)
        qtbot.waitUntil(lambda: session.state is SessionState.FINISHED and session.is_settled, timeout=PATIENCE)
        adjust = studio.window.panel("adjust")
        adjust.files.open_file(inputs[0], "content")
        qtbot.waitUntil(lambda: adjust.session.photo is not None, timeout=PATIENCE)
        adjust.session.change(exposure=1.0)
        frames = len(session.history.frames)
    for file in inputs:
        file.unlink()  # the session holds what it needs
    with open_studio(home) as studio:
        style, adjust = studio.window.panel("style"), studio.window.panel("adjust")
        studio.open([])
        qtbot.waitUntil(lambda: style.session.photo is not None and adjust.has_picture, timeout=PATIENCE)
        assert style.session.photo.picture.name == "photo.png"
        assert [one.picture.name for one in style.session.paintings] == ["stripes.png"]
        assert style.session.settings == QUICK
        assert style.workspace.film_strip.numbers == tuple(f.number for f in style.session.history.frames)
        assert len(style.session.history.frames) >= frames
        assert adjust.session.settings.exposure == 1.0
        assert adjust.form.settings.exposure == 1.0


def test_a_second_window_keeps_no_session_and_says_so(qapp, qtbot, tmp_path, inputs):
    sessions = tmp_path / "home" / "sessions"
    sessions.mkdir(parents=True)
    other = QLockFile(str(sessions / "in-use.lock"))
    assert other.tryLock(0)
    with open_studio(tmp_path / "home") as studio:
        studio.open(inputs)
        qtbot.waitUntil(lambda: "open already" in studio.window.banner.text, timeout=PATIENCE)
        assert studio.window.panel("style").keeper.root is None
    other.unlock()
    assert list(sessions.iterdir()) == []
    with open_studio(tmp_path / "home") as studio:
        assert studio.window.panel("style").keeper.root == sessions / "stylize"


def test_closing_in_mid_painting_keeps_what_was_reached_and_leaves_no_thread(qapp, qtbot, tmp_path, inputs):
    threads = threading.active_count()
    with open_studio(tmp_path / "home") as studio:
        session = begin_painting(studio, inputs, LONG)
        qtbot.waitUntil(lambda: len(session.history.frames) >= 2, timeout=PATIENCE)
        step = session.history.frames[-1].step
        studio.window.close()
        assert not studio.window.isVisible()
        assert running_threads() == []
    assert threading.active_count() <= threads
    (kept,) = Library(tmp_path / "home" / "library").entries()
    recipe = kept.recipe()
    assert recipe.steering[-1].action == "stop"
    assert recipe.steering[-1].at >= step
    assert load_picture(kept.path).pixels.shape == (43, 64, 3)


def test_closing_while_paused_keeps_what_was_reached(qapp, qtbot, tmp_path, inputs):
    with open_studio(tmp_path / "home") as studio:
        session = begin_painting(studio, inputs, LONG)
        qtbot.waitUntil(lambda: session.layer is not None, timeout=PATIENCE)
        session.pause()
    assert len(Library(tmp_path / "home" / "library").entries()) == 1


def test_closing_before_the_first_stroke_keeps_nothing(qapp, qtbot, tmp_path, inputs):
    with open_studio(tmp_path / "home") as studio:
        session = begin_painting(studio, inputs, LONG)
        qtbot.waitUntil(lambda: session.state is SessionState.RUNNING, timeout=PATIENCE)
        seen_nothing = session.history.newest is None
    assert len(Library(tmp_path / "home" / "library").entries()) == (0 if seen_nothing else 1)


def test_closing_at_once_is_quiet(qapp, tmp_path):
    with open_studio(tmp_path / "home") as studio:
        studio.open([])


def test_a_file_saved_just_before_closing_is_whole(qapp, qtbot, tmp_path, inputs):
    with open_studio(tmp_path / "home") as studio:
        session = begin_painting(studio, inputs, QUICK)
        qtbot.waitUntil(lambda: session.state is SessionState.FINISHED, timeout=PATIENCE)
        studio.window.panel("style")._saver._export(tmp_path / "saved.tif")
    assert load_picture(tmp_path / "saved.tif").recipe is not None
    assert len(Library(tmp_path / "home" / "library").entries()) == 1


def test_what_nobody_caught_is_told_in_the_window(qapp, qtbot, tmp_path, capsys):
    with open_studio(tmp_path) as studio:
        mishaps = UncaughtErrors(studio.window)
        error = ValueError("a fault in a slot")
        elsewhere = threading.Thread(target=mishaps.tell, args=(ValueError, error, None))
        elsewhere.start()
        elsewhere.join()
        qtbot.waitUntil(lambda: studio.window.banner.is_showing)
        assert studio.window.banner.text.startswith("ValueError: a fault in a slot")
    assert "a fault in a slot" in capsys.readouterr().err
