"""Looks: the ways of making a picture that come along, as buttons, and everything else about them in a menu."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QMenu, QSizePolicy, QToolButton, QWidget

from studio.core.presets import Look
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.layouts import column, row
from studio.ui.controls.mnemonics import literal
from studio.ui.controls.segments import Segments
from studio.ui.icons import set_icon
from studio.ui.theme import Theme, mark


class LooksBar(QWidget):
    """Which look the settings have, and the way to others; says when they were changed since.

    Args:
        built_in: those that come along, a button each.
        surprises: whether there is a look to be drawn by chance.

    """

    look_chosen = Signal(str)
    """The name of a look: to be put on, or put on again."""
    save_requested = Signal()
    remove_requested = Signal(str)
    import_requested = Signal()
    export_requested = Signal()
    surprise_requested = Signal()

    def __init__(self, built_in: Sequence[Look], surprises: bool, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown, self._changed = "", False
        self._own: tuple[str, ...] = ()
        self._built_in = tuple(look.name for look in built_in)
        self._surprises = surprises
        self.buttons = Segments({look.name: look.name for look in built_in}, self) if built_in else None
        for button, look in zip(self.buttons.buttons if self.buttons else (), built_in, strict=True):
            button.setToolTip(look.help)
        self._title, self.state = QLabel("Look", self), ElidingLabel("", self)
        self.back_button = self._make_button("reset", "Back to the look", "Put the look on again as it was")
        self.surprise_button = self._make_button(
            "dice", "Surprise me", "Draw a look by chance; Undo brings this one back"
        )
        self.menu_button = self._make_button("more", "Looks", "Your own looks: save, share, remove")
        self.menu = QMenu(self.menu_button)
        self._lay_out()
        self._connect()
        self.set_ways_open(True)
        self.show_look("", changed=False)

    def _make_button(self, icon: str, name: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        side = self._theme.tokens.row
        set_icon(button, icon, self._theme, colour="text_muted", disabled="")
        button.setIconSize(QSize(16, 16))
        button.setFixedSize(side, side)
        button.setAccessibleName(name)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def _lay_out(self) -> None:
        gap = self._theme.tokens.gap
        mark(self.state, tone="muted")
        self.state.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.setMenu(self.menu)
        head = row(
            self._title, gap, (self.state, 1), self.back_button, self.surprise_button, self.menu_button, gap=gap // 2
        )
        self.setLayout(column(head, *(() if self.buttons is None else (self.buttons,)), gap=gap // 2))
        if self.buttons is not None:
            self.buttons.name_buttons("Look")

    def _connect(self) -> None:
        if self.buttons is not None:
            self.buttons.chosen.connect(self.look_chosen)
        self.back_button.clicked.connect(lambda: self.look_chosen.emit(self._shown))
        self.surprise_button.clicked.connect(self.surprise_requested)
        self.menu.aboutToShow.connect(self._fill_menu)

    def set_own(self, names: Sequence[str]) -> None:
        """Offer these looks of the artist's own."""
        self._own = tuple(names)

    def set_ways_open(self, on: bool) -> None:
        """Offer what comes along, or nothing of it where it would not act."""
        if self.buttons is not None:
            self.buttons.setVisible(on)
        self.surprise_button.setVisible(on and self._surprises)

    def show_look(self, name: str, *, changed: bool) -> None:
        """Show which look the settings have, "" for none, and whether they were changed since; tells nobody."""
        self._shown, self._changed = name, changed
        words = f"{name}, changed" if changed else name if name not in self._built_in else ""
        no_look = "Your own settings" if self._built_in else "None"  # of several, or of looks that are yet to be saved
        self.state.setText(words or ("" if name else no_look))
        self.back_button.setEnabled(changed)
        self.back_button.setToolTip(f"Back to the look “{name}”")
        if self.buttons is not None:
            self.buttons.set_current(name)

    def _fill_menu(self) -> None:
        self.menu.clear()
        for name in self._own:
            action = self.menu.addAction(literal(name), partial(self.look_chosen.emit, name))
            action.setCheckable(True)
            action.setChecked(name == self._shown and not self._changed)
        if not self._own:
            self.menu.addAction("No looks of your own yet").setEnabled(False)
        self.menu.addSeparator()
        self.menu.addAction("Save Look…", self.save_requested.emit)
        removing = self.menu.addMenu("Remove Look")
        removing.setEnabled(bool(self._own))
        for name in self._own:
            removing.addAction(literal(name), partial(self.remove_requested.emit, name))
        self.menu.addSeparator()
        self.menu.addAction("Look from a File or Painted Picture…", self.import_requested.emit)
        self.menu.addAction("Save Look as a File to Share…", self.export_requested.emit)
