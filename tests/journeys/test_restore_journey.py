"""A restorer is trained in the window and used; what it restores is saved and brought back; a folder is restored."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch  # noqa: F401 - here, as in the program below
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from restorer_kit import write_restorer
from studio_kit import (
    PATIENCE,
    answering_file_dialog,
    drop_files,
    open_studio,
    type_number,
    write_painting,
    write_photo,
)

from models.degradations import degrade
from models.restoration import RestorerFacts
from studio.core.degrade_settings import PRESETS
from studio.core.images import load_picture, read_recipe
from studio.core.restore_settings import RestoreSettings
from studio.ui.panels.train.emphasis.dialog import EmphasisDialog
from studio.ui.picture.session import SessionState

ROOT = Path(__file__).resolve().parents[2]
CTRL = Qt.KeyboardModifier.ControlModifier
NAMES = ("beach.png", "rome/forum.png", "rome/café.png", "zoo.png")
RESULTS = [str(Path(name).with_name(f"{Path(name).stem} restored.png")) for name in NAMES]
STEPS = 200

FIRST_DAY = """
import sys
from pathlib import Path

import torch  # here, since on the engine's thread, which stands back, it takes minutes on a busy machine
from PySide6.QtWidgets import QApplication
from studio.app import Studio
from studio.core.restore_settings import RestoreSettings
from studio.core.user_folders import UserFolders

home, folder, model, out = sys.argv[1:]
application = QApplication([])
studio = Studio(application, UserFolders.within(Path(home)))
studio.window.show()
studio.window.show_panel("restore")
panel = studio.window.panel("restore")
panel.session.set_settings(RestoreSettings(mode="enlarge", model=model))
studio.preferences.queue_folder = out

def start():
    if panel.desk.queue.proposed:
        panel.desk.view._folder = Path(out)
        panel.desk.view._offer_places()
        panel.desk.view.start_button.click()

