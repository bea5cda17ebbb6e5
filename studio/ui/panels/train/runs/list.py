"""All runs: what each shows, how far it is, and what can be done with it."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from studio.ui.controls.layouts import column, row
from studio.ui.icons import set_icon
from studio.ui.theme import Theme, mark
from studio.ui.controls.empty_state import EmptyState
from studio.ui.controls.thumbnails import ThumbnailModel
from studio.ui.panels.train.runs.rows import COMPARED, OPEN, STATES, RunEntry, RunView

__all__ = ["STATES", "RunEntry", "RunList"]


class RunList(QWidget):
    """The runs, the chosen one's buttons below them. Enter opens, Space pauses or resumes, Delete asks to delete.

    Args:
        compact: for a narrow column beside the open run: a click opens, and there are no buttons below.

    """

    opened = Signal(Path)
    resume_requested = Signal(Path)
    pause_requested = Signal(Path)
    compare_requested = Signal(Path)
    """Draw this run's curves beside those that are shown; once more ends it."""
    delete_requested = Signal(Path)
    """Whoever answers asks first."""
    reveal_requested = Signal(Path)

    def __init__(self, theme: Theme, parent: QWidget | None = None, *, compact: bool = False) -> None:
        super().__init__(parent)
        self._theme, self._compact = theme, compact
        self._model: ThumbnailModel[RunEntry] = ThumbnailModel()
        self.view = RunView(self._model, theme, self, one_click=compact)
        self.go_on = QPushButton("Resume", self)
        self.compare = QPushButton("Compare", self)
        self.delete = QPushButton("Delete…", self)
        self.empty_state = EmptyState(
            "train", "No runs yet", "Choose what to train and start: every run is kept here.", theme, self
        )
        self._chosen: Path | None = None
        self._foot = QWidget(self)
        self._stack = QStackedLayout()
        self._lay_out()
        self._connect()
        self.set_runs(())

    def _lay_out(self) -> None:
        tokens = self._theme.tokens
        mark(self, surface="window")
        self.compare.setCheckable(True)
        set_icon(self.compare, "train", self._theme)
        set_icon(self.delete, "delete", self._theme)
        for button, widest in ((self.go_on, "Resume"), (self.compare, "Compare"), (self.delete, "Delete…")):
            button.setIconSize(QSize(16, 16))
            button.setMinimumWidth(button.fontMetrics().horizontalAdvance(widest) + 60)
        self._foot.setLayout(row(self.go_on, self.compare, None, self.delete, gap=tokens.gap, margins=tokens.gap))
        self._stack.addWidget(self.empty_state)
        self._stack.addWidget(self.view)
        self.setLayout(column((self._stack, 1), self._foot, gap=0))

    def _connect(self) -> None:
        self.view.selectionModel().currentChanged.connect(lambda *_: self._show_actions())
        self.view.opened.connect(lambda entry: self.opened.emit(entry.folder))
        self.view.offer_menu(self.menu_for)
        self.view.space_pressed.connect(self._go_on_or_pause)
        self.view.delete_pressed.connect(self._ask_to_delete)
        self.go_on.clicked.connect(self._go_on_or_pause)
        self.compare.clicked.connect(self._ask_to_compare)
        self.delete.clicked.connect(self._ask_to_delete)

    # -- what it shows -------------------------------------------------------------------------------------------------

    @property
    def folders(self) -> tuple[Path, ...]:
        """The runs shown, in order."""
        return self._model.keys

    @property
    def selected(self) -> RunEntry | None:
        """The run that is chosen."""
        return self.view.selected

    def set_runs(self, entries: Sequence[RunEntry]) -> None:
        """Show exactly these, in this order; the choice stays with its run."""
        chosen = self.selected
        self._model.replace([entry.item for entry in entries])
        if chosen is not None:
            self.select(chosen.folder)
        self._stack.setCurrentIndex(1 if entries else 0)
        self._foot.setVisible(bool(entries) and not self._compact)
        self._show_actions()

    def select(self, folder: Path) -> None:
        """Choose a run."""
        if (row := self._model.row_of(folder)) >= 0:
            self.view.setCurrentIndex(self._model.index(row))

    def set_open(self, folder: Path | None) -> None:
        """Mark the run that the panel shows, and choose it once: from there on the keys go where they like."""
        self._model.set_mark(OPEN, folder)
        if folder != self._chosen and (folder is None or self._model.row_of(folder) >= 0):
            self._chosen = folder
            if folder is not None:
                self.select(folder)
        self._show_actions()

    def set_compared(self, folder: Path | None) -> None:
        """Mark the run whose curves are drawn beside."""
        self._model.set_mark(COMPARED, folder)
        self._show_actions()

    def menu_for(self, entry: RunEntry) -> QMenu:
        """Return the context menu of a run."""
        menu = QMenu(self)
        menu.addAction("Open", partial(self.opened.emit, entry.folder))
        if entry.is_at_work:
            menu.addAction("Pause", partial(self.pause_requested.emit, entry.folder))
        elif entry.can_go_on:
            menu.addAction(_go_on_word(entry), partial(self.resume_requested.emit, entry.folder))
        if entry.folder != self._model.marked(OPEN):
            words = "End comparison" if entry.folder == self._model.marked(COMPARED) else "Compare curves"
            menu.addAction(words, partial(self.compare_requested.emit, entry.folder))
        menu.addAction("Show in folder", partial(self.reveal_requested.emit, entry.folder))
        menu.addSeparator()
        delete = menu.addAction("Delete…", partial(self.delete_requested.emit, entry.folder))
        delete.setEnabled(not entry.is_at_work)
        return menu

    def _show_actions(self) -> None:
        entry = self.selected
        running = entry is not None and entry.is_at_work
        words = "Pause" if running else _go_on_word(entry)
        self.go_on.setText(words)
        set_icon(self.go_on, "pause" if running else "play", self._theme)
        tip = "Save where it is and let the computer rest" if running else "Go on where it was (Space)"
        name = entry.title if entry else "the chosen run"
        compared = entry is not None and entry.folder == self._model.marked(COMPARED)
        for button, hint, does, usable in (
            (self.go_on, tip, f"{words} {name}", running or (entry is not None and entry.can_go_on)),
            (self.compare, "Draw its curves, dashed, beside those of the run that is open", f"Compare with {name}",
             entry is not None and entry.folder != self._model.marked(OPEN)),
            (self.delete, "A running one is paused first" if running else "Delete the run with all its files (Del)",
             f"Delete {name}", entry is not None and not running),
        ):  # fmt: skip
            button.setToolTip(hint)
            button.setAccessibleName(does)
            button.setEnabled(usable)
        self.compare.setChecked(compared)

    # -- what is asked for ---------------------------------------------------------------------------------------------

    def _ask_to_compare(self) -> None:
        if self.selected is not None:
            self.compare_requested.emit(self.selected.folder)

    def _go_on_or_pause(self) -> None:
        entry = self.selected
        if entry is not None and entry.is_at_work:
            self.pause_requested.emit(entry.folder)
        elif entry is not None and entry.can_go_on:
            self.resume_requested.emit(entry.folder)

    def _ask_to_delete(self) -> None:
        entry = self.selected
        if entry is not None and not entry.is_at_work:
            self.delete_requested.emit(entry.folder)


def _go_on_word(entry: RunEntry | None) -> str:
    return "Start" if entry is not None and entry.state == "new" else "Resume"
