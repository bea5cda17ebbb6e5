"""Every command of the window, once: menus, shortcuts and the shortcuts sheet are made from these.

What they are called follows the panel in front; commands of one panel alone are its own
(`Panel.file_actions`, `Panel.work_actions`).
"""

from dataclasses import dataclass, fields

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from studio.ui.icons import set_icon
from studio.ui.theme import Theme


@dataclass(frozen=True, slots=True)
class Actions:
    """The window's actions by name."""

    open: QAction
    queue: QAction
    paste: QAction
    open_session: QAction
    save_session: QAction
    save: QAction
    save_as: QAction
    copy: QAction
    quit: QAction
    undo: QAction
    redo: QAction
    history: QAction
    reset: QAction
    start: QAction
    pause: QAction
    stop: QAction
    fit: QAction
    actual_size: QAction
    zoom_in: QAction
    zoom_out: QAction
    show_result: QAction
    show_split: QAction
    show_side: QAction
    peek: QAction
    full_screen: QAction
    palette: QAction
    manual: QAction
    shortcuts: QAction
    diagnostics: QAction
    log: QAction
    about: QAction

    def give_to(self, window: QWidget) -> None:
        """Let the window own them and answer their keys."""
        for field in fields(self):
            action: QAction = getattr(self, field.name)
            action.setParent(window)
            window.addAction(action)


def make_actions(theme: Theme) -> Actions:
    """Create the actions with their shortcuts and icons, before there is a window: panels show some as buttons."""

    def action(text: str, keys: str | list[str], icon: str = "", *, checkable: bool = False) -> QAction:
        made = QAction(text, checkable=checkable)
        made.setShortcuts([QKeySequence(key) for key in ([keys] if isinstance(keys, str) else keys)])
        if icon:
            set_icon(made, icon, theme)
        return made

    return Actions(
        open=action("Open Photo…", "Ctrl+O", "open"),
        queue=action("Queue a Folder…", "Ctrl+Alt+Q", "folder"),
        paste=action("Paste as Photo", "Ctrl+V", "paste"),
        open_session=action("Open Session…", "Ctrl+Alt+O"),
        save_session=action("Save Session…", "Ctrl+Alt+S"),
        save=action("Save", "Ctrl+S", "save"),
        save_as=action("Save As…", "Ctrl+Shift+S", "export"),
        copy=action("Copy Picture", "Ctrl+C", "copy"),
        quit=action("Quit", "Ctrl+Q"),
        undo=action("Undo", "Ctrl+Z", "undo"),
        redo=action("Redo", ["Ctrl+Shift+Z", "Ctrl+Y"], "redo"),
        history=action("History", "Ctrl+Alt+Z", "history"),
        reset=action("Reset All Settings", "Ctrl+Shift+R", "reset"),
        start=action("Start", ["Ctrl+Return", "Ctrl+Enter"], "play"),
        pause=action("Pause or Go On", "Ctrl+P", "pause"),
        stop=action("Stop and Keep", "Ctrl+.", "stop"),
        fit=action("Fit in Window", ["Ctrl+0", "F"], "fit"),
        actual_size=action("Actual Size (100 %)", "Ctrl+1", "zoom"),
        zoom_in=action("Zoom In", ["Ctrl++", "Ctrl+="]),
        zoom_out=action("Zoom Out", "Ctrl+-"),
        show_result=action("Result Only", "Alt+1", "picture", checkable=True),
        show_split=action("Split", "Alt+2", "compare_split", checkable=True),
        show_side=action("Side by Side", "Alt+3", "compare_side", checkable=True),
        peek=action("Show the Photo", "Alt+4", "peek", checkable=True),
        full_screen=action("Full Screen", "F11", checkable=True),
        palette=action("Find a Command…", ["Ctrl+K", "Ctrl+Shift+P"], "search"),
        manual=action("Manual", "Shift+F1", "help"),
        shortcuts=action("Keyboard Shortcuts", ["F1", "?"], "keyboard"),
        diagnostics=action("Copy Diagnostics", "Ctrl+Shift+D", "copy"),
        log=action("Open the Log File", "Ctrl+Shift+L", "list"),
        about=action("About Atelier", "Ctrl+F1", "info"),
    )