panel.desk.queue.changed.connect(start)
panel.open_pictures([Path(folder)])
application.exec()
"""


class Restorer:
    """Sits before the window with a mouse and a keyboard."""

    def __init__(self, studio, qtbot):
        self.studio, self.window, self._qtbot = studio, studio.window, qtbot
        self.panel, self.train = studio.window.panel("restore"), studio.window.panel("train")
        self.session = self.panel.session
        self.window.activateWindow()

    def waits_until(self, condition):
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)

    def clicks(self, button):
        assert button.isEnabled(), button.text()
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def presses(self, key, modifiers=Qt.KeyboardModifier.NoModifier):
        self.window.activateWindow()  # no window manager does so after a dialog
        self.waits_until(lambda: QApplication.activeWindow() is self.window)
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifiers)

    def goes_to(self, name):
        QTest.mouseClick(self.window.rail._buttons[name], Qt.MouseButton.LeftButton)

    def types(self, setting, value):
        type_number(self.train.desk.new_page.forms["restore"], setting, value)

    def paints_what_matters(self):
        """Paint over a photo that the run learns from."""
        self.train.desk.run_page.header.paint_action.trigger()
        (dialog,) = self.window.findChildren(EmphasisDialog)
        self.waits_until(dialog.list.count)
        dialog.list.setCurrentRow(0)
        self.waits_until(dialog.clear_button.isEnabled)
        view, left = dialog.canvas.viewport(), Qt.MouseButton.LeftButton
        QTest.mousePress(view, left, pos=view.rect().center())
        QTest.mouseMove(view, view.rect().center() + QPoint(40, 0))
        QTest.mouseRelease(view, left, pos=view.rect().center() + QPoint(40, 0))
        self.waits_until(lambda: "Painted" in dialog.list.item(0).text())
        self.clicks(dialog.close_button)

    @property
    def run(self):
        return self.train.session.watch.snapshot


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "holiday"
    for number in range(8):
        write_painting(folder / f"{number}.png", number, 64)  # no two alike: those stay on one side
    return folder


@pytest.fixture
def damaged(tmp_path):
    """A photo as the web hands it on, with what its camera wrote into it."""
    photo = load_picture(write_photo(tmp_path / "whole.png", 480, 400)).pixels
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    path = tmp_path / "damaged.jpg"
    Image.fromarray(degrade(photo, PRESETS["web"], 1).picture).save(path, exif=exif)
    return path


def trains(sitter, photos):
    """Drop photos in the Train panel, make everything tiny, begin, pause, and go on to the end."""
    sitter.goes_to("train")
    page, run_page = sitter.train.desk.new_page, sitter.train.desk.run_page
    page.kinds.control.setCurrentIndex(page.kinds.control.findText("Restorer"))
    assert page.forms["restore"].row("start").control.currentText() == "Nothing: a new network"
    assert drop_files(page, photos)
    sitter.waits_until(page.start_button.isEnabled)
    for setting, value in (
        ("width", 8), ("size", 16), ("batch", 1), ("held_back", 1), ("workers", 0), ("sample_every", 100),
        ("validate_every", 100), ("steps", STEPS),
    ):  # fmt: skip
        sitter.types(setting, value)
    sitter.clicks(page.start_button)
    sitter.waits_until(lambda: sitter.run is not None and sitter.run.history.step >= 3)
    sitter.clicks(run_page.header.main_button)
    sitter.waits_until(lambda: sitter.run.state == "paused")
    assert sitter.run.history.step < STEPS
    sitter.paints_what_matters()
    sitter.clicks(run_page.header.main_button)
    sitter.waits_until(lambda: sitter.run.state == "finished")
    heard = [one.facts["values"] for one in sitter.run.history.of_kind("settings")]
    assert [len(values["emphasis"]["maps"]) for values in heard] == [1]
    sitter.waits_until(lambda: {"psnr (checked)", "ssim (checked)", "charbonnier"} <= set(run_page.curves.names))
    sitter.waits_until(lambda: run_page.samples.shown is not None)
    sitter.waits_until(run_page.side.use_button.isVisible)
    return sitter.run.path


def test_a_restorer_is_trained_and_what_it_enlarges_is_saved_and_brought_back(home, qtbot, photos, damaged, tmp_path):
    with open_studio(home) as studio:
        sitter = Restorer(studio, qtbot)
        run = trains(sitter, photos)
        sitter.clicks(sitter.train.desk.run_page.side.use_button)
        assert sitter.window.rail.current == "restore"
        sitter.waits_until(lambda: sitter.session.settings.model == str(run))
        assert (sitter.session.settings.mode, sitter.session.settings.scale) == ("enlarge", "2")

        # dropped, paused, looked at elsewhere, gone on with
        with Image.open(damaged) as photo:
            width, height = photo.size
        assert drop_files(sitter.panel.canvas.viewport(), damaged)
        sitter.waits_until(lambda: sitter.session.state is SessionState.RUNNING)
        line = sitter.panel.workspace.progress_line
        sitter.clicks(line._pause)
        assert sitter.session.state is SessionState.PAUSED
        sitter.panel.canvas.zoom_to(2.0, QPointF(20, 20))
        sitter.clicks(line._pause)
        sitter.waits_until(lambda: sitter.session.state is SessionState.FINISHED and sitter.session.is_settled)
        made = sitter.session.layer
        assert made.shape == (2 * height, 2 * width, 3)

        # what it invented, and the photo shining through
        sitter.clicks(sitter.panel.column.invented_button)
        sitter.waits_until(sitter.panel.map.isVisible)
        sitter.clicks(sitter.panel.column.invented_button)
        sitter.session.change(strength=0.8)
        settings = sitter.session.settings
        out = tmp_path / "large.tif"
        with answering_file_dialog(out, filter_with="TIFF") as proposed:
            sitter.presses(Qt.Key.Key_S, CTRL)
        assert "damaged restored" in proposed[0]
        sitter.waits_until(out.exists)
        recipe = read_recipe(out)
        assert (recipe.task, recipe.settings["scale"], recipe.settings["strength"]) == ("restore", "2", 0.8)
        with Image.open(out) as saved:
            assert saved.getexif()[0x010F] == "Camera"
        sitter.waits_until(studio.library.entries)

    damaged.unlink()
    with open_studio(home) as studio:
        sitter = Restorer(studio, qtbot)
        sitter.goes_to("restore")
        sitter.waits_until(lambda: sitter.studio.pictures.is_idle)
        assert drop_files(sitter.panel.canvas.viewport(), out)
        sitter.waits_until(lambda: sitter.session.settings == settings)
        assert sitter.session.photo.picture.name == "damaged.jpg"
        sitter.panel.start()  # it was mixed with its photo: it is made again
        sitter.waits_until(lambda: sitter.session.layer is not None and sitter.session.is_settled)
        assert np.array_equal(sitter.session.layer, made)


def test_a_folder_is_restored_killed_in_the_middle_and_gone_on_with(qapp, qtbot, tmp_path):
    folder, out, home = tmp_path / "scans", tmp_path / "restored", tmp_path / "home"
    for number, name in enumerate(NAMES):
        write_photo(folder / name, 120 + 4 * number, 90)
    model = write_restorer(tmp_path / "large.safetensors", RestorerFacts("enlarger", {"scale": 2, "width": 24}))
    arguments = [str(place) for place in (home, folder, model, out)]
    with (tmp_path / "log.txt").open("wb") as log:
        program = subprocess.Popen(
            [sys.executable, "-c", FIRST_DAY, *arguments], cwd=ROOT, env=os.environ, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + 3 * PATIENCE / 1000
        while not list(out.rglob("*.png")):
            assert program.poll() is None, (tmp_path / "log.txt").read_text()
            assert time.monotonic() < deadline, (tmp_path / "log.txt").read_text()
            time.sleep(0.01)
    finally:
        program.kill()
        program.wait(timeout=PATIENCE / 1000)
    there = {path: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    assert len(there) < len(NAMES)

    with open_studio(home) as studio:
        sitter = Restorer(studio, qtbot)
        sitter.goes_to("restore")
        queue, view = sitter.panel.desk.queue, sitter.panel.desk.view
        sitter.waits_until(lambda: queue.photos)
        assert view.words.text().startswith("A queue was broken off: ")
        sitter.clicks(view.pause_button)
        sitter.waits_until(lambda: queue.is_over)
        assert queue.report.failures == ()
        assert sorted(str(path.relative_to(out)) for path in out.rglob("*.*")) == sorted(RESULTS)
        assert {path: path.stat().st_mtime_ns for path in there} == there
        for name, result in zip(NAMES, RESULTS, strict=True):
            photo, made = load_picture(folder / name), load_picture(out / result)
            assert (made.width, made.height) == (2 * photo.width, 2 * photo.height)
            assert RestoreSettings.model_validate(read_recipe(out / result).settings).enlargement == 2
