"""The rail at the left: the tasks of the studio, and what is kept in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QSizePolicy, QToolButton, QWidget

from studio.ui.controls.layouts import column
from studio.ui.icons import set_icon
from studio.ui.theme import Theme, mark

_NARROWEST, _WIDEST = 80, 120


@dataclass(frozen=True, slots=True)
class TaskEntry:
    """One entry: the key it is chosen by, its words, its icon; those `at_bottom` stand below the gap."""

    key: str
    label: str
    icon: str
    tooltip: str = ""
    at_bottom: bool = False
    enabled: bool = True


class TaskRail(QWidget):
    """Tasks one below the other; arrow keys move along them.

    Args:
        entries: what is built so far; anything else is absent.

    """

    task_chosen = Signal(str)
    """Chosen by hand or key, never by `set_current`."""

    def __init__(self, entries: Sequence[TaskEntry], theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._group = QButtonGroup(self)
        self._buttons = {entry.key: _RailButton(entry, theme, self) for entry in entries}
        self._lay_out(entries)
        self._connect()

    def _lay_out(self, entries: Sequence[TaskEntry]) -> None:
        gap = self._theme.tokens.gap
        mark(self, surface="window")
        widest = max((button.words_width() for button in self._buttons.values()), default=0) + 2 * gap
        self.setFixedWidth(min(max(widest, _NARROWEST), _WIDEST))
        above, below = ([self._buttons[e.key] for e in entries if e.at_bottom is low] for low in (False, True))
        self.setLayout(column(*above, None, *below, gap=gap // 2, margins=(gap // 2, gap, gap // 2, gap)))
        for button in self._buttons.values():
            self._group.addButton(button)

    def _connect(self) -> None:
        for key, button in self._buttons.items():
            button.clicked.connect(lambda _=False, key=key: self.task_chosen.emit(key))

    @property
    def current(self) -> str:
        """The key of the task that is chosen, "" before any is."""
        return next((key for key, button in self._buttons.items() if button.isChecked()), "")

    def set_current(self, key: str) -> None:
        """Show a task as chosen; tells nobody."""
        self._buttons[key].setChecked(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        able = [button for button in self._buttons.values() if button.isEnabled()]
        at = next((i for i, button in enumerate(able) if button.hasFocus()), None)
        if at is not None:
            able[min(max(at + step, 0), len(able) - 1)].setFocus(Qt.FocusReason.TabFocusReason)


class _RailButton(QToolButton):
    """Icon over words; a bar at the left edge marks the chosen one. Arrow keys go to the rail."""

    def __init__(self, entry: TaskEntry, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setText(entry.label)
        self.setCheckable(True)
        self.setEnabled(entry.enabled)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setIconSize(QSize(22, 22))
        self.setFixedHeight(56)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip(entry.tooltip or entry.label)
        self.setAccessibleName(entry.label)
        self.setAccessibleDescription(entry.tooltip)
        mark(self, kind="rail")
        set_icon(self, entry.icon, theme, colour="text_muted", checked="text")

    def words_width(self) -> int:
        font = self.font()
        font.setPixelSize(self._theme.tokens.small_size)
        return QFontMetrics(font).horizontalAdvance(self.text()) + 8

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            event.ignore()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.isChecked():
            painter = QPainter(self)
            painter.fillRect(QRectF(0, 12, 3, self.height() - 24), self._theme.colour("accent"))
