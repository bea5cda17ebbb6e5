"""What every test of the window shares: the theme, and the certainty that nothing is left behind."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from picture_kit import BRIGHTEN
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QUndoStack
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from studio_kit import PATIENCE

from studio.core import picture_tasks
from studio.core.library import Library
from studio.engine import Engine
from studio.ui.actions import make_actions
from studio.ui.picture.context import PanelContext
from studio.ui.preferences import Preferences
from studio.ui.theme import Theme


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    """The dark theme, on the application."""
    theme = Theme(qapp, "dark")
    yield theme
    theme.deleteLater()


@pytest.fixture(autouse=True)
def no_widget_leaks(qapp: QApplication) -> Iterator[None]:
    """Fail a test that leaves a top-level widget behind; `qtbot.addWidget` closes those it is given."""
    before = set(qapp.topLevelWidgets())
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = [widget for widget in qapp.topLevelWidgets() if widget not in before]
    for widget in left:
        widget.close()
        widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not left, f"top-level widgets left behind: {left}"


@pytest.fixture
def until(qtbot: QtBot) -> Callable[[Callable[[], object]], None]:
    """Wait until something holds, as long as a busy machine may take."""
    return lambda condition: qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)


@pytest.fixture
def pictures(qapp: QApplication) -> Iterator[Engine]:
    """The engine that loads, saves and composes."""
    engine = Engine("pictures", niceness=0)
    yield engine
    assert engine.shut_down()


@pytest.fixture
def engines(qapp: QApplication) -> Iterator[tuple[Engine, Engine]]:
    """The engine that owns the device, and the one that loads, saves and composes."""
    pair = Engine("studio"), Engine("pictures")
    yield pair
    for engine in pair:
        assert engine.shut_down()


@pytest.fixture
def undo_stack(qapp: QApplication) -> QUndoStack:
    """An empty history."""
    return QUndoStack()


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """An empty library."""
    return Library(tmp_path / "library")


@pytest.fixture
def panel_context(theme: Theme, pictures: Engine, library: Library, tmp_path: Path) -> PanelContext:
    """What picture panels share; one engine does everything."""
    preferences = Preferences(tmp_path / "atelier.ini")
    return PanelContext(theme, pictures, pictures, library, preferences, make_actions(theme))


@pytest.fixture
def brightening(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the program know the tests' own picture task."""
    monkeypatch.setattr(picture_tasks, "PICTURE_TASKS", (*picture_tasks.PICTURE_TASKS, BRIGHTEN))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder of six small pictures to learn from."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(6):
        pixels = np.random.default_rng(number).integers(0, 256, (40, 48, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def shown_folders(qapp: QApplication) -> Iterator[list[Path]]:
    """What the desktop was asked to show."""
    shown: list[Path] = []

    class Desktop(QObject):
        @Slot(QUrl)
        def show(self, url: QUrl) -> None:
            shown.append(Path(url.toLocalFile()))

    desktop = Desktop()
    QDesktopServices.setUrlHandler("file", desktop, "show")
    yield shown
    QDesktopServices.unsetUrlHandler("file")
