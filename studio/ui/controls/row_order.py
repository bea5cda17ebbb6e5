"""Rows one below the other that a hand puts into another order: dragged, or moved by Alt and an arrow key."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from studio.ui.controls.drop_hint import DropLine
from studio.ui.theme import Theme

__all__ = ["RowOrder"]

_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class RowOrder(QObject):
    """Hears of every row what moves it; who owns the rows moves them.

    Args:
        around: what the rows lie in.
        rows: returns those that are seen, from above, with the key of each.

    """

    moved = Signal(str, list)
    """A row's key, and the keys of all rows that are seen, as the hand wants them in order."""

    def __init__(self, around: QWidget, rows: Callable[[], Sequence[tuple[str, QWidget]]], theme: Theme) -> None:
        super().__init__(around)
        self._around, self._rows = around, rows
        self._line = DropLine(theme, around)
        self._pressed_at: QPoint | None = None
        self._dragging = False

    def add(self, row: QWidget) -> None:
        """Let a row be moved."""
        row.installEventFilter(self)

    def step(self, key: str, by: int) -> None:
        """Move a row up (−1) or down (1), where there is a place."""
        keys = [one for one, _ in self._rows()]
        if key in keys and 0 <= keys.index(key) + by < len(keys):
            self._move(key, keys.index(key) + by)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: D102
        if isinstance(event, QMouseEvent):
            return self._hear_mouse(watched, event)
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if self._dragging and event.key() == Qt.Key.Key_Escape:
                self._end_drag()
                return True
            step = _STEPS.get(Qt.Key(event.key()))
            if step is not None and event.modifiers() & Qt.KeyboardModifier.AltModifier:
                self.step(self._key_of(watched), step)
                return True
        return super().eventFilter(watched, event)

    def _hear_mouse(self, watched: QObject, event: QMouseEvent) -> bool:
        """Return whether the event is part of a drag, and the row's own no more."""
        at = event.globalPosition().toPoint()
        if event.type() == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = at
        elif event.type() == QEvent.Type.MouseMove and self._pressed_at is not None:
            far = (at - self._pressed_at).manhattanLength() >= QApplication.startDragDistance()
            self._dragging |= far and len(self._rows()) > 1
            if self._dragging:
                self._line.show_at(self._gap_at(at)[1])
                return True
        elif event.type() == QEvent.Type.MouseButtonRelease and event.button() == Qt.MouseButton.LeftButton:
            dragged = self._dragging
            self._end_drag()
            if dragged:
                self._drop(self._key_of(watched), at)
            return dragged
        return False

    def _end_drag(self) -> None:
        self._pressed_at, self._dragging = None, False
        self._line.hide()

    def _drop(self, key: str, at: QPoint) -> None:
        keys, place = [one for one, _ in self._rows()], self._gap_at(at)[0]
        if key in keys:
            self._move(key, place - (keys.index(key) < place))

    def _move(self, key: str, place: int) -> None:
        before = [one for one, _ in self._rows()]
        after = [one for one in before if one != key]
        after.insert(place, key)
        if after != before:
            self.moved.emit(key, after)

    def _gap_at(self, at: QPoint) -> tuple[int, int]:
        """Return before which row something dropped here comes, and where the gap is, px from above."""
        rows, y = [row for _, row in self._rows()], self._around.mapFromGlobal(at).y()
        place = sum(row.geometry().center().y() < y for row in rows)
        edges = [rows[0].geometry().top(), *(row.geometry().bottom() + 1 for row in rows)]
        return place, edges[place]

    def _key_of(self, row: QObject) -> str:
        return next((key for key, one in self._rows() if one is row), "")
