"""The window's menus: what stands in them, and those that are filled when one looks."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QActionGroup, QIcon, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar

from studio.core.errands import answers
from studio.ui.actions import Actions
from studio.ui.controls.mnemonics import literal
from studio.ui.controls.pixmaps import pixmap_of
from studio.ui.panel import Panel, Sendable
from studio.ui.picture.panel import PicturePanel
from studio.ui.preferences import Preferences
from studio.ui.theme import Theme, ThemeMode

__all__ = ["Menus"]


class Menus(QObject):
    """Fills the menu bar, and menus that name panels.

    Args:
        bar: to be filled.
        panels: in the order of the rail.
        pictured: the picture panel that commands act on, until another one is in front.
        actions: the window's commands.
        preferences: what was opened before; how saved pictures are marked.
        theme: is chosen here.
        log: the file that Help opens.

    """

    panel_chosen = Signal(str)
    files_chosen = Signal(list)
    target_chosen = Signal(object, str)
    """A `Sendable`, and the name of the panel that shall have it."""

    def __init__(
        self, bar: QMenuBar, panels: Sequence[Panel], pictured: PicturePanel, actions: Actions,
        preferences: Preferences, theme: Theme, log: Path,
    ) -> None:  # fmt: skip
        super().__init__(bar)
        self._bar, self._panels, self._pictured, self._actions = bar, panels, pictured, actions
        self._preferences, self._theme = preferences, theme
        self._compare_actions = {"after": actions.show_result, "split": actions.show_split, "side": actions.show_side}
        self.panel_actions = self._make_panel_actions()
        self._build_file_menu()
        a = actions
        bar.addMenu("&Edit").addActions([a.undo, a.redo, a.history, a.reset, self._line(), a.copy, a.paste])
        self.work = bar.addMenu("")
        self.work.addActions([a.start, a.pause, a.stop])
        self._work_line = self._line()
        self.work.addAction(self._work_line)
        self._own: Sequence[QAction] = ()
        self._build_view_menu()
        self._build_help_menu(log)

    def show_front(self, panel: Panel) -> None:
        """Let the menus follow the panel in front, as far as it answers them."""
        self.panel_actions[panel.name].setChecked(True)
        if panel.menu_title:
            self.work.setTitle(panel.menu_title)
        for action in self._own:
            self.work.removeAction(action)
        self._own = panel.work_actions
        self.work.addActions(self._own)
        self._work_line.setVisible(bool(self._own))
        if isinstance(panel, PicturePanel):
            self._pictured = panel
            self._actions.show_result.setText(f"{panel.result_title} Only")
            self._actions.peek.setChecked(panel.canvas.peeking)
            self.show_compare_mode(panel.canvas.compare_mode)

    def show_compare_mode(self, mode: str) -> None:
        """Show how photo and result are compared."""
        self._compare_actions[mode].setChecked(True)

    # -- what stands in them ---------------------------------------------------------------------------------------

    def _make_panel_actions(self) -> dict[str, QAction]:
        """Give every panel a key, from F2 on as they stand in the rail."""
        group, actions = QActionGroup(self), {}
        in_rail = sorted(self._panels, key=lambda panel: panel.at_foot)
        for number, panel in enumerate(in_rail, 2):
            action = actions[panel.name] = QAction(
                panel.title, group, checkable=True, shortcut=QKeySequence(f"F{number}")
            )
            action.triggered.connect(lambda _=False, name=panel.name: self.panel_chosen.emit(name))
        return actions

    def _build_file_menu(self) -> None:
        a, menu = self._actions, self._bar.addMenu("&File")
        menu.setToolTipsVisible(True)
        menu.addAction(a.open)
        for panel in self._panels:
            if isinstance(panel, PicturePanel):
                menu.addActions(panel.file_actions)
        menu.addAction(a.queue)
        self.recent = menu.addMenu("Open Recent")
        self.recent.aboutToShow.connect(self._fill_recent)
        self._recent_paintings = menu.addMenu("Recent Paintings")
        self._recent_paintings.aboutToShow.connect(self._fill_recent_paintings)
        self._continue = menu.addMenu("Continue With")
        self._continue.aboutToShow.connect(self._fill_continue)
        menu.addActions([a.open_session, a.save_session])
        menu.addSeparator()
        menu.addActions([a.save, a.save_as, self._make_ai_mark_action()])
        self.send = menu.addMenu("Send Picture To")
        self.send.aboutToShow.connect(lambda: self.fill_targets(self.send, self._pictured.picture_to_send))
        for panel in self._panels:
            if panel.file_actions and not isinstance(panel, PicturePanel):
                menu.addSeparator()
                menu.addActions(panel.file_actions)
        menu.addSeparator()
        menu.addAction(a.quit)

    def _make_ai_mark_action(self) -> QAction:
        action = QAction("Mark Saved Pictures as AI-Made", self, checkable=True)
        action.setChecked(self._preferences.ai_mark)
        action.setToolTip("Writes the IPTC digital source type into saved files, as platforms and archives expect.")
        action.toggled.connect(lambda on: setattr(self._preferences, "ai_mark", on))
        return action

    def _build_view_menu(self) -> None:
        a, menu = self._actions, self._bar.addMenu("&View")
        menu.addActions([*self.panel_actions.values(), self._line()])
        menu.addActions([a.fit, a.actual_size, a.zoom_in, a.zoom_out, self._line()])
        menu.addActions([*self._compare_actions.values(), a.peek, self._line()])
        group = QActionGroup(self)
        for mode, action in self._compare_actions.items():
            group.addAction(action)
            action.triggered.connect(lambda _=False, mode=mode: self._pictured.canvas.set_compare_mode(mode))
        self._add_theme_menu(menu)
        menu.addAction(a.full_screen)

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

    def _build_help_menu(self, log: Path) -> None:
        a, menu = self._actions, self._bar.addMenu("&Help")
        menu.setToolTipsVisible(True)
        a.log.setToolTip(str(log))
        menu.addActions([a.palette, a.manual, a.shortcuts, self._line(), a.diagnostics, a.log, self._line(), a.about])

    def _line(self) -> QAction:
        line = QAction(self)
        line.setSeparator(True)
        return line

    # -- filled when one looks -------------------------------------------------------------------------------------

    def _fill_recent(self) -> None:
        """Name what was opened last, without what is gone by now; what is on a disk that does not answer is grey."""
        self.recent.clear()
        files = self._preferences.recent_files
        there: list[bool | None] = answers([path.is_file for path in files], otherwise=None)
        for path, found in zip(files, there, strict=True):
            if found is False:
                self._preferences.forget_file(path)
                continue
            self._offer_file(self.recent, path).setEnabled(bool(found))
        if self.recent.isEmpty():
            self.recent.addAction("Nothing opened yet").setEnabled(False)

    def _fill_recent_paintings(self) -> None:
        """Offer what was chosen to work from besides photos."""
        menu, panel = self._recent_paintings, self._pictured
        menu.clear()
        for slot in panel.task.inputs[1:]:
            for path in self._preferences.recent_in(slot.role):
                menu.addAction(literal(path.name), partial(panel.open_as, slot.role, [path])).setToolTip(str(path))
        if menu.isEmpty():
            menu.addAction("Nothing chosen yet").setEnabled(False)

    def _fill_continue(self) -> None:
        """Offer the sessions that were kept unasked, but for those that are open, and the newest with a name."""
        menu = self._continue
        menu.clear()
        panels = [panel for panel in self._panels if isinstance(panel, PicturePanel)]
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
            self._offer_file(menu, path)
        if menu.isEmpty():
            menu.addAction("No other session yet").setEnabled(False)

    def _offer_file(self, menu: QMenu, path: Path) -> QAction:
        action = menu.addAction(literal(path.name), lambda: self.files_chosen.emit([path]))
        action.setToolTip(str(path))
        return action

    def fill_targets(self, menu: QMenu, what: Sendable | None) -> None:
        """Name every panel that accepts `what`, the one it comes from as well: a result can be worked on again."""
        menu.clear()
        for panel in self._panels:
            if what is not None and panel.accepts(what):
                self._offer_target(menu, what, panel)
        if menu.isEmpty():
            menu.addAction("Nothing to send yet" if what is None else "No panel takes this").setEnabled(False)

    def _offer_target(self, menu: QMenu, what: Sendable, panel: Panel) -> None:
        menu.addAction(literal(panel.title), lambda: self.target_chosen.emit(what, panel.name))
