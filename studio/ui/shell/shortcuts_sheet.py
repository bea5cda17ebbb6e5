"""The sheet of shortcuts, made from the window's own actions so that it is never out of date."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QMenuBar,
    QVBoxLayout,
    QWidget,
)

from studio.ui.controls.layouts import column, holding, row, scrolling
from studio.ui.controls.mnemonics import without_mnemonic
from studio.ui.theme import Theme, mark

_COLUMNS = 2


@dataclass(frozen=True, slots=True)
class Shortcut:
    """One line of the sheet: what it does, and the keys (alternatives) or the move of the mouse that does it."""

    words: str
    keys: tuple[str, ...]


MOUSE_AND_KEYS = {
    "Canvas": (
        Shortcut("Zoom at the pointer", ("Wheel",)),
        Shortcut("Zoom in, zoom out", ("+", "−")),
        Shortcut("Pan", ("Drag", "Arrow keys")),
        Shortcut("Fit, 100 %", ("0", "1")),
        Shortcut("Fit or 100 %", ("Double-click",)),
        Shortcut("Show the photo while held", ("Space",)),
        Shortcut("Move the divider", ("[", "]")),
        Shortcut("Move it farther", ("{", "}")),
    ),
    "Crop": (
        Shortcut("Move the rectangle", ("Drag", "Arrow keys")),
        Shortcut("Resize it", ("Drag a handle", "Shift+Arrow keys")),
        Shortcut("Farther at a time", ("Ctrl+Arrow keys",)),
        Shortcut("Done", ("Enter",)),
        Shortcut("Take the move back", ("Esc",)),
    ),
    "Pick a grey": (
        Shortcut("Move the mark", ("Arrow keys", "Shift+Arrow keys")),
        Shortcut("Take what lies there", ("Click", "Enter")),
        Shortcut("Leave", ("Esc",)),
    ),
    "Masks and drawings": (
        Shortcut("Brush, eraser", ("B", "E")),
        Shortcut("Rectangle, lasso, wand, object", ("R", "L", "W", "O")),
        Shortcut("Fill, eyedropper, of colours", ("G", "I")),
        Shortcut("Likely colours", ("C",)),
        Shortcut("Hide what is painted, or show it", ("H",)),
        Shortcut("Smaller and larger brush", ("[", "]")),
        Shortcut("Softer and harder", ("{", "}")),
        Shortcut("Size and hardness", ("Shift+Drag",)),
        Shortcut("A straight line from the last stroke", ("Shift+Click",)),
        Shortcut("Erase, or take away, while held", ("Alt",)),
        Shortcut("Move the picture while held", ("Space",)),
        Shortcut("Take a stroke back; done", ("Esc",)),
    ),
    "List of masks or layers": (
        Shortcut("Paint on it, or be done", ("Click", "Enter", "Space")),
        Shortcut("Rename", ("Double-click the name",)),
        Shortcut("Leave the name as it was", ("Esc",)),
        Shortcut("Move it up or down", ("Drag", "Alt+Up", "Alt+Down")),
        Shortcut("Delete", ("Del",)),
    ),
    "Film strip": (
        Shortcut("Look at a frame", ("Click", "Arrow keys")),
        Shortcut("Go on from it", ("Enter",)),
        Shortcut("Compare with it", ("C", "Ctrl+Click")),
        Shortcut("Star it", ("S",)),
    ),
    "Queue": (Shortcut("Cancel what is chosen", ("Del",)),),
    "Degrade": (Shortcut("Move a step, from its title", ("Alt+Up", "Alt+Down")),),
    "Dream: pad": (
        Shortcut("Go somewhere else", ("Drag", "Arrow keys")),
        Shortcut("Ten times as fine", ("Shift+Drag", "Shift+Arrow keys")),
        Shortcut("From seed to seed", ("Ctrl+Drag",)),
        Shortcut("Go to the nearest seed", ("Enter",)),
        Shortcut("Closer, farther", ("+", "−", "Wheel")),
    ),
    "Dream: gallery": (
        Shortcut("Go there", ("Click", "Space")),
        Shortcut("Show it large", ("Enter", "Double-click")),
        Shortcut("Star it", ("S",)),
        Shortcut("Mark it, to learn a direction", ("+", "−")),
    ),
    "Dream: drag points": (
        Shortcut("A point, and where it shall go", ("Drag",)),
        Shortcut("Another pair", ("Enter",)),
        Shortcut("Move where the last one goes", ("Arrow keys", "Shift+Arrow keys")),
        Shortcut("Take the last one away", ("Backspace",)),
        Shortcut("Leave", ("Esc",)),
    ),
    "Dream: walk": (Shortcut("Take a station out", ("Del",)),),
    "Runs": (
        Shortcut("Pause, or go on", ("Space",)),
        Shortcut("Delete", ("Del",)),
    ),
    "Curves": (
        Shortcut("Read values", ("Arrow keys", "Page Up", "Page Down")),
        Shortcut("Zoom in, zoom out", ("+", "−", "Wheel")),
        Shortcut("Scroll", ("Shift+Arrow keys", "Drag")),
        Shortcut("All of it", ("Home",)),
        Shortcut("Read no more", ("Esc",)),
    ),
    "Schedule": (
        Shortcut("Choose a phase of the curve", ("Arrow keys",)),
        Shortcut("Change a number of the table", ("Enter", "Space")),
        Shortcut("Remove a phase", ("Del",)),
        Shortcut("Put a held phase back", ("Esc",)),
    ),
    "Library": (
        Shortcut("Search", ("Ctrl+F",)),
        Shortcut("From the search to what it found", ("Enter", "Down")),
        Shortcut("Empty the search", ("Esc",)),
        Shortcut("Open with its settings", ("Enter", "Double-click")),
        Shortcut("Star, or take the star away", ("S",)),
        Shortcut("Show the versions of a painting", ("V",)),
        Shortcut("Words to find it by", ("W",)),
        Shortcut("Into the wastebasket, or back from it", ("Del",)),
    ),
    "Tiles of pictures": (
        Shortcut("Choose", ("Click", "Enter")),
        Shortcut("Take out", ("Del",)),
    ),
    "Sliders": (
        Shortcut("Finer and coarser steps", ("Arrow keys", "Page Up", "Page Down")),
        Shortcut("To the ends", ("Home", "End")),
        Shortcut("Ten times as fine", ("Shift+Drag",)),
        Shortcut("Back to the default", ("Double-click the name",)),
    ),
    "Messages": (Shortcut("Close them all", ("Esc",)),),
}
"""What no action knows: moves of the mouse, and keys of what has the keyboard."""


def shortcuts_of(actions: Sequence[QAction]) -> tuple[Shortcut, ...]:
    """Return a line for each action that has a shortcut."""
    form = QKeySequence.SequenceFormat.NativeText
    return tuple(
        Shortcut(_plain(action.text()), tuple(keys.toString(form) for keys in action.shortcuts()))
        for action in actions
        if action.shortcuts() and action.isVisible()
    )


def shortcuts_by_menu(bar: QMenuBar) -> dict[str, tuple[Shortcut, ...]]:
    """Return the shortcuts of every menu (and its submenus) of a menu bar, by the menu's title."""
    groups = {_plain(top.text()): shortcuts_of(_actions_below(top)) for top in bar.actions()}
    return {title: lines for title, lines in groups.items() if lines}


