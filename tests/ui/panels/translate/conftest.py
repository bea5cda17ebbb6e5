"""The Translate panel, with a small pair that a finished run has left, and without any."""

import pytest
from PySide6.QtCore import QPointF
from studio_kit import write_photo
from translator_kit import write_translator

from studio.ui.canvas.layers import Pen
from studio.ui.panels.translate.panel import TranslatePanel


@pytest.fixture
def pair(home):
    """A finished run that goes from photo to painting and back."""
    return str(write_translator(home / "runs" / "monet" / "model.safetensors").parent)


@pytest.fixture
def open_panel(qtbot, panel_context, until):
    def open():
        panel = TranslatePanel(panel_context)
        qtbot.addWidget(panel)
        panel.resize(1200, 800)
        with qtbot.waitExposed(panel):
            panel.show()
        until(lambda: panel.session.has_looked)
        return panel

    return open


@pytest.fixture
def panel(pair, open_panel):
    return open_panel()


@pytest.fixture
def settled(until):
    def wait(panel):
        session = panel.session
        until(lambda: session.is_settled and session.recipe is not None and not panel.is_running)
        until(lambda: session.masks.is_settled and not session.is_behind and session.is_settled)

    return wait


@pytest.fixture
def opened(panel, tmp_path, settled):
    """The panel with a picture of 48 × 32, translated."""
    panel.open_pictures([write_photo(tmp_path / "photo.png", 48, 32)])
    settled(panel)
    panel.undo_stack.clear()
    return panel


@pytest.fixture
def drawing(panel, until, settled):
    """The panel with a small blank sheet and a layer in hand."""
    panel.session.change(mode="draw")
    panel.open_sheet(64, 64)
    until(lambda: panel.session.masks.active is not None and panel.session.drawing.sheet is not None)
    settled(panel)
    panel.undo_stack.clear()
    return panel


@pytest.fixture
def draw():
    """Draw a line on the sheet, from one spot to another, in shares of its width and height."""

    def stroke(panel, start, end, *, lift=True):
        layer = panel.mask_desk.layer
        rect, scale = layer.picture_rect, panel.canvas.view_scale
        spots = [QPointF(x * rect.width(), y * rect.height()) for x, y in (start, end)]
        assert layer.begin_stroke(Pen(spots[0], scale))
        layer.move(Pen(spots[1], scale))
        if lift:
            layer.commit_stroke()

    return stroke
