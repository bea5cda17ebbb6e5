"""The window, empty and with a painting that is done."""

import pytest
from PySide6.QtWidgets import QApplication
from studio_kit import PATIENCE, QUICK, open_pair, write_painting, write_photo

from studio.ui.picture.session import SessionState


@pytest.fixture
def window(studio, qtbot):
    window = studio.window
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window, timeout=PATIENCE)
    return window


@pytest.fixture
def painted(window, until, tmp_path):
    """The window with a painting that is done."""
    window.panel("style").session.set_settings(QUICK)
    window.panel("style").undo_stack.clear()
    window.panel("style").session.start_when_ready = True
    open_pair(window.panel("style"), write_photo(tmp_path / "photo.png"), write_painting(tmp_path / "stripes.png"))
    until(lambda: window.panel("style").session.state is SessionState.FINISHED)
    return window
