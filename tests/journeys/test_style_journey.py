"""A photo painted in the manner of a painting, through the real window, as an artist would go about it."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from studio_kit import (
    LONG,
    PATIENCE,
    answering_file_dialog,
    drag_slider,
    drop_files,
    pixels_of,
    type_number,
    write_painting,
    write_photo,
)

from studio.core.images import load_picture
from studio.core.style_settings import StyleSettings
from studio.ui.canvas.incoming import image_of
from studio.ui.picture.session import SessionState

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Artist:
    """Sits before the window with a mouse and a keyboard."""

    def __init__(self, studio, qtbot):
        self.studio, self.window, self._qtbot = studio, studio.window, qtbot
        self.panel = studio.window.panel("style")
        self.session = self.panel.session
        self.canvas = self.panel.workspace.canvas
        self.strip = self.panel.workspace.film_strip
        self.line = self.panel.workspace.progress_line

    def waits_until(self, condition):
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)

    def drops(self, *files):
        assert drop_files(self.canvas.viewport(), *files)

    def types(self, setting, value):
        type_number(self.panel.form, setting, value)

    def drags(self, setting, share):
        """Take the slider of a setting and pull it; the window lives on meanwhile."""
        drag_slider(self.panel.form.row(setting).slider, share, between=lambda: self._qtbot.wait(30))

    def presses(self, key, modifiers=Qt.KeyboardModifier.NoModifier):
        self.window.activateWindow()  # no window manager does so after a dialog
        self.waits_until(lambda: QApplication.activeWindow() is self.window)
        QTest.keyClick(self.window, key, modifiers)

    def clicks_frame(self, row):
        self.waits_until(lambda: self.strip.visualRect(self.strip.model().index(row, 0)).isValid())
        self.strip.horizontalScrollBar().setValue(0)
        place = self.strip.visualRect(self.strip.model().index(row, 0)).center()
        QTest.mouseClick(self.strip.viewport(), Qt.MouseButton.LeftButton, pos=place)

    def presses_on_strip(self, key):
        self.strip.setFocus()
        QTest.keyClick(self.strip, key)

    def sees(self):
        return pixels_of(self.canvas.viewport()).astype(int)

    def sees_change(self, before, level=3.0):
        return np.sqrt(np.mean((self.sees() - before) ** 2)) >= level


@pytest.fixture
def artist(studio, qtbot):
    studio.window.activateWindow()
    return Artist(studio, qtbot)


@pytest.fixture
def photo(tmp_path):
    return write_photo(tmp_path / "holiday.png", 96, 72)


@pytest.fixture
def painting(tmp_path):
    return write_painting(tmp_path / "stripes.png", 3)


def begin(artist, photo, painting):
    """Bring pictures, ask for a small and long painting, and start it."""
    artist.drops(photo)
    artist.waits_until(lambda: artist.session.photo)
    with answering_file_dialog(painting):
        artist.presses(Qt.Key.Key_O, CTRL | SHIFT)
    artist.waits_until(lambda: artist.session.state is SessionState.READY)
    artist.session.set_settings(artist.session.settings.model_copy(update={"backbone": LONG.backbone}))
    artist.types("size", 64)
    artist.types("steps", 2000)
    QTest.mouseClick(artist.panel.start_button, Qt.MouseButton.LeftButton)
    assert artist.session.state is SessionState.RUNNING


def test_a_photo_is_painted_steered_branched_saved_and_brought_back(artist, photo, painting, tmp_path):
    session = artist.session
    begin(artist, photo, painting)
    artist.waits_until(lambda: len(artist.strip.numbers) >= 2)

    for setting, share in (("style_weight", 0.95), ("content_weight", 0.15), ("strength", 0.4)):
        before = artist.sees()
        artist.drags(setting, share)
        artist.waits_until(lambda before=before: artist.sees_change(before))
    assert session.state is SessionState.RUNNING
    assert session.settings.style_weight > 4
    assert session.settings.content_weight < 0.5
    assert 0.3 < session.settings.strength < 0.5
    artist.waits_until(lambda: session.history.frames[-1].settings.style_weight == session.settings.style_weight)

    QTest.mouseClick(artist.line._stop, Qt.MouseButton.LeftButton)
    artist.waits_until(lambda: session.state is SessionState.FINISHED and not session.compositor.is_busy)
    artist.waits_until(lambda: len(artist.studio.library.entries()) == 1)
    steered = session.settings

    early = session.history.frames[0]
    assert early.settings != steered
    frames = len(session.history.frames)
    artist.clicks_frame(0)
    assert session.film.looking_at is early
    assert session.settings == steered
    artist.presses_on_strip(Qt.Key.Key_Return)
    assert session.state is SessionState.RUNNING
    assert session.settings == early.settings
    artist.waits_until(lambda: len(session.history.frames) >= frames + 2)
    assert session.history.frames[frames].branch
    artist.drags("strength", 0.75)
    QTest.mouseClick(artist.line._stop, Qt.MouseButton.LeftButton)
    artist.waits_until(lambda: session.state is SessionState.FINISHED and not session.compositor.is_busy)
    branched = session.settings
    assert 0.7 < branched.strength < 0.8

    saved = tmp_path / "mine" / "evening.png"
    saved.parent.mkdir()
    with answering_file_dialog(saved) as proposed:
        artist.presses(Qt.Key.Key_S, CTRL | SHIFT)
    assert proposed[0].endswith("holiday painted")
    artist.waits_until(saved.is_file)
    artist.waits_until(lambda: len(artist.studio.library.entries()) == 2)
    artist.waits_until(lambda: artist.studio.pictures.is_idle)

    session.set_settings(StyleSettings(seed=77, backbone=LONG.backbone, size=96, saturation=0.1))
    artist.drops(write_photo(tmp_path / "other.png", 64, 64))
    artist.waits_until(lambda: session.photo.picture.name == "other.png")

    artist.drops(saved)
    artist.waits_until(lambda: session.photo.picture.name == "holiday.png")
    assert session.settings == branched
    assert artist.panel.form.settings == branched
    assert [one.picture.name for one in session.paintings] == ["stripes.png"]
    shown = load_picture(saved).pixels[..., :3]
    assert np.array_equal(artist.panel._shown.levels[0][..., 2::-1], shown)
    assert artist.panel.photo_tile.tile.accessibleName() == "holiday.png"
    banner = artist.window.banner
    artist.waits_until(
        lambda: not banner.is_showing or "untrained" in banner.text
    )  # that it was saved is told no longer


def test_the_saved_file_comes_back_while_its_painting_still_runs(artist, photo, painting, tmp_path):
    begin(artist, photo, painting)
    artist.waits_until(lambda: artist.session.history.frames)
    saved = tmp_path / "half-way.jpg"
    with answering_file_dialog(saved):
        artist.presses(Qt.Key.Key_S, CTRL)
    artist.waits_until(saved.is_file)
    as_saved = artist.session.settings
    artist.drags("style_weight", 0.9)
    artist.drops(saved)
    artist.waits_until(lambda: artist.session.state is SessionState.FINISHED)
    assert artist.session.settings == as_saved
    artist.waits_until(lambda: len(artist.studio.library.entries()) == 1)


def test_a_broken_file_in_mid_painting_is_explained_and_the_painting_goes_on(artist, photo, painting, tmp_path):
    begin(artist, photo, painting)
    artist.waits_until(lambda: artist.session.history.frames)
    broken = tmp_path / "broken.png"
    broken.write_bytes(photo.read_bytes()[:80])
    frames = len(artist.session.history.frames)
    artist.drops(broken)
    artist.waits_until(lambda: "broken.png" in artist.window.banner.text)
    assert artist.window.banner.isVisible()
    cause, remedy = artist.window.banner._cause.text(), artist.window.banner._remedy.text()
    assert cause.endswith(".")
    assert len(remedy) > 10
    assert artist.session.photo.picture.name == "holiday.png"
    artist.waits_until(lambda: len(artist.session.history.frames) > frames)
    assert artist.session.state is SessionState.RUNNING


def test_undo_takes_back_one_drag_and_the_running_painting_follows(artist, photo, painting):
    begin(artist, photo, painting)
    artist.waits_until(lambda: artist.session.history.frames)
    before = artist.session.settings.style_weight
    artist.drags("style_weight", 0.9)
    moved = artist.session.settings.style_weight
    artist.waits_until(lambda: artist.session.recipe.settings["style_weight"] == moved)
    artist.presses(Qt.Key.Key_Z, CTRL)
    assert artist.session.settings.style_weight == before
    artist.waits_until(lambda: artist.session.recipe.settings["style_weight"] == before)
    artist.presses(Qt.Key.Key_Y, CTRL)
    assert artist.session.settings.style_weight == moved
    artist.waits_until(lambda: artist.session.recipe.settings["style_weight"] == moved)
    assert artist.session.state is SessionState.RUNNING


def test_pause_rests_while_instant_sliders_go_on_working(artist, photo, painting, qtbot):
    begin(artist, photo, painting)
    artist.waits_until(lambda: artist.session.history.frames)
    artist.presses(Qt.Key.Key_P, CTRL)
    qtbot.wait(150)
    artist.waits_until(lambda: not artist.session.compositor.is_busy)
    resting = artist.sees()
    qtbot.wait(200)
    assert np.array_equal(artist.sees(), resting)
    artist.drags("strength", 0.0)
    artist.waits_until(lambda: artist.sees_change(resting, level=0.3))
    frames = len(artist.session.history.frames)
    artist.presses(Qt.Key.Key_P, CTRL)
    artist.waits_until(lambda: len(artist.session.history.frames) > frames)


def test_a_pasted_picture_is_painted(artist, painting):
    pixels = np.random.default_rng(2).integers(0, 256, (64, 64, 3), np.uint8)
    QGuiApplication.clipboard().setImage(image_of(pixels))
    artist.canvas.setFocus()
    QTest.keyClick(artist.canvas, Qt.Key.Key_V, CTRL)
    artist.waits_until(lambda: artist.session.photo)
    assert np.array_equal(artist.session.photo.picture.pixels, pixels)
    artist.session.set_settings(StyleSettings(size=64, steps=2, backbone=LONG.backbone))
    assert drop_files(artist.panel.shelf, painting)
    artist.waits_until(lambda: artist.session.state is SessionState.READY)
    artist.presses(Qt.Key.Key_Return, CTRL)
    artist.waits_until(lambda: len(artist.studio.library.entries()) == 1)


def test_space_shows_the_photo_while_it_is_held(artist, photo, painting):
    begin(artist, photo, painting)
    artist.waits_until(lambda: len(artist.session.history.frames) >= 2)
    artist.presses(Qt.Key.Key_P, CTRL)
    artist.waits_until(lambda: not artist.session.compositor.is_busy)
    QApplication.processEvents()
    artist.canvas.set_compare_mode("after")
    painted = artist.sees()
    artist.canvas.setFocus()
    QTest.keyPress(artist.canvas, Qt.Key.Key_Space)
    peeked = artist.sees()
    QTest.keyRelease(artist.canvas, Qt.Key.Key_Space)
    assert np.abs(peeked - painted).mean() > 1
    assert np.array_equal(artist.sees(), painted)


def test_the_divider_is_dragged_with_the_mouse(artist, photo, painting):
    begin(artist, photo, painting)
    artist.waits_until(lambda: artist.session.history.frames)
    view = artist.canvas.viewport()
    start = QPoint(round(artist.canvas.divider_x), view.height() // 2)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(view, start + QPoint(-60, 0))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start + QPoint(-60, 0))
    assert artist.canvas.split < 0.5
