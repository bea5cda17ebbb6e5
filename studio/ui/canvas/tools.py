"""What the mouse does on the canvas, one small object for each gesture.

The canvas asks its tools in order; the first that takes a press gets the drag until the release. A new tool (a brush
for masks, say) is one more object put in front with `Canvas.add_tool`.
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QInputDevice, QMouseEvent, QWheelEvent

if TYPE_CHECKING:
    from studio.ui.canvas.compare_view import CompareView
    from studio.ui.canvas.zoom_pan import ZoomPanView

GRAB = 8.0
"""How far from the divider's line the pointer may be to grab it: a target 16 px wide."""

_NOTCH = 1.2
"""Zoom factor of one notch of the wheel."""


class Tool:
    """A gesture with the mouse; the base takes nothing."""

    drag_cursor = Qt.CursorShape.ArrowCursor
    """The pointer's shape while this tool has the mouse."""

    def cursor_at(self, place: QPointF) -> Qt.CursorShape | None:
        """Return the pointer's shape at `place` of the viewport, or None where this tool has nothing to grab."""
        return None

    def press(self, event: QMouseEvent) -> bool:
        """Begin a drag; True takes the mouse until the release."""
        return False

    def move(self, event: QMouseEvent) -> None:
        """Go on with the drag."""

    def release(self, event: QMouseEvent) -> None:
        """End the drag."""

    def double_click(self, event: QMouseEvent) -> bool:
        """Answer a double click; True when it meant this tool."""
        return False


class PanTool(Tool):
    """Drag with the left or the middle button moves the picture; a double click looks at it pixel by pixel."""

    drag_cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, canvas: "ZoomPanView") -> None:
        self._canvas = canvas
        self._spot = QPointF()

    def press(self, event: QMouseEvent) -> bool:
        """Take hold of the picture."""
        self._spot = self._canvas.to_picture(event.position())
        return event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton)

    def move(self, event: QMouseEvent) -> None:
        """Keep the grabbed spot under the pointer."""
        self._canvas.place(self._spot, event.position())

    def double_click(self, event: QMouseEvent) -> bool:
        """Go to 100 % here, or back to the whole picture."""
        if event.button() != Qt.MouseButton.LeftButton:
            return False
        self._canvas.toggle_actual_size(event.position())
        return True


class SplitTool(Tool):
    """Drags the divider between photo and painting; a double click centres it."""

    drag_cursor = Qt.CursorShape.SplitHCursor

    def __init__(self, canvas: "CompareView") -> None:
        self._canvas = canvas
        self._offset = 0.0

    def _grabs(self, place: QPointF) -> bool:
        x = self._canvas.divider_x
        return x is not None and abs(place.x() - x) <= GRAB

    def cursor_at(self, place: QPointF) -> Qt.CursorShape | None:
        """Show the splitter's pointer near the line."""
        return Qt.CursorShape.SplitHCursor if self._grabs(place) else None

    def press(self, event: QMouseEvent) -> bool:
        """Take hold of the line where it is, without a jump to the pointer."""
        x = self._canvas.divider_x
        if x is None or event.button() != Qt.MouseButton.LeftButton or not self._grabs(event.position()):
            return False
        self._offset = event.position().x() - x
        return True

    def move(self, event: QMouseEvent) -> None:
        """Let the line follow the pointer."""
        self._canvas.move_divider(event.position().x() - self._offset)

    def double_click(self, event: QMouseEvent) -> bool:
        """Put the line back in the middle."""
        if event.button() != Qt.MouseButton.LeftButton or not self._grabs(event.position()):
            return False
        self._canvas.centre_divider()
        return True


def zoom_of_wheel(event: QWheelEvent) -> float | None:
    """Return the factor by which a wheel event zooms; None when it scrolls instead (touchpads, and Shift)."""
    modifiers = event.modifiers()
    if modifiers & Qt.KeyboardModifier.ShiftModifier:
        return None
    touchpad = (
        event.phase() != Qt.ScrollPhase.NoScrollPhase or event.device().type() == QInputDevice.DeviceType.TouchPad
    )
    if touchpad and not modifiers & Qt.KeyboardModifier.ControlModifier:
        return None
    return float(_NOTCH ** (event.angleDelta().y() / 120.0))


def scroll_of_wheel(event: QWheelEvent) -> QPointF:
    """Return by how many logical pixels a scrolling wheel event moves the eye."""
    step = QPointF(event.pixelDelta())
    if step.isNull():
        step = QPointF(event.angleDelta()) * 0.5
    if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and step.x() == 0.0:
        step = QPointF(step.y(), 0.0)
    return -step
