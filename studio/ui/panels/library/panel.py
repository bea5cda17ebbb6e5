"""The Library panel: every finished picture, to look at, to put in order, and to go on from."""

from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QShowEvent, QUndoStack
from PySide6.QtWidgets import QAbstractScrollArea, QMenu

from studio.core.library import Library
from studio.engine import Engine
from studio.ui.controls.file_drop import FileDrop
from studio.ui.controls.layouts import column
from studio.ui.panel import Panel, PictureToOpen
from studio.ui.panels.library.session import LibrarySession
from studio.ui.panels.library.view import LibraryView
from studio.ui.theme import Theme


class LibraryPanel(Panel):
    """Shows the library's folder; opening a result brings everything back that it was made from.

    Args:
        pictures: the engine that reads the folder.
        library: the folder of results.

    """

    name = "library"
    title = "Library"
    icon_name = "library"
    tooltip = "Every finished picture, with what it was made from"
    at_foot = True

    def __init__(self, theme: Theme, pictures: Engine, library: Library) -> None:
        super().__init__()
        self.undo_stack: QUndoStack = QUndoStack(self)
        self.session = LibrarySession(pictures, library, self.undo_stack, self)
        self.view = LibraryView(self.session, theme)
        self.setLayout(column(self.view))
        self._connect()

    def _connect(self) -> None:
        self.session.failed.connect(self.failed)
        self.session.noticed.connect(self.noticed)
        self.view.opened.connect(lambda path: self.open_requested.emit([path]))
        self.view.menu_opened.connect(self._add_to_menu)
        self.view.reveal_requested.connect(self._reveal)
        FileDrop(self).files_dropped.connect(self.open_requested)

    def showEvent(self, event: QShowEvent) -> None:
        """Look again: results may have come and gone."""
        super().showEvent(event)
        self.refresh_results()
        self.view.view.setFocus()

    @property
    def list_place(self) -> QAbstractScrollArea:
        """The pictures."""
        return self.view.view

    def refresh_results(self) -> None:
        """Read the folder again, if anybody looks."""
        if self.isVisible():
            self.session.refresh()

    def _add_to_menu(self, menu: QMenu, path: Path) -> None:
        self.add_send_menu(menu, lambda: PictureToOpen(path.name, path))

    def _reveal(self, path: Path) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))
