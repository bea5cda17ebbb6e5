"""The small things, as somebody meets them who works by keyboard: errors, commands, names, disks that do not answer."""

import os

import pytest
from PySide6.QtCore import QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QSlider
from studio_kit import PATIENCE, drop_files, write_photo

from studio.core.images import load_picture
from studio.core.log_file import logging_to
from studio.ui.controls.question import Question
from studio.ui.shell.command_palette import CommandPalette

CTRL = Qt.KeyboardModifier.ControlModifier


class Writer:
    """Sits before the window and prefers the keyboard."""

    def __init__(self, studio, qtbot):
        self.window, self._qtbot = studio.window, qtbot
        self.adjust = studio.window.panel("adjust")

    def waits_until(self, condition):
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)

    def presses(self, key, modifiers=Qt.KeyboardModifier.NoModifier):
        self.window.activateWindow()
        self.waits_until(lambda: QApplication.activeWindow() is self.window)
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifiers)

    def commands(self, letters):
        """Find a command by a few letters, and do it."""
        self.presses(Qt.Key.Key_K, CTRL)
        palette = next(one for one in self.window.findChildren(CommandPalette) if one.isVisible())
        QTest.keyClicks(palette.entry, letters)
        QTest.keyClick(palette.entry, Qt.Key.Key_Return)

    def saves_as(self, name, quality, command):
        """Type a name into the dialog; agree to what is asked about it; returns what was asked."""
        asked, typed = [], []

        def type_name():
            dialog = QApplication.activeModalWidget()
            if isinstance(dialog, QFileDialog) and not typed:
                typed.append(name)
                dialog.findChild(QSlider).setValue(quality)
                entry = dialog.findChild(QLineEdit, "fileNameEdit")
                entry.setText(name)
                QTest.keyClick(entry, Qt.Key.Key_Return)

        def agree():
            question = QApplication.activeModalWidget()
            if isinstance(question, Question):
                asked.append(question.text())
                question.buttons()[0].click()

        clocks = [QTimer(interval=20), QTimer(interval=20)]  # the question comes while the first has not returned
        for clock, answer in zip(clocks, (type_name, agree), strict=True):
            clock.timeout.connect(answer)
            clock.start()
        command()
        for clock in clocks:
            clock.stop()
        return asked

    @property
    def said(self):
        return self.window.banner.text


@pytest.fixture
def writer(studio, qtbot):
    studio.window.activateWindow()
    return Writer(studio, qtbot)


def test_an_hour_of_small_things(writer, tmp_path):
    w, adjust, log = writer, writer.adjust, tmp_path / "atelier home" / "logs" / "atelier.log"
    with logging_to(log):
        w.presses(Qt.Key.Key_F3)
        assert adjust.isVisible()

        # a pipe and a broken file are refused, at once and without waiting; both errors go when a photo opens
        os.mkfifo(tmp_path / "pipe.png")
        assert not drop_files(adjust.canvas.viewport(), tmp_path / "pipe.png")
        assert "pipe.png" in w.said
        (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing more")
        assert drop_files(adjust.canvas.viewport(), tmp_path / "broken.jpg")
        w.waits_until(lambda: "broken.jpg" in w.said)
        assert w.window.banner.waiting == 1  # the newest comes first
        canvas, banner = adjust.canvas, w.window.banner
        w.waits_until(lambda: QRect(canvas.mapTo(w.window, QPoint()), canvas.size()).contains(
            QRect(banner.mapTo(w.window, QPoint()), banner.size())))  # fmt: skip
        photo = write_photo(tmp_path / "photos" / "holiday.png", 240, 160)
        assert drop_files(adjust.canvas.viewport(), photo)
        w.waits_until(lambda: adjust.has_picture and adjust.session.is_settled)
        assert not banner.is_showing

        # commands by name: a button of the panel, a setting, the grey picker
        w.commands("turn right")
        assert adjust.session.settings.turn == "90"
        w.commands("exposure")
        w.presses(Qt.Key.Key_Right)
        assert adjust.session.settings.exposure == pytest.approx(0.05)
        w.commands("pick gr")
        w.presses(Qt.Key.Key_Return)
        w.waits_until(lambda: not adjust.column.grey_button.isChecked())
        assert adjust.session.settings.temperature != 0
        w.waits_until(lambda: adjust.session.is_settled)

        # saved beside the photo; an ending that is not written is asked about, and the quality is kept
        w.saves_as("plain.jpg", 40, lambda: w.commands("save as"))
        w.waits_until(lambda: f"Saved as plain.jpg in {photo.parent}" in w.said)
        small = photo.with_name("plain.jpg")
        asked = w.saves_as("a.gif", 95, lambda: w.presses(Qt.Key.Key_S, CTRL | Qt.KeyboardModifier.ShiftModifier))
        assert asked == ["GIF files are not written here."]
        w.waits_until(lambda: "Saved as a.jpg" in w.said)
        assert photo.with_name("a.jpg").stat().st_size > small.stat().st_size
        saved = load_picture(small)
        assert (saved.width, saved.height) == (160, 240)
        assert not photo.with_name("a.gif.png").exists()
        w.presses(Qt.Key.Key_Escape)
        assert not banner.is_showing

        # what was broken is not among the recent files; the log knows of it, and diagnostics bring it along
        menu = w.window.menus.recent
        menu.aboutToShow.emit()
        assert [action.text() for action in menu.actions()] == ["holiday.png"]
        w.commands("diagnos")
        w.waits_until(lambda: w.said.startswith("Copied: versions"))
        assert "broken.jpg" in QGuiApplication.clipboard().text()
        assert "broken.jpg" in log.read_text()
