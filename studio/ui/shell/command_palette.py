"""The palette of commands: a few letters find whatever the window and the panel in front can do; Enter does it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from studio.ui.controls.layouts import column
from studio.ui.shell.fuzzy import best_first
from studio.ui.theme import Theme, mark

__all__ = ["Command", "CommandPalette"]

_WIDTH, _ROWS = 560, 12
_MOVING = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_KEYS = (
    *_MOVING, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape, Qt.Key.Key_Tab, Qt.Key.Key_Backtab,
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Command:
    """Something that can be done: its name, where it is found otherwise, its key, and how it is done."""

    name: str
    place: str
    keys: str
    run: Callable[[], object]
    enabled: bool = True


class CommandPalette(QFrame):
    """Lies over the window. Esc closes it, and so does whatever takes the keyboard from it.

    What is chosen is done after it has gone, so that the keyboard is back where it was.

    Args:
        commands: as they shall stand while nothing is typed.
        parent: the window.

    """

    def __init__(self, commands: Sequence[Command], theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._focus_before = QApplication.focusWidget()
        self.setAccessibleName("Find a command")
        self._commands, self._theme = [*commands], theme
        self.entry = QLineEdit(self)
        self.list = QListView(self)
        self._none = QLabel("Nothing here is called so.", self)
        self._model = _Found(self)
        self._prepare()
        self._find("")
        self._place(parent)

    def _prepare(self) -> None:
        gap = self._theme.tokens.gap
        mark(self, surface="raised")
        mark(self._none, tone="muted")
        self._none.setContentsMargins(gap, gap, gap, gap)
        self.entry.setPlaceholderText("Find a command or a setting")
        self.entry.setAccessibleName("Find a command or a setting")
        self.entry.textChanged.connect(self._find)
        self.entry.installEventFilter(self)
        self.list.setModel(self._model)
        self.list.setItemDelegate(_Line(self._theme, self.list))
        self.list.setAccessibleName("Commands")
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keys that move in it come from the entry
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(self._run)
        self.setLayout(column(self.entry, self.list, self._none, gap=gap, margins=gap))

    def _place(self, window: QWidget) -> None:
        """Stand in the upper middle of the window."""
        width = min(_WIDTH, window.width() - 32)
        height = min(self._theme.tokens.row * (_ROWS + 3), window.height() - 48)
        self.setGeometry((window.width() - width) // 2, min(72, (window.height() - height) // 2), width, height)
        self.show()
        self.raise_()
        self.entry.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @property
    def found(self) -> list[Command]:
        """The commands in sight, the likeliest first."""
        return self._model.commands

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let arrows walk along the list, Enter choose and Esc close, while the entry has the keyboard."""
        if event.type() == QEvent.Type.FocusOut and not self.isHidden():
            self.close()
        if not isinstance(event, QKeyEvent) or event.key() not in _KEYS:
            return super().eventFilter(watched, event)
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # they mean this palette and nothing behind it
        elif event.type() == QEvent.Type.KeyPress:
            self._answer(event)
        return True

    def _answer(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._leave()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run(self.list.currentIndex())
        elif event.key() in _MOVING:
            self.list.keyPressEvent(event)

    def _leave(self) -> None:
        """Give the keyboard back, and go."""
        self.close()
        if self._focus_before is not None and self._focus_before.isVisible():
            self._focus_before.setFocus(Qt.FocusReason.OtherFocusReason)

    def _find(self, typed: str) -> None:
        able = [command for command in self._commands if command.enabled]
        unable = [command for command in self._commands if not command.enabled]
        self._model.set_commands([one for some in (able, unable) for one in best_first(typed, some, lambda c: c.name)])
        self.list.setCurrentIndex(self._model.index(0))
        self.list.setVisible(bool(self.found))
        self._none.setVisible(not self.found)

    def _run(self, index: QModelIndex) -> None:
        if index.isValid() and (command := self.found[index.row()]).enabled:
            self._leave()
            command.run()


class _Found(QAbstractListModel):
    """The commands that answer to what was typed."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.commands: list[Command] = []

    def set_commands(self, commands: list[Command]) -> None:
        self.beginResetModel()
        self.commands = commands
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.commands)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        command = self.commands[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return command.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(part for part in (command.name, command.keys, command.place) if part)
        return None

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsSelectable  # what cannot be done now may be looked at, for its key
        return flags | Qt.ItemFlag.ItemIsEnabled if self.commands[index.row()].enabled else flags


class _Line(QStyledItemDelegate):
    """A command on one line: its name, where it stands otherwise, its key."""

    def __init__(self, theme: Theme, parent: QListView) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(0, self._theme.tokens.row + 4)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        model = index.model()
        assert isinstance(model, _Found)
        command, gap, area = model.commands[index.row()], self._theme.tokens.gap, QRect(option.rect)
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, self._theme.colour("accent_soft"))
        area.adjust(gap, 0, -gap, 0)
        metrics, upright = option.fontMetrics, Qt.AlignmentFlag.AlignVCenter
        keys = metrics.horizontalAdvance(command.keys)
        painter.setPen(self._theme.colour("text_muted"))
        painter.drawText(area, upright | Qt.AlignmentFlag.AlignRight, command.keys)
        area.setRight(area.right() - keys - (2 * gap if keys else 0))
        painter.setPen(self._theme.colour("text" if command.enabled else "text_disabled"))
        name = metrics.elidedText(command.name, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, upright, name)
        area.setLeft(area.left() + metrics.horizontalAdvance(name) + 2 * gap)
        painter.setPen(self._theme.colour("text_disabled"))
        painter.drawText(
            area, upright, metrics.elidedText(command.place, Qt.TextElideMode.ElideRight, max(0, area.width()))
        )
        painter.restore()
