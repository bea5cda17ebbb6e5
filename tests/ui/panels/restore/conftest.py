"""The Restore panel, with two small networks of one's own, and without any."""

from dataclasses import replace

import pytest
from restorer_kit import ENHANCER, ENLARGER, write_restorer
from studio_kit import drop_files, write_photo

from studio.core import model_shelf
from studio.core.known_networks import packaged_weights
from studio.ui.panels.restore.panel import RestorePanel


@pytest.fixture(autouse=True)
def little_comes_along(monkeypatch):
    """A studio with which only the network for twice the size came, as a lean installation may be."""
    packaged = packaged_weights()
    here = [each for each in packaged.manifest.networks if each.task != "restorer" or each.name == "atelier-enlarge-2"]
    lean = replace(packaged, manifest=packaged.manifest.model_copy(update={"networks": tuple(here)}))
    monkeypatch.setattr(model_shelf, "packaged_weights", lambda: lean)


@pytest.fixture
def networks(home):
    """Finished runs: one that enlarges twofold, and one that mends."""
    runs = home / "runs"
    facts = {"twofold": ENLARGER, "mends": ENHANCER}
    for name, what in facts.items():
        write_restorer(runs / name / "model.safetensors", what)
    return {name: str(runs / name) for name in facts}


@pytest.fixture
def open_panel(qtbot, panel_context, until):
    def open():
        panel = RestorePanel(panel_context)
        qtbot.addWidget(panel)
        panel.resize(1200, 800)
        with qtbot.waitExposed(panel):
            panel.show()
        until(lambda: panel.session._has_looked)
        return panel

    return open


@pytest.fixture
def panel(networks, open_panel):
    return open_panel()


@pytest.fixture
def photo(tmp_path):
    return write_photo(tmp_path / "photo.png", 120, 80)


@pytest.fixture
def settled(until):
    def wait(panel):
        until(lambda: panel.session.is_settled and panel.session.recipe is not None and not panel.is_running)

    return wait


@pytest.fixture
def opened(panel, photo, settled):
    """The panel with a photo of 120 × 80, mended."""
    assert drop_files(panel.canvas.viewport(), photo)
    settled(panel)
    panel.undo_stack.clear()
    return panel
