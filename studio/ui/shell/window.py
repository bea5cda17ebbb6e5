"""The window: tasks on the left, the chosen panel beside them, menus above, and a banner where something failed."""

from collections.abc import Callable, Sequence
from functools import partial
from logging import INFO, WARNING
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QIcon, QKeySequence, QUndoGroup
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QMainWindow,
    QMenu,
    QMessageBox,
    QScrollArea,
    QStackedWidget,
    QWidget,
)

from studio import __version__
from studio.core.errands import answers
from studio.core.failures import Failure
from studio.core.log_file import LOG
from studio.core.samples import sample_paintings, sample_photos
from studio.engine import JobHandle
from studio.ui.actions import Actions
from studio.ui.controls.layouts import column, holding, row
from studio.ui.controls.mnemonics import literal
from studio.ui.controls.pixmaps import pixmap_of
from studio.ui.panel import Panel, Sendable
from studio.ui.picture.panel import PicturePanel
from studio.ui.preferences import Preferences
from studio.ui.shell.banner import Banner, BannerKind
from studio.ui.shell.command_palette import CommandPalette
from studio.ui.shell.commands import commands_now
from studio.ui.shell.help_desk import HelpDesk
from studio.ui.shell.history_list import HistoryList
from studio.ui.shell.notifier import Notifier
from studio.ui.shell.shortcuts_sheet import Shortcut, ShortcutsSheet, shortcuts_by_menu
from studio.ui.shell.tab_order import neighbour
from studio.ui.shell.task_rail import TaskEntry, TaskRail
from studio.ui.theme import Theme, ThemeMode

_LEAST = QSize(1024, 640)
"""The smallest window, where the screen is not smaller still."""

