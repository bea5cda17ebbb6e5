"""A Dream panel over a small generator, alone or with none."""

import pytest
from generator_kit import write_generator

from studio.core.user_folders import UserFolders
from studio.ui.panels.dream.panel import DreamPanel


@pytest.fixture
def make_panel(qtbot, panel_context, monkeypatch):
    """Return a panel that is seen, over whatever generators there are."""
    monkeypatch.setenv("ATELIER_DEVICE", "cpu")

    def make() -> DreamPanel:
        panel = DreamPanel(panel_context)
        qtbot.addWidget(panel)
        panel.resize(1200, 900)
        with qtbot.waitExposed(panel):
            panel.show()
        return panel

    return make


@pytest.fixture
def model():
    """A generator as a finished run leaves it."""
    return write_generator(UserFolders.standard().runs / "Faces" / "model.safetensors")


@pytest.fixture
def panel(model, make_panel, until):
    """A panel that shows its first picture."""
    panel = make_panel()
    until(lambda: panel.has_picture and panel.session.is_settled and panel.session.generator)
    panel.undo_stack.clear()
    return panel
