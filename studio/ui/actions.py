"""Every action of the window, once: menus, shortcuts and the shortcuts sheet are made from these."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from studio.ui.icons import set_icon
from studio.ui.theme import Theme


@dataclass(frozen=True, slots=True)
class Actions:
    """The window's actions by name; `group` of each is kept in `QAction.data()`."""

    open_photo: QAction
    add_painting: QAction
    paste: QAction
    save: QAction
    save_as: QAction
    copy: QAction
    quit: QAction
    undo: QAction
    redo: QAction
    reset: QAction
    paint: QAction
    pause: QAction
    stop: QAction
    fit: QAction
    actual_size: QAction
    zoom_in: QAction
    zoom_out: QAction
    show_painting: QAction
    show_split: QAction
    show_side: QAction
    peek: QAction
    full_screen: QAction
    shortcuts: QAction
    about: QAction

    def all(self) -> Iterable[QAction]:
        """Return all actions in the order of their definition."""
        return (getattr(self, field.name) for field in fields(self))


def make_actions(parent: QWidget, theme: Theme) -> Actions:
    """Create the actions, with their shortcuts and tooltips, as children of `parent`."""

    def action(text: str, keys: str | list[str], group: str, icon: str = "", *, checkable: bool = False) -> QAction:
        made = QAction(text, parent, checkable=checkable)
        made.setShortcuts([QKeySequence(key) for key in ([keys] if isinstance(keys, str) else keys)])
        made.setData(group)
        if icon:
            set_icon(made, icon, theme)
        parent.addAction(made)
        return made

    return Actions(
        open_photo=action("Open Photo…", "Ctrl+O", "Pictures", "open"),
        add_painting=action("Add Painting…", "Ctrl+Shift+O", "Pictures", "add_picture"),
        paste=action("Paste as Photo", "Ctrl+V", "Pictures", "paste"),
        save=action("Save", "Ctrl+S", "Pictures", "save"),
        save_as=action("Save As…", "Ctrl+Shift+S", "Pictures", "export"),
        copy=action("Copy Picture", "Ctrl+C", "Pictures", "copy"),
        quit=action("Quit", "Ctrl+Q", "Pictures"),
        undo=action("Undo", "Ctrl+Z", "Settings", "undo"),
        redo=action("Redo", ["Ctrl+Shift+Z", "Ctrl+Y"], "Settings", "redo"),
        reset=action("Reset All Settings", "Ctrl+Shift+R", "Settings", "reset"),
        paint=action("Paint", ["Ctrl+Return", "Ctrl+Enter"], "Painting", "play"),
        pause=action("Pause or Go On", "Ctrl+P", "Painting", "pause"),
        stop=action("Stop and Keep", "Ctrl+.", "Painting", "stop"),
        fit=action("Fit in Window", ["Ctrl+0", "F"], "View", "fit"),
        actual_size=action("Actual Size (100 %)", "Ctrl+1", "View", "zoom"),
        zoom_in=action("Zoom In", ["Ctrl++", "Ctrl+="], "View"),
        zoom_out=action("Zoom Out", "Ctrl+-", "View"),
        show_painting=action("Painting Only", "Alt+1", "View", "picture", checkable=True),
        show_split=action("Split", "Alt+2", "View", "compare_split", checkable=True),
        show_side=action("Side by Side", "Alt+3", "View", "compare_side", checkable=True),
        peek=action("Show the Photo", "Alt+4", "View", "peek", checkable=True),
        full_screen=action("Full Screen", "F11", "View", checkable=True),
        shortcuts=action("Keyboard Shortcuts", ["F1", "?"], "Help", "keyboard"),
        about=action("About Atelier", "Ctrl+F1", "Help", "info"),
    )
