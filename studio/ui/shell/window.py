"""The window: tasks on the left, the chosen panel beside them, menus above, and a banner where something failed."""

from collections.abc import Callable, Sequence
from functools import partial
from logging import INFO, WARNING
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QUndoGroup
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QMainWindow,
    QScrollArea,
    QStackedWidget,
)

from studio.core.failures import Failure
from studio.core.log_file import LOG
from studio.engine import JobHandle
from studio.ui.actions import Actions
from studio.ui.controls.layouts import column, holding, row
from studio.ui.controls.mnemonics import literal
from studio.ui.panel import Panel, Sendable
from studio.ui.picture.panel import PicturePanel
from studio.ui.preferences import Preferences
from studio.ui.shell.banner import Banner, BannerKind
from studio.ui.shell.command_palette import CommandPalette
from studio.ui.shell.commands import commands_now
from studio.ui.shell.help_desk import HelpDesk
from studio.ui.shell.history_list import HistoryList
from studio.ui.shell.menus import Menus
from studio.ui.shell.notifier import Notifier
from studio.ui.shell.shortcuts_sheet import MOUSE_AND_KEYS, ShortcutsSheet, gathered, shortcuts_by_menu, shortcuts_of
from studio.ui.shell.tab_order import neighbour
from studio.ui.shell.task_rail import TaskEntry, TaskRail
from studio.ui.theme import Theme

_AT_FIRST, _LEAST = QSize(1440, 900), QSize(1024, 640)
"""The window that a newcomer gets, and the smallest, where the screen is not smaller still."""
_FRAME = QSize(32, 48)
"""What a desktop draws around a window, at most: with it, all of the window is on the screen."""


