"""A photo cropped, straightened and brightened, sent to be painted, saved and brought back, through the real window."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from studio_kit import PATIENCE, answering_file_dialog, drag_slider, drop_files, pixels_of, write_photo

from studio.core.adjust_settings import AdjustSettings
from studio.core.images import load_picture, read_recipe
from studio.jobs.adjust import framed, toned

CTRL = Qt.KeyboardModifier.ControlModifier


class Photographer:
    """Sits before the window with a mouse and a keyboard."""

    def __init__(self, studio, qtbot):
        self.studio, self.window, self._qtbot = studio, studio.window, qtbot
        self.panel = studio.window.panel("adjust")
        self.session, self.canvas = self.panel.session, self.panel.canvas

    @property
    def settings(self):
        return self.session.settings

    def waits_until(self, condition):
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)

    def waits(self):
        self.waits_until(lambda: self.session.is_settled and self.panel.has_picture)

    def clicks(self, button):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def drags_slider(self, setting, share):
        row = self.panel.form.row(setting)
        self.panel.column.findChild(type(row))  # the row is in the column that is shown
        drag_slider(row.slider, share, between=lambda: self._qtbot.wait(30))

    def drags_on_canvas(self, start, end, moves=5):
        """Press at a position of the picture, pull to another in several moves, let go."""
        view, left, none = self.canvas.viewport(), Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        begin, finish = (self.canvas.to_view(QPointF(*spot)) for spot in (start, end))
        kinds = [(QEvent.Type.MouseButtonPress, begin, left, left)]
        kinds += [
            (QEvent.Type.MouseMove, begin + (finish - begin) * n / moves, none, left) for n in range(1, moves + 1)
        ]
        for kind, place, button, held in [*kinds, (QEvent.Type.MouseButtonRelease, finish, left, none)]:
            event = QMouseEvent(kind, place, view.mapToGlobal(place), button, held, Qt.KeyboardModifier.NoModifier)
            QApplication.sendEvent(view, event)
            self._qtbot.wait(20)

    def presses(self, key, modifiers=Qt.KeyboardModifier.NoModifier):
        self.window.activateWindow()  # no window manager does so after a dialog
        self.waits_until(lambda: QApplication.activeWindow() is self.window)
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifiers)

    def sees(self, x, y):
        """The colour on the screen at a position of the picture."""
        place = self.canvas.to_view(QPointF(x, y))
        return pixels_of(self.canvas.viewport())[round(place.y()), round(place.x())].astype(int)

    def chooses(self, menu, text):
        menu.aboutToShow.emit()
        next(action for action in menu.actions() if action.text() == text).trigger()


@pytest.fixture
def photographer(studio, qtbot):
    studio.window.activateWindow()
    return Photographer(studio, qtbot)


def test_a_photo_is_prepared_painted_saved_and_brought_back(photographer, tmp_path):
    p = photographer
    photo = write_photo(tmp_path / "holiday.png", 240, 160)
    p.clicks(p.window.rail._buttons["adjust"])
    assert p.panel.isVisible()
    assert drop_files(p.canvas.viewport(), photo)
    p.waits()
    assert p.canvas.picture_size == (240, 160)

    # crop by dragging two handles, and take the second drag back
    p.clicks(p.panel.column.crop_button)
    p.drags_on_canvas((240, 160), (180, 120))
    assert p.settings.crop == pytest.approx((0, 0, 0.75, 0.75), abs=0.01)
    p.drags_on_canvas((0, 60), (60, 60))
    assert p.settings.crop[0] == pytest.approx(0.25, abs=0.01)
    p.presses(Qt.Key.Key_Z, CTRL)
    assert p.settings.crop == pytest.approx((0, 0, 0.75, 0.75), abs=0.01)
    dimmed = p.sees(220, 20)
    p.presses(Qt.Key.Key_Return)
    p.waits()
    assert not p.panel.crop.isVisible()
    assert p.canvas.picture_size == pytest.approx((180, 120), abs=2)
    assert dimmed.sum() < 0.6 * load_picture(photo).pixels[20, 220].astype(int).sum()

    # straighten: the whole photo comes back while the hand moves, and the crop stays inside
    p.drags_slider("angle", 0.55)
    assert p.settings.angle > 0
    assert p.panel.crop.isVisible()
    p.clicks(p.panel.column.crop_button)
    p.waits()

    # exposure, to the right of the divider, and one step back
    before = p.sees(150, 20)
    p.drags_slider("exposure", 0.35)
    p.waits()
    darker = p.settings
    assert p.settings.exposure < 0
    assert (p.sees(150, 20) < before).all()
    p.presses(Qt.Key.Key_Z, CTRL)
    assert p.settings.exposure == 0.0
    p.presses(Qt.Key.Key_Z, CTRL | Qt.KeyboardModifier.ShiftModifier)
    assert p.settings == darker
    p.waits()
    expected = toned(framed(load_picture(photo).pixels, darker), darker)
    assert np.array_equal(p.session.layer, expected)

    # on to Style, with the recipe in the library
    style = p.window.panel("style")
    p.chooses(p.window.menus.send, "Style")
    p.waits_until(lambda: style.session.photo is not None)
    assert style.isVisible()
    sent = style.session.photo.picture
    assert np.abs(sent.pixels - expected / 257).max() <= 0.5
    kept = p.studio.library.entries()[0]
    assert kept.recipe().task == "adjust"
    assert AdjustSettings.model_validate(kept.recipe().settings) == darker
    assert sent.name == "holiday adjusted"

    # saved, and dropped back: the panel returns
    p.clicks(p.window.rail._buttons["adjust"])
    out = tmp_path / "holiday adjusted.tif"
    with answering_file_dialog(out, filter_with="TIFF") as proposed:
        p.presses(Qt.Key.Key_S, CTRL)
    assert "holiday adjusted" in proposed[0]
    p.waits_until(out.exists)
    assert read_recipe(out).settings["exposure"] == darker.exposure
    photo.unlink()
    p.panel.reset()
    p.waits()
    assert p.settings == AdjustSettings()
    assert drop_files(p.canvas.viewport(), out)
    p.waits_until(lambda: p.settings == darker)
    p.waits()
    assert np.array_equal(p.session.layer, expected)
    assert p.session.photo.picture.name == "holiday.png"


def test_closing_right_after_saving_loses_no_move_of_a_slider(studio, qtbot, tmp_path):
    photographer, closed = Photographer(studio, qtbot), []
    photo, out = write_photo(tmp_path / "photo.png", 240, 160), tmp_path / "out.tif"
    studio.window.show_panel("adjust")
    assert drop_files(photographer.canvas.viewport(), photo)
    photographer.waits()
    studio.window.closed.connect(lambda: closed.append(True))
    photographer.session.change(exposure=1.0)
    with answering_file_dialog(out):
        studio.window.actions_of_window.save_as.trigger()
    studio.window.close()
    studio.window.close()
    photographer.waits_until(lambda: closed)
    assert closed == [True]
    assert AdjustSettings.model_validate(read_recipe(out).settings) == AdjustSettings(exposure=1.0)