_MOUSE_AND_KEYS = {
    "Canvas": (
        Shortcut("Zoom at the pointer", ("Wheel",)),
        Shortcut("Pan", ("Drag", "Arrow keys")),
        Shortcut("Fit or 100 %", ("Double-click",)),
        Shortcut("Show the photo while held", ("Space",)),
        Shortcut("Move the divider", ("[", "]")),
    ),
    "Crop": (
        Shortcut("Move the rectangle", ("Drag", "Arrow keys")),
        Shortcut("Resize it", ("Drag a handle", "Shift+Arrow keys")),
        Shortcut("Done", ("Enter",)),
        Shortcut("Take the move back", ("Esc",)),
    ),
    "Film strip": (
        Shortcut("Look at a frame", ("Click", "Arrow keys")),
        Shortcut("Go on from it", ("Enter",)),
        Shortcut("Compare with it", ("C", "Ctrl+Click")),
        Shortcut("Star it", ("S",)),
    ),
    "Library": (
        Shortcut("Search", ("Ctrl+F",)),
        Shortcut("Open with its settings", ("Enter", "Double-click")),
        Shortcut("Star, or take the star away", ("S",)),
        Shortcut("Show the versions of a painting", ("V",)),
        Shortcut("Words to find it by", ("F2",)),
        Shortcut("Into the wastebasket, or back from it", ("Del",)),
    ),
    "Sliders": (
        Shortcut("Finer and coarser steps", ("Arrow keys", "Page Up", "Page Down")),
        Shortcut("Back to the default", ("Double-click the name",)),
    ),
}


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
        self._panel_actions = self._make_panel_actions()
        self.rail = TaskRail([self._entry_of(panel) for panel in self.panels], theme)
        self._stack = QStackedWidget()
        for panel in self.panels:
            self._stack.addWidget(_sliding(panel))
            if panel.undo_stack is not None:
                self._undo.addStack(panel.undo_stack)
        middle = holding(column(self._stack))
        self.setCentralWidget(holding(row(self.rail, (middle, 1), gap=0)))
        self.banner = Banner(middle, theme)
        self._build_menus()
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

    def _make_panel_actions(self) -> dict[str, QAction]:
        """Give every panel a key, from F2 on as they stand in the rail."""
        group, actions = QActionGroup(self), {}
        in_rail = sorted(self.panels, key=lambda panel: panel.at_foot)
        for number, panel in enumerate(in_rail, 2):
            action = actions[panel.name] = QAction(
                panel.title, group, checkable=True, shortcut=QKeySequence(f"F{number}")
            )
            action.triggered.connect(partial(self.show_panel, panel.name))
        return actions

    def _entry_of(self, panel: Panel) -> TaskEntry:
        tip = f"{panel.tooltip} ({self._panel_actions[panel.name].shortcut().toString()})"
        return TaskEntry(panel.name, panel.title, panel.icon_name, tip, panel.at_foot)

    def _connect(self) -> None:
        self.rail.task_chosen.connect(self.show_panel)
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
        panel.targets_requested.connect(self._fill_targets)
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
        actions.about.triggered.connect(self.show_about)
        actions.fit.triggered.connect(lambda: self._pictured.canvas.fit())
        actions.actual_size.triggered.connect(lambda: self._pictured.canvas.actual_size())
        actions.zoom_in.triggered.connect(lambda: self._pictured.canvas.zoom_in())
        actions.zoom_out.triggered.connect(lambda: self._pictured.canvas.zoom_out())
        actions.peek.toggled.connect(lambda on: self._pictured.canvas.peek(on))

    # -- menus -----------------------------------------------------------------------------------------------------

    def _build_menus(self) -> None:
        a = self.actions_of_window
        bar = self.menuBar()
        file = bar.addMenu("&File")
        file.setToolTipsVisible(True)
        file.addAction(a.open)
        for panel in self.panels:
            if isinstance(panel, PicturePanel):
                file.addActions(panel.file_actions)
        file.addAction(a.queue)
        self._recent_menu = file.addMenu("Open Recent")
        self._recent_menu.aboutToShow.connect(self._fill_recent)
        self._recent_paintings_menu = file.addMenu("Recent Paintings")
        self._recent_paintings_menu.aboutToShow.connect(self._fill_recent_paintings)
        self._continue_menu = file.addMenu("Continue With")
        self._continue_menu.aboutToShow.connect(self._fill_continue)
        file.addActions([a.open_session, a.save_session])
        file.addSeparator()
        file.addActions([a.save, a.save_as])
        file.addAction(self._ai_mark_action(file))
        self._send_menu = file.addMenu("Send Picture To")
        self._send_menu.aboutToShow.connect(self._fill_send_menu)
        for panel in self.panels:
            if panel.file_actions and not isinstance(panel, PicturePanel):
                file.addSeparator()
                file.addActions(panel.file_actions)
        file.addSeparator()
        file.addAction(a.quit)
        bar.addMenu("&Edit").addActions([a.undo, a.redo, a.history, a.reset, _separator(self), a.copy, a.paste])
        self._work_menu = bar.addMenu(self._driven.menu_title)
        self._work_menu.addActions([a.start, a.pause, a.stop])
        view = bar.addMenu("&View")
        view.addActions([*self._panel_actions.values(), _separator(self)])
        view.addActions([a.fit, a.actual_size, a.zoom_in, a.zoom_out, _separator(self)])
        view.addActions([a.show_result, a.show_split, a.show_side, a.peek, _separator(self)])
        self._add_compare_group()
        self._add_theme_menu(view)
        view.addAction(a.full_screen)
        help_menu = bar.addMenu("&Help")
        help_menu.setToolTipsVisible(True)
        a.log.setToolTip(str(self._help.folders.log))
        help_menu.addActions([a.palette, a.manual, a.shortcuts, _separator(self), a.diagnostics, a.log])
        help_menu.addActions([_separator(self), a.about])

    def _ai_mark_action(self, menu: QMenu) -> QAction:
        action = QAction("Mark Saved Pictures as AI-Made", menu, checkable=True)
        action.setChecked(self._preferences.ai_mark)
        action.setToolTip("Writes the IPTC digital source type into saved files, as platforms and archives expect.")
        action.toggled.connect(lambda on: setattr(self._preferences, "ai_mark", on))
        return action

    def _add_compare_group(self) -> None:
        a = self.actions_of_window
        self._compare_actions = {"after": a.show_result, "split": a.show_split, "side": a.show_side}
        group = QActionGroup(self)
        for mode, action in self._compare_actions.items():
            group.addAction(action)
            action.triggered.connect(lambda _=False, mode=mode: self._pictured.canvas.set_compare_mode(mode))

    def _add_theme_menu(self, view: QMenu) -> None:
        menu = view.addMenu("Appearance")
        group = QActionGroup(menu)
        modes: dict[ThemeMode, str] = {"system": "Like the System", "dark": "Dark", "light": "Light"}
        for mode, text in modes.items():
            action = QAction(text, menu, checkable=True)
            action.setChecked(self._theme.mode == mode)
            action.triggered.connect(partial(self._set_theme, mode))
            group.addAction(action)
            menu.addAction(action)

    def _set_theme(self, mode: ThemeMode) -> None:
        self._theme.set_mode(mode)
        self._preferences.theme_mode = mode

    def _fill_recent(self) -> None:
        """Name what was opened last, without what is gone by now; what is on a disk that does not answer is grey."""
        self._recent_menu.clear()
        files = self._preferences.recent_files
        there: list[bool | None] = answers([path.is_file for path in files], otherwise=None)
        for path, found in zip(files, there, strict=True):
            if found is False:
                self._preferences.forget_file(path)
                continue
            action = self._recent_menu.addAction(literal(path.name), partial(self.open_files, [path]))
            action.setToolTip(str(path))
            action.setEnabled(bool(found))
        if self._recent_menu.isEmpty():
            self._recent_menu.addAction("Nothing opened yet").setEnabled(False)

    def _fill_recent_paintings(self) -> None:
        """Offer what was chosen to work from besides photos."""
        menu, panel = self._recent_paintings_menu, self._pictured
        menu.clear()
        for slot in panel.task.inputs[1:]:
            for path in self._preferences.recent_in(slot.role):
                menu.addAction(literal(path.name), partial(panel.open_as, slot.role, [path])).setToolTip(str(path))
        if menu.isEmpty():
            menu.addAction("Nothing chosen yet").setEnabled(False)

    def _fill_continue(self) -> None:
        """Offer the sessions that were kept unasked, but for those that are open, and the newest with a name."""
        menu = self._continue_menu
        menu.clear()
        panels = [panel for panel in self.panels if isinstance(panel, PicturePanel)]
        offers = [(offer, panel) for panel in panels for offer in panel.session_files.offers]
        for offer, panel in sorted(offers, key=lambda pair: pair[0].kept.saved, reverse=True):
            kept = offer.kept
            if kept.path != panel.keeper.folder:
                words = f"“{kept.title}” in {panel.title}, {kept.saved.day} {kept.saved:%b %H:%M}"
                action = menu.addAction(literal(words), partial(panel.session_files.open, kept.path))
                if offer.preview is not None:
                    action.setIcon(QIcon(pixmap_of(offer.preview)))
        named = self._preferences.recent_sessions
        if named and not menu.isEmpty():
            menu.addSeparator()
        for path in named:
            menu.addAction(literal(path.name), partial(self.open_files, [path])).setToolTip(str(path))
        if menu.isEmpty():
            menu.addAction("No other session yet").setEnabled(False)

    def _fill_send_menu(self) -> None:
        self._fill_targets(self._send_menu, self._pictured.picture_to_send)

    def _fill_targets(self, menu: QMenu, what: Sendable | None) -> None:
        """Name every panel that accepts `what`, the one it comes from as well: a result can be worked on again."""
        menu.clear()
        for panel in self.panels:
            if what is not None and panel.accepts(what):
                menu.addAction(literal(panel.title), partial(self.send, what, panel.name))
        if menu.isEmpty():
            menu.addAction("Nothing to send yet" if what is None else "No panel takes this").setEnabled(False)

    def _show_compare_mode(self, mode: str) -> None:
        self._compare_actions[mode].setChecked(True)
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
        a.save_session.setEnabled(self._pictured.session.photo is not None)
        a.undo.setEnabled(undo.canUndo())
        a.redo.setEnabled(undo.canRedo())

    # -- what the window does --------------------------------------------------------------------------------------

    def show_panel(self, name: str) -> None:
        """Bring the panel called `name` to the front, and let the commands act on it as far as it answers them."""
        panel = self.panel(name)
        self._stack.setCurrentIndex(self.panels.index(panel))
        self.rail.set_current(name)
        self._panel_actions[name].setChecked(True)
        self.banner.lie_over(panel.picture_place)
        if panel.undo_stack is not None:
            self._undo.setActiveStack(panel.undo_stack)
        if panel.menu_title:
            self._driven = panel
            self._work_menu.setTitle(panel.menu_title)
        if isinstance(panel, PicturePanel):
            self._pictured = panel
            self.actions_of_window.show_result.setText(f"{panel.result_title} Only")
            self.actions_of_window.peek.setChecked(panel.canvas.peeking)
            self._compare_actions[panel.canvas.compare_mode].setChecked(True)
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
        self._pictured.open_samples()

    def open_last_sessions(self, otherwise: Callable[[], None]) -> None:
        """Bring every picture panel back as it was left; where the one in front held nothing, act `otherwise`."""
        for panel in self.panels:
            if isinstance(panel, PicturePanel):
                panel.open_last_session(otherwise if panel is self._pictured else lambda: None)

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
        ShortcutsSheet(shortcuts_by_menu(self.menuBar()) | _MOUSE_AND_KEYS, self._theme, self).open()

    def show_history(self) -> None:
        """Show every step of the panel in front that can be undone, to go back to any of them."""
        if self._history is None:
            self._history = HistoryList(self._undo, self)
        self._history.show()

    def show_palette(self) -> None:
        """Offer everything that can be done now, to be found by typing."""
        panel = self.panels[self._stack.currentIndex()]
        CommandPalette(commands_now(self.menuBar(), panel), self._theme, self)

    def focusNextPrevChild(self, next: bool) -> bool:
        """Let Tab follow the eye."""
        focus = self.focusWidget()
        middle = self.centralWidget()
        to = None if focus is None or middle is None else neighbour(middle, focus, forward=next)
        if to is None:
            return super().focusNextPrevChild(next)
        to.setFocus(Qt.FocusReason.TabFocusReason if next else Qt.FocusReason.BacktabFocusReason)
        return True

    def show_about(self) -> None:
        """Say what this program is."""
        samples = (*sample_paintings(), *sample_photos())
        credits = "".join(f"<br>{sample.title}: {sample.credit}, {sample.licence}" for sample in samples)
        QMessageBox.about(
            self,
            "About Atelier",
            f"<b>Atelier {__version__}</b><p>A studio in which an artist directs neural image models by hand.</p>"
            f"<p>Apache-2.0.</p><p>Log: {self._help.folders.log}</p><p>Sample pictures{credits}</p>",
        )

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
        screen = QApplication.primaryScreen().availableSize()
        self.setMinimumSize(_LEAST.boundedTo(screen))
        geometry = self._preferences.load_bytes("geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(min(1440, screen.width() - 32), min(900, screen.height() - 48))

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


def _separator(parent: QWidget) -> QAction:
    action = QAction(parent)
    action.setSeparator(True)
    return action
