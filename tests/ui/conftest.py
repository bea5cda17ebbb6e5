"""What every test of the window shares: the theme, and the certainty that nothing is left behind."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

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