def gathered(*sheets: Mapping[str, Sequence[Shortcut]]) -> dict[str, tuple[Shortcut, ...]]:
    """Return the lines of all of them by title, those of one title together."""
    groups: dict[str, tuple[Shortcut, ...]] = {}
    for sheet in sheets:
        for title, lines in sheet.items():
            groups[title] = (*groups.get(title, ()), *lines)
    return groups


class ShortcutsSheet(QDialog):
    """Shortcuts in groups; Esc, F1 or ? closes it.

    Args:
        groups: title → lines; a group without lines is left out.

    """

    def __init__(self, groups: Mapping[str, Sequence[Shortcut]], theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setWindowTitle("Keyboard and mouse")
        self._lay_out({title: lines for title, lines in groups.items() if lines})

    def _lay_out(self, groups: Mapping[str, Sequence[Shortcut]]) -> None:
        gap = self._theme.tokens.gap
        title = QLabel("Keyboard and mouse", self)
        mark(title, tone="title")
        sheet = holding(row(*(self._make_column(part) for part in _balanced(groups)), gap=6 * gap))
        area = scrolling(sheet)
        area.setAccessibleName("Shortcuts")
        area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # for those who scroll with keys
        self.setLayout(column(title, area, gap=2 * gap, margins=(3 * gap, 3 * gap, 3 * gap, 2 * gap)))
        window: QWidget | None = self.parentWidget()
        room = 720 if window is None else window.height()
        self.resize(sheet.sizeHint().width() + 8 * gap, min(sheet.sizeHint().height() + 12 * gap, room - 8 * gap))

    def _make_column(self, groups: Mapping[str, Sequence[Shortcut]]) -> QVBoxLayout:
        gap = self._theme.tokens.gap
        parts = column(gap=2 * gap)
        for title, lines in groups.items():
            grid = QGridLayout()
            grid.setHorizontalSpacing(3 * gap)
            grid.setVerticalSpacing(gap)
            grid.setColumnStretch(0, 1)
            heading = QLabel(title)
            mark(heading, tone="strong")
            grid.addWidget(heading, 0, 0, 1, 2)
            for number, line in enumerate(lines, start=1):
                grid.addWidget(QLabel(line.words), number, 0)
                grid.addLayout(_key_caps(line.keys), number, 1)
            parts.addLayout(grid)
        parts.addStretch(1)
        return parts

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if event.key() == Qt.Key.Key_F1 or event.text() == "?":
            self.close()
        else:
            super().keyPressEvent(event)


def _key_caps(keys: Sequence[str]) -> QHBoxLayout:
    caps = [QLabel(key) for key in keys]
    for cap in caps:
        mark(cap, kind="key")
    return row(None, *caps, gap=4)


def _balanced(groups: Mapping[str, Sequence[Shortcut]]) -> list[dict[str, Sequence[Shortcut]]]:
    """Share the groups out over the columns, in order, so that both are about as long."""
    columns: list[dict[str, Sequence[Shortcut]]] = [{}]
    total = sum(len(lines) + 2 for lines in groups.values())
    height = 0
    for title, lines in groups.items():
        if height >= total / _COLUMNS and len(columns) < _COLUMNS:
            columns.append({})
            height = 0
        columns[-1][title] = lines
        height += len(lines) + 2
    return columns


def _actions_below(action: QAction) -> list[QAction]:
    menu: object = action.menu()
    if not isinstance(menu, QMenu):
        return [action]
    return [below for inner in menu.actions() for below in _actions_below(inner)]


def _plain(text: str) -> str:
    return without_mnemonic(text).rstrip("…")
