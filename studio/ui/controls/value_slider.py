"""A slider over real numbers: follows the hand exactly, moves by steps on the keyboard, marks the default."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSlider, QWidget

from studio.ui.controls.focus_wheel import FocusWheel
from studio.ui.controls.gesture import Gesture
from studio.ui.controls.value_scale import POSITIONS, ValueScale
from studio.ui.theme import Theme

_RADIUS = 6.0
_NOTCH = 120
_KEY_STEPS = {
    Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1,
    Qt.Key.Key_PageDown: -10, Qt.Key.Key_PageUp: 10,
}  # fmt: skip


class ValueSlider(QSlider):
    """A horizontal slider whose value is a float on a `ValueScale`.

    A press jumps to the hand, Shift slows it to a tenth. Arrows move by a step, Page keys by ten, Home and End to the
    ends; a held key is one gesture. The wheel works only while the slider has the focus.

    Args:
        scale: range, step and spread.
        gesture: brackets every change made by hand.
        default: where the small notch is drawn, if anywhere.

    """

    value_moved = Signal(float)
    """Moved by hand or key, never by `set_value`."""

    def __init__(
        self,
        scale: ValueScale,
        theme: Theme,
        gesture: Gesture,
        default: float | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._scale, self._theme, self._gesture, self._default = scale, theme, gesture, default
        self._value = scale.low
        self._anchor: tuple[float, float] = (0.0, 0.0)
        self._turned = 0
        self.setRange(0, POSITIONS)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        FocusWheel(self)
        self._connect()

    def _connect(self) -> None:
        self.valueChanged.connect(self._take_travel)

    @property
    def current(self) -> float:
        """The value, exact: not rounded to the slider's travel."""
        return self._value

    def set_value(self, value: float) -> None:
        """Show `value`; tells nobody."""
        self._value = value
        self.setValue(self._scale.position(value))
        self.update()

    def set_scale(self, scale: ValueScale, value: float) -> None:
        """Slide over another range from now on, and show `value`; tells nobody."""
        self._scale = scale
        blocked = self.blockSignals(True)
        self.set_value(value)
        self.blockSignals(blocked)

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(160, 20)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(48, 20)

    # the hand

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self.setSliderDown(True)
        self._gesture.begin()
        on_handle = abs(event.position().x() - self._x_of(self._value)) <= _RADIUS + 2
        if on_handle:
            self._anchor = (event.position().x(), float(self._scale.position(self._value)))
        else:
            self._anchor = (event.position().x(), self._position_at(event.position().x()))
            self._move_to(self._scale.value(self._anchor[1]))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        if not self.isSliderDown():
            event.ignore()
            return
        x, (start_x, start) = event.position().x(), self._anchor
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        travel = (x - start_x) / self._length() * POSITIONS * (0.1 if fine else 1.0)
        self._move_to(self._scale.value(start + travel))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        if event.button() == Qt.MouseButton.LeftButton and self.isSliderDown():
            self._let_go()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        target = self._target_of(event)
        if target is None:
            event.ignore()
            return
        self._gesture.begin()
        self._move_to(target)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if not event.isAutoRepeat() and not self.isSliderDown():
            self._gesture.end()
        super().keyReleaseEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: D102
        self._turned += event.angleDelta().y() or event.angleDelta().x()
        notches = int(self._turned / _NOTCH)
        self._turned -= notches * _NOTCH
        event.accept()
        if notches:
            with self._gesture.step():
                self._move_to(self._scale.moved(self._value, notches))

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: D102
        self._let_go()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: D102
        self._let_go()
        super().hideEvent(event)

    def _target_of(self, event: QKeyEvent) -> float | None:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Home:
            return self._scale.low
        if key == Qt.Key.Key_End:
            return self._scale.high
        steps = _KEY_STEPS.get(key)
        return None if steps is None else self._scale.moved(self._value, steps)

    def _take_travel(self, position: int) -> None:
        # only a screen reader moves the integer travel itself; our own moves have set the value before
        if position != self._scale.position(self._value):
            with self._gesture.step():
                self._move_to(self._scale.value(position))

    def _let_go(self) -> None:
        self.setSliderDown(False)
        self._gesture.end()
        self.update()

    def _move_to(self, value: float) -> None:
        if value != self._value:
            self.set_value(value)
            self.value_moved.emit(value)

    # geometry and paint

    def _length(self) -> float:
        return max(1.0, self.width() - 2 * (_RADIUS + 2))

    def _x_of(self, value: float) -> float:
        return _RADIUS + 2 + self._length() * self._scale.position(value) / POSITIONS

    def _position_at(self, x: float) -> float:
        return (x - _RADIUS - 2) / self._length() * POSITIONS

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle, x, live = self.height() / 2, self._x_of(self._value), self.isEnabled()
        _bar(painter, 1, self.width() - 1, middle, self._theme.colour("groove" if live else "border"))
        nothing = max(self._scale.low, 0.0)  # what goes both ways is filled from there
        if live and self._value != nothing:
            start = 1.0 if nothing == self._scale.low else self._x_of(nothing)
            _bar(painter, min(start, x), max(start, x), middle, self._theme.colour("accent"))
        if self._default is not None:
            notch = QRectF(self._x_of(self._default) - 0.5, middle + 4, 1, 4)
            painter.fillRect(notch, self._theme.colour("outline" if live else "border"))
        self._paint_handle(painter, QPointF(x, middle), live)

    def _paint_handle(self, painter: QPainter, centre: QPointF, live: bool) -> None:
        if self.hasFocus():
            painter.setPen(QPen(self._theme.colour("focus"), 2))
            painter.setBrush(self._theme.colour("panel"))
            painter.drawEllipse(centre, _RADIUS + 1, _RADIUS + 1)
            painter.setPen(Qt.PenStyle.NoPen)
        grown = 0.5 if live and (self.underMouse() or self.isSliderDown()) else 0.0
        radius = _RADIUS - 2 if self.hasFocus() else _RADIUS - 1 + grown
        painter.setBrush(self._theme.colour("handle" if live else "groove"))
        painter.drawEllipse(centre, radius, radius)


def _bar(painter: QPainter, left: float, right: float, middle: float, colour: QColor) -> None:
    painter.setBrush(colour)
    painter.drawRoundedRect(QRectF(left, middle - 1.5, max(0.0, right - left), 3), 1.5, 1.5)