class StudioWindow(QMainWindow):
    """The studio as one sees it. It knows its panels by what any of them, or any picture panel, can be asked.

    Args:
        theme: dresses the application.
        panels: in the order of the rail; the first one is in front, and at least one works on pictures.
        actions: the commands, which it owns from now on.
        preferences: what is remembered between two starts.
        help_desk: answers the Help menu.

    """

    closed = Signal()

    def __init__(
        self, theme: Theme, panels: Sequence[Panel], actions: Actions, preferences: Preferences, help_desk: HelpDesk
    ) -> None:
        super().__init__()
        self.setWindowTitle("Atelier")
        self._theme, self._preferences, self._help = theme, preferences, help_desk
        self.panels = tuple(panels)
        self.actions_of_window = actions
        actions.give_to(self)
        self._undo = QUndoGroup(self)  # what is undone is what one sees: a stack for each panel that has something
        self._driven = self.panels[0]
        self._pictured = next(panel for panel in self.panels if isinstance(panel, PicturePanel))
        self._history: HistoryList | None = None
        self.notifier = Notifier(self)
        self._may_ask = True
        self.menus = Menus(
            self.menuBar(), self.panels, self._pictured, actions, preferences, theme, help_desk.folders.log
        )
        self.rail = TaskRail([self._entry_of(panel) for panel in self.panels], theme)
        self._stack = QStackedWidget()
        for panel in self.panels:
            self._stack.addWidget(_sliding(panel))
            if panel.undo_stack is not None:
                self._undo.addStack(panel.undo_stack)
        middle = holding(column(self._stack))
        self.setCentralWidget(holding(row(self.rail, (middle, 1), gap=0)))
        self.banner = Banner(middle, theme)
        self._connect()
        self._restore_geometry()
        self.show_panel(self.panels[0].name)
        self._pictured.canvas.setFocus()  # its keys work at once; no ring lies around a task

    def panel(self, name: str) -> Panel:
        """Return the panel called `name`.

        Raises:
            KeyError: there is none.

        """
        for panel in self.panels:
            if panel.name == name:
                return panel
        raise KeyError(name)

    @property
    def _in_front(self) -> Panel:
        return self.panels[self._stack.currentIndex()]

    def _entry_of(self, panel: Panel) -> TaskEntry:
        tip = f"{panel.tooltip} ({self.menus.panel_actions[panel.name].shortcut().toString()})"
        return TaskEntry(panel.name, panel.title, panel.icon_name, tip, panel.at_foot)

    def _connect(self) -> None:
        self.rail.task_chosen.connect(self.show_panel)
        self.menus.panel_chosen.connect(self.show_panel)
        self.menus.files_chosen.connect(self.open_files)
        self.menus.target_chosen.connect(self.send)
        for panel in self.panels:
            self._connect_panel(panel)
        self._connect_actions()
        a = self.actions_of_window
        self._undo.canUndoChanged.connect(a.undo.setEnabled)
        self._undo.canRedoChanged.connect(a.redo.setEnabled)
        self._undo.undoTextChanged.connect(lambda name: a.undo.setText(f"Undo {literal(name)}".strip()))
        self._undo.redoTextChanged.connect(lambda name: a.redo.setText(f"Redo {literal(name)}".strip()))
        self._help.noticed.connect(self.show_notice)
        self._help.failed.connect(self.show_failure)

    def _connect_panel(self, panel: Panel) -> None:
        panel.failed.connect(self.show_failure)
        panel.withdrawn.connect(self.banner.withdraw)
        panel.noticed.connect(self.show_notice)
        panel.actions_changed.connect(self._show_enabled)
        panel.shown_requested.connect(partial(self.show_panel, panel.name))
        panel.open_requested.connect(self.open_files)
        panel.sent.connect(self.send)
        panel.targets_requested.connect(self.menus.fill_targets)
        panel.ended.connect(self.notifier.tell)
        panel.released.connect(self.close)
        for other in self.panels:
            panel.models_changed.connect(other.refresh_models)
            panel.models_used.connect(other.show_models_used)
            panel.results_changed.connect(other.refresh_results)
            other.show_models_used(panel.title, panel.models_in_use)
        if isinstance(panel, PicturePanel):
            panel.canvas.compare_changed.connect(self._show_compare_mode)
            panel.canvas.peek_changed.connect(self.actions_of_window.peek.setChecked)

    def _connect_actions(self) -> None:
        actions = self.actions_of_window
        actions.open.triggered.connect(lambda: self._pictured.choose())
        actions.queue.triggered.connect(lambda: self._pictured.choose_folder())
        actions.paste.triggered.connect(lambda: self._pictured.paste())
        actions.open_session.triggered.connect(lambda: self._pictured.session_files.choose())
        actions.save_session.triggered.connect(lambda: self._pictured.session_files.save())
        actions.save.triggered.connect(lambda: self._pictured.save())
        actions.save_as.triggered.connect(lambda: self._pictured.save_as())
        actions.copy.triggered.connect(lambda: self._pictured.copy())
        actions.quit.triggered.connect(self.close)
        actions.undo.triggered.connect(self._undo.undo)
        actions.redo.triggered.connect(self._undo.redo)
        actions.history.triggered.connect(self.show_history)
        actions.reset.triggered.connect(lambda: self._driven.reset())
        actions.start.triggered.connect(lambda: self._driven.start())
        actions.pause.triggered.connect(lambda: self._driven.toggle_pause())
        actions.stop.triggered.connect(lambda: self._driven.stop())
        actions.full_screen.toggled.connect(self._show_full_screen)
        actions.palette.triggered.connect(self.show_palette)
        actions.manual.triggered.connect(lambda: self._help.show_manual(self))
        actions.shortcuts.triggered.connect(self.show_shortcuts)
        actions.diagnostics.triggered.connect(self._help.copy_diagnostics)
        actions.log.triggered.connect(self._help.show_log)
        actions.about.triggered.connect(lambda: self._help.show_about(self))
        actions.fit.triggered.connect(lambda: self._pictured.canvas.fit())
        actions.actual_size.triggered.connect(lambda: self._pictured.canvas.actual_size())
        actions.zoom_in.triggered.connect(lambda: self._pictured.canvas.zoom_in())
        actions.zoom_out.triggered.connect(lambda: self._pictured.canvas.zoom_out())
        actions.peek.toggled.connect(lambda on: self._pictured.canvas.peek(on))

    def _show_compare_mode(self, mode: str) -> None:
        self.menus.show_compare_mode(mode)
        self._preferences.compare_mode = mode

    def _show_enabled(self) -> None:
        """Enable what can be done now; what cannot is grey, not silent."""
        a, undo = self.actions_of_window, self._undo
        a.start.setText(self._driven.verb)
        a.start.setEnabled(self._driven.can_start)
        a.pause.setEnabled(self._driven.can_pause)
        a.stop.setEnabled(self._driven.can_stop)
        for action in (a.save, a.save_as, a.copy):
            action.setEnabled(self._pictured.has_picture)
        a.save_session.setEnabled(self._pictured.session.is_worth_keeping)
        a.undo.setEnabled(undo.canUndo())
        a.redo.setEnabled(undo.canRedo())

    # -- what the window does --------------------------------------------------------------------------------------

    def show_panel(self, name: str) -> None:
        """Bring the panel called `name` to the front, and let the commands act on it as far as it answers them."""
        panel = self.panel(name)
        self._stack.setCurrentIndex(self.panels.index(panel))
        self.rail.set_current(name)
        self.menus.show_front(panel)
        self.banner.lie_over(panel.picture_place, panel.list_place)
        if panel.undo_stack is not None:
            self._undo.setActiveStack(panel.undo_stack)
        if panel.menu_title:
            self._driven = panel
        if isinstance(panel, PicturePanel):
            self._pictured = panel
        self._show_enabled()

    def send(self, what: Sendable, to: str = "") -> None:
        """Hand something to the panel called `to`, or to the first that accepts it, and bring that to the front."""
        for panel in self.panels:
            if to in ("", panel.name) and panel.accepts(what):
                self.show_panel(panel.name)
                panel.take(what)
                return

    def open_files(self, files: Sequence[Path]) -> None:
        """Open a picture as the photo, or where it was made; several, or a folder, are photos for the queue."""
        self._pictured.open_pictures(list(files), anywhere=True)

    def open_samples(self) -> None:
        """Show a finished-looking workspace with a sample already being worked on."""
        self._pictured.input_desk.open_samples()

    def open_last_sessions(self, otherwise: Callable[[], None]) -> None:
        """Bring every picture panel back as it was left, with the one in front that was worked in last.

        Where that one held nothing, act `otherwise`.
        """
        pictured = [panel for panel in self.panels if isinstance(panel, PicturePanel)]
        if self._preferences.picture_panel in [panel.name for panel in pictured]:
            self.show_panel(self._preferences.picture_panel)
        for panel in pictured:
            panel.session_files.open_last(otherwise if panel is self._pictured else lambda: None)

    def show_failure(self, failure: Failure) -> None:
        """Say what failed, why, and what to do."""
        LOG.error("%s %s\n%s", failure.cause, failure.remedy, failure.details)
        self.banner.show_failure(failure)

    def show_notice(self, message: str, level: BannerKind = "info") -> None:
        """Say something worth knowing that is no failure."""
        LOG.log(WARNING if level == "warning" else INFO, "%s", message)
        self.banner.show_notice(message, kind=level)

    def show_shortcuts(self) -> None:
        """Show every keyboard shortcut."""
        behind = {panel.title: shortcuts_of(panel.work_actions) for panel in self.panels if panel is not self._in_front}
        groups = gathered(shortcuts_by_menu(self.menuBar()), behind, MOUSE_AND_KEYS)
        ShortcutsSheet(groups, self._theme, self).open()

    def show_history(self) -> None:
        """Show every step of the panel in front that can be undone, to go back to any of them."""
        if self._history is None:
            self._history = HistoryList(self._undo, self)
        self._history.show()

    def show_palette(self) -> None:
        """Offer everything that can be done now, to be found by typing."""
        CommandPalette(commands_now(self.menuBar(), self._in_front), self._theme, self)

    def focusNextPrevChild(self, next: bool) -> bool:
        """Let Tab follow the eye."""
        focus = self.focusWidget()
        middle = self.centralWidget()
        to = None if focus is None or middle is None else neighbour(middle, focus, forward=next)
        if to is None:
            return super().focusNextPrevChild(next)
        to.setFocus(Qt.FocusReason.TabFocusReason if next else Qt.FocusReason.BacktabFocusReason)
        return True

    def watch_loading(self, handle: JobHandle) -> None:
        """Say at the bottom what is being loaded, until it is there."""
        for panel in self.panels:
            handle.progressed.connect(lambda progress, panel=panel: panel.show_loading(progress.stage))
            handle.finished.connect(lambda _, panel=panel: panel.show_loading(""))
            handle.failed.connect(lambda _, panel=panel: panel.show_loading(""))
        handle.failed.connect(self.show_failure)

    def _show_full_screen(self, on: bool) -> None:
        if on:
            self.showFullScreen()
        else:
            self.showNormal()

    # -- coming and going ------------------------------------------------------------------------------------------

    def _restore_geometry(self) -> None:
        room = QApplication.primaryScreen().availableSize() - _FRAME
        self.setMinimumSize(_LEAST.boundedTo(room))
        geometry = self._preferences.load_bytes("geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(_AT_FIRST.boundedTo(room))

    def close_without_asking(self) -> None:
        """Close because the system wants it: what trains is paused, and saved first."""
        self._may_ask = False
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep what was reached, remember the window, and end the engines; a training is asked about first."""
        if any(panel.hold_closing(ask=self._may_ask) for panel in self.panels):
            event.ignore()  # the panel closes the window when everything is saved
            return
        self._preferences.store_bytes("geometry", self.saveGeometry())
        self._preferences.picture_panel = self._pictured.name
        self.hide()  # what is left to keep takes a moment, which nobody needs to watch
        for panel in self.panels:
            panel.close_gently()
        self.closed.emit()
        super().closeEvent(event)


def _sliding(panel: Panel) -> QScrollArea:
    """Return a frame in which a panel is as large as the window, and can be slid where that is too small for it."""
    area = QScrollArea()
    area.setWidget(panel)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area
