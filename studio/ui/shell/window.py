"""The window: tasks on the left, the chosen panel beside them, menus above, and a banner where something failed."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QUndoGroup, QUndoStack
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QMenu, QMessageBox, QStackedWidget, QWidget

from studio import __version__
from studio.core.failures import Failure
from studio.core.model_shelf import ModelShelf
from studio.core.samples import sample_photos
from studio.engine import Engine, JobHandle
from studio.training.run_folder import RunFolder
from studio.ui.actions import Actions, make_actions
from studio.ui.panel import Panel
from studio.ui.panels.library.panel import LibraryPanel
from studio.ui.panels.models.panel import ModelsPanel
from studio.ui.panels.style.panel import StylePanel
from studio.ui.panels.train.panel import TrainPanel
from studio.ui.picture.files import PictureFiles
from studio.ui.preferences import Preferences, TrainingAtClose
from studio.ui.shell.banner import Banner, BannerKind
from studio.ui.shell.notifier import Notifier
from studio.ui.shell.shortcuts_sheet import Shortcut, ShortcutsSheet, shortcuts_by_menu
from studio.ui.shell.task_rail import TaskEntry, TaskRail
from studio.ui.theme import Theme, ThemeMode

_MOUSE_AND_KEYS = {
    "Canvas": (
        Shortcut("Zoom at the pointer", ("Wheel",)),
        Shortcut("Pan", ("Drag", "Arrow keys")),
        Shortcut("Fit or 100 %", ("Double-click",)),
        Shortcut("Show the photo while held", ("Space",)),
        Shortcut("Move the divider", ("[", "]")),
    ),
    "Film strip": (
        Shortcut("Walk along the frames", ("Arrow keys",)),
        Shortcut("Go on from a frame", ("Enter", "Click")),
    ),
    "Sliders": (
        Shortcut("Finer and coarser steps", ("Arrow keys", "Page Up", "Page Down")),
        Shortcut("Back to the default", ("Double-click the name",)),
    ),
}


class StudioWindow(QMainWindow):
    """The studio as one sees it.

    Args:
        theme: dresses the application.
        studio: the engine that owns the device.
        pictures: the engine that loads, saves and composes.
        shelf: the engine that downloads networks and looks after them.
        runs: the engine that reads training runs and looks at what they learn from.
        models: the networks of this computer.
        runs_folder: where new training runs are put.
        desk: opens and saves pictures.
        preferences: what is remembered between two starts.

    """

    closed = Signal()

    def __init__(
        self,
        theme: Theme,
        studio: Engine,
        pictures: Engine,
        shelf: Engine,
        runs: Engine,
        models: ModelShelf,
        runs_folder: Path,
        desk: PictureFiles,
        preferences: Preferences,
    ) -> None:
        super().__init__()
        self.setWindowTitle("Atelier")
        self._theme, self._preferences, self._desk = theme, preferences, desk
        self.undo_stack, self.training_undo_stack = QUndoStack(self), QUndoStack(self)
        self._undo = QUndoGroup(self)  # what is undone is what one sees: a stack for each panel that has something
        for stack in (self.undo_stack, self.training_undo_stack):
            self._undo.addStack(stack)
        self.actions_of_window: Actions = make_actions(self, theme)
        self.style_panel = StylePanel(
            theme, studio, pictures, desk, preferences, self.actions_of_window, self.undo_stack
        )
        self.train_panel = TrainPanel(theme, studio, pictures, runs, runs_folder, preferences, self.training_undo_stack)
        self.library_panel = LibraryPanel(theme, pictures, desk.library)
        self.models_panel = ModelsPanel(theme, shelf, models)
        self._panels: tuple[Panel, ...] = (
            self.style_panel, self.train_panel, self.library_panel, self.models_panel,
        )  # fmt: skip
        self._driven: Panel = self.style_panel
        self.notifier = Notifier(self)
        self._may_ask = True
        self.rail = TaskRail([_entry_of(panel) for panel in self._panels], theme)
        self._stack = QStackedWidget()
        for panel in self._panels:
            self._stack.addWidget(panel)
        self.banner = Banner(self._make_body(), theme)
        self._build_menus()
        self._connect()
        self._restore_geometry()
        self._show_enabled()
        self.show_panel(self.style_panel.name)
        self.style_panel.workspace.canvas.setFocus()  # its keys work at once; no ring lies around a task

    def _make_body(self) -> QWidget:
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(self._stack, 1)
        self.setCentralWidget(body)
        return body

    def _connect(self) -> None:
        actions, style = self.actions_of_window, self.style_panel
        self.rail.task_chosen.connect(self.show_panel)
        for panel in self._panels:
            panel.failed.connect(self.show_failure)
            panel.noticed.connect(self.show_notice)
            panel.actions_changed.connect(self._show_enabled)
        self._desk.failed.connect(self.show_failure)
        self._desk.saved.connect(self._note_saved)
        self._desk.kept.connect(self.library_panel.refresh)
        self.library_panel.opened.connect(self._open_from_library)
        self._connect_networks()
        self._connect_training()
        actions.open_photo.triggered.connect(style.choose_photo)
        actions.add_painting.triggered.connect(style.choose_painting)
        actions.paste.triggered.connect(style.paste)
        actions.save.triggered.connect(style.save)
        actions.save_as.triggered.connect(style.save_as)
        actions.copy.triggered.connect(style.copy)
        actions.quit.triggered.connect(self.close)
        actions.undo.triggered.connect(self._undo.undo)
        actions.redo.triggered.connect(self._undo.redo)
        actions.reset.triggered.connect(lambda: self._driven.reset())
        actions.paint.triggered.connect(lambda: self._driven.start())
        actions.pause.triggered.connect(lambda: self._driven.toggle_pause())
        actions.stop.triggered.connect(lambda: self._driven.stop())
        canvas = style.workspace.canvas
        actions.fit.triggered.connect(canvas.fit)
        actions.actual_size.triggered.connect(canvas.actual_size)
        actions.zoom_in.triggered.connect(canvas.zoom_in)
        actions.zoom_out.triggered.connect(canvas.zoom_out)
        actions.peek.toggled.connect(canvas.peek)
        actions.full_screen.toggled.connect(self._show_full_screen)
        actions.shortcuts.triggered.connect(self.show_shortcuts)
        actions.about.triggered.connect(self.show_about)
        canvas.compare_changed.connect(self._show_compare_mode)
        canvas.peek_changed.connect(actions.peek.setChecked)
        self._undo.canUndoChanged.connect(actions.undo.setEnabled)
        self._undo.canRedoChanged.connect(actions.redo.setEnabled)
        self._undo.undoTextChanged.connect(lambda name: actions.undo.setText(f"Undo {name}".strip()))
        self._undo.redoTextChanged.connect(lambda name: actions.redo.setText(f"Redo {name}".strip()))

    def _connect_networks(self) -> None:
        style, models = self.style_panel, self.models_panel
        models.networks_changed.connect(style.refresh_networks)
        models.networks_changed.connect(self.train_panel.refresh_networks)
        models.use_requested.connect(self._use_network)
        style.networks_requested.connect(self._show_network)
        style.session.settings_changed.connect(lambda settings: models.set_in_use(settings.backbone))
        models.set_in_use(style.session.settings.backbone)

    def _connect_training(self) -> None:
        actions, train = self.actions_of_window, self.train_panel
        actions.new_run.triggered.connect(self._begin_run)
        actions.open_run.triggered.connect(self._open_run)
        train.use_requested.connect(self._use_trained)
        train.ended.connect(self.notifier.tell)
        train.released.connect(self.close)

    # -- menus -----------------------------------------------------------------------------------------------------

    def _build_menus(self) -> None:
        a = self.actions_of_window
        bar = self.menuBar()
        file = bar.addMenu("&File")
        file.setToolTipsVisible(True)
        file.addActions([a.open_photo, a.add_painting])
        self._recent_menu = file.addMenu("Open Recent")
        self._recent_menu.aboutToShow.connect(self._fill_recent)
        file.addSeparator()
        file.addActions([a.save, a.save_as])
        file.addAction(self._ai_mark_action(file))
        file.addSeparator()
        file.addActions([a.new_run, a.open_run])
        self._add_closing_menu(file)
        file.addSeparator()
        file.addAction(a.quit)
        bar.addMenu("&Edit").addActions([a.undo, a.redo, a.reset, _separator(self), a.copy, a.paste])
        self._work_menu = bar.addMenu("&Painting")
        self._work_menu.addActions([a.paint, a.pause, a.stop])
        view = bar.addMenu("&View")
        view.addActions([a.fit, a.actual_size, a.zoom_in, a.zoom_out, _separator(self)])
        view.addActions([a.show_painting, a.show_split, a.show_side, a.peek, _separator(self)])
        self._add_compare_group()
        self._add_theme_menu(view)
        view.addAction(a.full_screen)
        bar.addMenu("&Help").addActions([a.shortcuts, a.about])

    def _ai_mark_action(self, menu: QMenu) -> QAction:
        action = QAction("Mark Saved Pictures as AI-Made", menu, checkable=True)
        action.setChecked(self._preferences.ai_mark)
        action.setToolTip("Writes the IPTC digital source type into saved files, as platforms and archives expect.")
        action.toggled.connect(lambda on: setattr(self._preferences, "ai_mark", on))
        return action

    def _add_compare_group(self) -> None:
        a, canvas = self.actions_of_window, self.style_panel.workspace.canvas
        self._compare_actions = {"after": a.show_painting, "split": a.show_split, "side": a.show_side}
        group = QActionGroup(self)
        for mode, action in self._compare_actions.items():
            group.addAction(action)
            action.triggered.connect(lambda _=False, mode=mode: canvas.set_compare_mode(mode))
        self._show_compare_mode(canvas.compare_mode)

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

    def _add_closing_menu(self, file: QMenu) -> None:
        menu = file.addMenu("When Closing While It Trains")
        group = QActionGroup(menu)
        choices: dict[TrainingAtClose, str] = {
            "ask": "Ask", "pause": "Pause and Close", "background": "Go On in the Background",
        }  # fmt: skip
        actions = {}
        for choice, text in choices.items():
            actions[choice] = action = QAction(text, menu, checkable=True)
            action.triggered.connect(partial(setattr, self._preferences, "training_at_close", choice))
            group.addAction(action)
            menu.addAction(action)
        menu.aboutToShow.connect(lambda: actions[self._preferences.training_at_close].setChecked(True))

    def _set_theme(self, mode: ThemeMode) -> None:
        self._theme.set_mode(mode)
        self._preferences.theme_mode = mode

    def _fill_recent(self) -> None:
        self._recent_menu.clear()
        files = self._preferences.recent_files
        for path in files:
            self._recent_menu.addAction(path.name, partial(self.open_files, [path])).setToolTip(str(path))
        if not files:
            self._recent_menu.addAction("Nothing opened yet").setEnabled(False)

    def _show_compare_mode(self, mode: str) -> None:
        self._compare_actions[mode].setChecked(True)
        self._preferences.compare_mode = mode

    def _show_enabled(self) -> None:
        """Enable what can be done now; what cannot is grey, not silent."""
        a, style = self.actions_of_window, self.style_panel
        a.paint.setEnabled(self._driven.can_start)
        a.pause.setEnabled(self._driven.is_running)
        a.stop.setEnabled(self._driven.can_stop)
        for action in (a.save, a.save_as, a.copy):
            action.setEnabled(style.has_painting)
        a.undo.setEnabled(self._undo.canUndo())
        a.redo.setEnabled(self._undo.canRedo())

    # -- what the window does --------------------------------------------------------------------------------------

    def show_panel(self, name: str) -> None:
        """Bring the panel called `name` to the front."""
        panel = next(panel for panel in self._panels if panel.name == name)
        self._stack.setCurrentWidget(panel)
        self.rail.set_current(name)
        self._drive(self.train_panel if panel is self.train_panel else self.style_panel)
        if panel is self.library_panel:
            self.library_panel.refresh()

    def _drive(self, panel: Panel) -> None:
        """Let the window's commands act on this panel."""
        trains = panel is self.train_panel
        self._driven = panel
        self._undo.setActiveStack(self.training_undo_stack if trains else self.undo_stack)
        self._work_menu.setTitle("&Training" if trains else "&Painting")
        self.actions_of_window.paint.setText("Start Training" if trains else "Paint")
        self._show_enabled()

    def open_files(self, files: Sequence[Path]) -> None:
        """Open pictures: the first is the photo, those after it are paintings."""
        self.show_panel("style")
        self.style_panel.open_pictures(list(files))

    def open_samples(self) -> None:
        """Show a finished-looking workspace with a sample already being painted."""
        self.style_panel.open_samples()

    def show_failure(self, failure: Failure) -> None:
        """Say what failed, why, and what to do."""
        self.banner.show_failure(failure)

    def show_notice(self, message: str, level: BannerKind = "info") -> None:
        """Say something worth knowing that is no failure."""
        self.banner.show_notice(message, kind=level)

    def show_shortcuts(self) -> None:
        """Show every keyboard shortcut."""
        ShortcutsSheet(shortcuts_by_menu(self.menuBar()) | _MOUSE_AND_KEYS, self._theme, self).open()

    def show_about(self) -> None:
        """Say what this program is."""
        credits = "".join(f"<br>{sample.title}: {sample.credit}, {sample.licence}" for sample in sample_photos())
        QMessageBox.about(
            self,
            "About Atelier",
            f"<b>Atelier {__version__}</b><p>A studio in which an artist directs neural image models by hand.</p>"
            f"<p>Apache-2.0, as are the sample paintings.</p><p>Sample photos{credits}</p>",
        )

    def watch_loading(self, handle: JobHandle) -> None:
        """Say at the bottom what is being loaded, until it is there."""
        handle.progressed.connect(self.style_panel.show_loading)
        handle.finished.connect(self.style_panel.end_loading)
        handle.failed.connect(self.style_panel.end_loading)
        handle.failed.connect(self.show_failure)

    def _open_from_library(self, path: Path) -> None:
        self.open_files([path])

    def _use_network(self, name: str) -> None:
        self.style_panel.use_network(name)
        self.show_panel(self.style_panel.name)

    def _show_network(self, name: str) -> None:
        self.show_panel(self.models_panel.name)
        self.models_panel.show_network(name)

    def _use_trained(self, product: str, run: Path) -> None:
        if product == "backbone":
            self.models_panel.bring_and_use(RunFolder(run).model_file)
        else:
            self.style_panel.use_fast_style(str(run))
            self.show_panel(self.style_panel.name)

    def _begin_run(self) -> None:
        self.show_panel(self.train_panel.name)
        self.train_panel.new_run()

    def _open_run(self) -> None:
        self.show_panel(self.train_panel.name)
        self.train_panel.choose_run()

    def _note_saved(self, path: Path) -> None:
        self._preferences.save_folder = str(path.parent)
        self.show_notice(f"Saved as {path.name}")

    def _show_full_screen(self, on: bool) -> None:
        if on:
            self.showFullScreen()
        else:
            self.showNormal()

    # -- coming and going ------------------------------------------------------------------------------------------

    def _restore_geometry(self) -> None:
        geometry = self._preferences.load_bytes("geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            screen = QApplication.primaryScreen().availableSize()
            self.resize(min(1440, screen.width() - 32), min(900, screen.height() - 48))

    def close_without_asking(self) -> None:
        """Close because the system wants it: what trains is paused, and saved first."""
        self._may_ask = False
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep what was reached, remember the window, and end the engines; a training is asked about first."""
        if self.train_panel.hold_closing(ask=self._may_ask):
            event.ignore()  # the panel closes the window when everything is saved
            return
        self._preferences.store_bytes("geometry", self.saveGeometry())
        self.hide()  # what is left to keep takes a moment, which nobody needs to watch
        for panel in self._panels:
            panel.close_gently()
        self.closed.emit()
        super().closeEvent(event)


def _entry_of(panel: Panel) -> TaskEntry:
    return TaskEntry(panel.name, panel.title, panel.icon_name, panel.tooltip, panel.at_foot)


def _separator(parent: QWidget) -> QAction:
    action = QAction(parent)
    action.setSeparator(True)
    return action
