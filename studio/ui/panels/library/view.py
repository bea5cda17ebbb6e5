"""The library: search and order above, the grid of results, and what can be done with the chosen ones below."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QInputDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStackedLayout,
    QToolButton,
    QWidget,
)

from studio.ui.controls.choice_box import ChoiceBox
from studio.ui.controls.empty_state import EmptyState
from studio.ui.controls.layouts import column, holding, row
from studio.ui.controls.question import Question
from studio.ui.icons import set_icon
from studio.ui.panels.library.arrangement import SORTS, Row
from studio.ui.panels.library.grid import LibraryGrid
from studio.ui.panels.library.session import LibrarySession
from studio.ui.theme import Theme, mark

_TYPING_MS = 120
"""How long a typing hand has to rest before it is searched."""
_EVERY = "Every panel"


class LibraryView(QWidget):
    """Shows what the session has found, and tells it what the artist asks for.

    Args:
        session: the library's state.

    """

    opened = Signal(Path)
    reveal_requested = Signal(Path)
    """Show this file in the desktop's file manager."""
    menu_opened = Signal(QMenu, Path)
    """The context menu of a single result, for whoever has more to offer."""

    def __init__(self, session: LibrarySession, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session, self._theme = session, theme
        self.view = LibraryGrid(theme, self)
        self.search = QLineEdit(self)
        self.task_box = ChoiceBox({"": _EVERY}, theme, self)
        self.starred = QToolButton(self)
        self.sort_box = ChoiceBox(SORTS, theme, self)
        self.basket_button = QToolButton(self)
        self.count = QLabel(self)
        self.open_button, self.star_button = QPushButton("Open", self), QPushButton("Star", self)
        self.delete_button, self.restore_button = QPushButton("Delete", self), QPushButton("Restore", self)
        self.empty_button = QPushButton("Empty Wastebasket…", self)
        self.empty_state = EmptyState("library", "", "", theme, self)
        self._stack = QStackedLayout()
        self._leaving: tuple[int, frozenset[Path]] | None = None
        self._typing = QTimer(self, singleShot=True, interval=_TYPING_MS)
        self._find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        self._lay_out()
        self._name_controls()
        self._connect()
        self._show()

    def _lay_out(self) -> None:
        gap = self._theme.tokens.gap
        mark(self, surface="window")
        mark(self.count, tone="muted")
        self.search.setClearButtonEnabled(True)
        self.search.setPlaceholderText("Search photo, painting, look, words")
        self.search.setMinimumWidth(160)
        self.search.setMaximumWidth(420)
        self.search.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        for box in (self.task_box, self.sort_box):
            box.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            box.setFixedWidth(136)
        for button in (self.starred, self.basket_button):
            button.setCheckable(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.setFixedHeight(self._theme.tokens.row + 4)
        head = row(
            (self.search, 3), self.task_box, self.starred, self.sort_box, None, self.basket_button,
            gap=gap, margins=(gap, gap, gap, gap),
        )  # fmt: skip
        foot = row(
            self.count, None, self.open_button, self.star_button, self.delete_button, self.restore_button,
            self.empty_button, gap=gap, margins=(self._theme.tokens.margin, gap, gap, gap),
        )  # fmt: skip
        self._head, self._foot = holding(head), holding(foot)
        canvas = holding(self._stack)
        mark(canvas, surface="canvas")
        self._stack.addWidget(self.empty_state)
        self._stack.addWidget(self.view)
        self.setLayout(column(self._head, (canvas, 1), self._foot, gap=0))

    def _name_controls(self) -> None:
        set_icon(self.starred, "star", self._theme, colour="text_muted", checked="accent")
        set_icon(self.basket_button, "delete", self._theme)
        set_icon(self.star_button, "star_outline", self._theme)
        set_icon(self.delete_button, "delete", self._theme)
        set_icon(self.restore_button, "undo", self._theme)
        self.starred.setText("Starred")
        glass = QAction(self.search)
        set_icon(glass, "search", self._theme, colour="text_muted")
        self.search.addAction(glass, QLineEdit.ActionPosition.LeadingPosition)
        for control, name, tip in (
            (
                self.search,
                "Search the library",
                "Every word must be found: of photo, painting, settings, date (Ctrl+F)",
            ),
            (self.task_box, "Panel", "Only what was made in this panel"),
            (self.starred, "Only starred", "Only pictures with a star"),
            (self.sort_box, "Order", "The order of the pictures"),
            (self.open_button, "Open", "Open it with its settings, to go on from it (Enter)"),
            (self.star_button, "Star", "Give it a star, or take it away (S)"),
            (self.delete_button, "Delete", "Put it into the wastebasket (Del); Ctrl+Z brings it back"),
            (self.restore_button, "Restore", "Put it back into the library"),
            (self.empty_button, "Empty the wastebasket", "Delete everything in the wastebasket for good"),
        ):
            control.setAccessibleName(name)
            control.setToolTip(tip)

    def _connect(self) -> None:
        session, view = self.session, self.view
        session.rows_changed.connect(self._show)
        session.thumbnails_read.connect(view.set_small)
        view.thumbnails_wanted.connect(session.want_thumbnails)
        view.opened.connect(self._open)
        view.offer_menu(lambda _row: self.menu())
        view.selectionModel().selectionChanged.connect(lambda *_: self._show_chosen())
        view.delete_pressed.connect(self._delete_or_restore)
        view.star_pressed.connect(self._toggle_stars)
        view.words_pressed.connect(self._ask_for_words)
        view.star_clicked.connect(lambda path: self._set_stars([path]))
        view.stack_clicked.connect(session.toggle_stack)
        self.search.textChanged.connect(lambda _: self._typing.start())
        self.search.installEventFilter(self)
        self._typing.timeout.connect(lambda: session.ask(text=self.search.text()))
        self._find.activated.connect(self._begin_search)
        self.task_box.chosen.connect(lambda name: session.ask(task=name))
        self.sort_box.chosen.connect(lambda order: session.ask(sort=order))
        self.starred.toggled.connect(lambda on: session.ask(starred=on))
        self.basket_button.toggled.connect(session.show_wastebasket)
        self.open_button.clicked.connect(lambda: self._open(self.view.selected))
        self.star_button.clicked.connect(self._toggle_stars)
        self.delete_button.clicked.connect(self._delete_or_restore)
        self.restore_button.clicked.connect(self._delete_or_restore)
        self.empty_button.clicked.connect(self._ask_to_empty)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files shown, in order."""
        return tuple(shown.path for shown in self.session.rows)

    @property
    def chosen(self) -> tuple[Path, ...]:
        """The files that are chosen, in order."""
        return self.view.chosen

    # -- what is shown ---------------------------------------------------------------------------------------------

    def _show(self) -> None:
        session = self.session
        self.view.show_rows(session.rows)
        self.task_box.set_choices({"": _EVERY, **session.tasks})
        self.task_box.set_current(session.query.task)
        deleted = f" ({session.deleted:,})" if session.deleted else ""
        self.basket_button.setText(f"Wastebasket{deleted}")
        self.basket_button.setAccessibleName(f"Wastebasket{deleted}")
        self.basket_button.setToolTip("Back to the library" if session.in_wastebasket else "What was deleted")
        self.empty_state.set_words(*self._words_for_nothing())
        was_empty = self._stack.currentWidget() is not self.view
        self._stack.setCurrentWidget(self.view if session.rows else self.empty_state)
        if was_empty and session.rows and not self.search.isModified():  # nor who is searching leave the field
            self.view.setFocus(Qt.FocusReason.OtherFocusReason)  # a view that is hidden cannot keep it
        self._choose_next()
        self._show_chosen()

    def _choose_next(self) -> None:
        """Choose what has moved into the place of what was deleted, so that Delete can be pressed again."""
        if self._leaving is not None and self._leaving[1].isdisjoint(rows := self.paths):
            (place, _), self._leaving = self._leaving, None
            self.view.choose(rows[place : place + 1] or rows[-1:])

    def _words_for_nothing(self) -> tuple[str, str]:
        if not self.session.is_read:
            return "Reading the library…", ""
        if self.session.query.narrows and (self.session.deleted if self.session.in_wastebasket else self.session.kept):
            if self.session.query.starred:
                return "Nothing like that has a star", "S stars the chosen pictures; Starred shows them all again."
            return "Nothing like that here", "Search for fewer words, or for another panel."
        if self.session.in_wastebasket:
            return "The wastebasket is empty", "What you delete lies here until you empty it."
        return "Nothing here yet", "Every finished picture is kept here with its recipe."

    def _show_chosen(self) -> None:
        session, chosen = self.session, self.view.chosen
        in_basket, rows = session.in_wastebasket, self._chosen_rows
        total, found = session.deleted if in_basket else session.kept, session.found
        words = (
            f"{found:,} of {total:,} pictures" if found != total else f"{total:,} picture{'s' if total != 1 else ''}"
        )
        self.count.setText(f"{words} · {len(chosen):,} chosen" if chosen else words)
        starred = bool(rows) and all(each.result.mark.star for each in rows)
        self.star_button.setText("Unstar" if starred else "Star")
        for button, here, usable in (
            (self.open_button, not in_basket, len(chosen) == 1), (self.star_button, not in_basket, bool(chosen)),
            (self.delete_button, not in_basket, bool(chosen)), (self.restore_button, in_basket, bool(chosen)),
            (self.empty_button, in_basket, bool(session.deleted)),
        ):  # fmt: skip
            button.setVisible(here)
            button.setEnabled(usable)

    @property
    def _chosen_rows(self) -> list[Row]:
        chosen = set(self.view.chosen)
        return [shown for shown in self.session.rows if shown.path in chosen]

    # -- what is done ----------------------------------------------------------------------------------------------

    def _open(self, shown: Row | None) -> None:
        if shown is not None and not self.session.in_wastebasket:
            self.opened.emit(shown.path)

    def _delete_or_restore(self) -> None:
        act = self.session.restore if self.session.in_wastebasket else self.session.delete
        if chosen := self.chosen:
            self._leaving = (self.paths.index(chosen[0]), frozenset(chosen))
            act(chosen)

    def _toggle_stars(self) -> None:
        self._set_stars(self.chosen)

    def _set_stars(self, paths: list[Path] | tuple[Path, ...]) -> None:
        """Star them; where all of them are starred already, take the stars away."""
        rows = [shown for shown in self.session.rows if shown.path in paths]
        self.session.star(paths, not all(shown.result.mark.star for shown in rows))

    def _ask_for_words(self) -> None:
        rows = self._chosen_rows
        if rows:
            known = rows[0].result.mark.words
            words, given = QInputDialog.getText(
                self, "Words", "Words to find it by, such as “for Anna” or “print”:", text=known
            )
            if given:
                self.session.set_words(self.chosen, words)

    def _ask_to_empty(self) -> None:
        number = self.session.deleted
        question = f"Delete {number:,} picture{'s' if number != 1 else ''} for good?"
        if Question(
            "Empty the wastebasket?", question, "This cannot be undone.", self._theme, self, yes="Delete for Good"
        ).is_answered_yes:
            self.session.empty_wastebasket()

    def menu(self) -> QMenu:
        """Return the context menu of what is chosen."""
        menu, rows, session = QMenu(self), self._chosen_rows, self.session
        one = rows[0] if len(rows) == 1 else None
        several = "" if one else f" {len(rows):,} Pictures"
        if not rows:
            return menu
        if one and not session.in_wastebasket:
            _add(menu, "Open", "Return", partial(self.opened.emit, one.path))
        if not session.in_wastebasket:
            starred = all(shown.result.mark.star for shown in rows)
            _add(menu, f"{'Unstar' if starred else 'Star'}{several}", "S", self._toggle_stars)
            _add(menu, "Words…", "W", self._ask_for_words)
        if one and one.versions > 1:
            words = "Put Versions Together" if one.is_open else f"Show All {one.versions} Versions"
            _add(menu, words, "V", partial(session.toggle_stack, one.path))
        if one:
            menu.addAction("Show in Folder", partial(self.reveal_requested.emit, one.path))
        if one and not session.in_wastebasket:
            self.menu_opened.emit(menu, one.path)
        menu.addSeparator()
        verb = "Restore" if session.in_wastebasket else "Delete"
        _add(menu, f"{verb}{several}", "" if session.in_wastebasket else "Del", self._delete_or_restore)
        return menu

    # -- the search field ------------------------------------------------------------------------------------------

    def _begin_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc empties the search field, Enter and ↓ go on to what was found."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down, Qt.Key.Key_Escape):
                self._go_to_grid()
                return True
        return super().eventFilter(watched, event)

    def _go_to_grid(self) -> None:
        if self._typing.isActive():
            self._typing.stop()
            self.session.ask(text=self.search.text())
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        if self.session.rows and not self.view.chosen:
            self.view.setCurrentIndex(self.view.grid.index(0))


def _add(menu: QMenu, words: str, key: str, act: Callable[[], object]) -> QAction:
    """Add an item that names the key which does the same; the key itself is the grid's."""
    action = menu.addAction(f"{words}\t{key}" if key else words)
    action.triggered.connect(lambda: act())
    return action
