"""All of the Train panel that is seen: the list of runs, and beside it a page for a new run or for one there is."""

import time
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QPushButton, QStackedWidget, QWidget

from studio.training.run_summary import RunSummary
from studio.ui.controls.layouts import column, holding, row, splitter
from studio.ui.icons import set_icon
from studio.ui.panels.train.new_run.page import NewRunPage
from studio.ui.panels.train.run.page import RunPage
from studio.ui.panels.train.runs.list import RunEntry, RunList
from studio.ui.panels.train.runs.manager import Whereabouts
from studio.ui.panels.train.runs.pictures import RunPictures
from studio.ui.panels.train.runs.rows import EntryState
from studio.ui.panels.train.session import TrainSession
from studio.ui.theme import Theme, mark

_LIST_WIDTH, _NARROWEST = 248, 196
_STATE_HERE: dict[Whereabouts, EntryState] = {"here": "running", "waiting": "waiting"}
"""What this window knows of its own runs before their folders tell it."""


class TrainDesk(QWidget):
    """Imports the plots, and is therefore made only when somebody wants to see it.

    Args:
        session: the state.
        pictures: reads samples.
        undo_stack: where edits of the schedule become steps to undo.

    """

    open_requested = Signal()
    delete_requested = Signal(Path)
    reveal_requested = Signal(Path)

    def __init__(
        self, session: TrainSession, pictures: RunPictures, undo_stack: QUndoStack, theme: Theme, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._session, self._pictures, self._theme = session, pictures, theme
        self.list = RunList(theme, self, compact=True)
        self.new_button = QPushButton("New Run", self)
        self.open_button = QPushButton("Open a Run Folder…", self)
        self.new_page = NewRunPage(session.new_run, undo_stack, theme)
        self.run_page = RunPage(session, pictures.load_frame, theme)
        self._pages = QStackedWidget()
        self._lay_out()
        self._connect()
        self._show_runs(session.manager.runs)
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
        side = holding(column(self.new_button, (self.list, 1), self.open_button, gap=gap, margins=gap))
        side.setMinimumWidth(_NARROWEST)
        mark(side, surface="window")
        self._pages.addWidget(self.new_page)
        self._pages.addWidget(self.run_page)
        self.setLayout(row(splitter(side, self._pages, sizes=(_LIST_WIDTH, 10_000), growing=1)))

    def _connect(self) -> None:
        session = self._session
        session.manager.listed.connect(self._show_runs)
        session.manager.place_changed.connect(self._show_known_runs)
        session.shown_changed.connect(self._show_page)
        self.new_button.clicked.connect(lambda: session.show(None))
        self.open_button.clicked.connect(self.open_requested)
        self._pictures.changed.connect(self._show_known_runs)
        session.compared_changed.connect(self.list.set_compared)
        manager = session.manager
        runs = self.list
        runs.opened.connect(session.show)
        runs.pause_requested.connect(manager.pause)
        runs.resume_requested.connect(manager.start)
        runs.compare_requested.connect(session.toggle_comparison)
        runs.delete_requested.connect(self.delete_requested)
        runs.reveal_requested.connect(self.reveal_requested)

    def _show_runs(self, runs: tuple[RunSummary, ...]) -> None:
        self.list.set_runs([self._entry_of(run) for run in runs])
        self.list.set_open(self._session.shown)

    def _entry_of(self, run: RunSummary) -> RunEntry:
        kind = self._session.kind_of(run.plan)
        place = self._session.manager.place(run.path)
        return RunEntry(
            folder=run.path,
            title=run.title,
            task=kind.title if kind is not None else run.plan.task if run.plan is not None else "",
            state=_STATE_HERE.get(place, run.state),
            share=share_of(run),
            details=details_of(run, time.time()),
            thumbnail=self._pictures.small(run),
        )

    def _show_known_runs(self) -> None:
        self._show_runs(self._session.manager.runs)

    def _show_page(self, path: Path | None) -> None:
        self.list.set_open(path)
        self._pages.setCurrentWidget(self.new_page if path is None else self.run_page)


def share_of(run: RunSummary) -> float | None:
    """Return how much of a run is done, 0–1; None where nobody knows."""
    if run.state == "finished":
        return 1.0
    return min(1.0, run.step / run.total) if run.total else None


def details_of(run: RunSummary, now: float) -> str:
    """Return how far a run is and when that was, in few words."""
    if run.trouble:
        return run.trouble
    steps = f"{run.step:,} of {run.total:,} steps" if run.total > run.step else f"{run.step:,} steps"
    return f"{steps} · {day_in_words(run.changed, now)}" if run.step else day_in_words(run.changed, now)


def day_in_words(at: float, now: float) -> str:
    """Return "14:05", "yesterday" or a date."""
    then, today = time.localtime(at), time.localtime(now)
    if then[:3] == today[:3]:
        return time.strftime("%H:%M", then)
    if then[:3] == time.localtime(now - 86_400)[:3]:
        return "yesterday"
    return time.strftime("%d %b" if then.tm_year == today.tm_year else "%d %b %Y", then)
