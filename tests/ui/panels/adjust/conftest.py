"""The Adjust panel, empty and with a photo."""

import pytest
from studio_kit import drop_files, write_photo

from studio.ui.panels.adjust.panel import AdjustPanel


@pytest.fixture
def panel(qtbot, panel_context):
    panel_context.preferences.compare_mode = "after"
    panel = AdjustPanel(panel_context)
    qtbot.addWidget(panel)
    panel.resize(1200, 800)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


@pytest.fixture
def settled(panel, until):
    def wait(name="photo.png"):
        there = lambda: panel.has_picture and panel.session.photo.picture.name == name  # noqa: E731
        until(lambda: there() and panel.session.is_settled)

    return wait


@pytest.fixture
def photo(tmp_path):
    return write_photo(tmp_path / "photo.png", 240, 160)


@pytest.fixture
def opened(panel, photo, settled):
    """The panel with a photo of 240 × 160."""
    assert drop_files(panel.canvas.viewport(), photo)
    settled()
    panel.undo_stack.clear()
    return panel
