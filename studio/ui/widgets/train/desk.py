"""All of the Train panel that is seen: the list of runs, and beside it a page for a new run or for one there is."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from studio.training.run_glance import RunGlance
from studio.ui.icons import set_icon
from studio.ui.theme import Theme, mark
from studio.ui.train_session import TrainSession
from studio.ui.widgets.run_list import RunList
from studio.ui.widgets.train.new_run_page import NewRunPage
from studio.ui.widgets.train.run_page import RunPage

_LIST_WIDTH = 228


class TrainDesk(QWidget):
    """Imports the plots, and is therefore made only when somebody wants to see it.

    Args:
        session: the state.
        undo_stack: where edits of the schedule become steps to undo.
        theme: where colours and icons come from.
        parent: the panel.

    """

    open_requested = Signal()

    def __init__(self, session: TrainSession, undo_stack: QUndoStack, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._session, self._theme = session, theme
        self.list = RunList(theme, self)
        self.new_button = QPushButton("New Run", self)
        self.open_button = QPushButton("Open a Run Folder…", self)
        self.new_page = NewRunPage(session.new_run, undo_stack, theme)
        self.run_page = RunPage(session, theme)
        self._pages = QStackedWidget()
        self._lay_out()
        self._connect()
        self._show_runs(session.keeper.runs)
        self._show_page(session.shown)

    def _lay_out(self) -> None:
        gap = self._theme.tokens.gap
        set_icon(self.new_button, "add", self._theme)
        set_icon(self.open_button, "open", self._theme)
        for button, hint in (
            (self.new_button, "Teach a network something new (Ctrl+N)"),
            (self.open_button, "Watch any run, also one on another computer's disk (Ctrl+Shift+N)"),
        ):
            button.setToolTip(hint)
            button.setAccessibleName(button.text())
        side = QWidget()
        side.setMinimumWidth(_LIST_WIDTH)
        mark(side, surface="window")
        column = QVBoxLayout(side)
        column.setContentsMargins(gap, gap, gap, gap)
        column.setSpacing(gap)
        column.addWidget(self.new_button)
        column.addWidget(self.list, 1)
        column.addWidget(self.open_button)
        self._pages.addWidget(self.new_page)
        self._pages.addWidget(self.run_page)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(side)
        splitter.addWidget(self._pages)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([_LIST_WIDTH, 10_000])
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)

    def _connect(self) -> None:
        session = self._session
        session.keeper.listed.connect(self._show_runs)
        session.keeper.place_changed.connect(self._show_places)
        session.shown_changed.connect(self._show_page)
        self.new_button.clicked.connect(lambda: session.show(None))
        self.open_button.clicked.connect(self.open_requested)
        self.list.run_chosen.connect(session.show)

    def _show_runs(self, runs: tuple[RunGlance, ...]) -> None:
        self.list.set_runs(runs)

    def _show_places(self) -> None:
        self._show_runs(self._session.keeper.runs)

    def _show_page(self, path: Path | None) -> None:
        self._pages.setCurrentWidget(self.new_page if path is None else self.run_page)
