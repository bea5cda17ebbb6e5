"""A painting worth keeping: begun in a look, stopped, gone on with, finished at the photo's size, looked at, saved."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from studio_kit import PATIENCE, UNTRAINED, answering_file_dialog, drop_files, write_painting, write_photo

from studio.core.images import load_picture
from studio.core.style_settings import StyleSettings
from studio.ui.picture.session import SessionState

PHOTO = 320, 213


@pytest.fixture
def panel(studio, qtbot):
    studio.window.resize(1280, 800)
    panel = studio.window.panel("style")
    qtbot.waitUntil(lambda: studio.pictures.is_idle, timeout=PATIENCE)
    return panel


def waits(qtbot, condition):
    qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)


def test_a_painting_comes_out_whole(studio, panel, qtbot, tmp_path):
    session, bar, line = panel.session, panel.workspace.compare_bar, panel.workspace.progress_line
    at_rest = lambda: session.state is SessionState.FINISHED and session.is_settled  # noqa: E731

    # a photo, a painting, a look
    assert drop_files(panel.canvas.viewport(), write_photo(tmp_path / "holiday.png", *PHOTO))
    assert drop_files(panel.shelf, write_painting(tmp_path / "stripes.png"))
    waits(qtbot, lambda: session.state is SessionState.READY)
    session.set_settings(StyleSettings(size=128, steps=1500, backbone=UNTRAINED))
    QTest.mouseClick(panel.column.looks_bar.buttons.buttons[1], Qt.MouseButton.LeftButton)
    look = panel.looks.shown
    assert look.name == "Painted"
    assert session.settings.size == 128

    # stopped: the bar, the file name and the button say so
    QTest.mouseClick(panel.start_button, Qt.MouseButton.LeftButton)
    waits(qtbot, lambda: len(session.history.frames) >= 2)
    QTest.mouseClick(line._stop, Qt.MouseButton.LeftButton)
    waits(qtbot, at_rest)
    assert bar._result.accessibleName() == "Painting 128 × 85, stopped"
    waits(qtbot, lambda: len(studio.library.entries()) == 1)
    assert "stopped" in studio.library.entries()[0].subject
    frames = list(session.history.frames)

    # gone on with, to the end
    session.settings_state.apply(session.settings.model_copy(update={"steps": 12}))
    session._restart.stop()
    QTest.mouseClick(line._pause, Qt.MouseButton.LeftButton)
    waits(qtbot, lambda: at_rest() and not session.is_stopped)
    assert bar._result.accessibleName() == "Painting 128 × 85"

    # finished at the photo's size: nothing that was there is lost
    panel.sizes._fill_sizes()
    next(one for one in panel.sizes._sizes.actions() if one.text().startswith("The photo's size")).trigger()
    assert session.state is SessionState.RUNNING
    waits(qtbot, at_rest)
    assert bar._result.accessibleName() == "Painting 320 × 213"
    assert [frame for frame in session.history.frames if frame in frames] == frames

    # looked at, pixel by pixel
    panel.canvas.set_compare_mode("after")
    panel.canvas.actual_size()
    assert panel.canvas.zoom == 1.0
    assert panel.canvas.picture_size == PHOTO
    seen = panel.canvas.picture_in_view()
    assert (seen.width(), seen.height()) == PHOTO

    # saved whole, and its look taken to another picture
    saved = tmp_path / "evening.png"
    with answering_file_dialog(saved):
        panel.save_as()
    waits(qtbot, saved.is_file)
    waits(qtbot, lambda: studio.pictures.is_idle)
    picture = load_picture(saved)
    assert (picture.width, picture.height) == PHOTO
    assert not picture.recipe.is_stopped
    assert np.ptp(picture.pixels) > 60
    session.set_settings(StyleSettings(size=96, steps=4, backbone=UNTRAINED))
    with answering_file_dialog(saved):
        panel.column.looks_bar.import_requested.emit()
    waits(qtbot, lambda: [one.name for one in panel.looks.own] == ["evening"])
    assert look.is_on(session.settings)
    assert session.settings.size == 96
