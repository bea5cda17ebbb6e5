"""Layers over the picture that tools draw on: a mask, handles, a sketch, the rectangle of a crop.

A layer lies in the picture's coordinates, one unit to a pixel. What the hand does there, with mouse, pen or keyboard,
is a stroke: `begin`, `move`, then `commit` or `abort` (as napari's mouse callbacks have it). The wheel, the middle
button and a drag with Space held zoom and pan whatever lies on the canvas: they never reach a layer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPointingDevice, QTabletEvent, QUndoCommand, QUndoStack
from PySide6.QtWidgets import QGraphicsItem, QGraphicsObject, QStyleOptionGraphicsItem, QWidget

from studio.ui.canvas.tools import Tool

if TYPE_CHECKING:
    from studio.ui.canvas.zoom_pan import ZoomPanView

__all__ = ["CanvasLayer", "LayerStack", "Pen"]


@dataclass(frozen=True, slots=True)
class Pen:
    """Where the mouse or the pen is: `spot` in the picture's pixels; `pressure` 0–1, a mouse presses with 1.

    `scale` is how many logical pixels of the screen one pixel of the picture takes: what is grabbed is as large on the
    screen whatever the zoom.
    """

    spot: QPointF
    scale: float
    pressure: float = 1.0
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    eraser: bool = False


class CanvasLayer(QGraphicsObject):
    """Something over the picture that the hand may change. Visibility and opacity are those of every graphics item.

    A subclass draws itself in `paint`, calls `update(dirty)` for what a move changed, and answers the hooks from
    `begin` to `words`, which nothing but the canvas calls.

    Args:
        undo_stack: takes the command of every stroke. None where what a stroke changes is a setting, which has an undo
            of its own.

    """

    stroke_began = Signal()
    stroke_committed = Signal()
    stroke_aborted = Signal()
    words_changed = Signal()
    pointer_moved = Signal()
    """What `paint_pointer` draws lies elsewhere, or is another."""

    def __init__(self, undo_stack: QUndoStack | None = None) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)  # `paint` is told what is exposed
        self._undo_stack = undo_stack
        self.picture_rect = QRectF()
        self.in_stroke = False
        self.visibleChanged.connect(self.abort_stroke)

    def begin(self, pen: Pen) -> bool:
        """Begin a stroke; False leaves the press to whatever lies below, in the end to panning."""
        return False

    def move(self, pen: Pen) -> None:
        """Go on with the stroke."""

    def commit(self) -> QUndoCommand | None:
        """End the stroke, and return what takes it back; the command's first `redo` finds it done already."""
        return None

    def abort(self) -> None:
        """Take the stroke back: it never was."""

    def cursor_at(self, pen: Pen) -> Qt.CursorShape | None:
        """Return the pointer's shape, None where there is nothing to grab; a brush moves its outline here."""
        return None

    def answer_key(self, event: QKeyEvent, scale: float) -> bool:
        """Do what a key stands for; False passes it on. A stroke begun here ends with the key."""
        return False

    @property
    def words(self) -> str:
        """What a screen reader is told about the layer; tell of a change with `words_changed`."""
        return ""

    def set_picture_rect(self, rect: QRectF) -> None:
        """Lie over a picture of another size."""
        self.prepareGeometryChange()
        self.picture_rect = QRectF(rect)

    def boundingRect(self) -> QRectF:
        """Cover the picture."""
        return self.picture_rect

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw nothing yet."""

    def paint_pointer(self, painter: QPainter) -> None:
        """Draw where the hand is, also over the photo that stands beside the picture; part of `paint`."""

    def begin_stroke(self, pen: Pen) -> bool:
        """Begin a stroke, where the layer takes it; inside one this is the same stroke."""
        if not self.in_stroke and self.begin(pen):
            self.in_stroke = True
            self.stroke_began.emit()
        return self.in_stroke

    def commit_stroke(self) -> None:
        """End the stroke with what it did: one step of undo."""
        if self.in_stroke:
            self.in_stroke = False
            command = self.commit()
            if command is not None and self._undo_stack is not None:
                self._undo_stack.push(command)
            self.stroke_committed.emit()

    def abort_stroke(self) -> None:
        """End the stroke as if it had never begun."""
        if self.in_stroke:
            self.in_stroke = False
            self.abort()
            self.stroke_aborted.emit()


class LayerStack(Tool):
    """The layers of a canvas, the lowest first; one of them at a time is worked on.

    Args:
        canvas: sees the picture.
        root: the item of the scene under which the layers hang.
        describe: told when what a screen reader hears is different.
        point: told when the hand points elsewhere.

    """

    def __init__(
        self, canvas: "ZoomPanView", root: QGraphicsItem, describe: Callable[[], None],
        point: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._canvas, self._root, self._describe, self._point = canvas, root, describe, point
        self._layers: list[CanvasLayer] = []
        self._active: CanvasLayer | None = None
        self._rect = QRectF()
        self._key: int | None = None
        self.panning = False
        """Space is held: what is dragged is the picture, not the layer."""

    @property
    def active(self) -> CanvasLayer | None:
        """The layer that the hand works on, while it can be seen."""
        return self._active if self._active is not None and self._active.isVisible() else None

    def add(self, layer: CanvasLayer) -> None:
        """Put a layer over the others, which the canvas keeps until it is removed; `activate` begins the work on it."""
        layer.setParentItem(self._root)
        layer.set_picture_rect(self._rect)
        layer.words_changed.connect(self._describe)
        layer.pointer_moved.connect(self._point)
        self._layers.append(layer)

    def remove(self, layer: CanvasLayer) -> None:
        """Take a layer away; a stroke under way is taken back."""
        layer.abort_stroke()
        layer.words_changed.disconnect(self._describe)
        layer.pointer_moved.disconnect(self._point)
        self._layers.remove(layer)
        layer.scene().removeItem(layer)
        self.activate(None if layer is self._active else self._active)

    def activate(self, layer: CanvasLayer | None) -> None:
        """Let the hand work on this layer, or on none; with the keyboard too while the canvas has it."""
        if self._active is not None and layer is not self._active:
            self._active.abort_stroke()
        self._active = layer
        self._describe()

    def set_picture_rect(self, rect: QRectF) -> None:
        """Lie over a picture of another size."""
        self._rect = rect
        for layer in self._layers:
            layer.set_picture_rect(rect)

    # -- the hand

    def _pen(self, event: QMouseEvent | QTabletEvent) -> Pen:
        spot, scale, keys = self._canvas.to_picture(event.position()), self._canvas.view_scale, event.modifiers()
        if isinstance(event, QTabletEvent):
            erases = event.pointerType() == QPointingDevice.PointerType.Eraser
            return Pen(spot, scale, event.pressure(), keys, erases)
        return Pen(spot, scale, modifiers=keys)

    def cursor_at(self, place: QPointF) -> Qt.CursorShape | None:
        """Show what can be grabbed here; in a stroke it stays what it was when that began."""
        if self.active is None:
            return None
        shape = self.active.cursor_at(Pen(self._canvas.to_picture(place), self._canvas.view_scale))
        self.drag_cursor = shape or Qt.CursorShape.ArrowCursor
        return Qt.CursorShape.OpenHandCursor if self.panning else shape

    def press(self, event: QMouseEvent) -> bool:
        """Begin a stroke with the left button."""
        if self.active is None or self.panning or event.button() != Qt.MouseButton.LeftButton:
            return False
        self.cursor_at(event.position())
        return self.active.begin_stroke(self._pen(event))

    def move(self, event: QMouseEvent) -> None:
        """Go on with it, unless it was aborted."""
        if self.active is not None and self.active.in_stroke:
            self.active.move(self._pen(event))

    def release(self, event: QMouseEvent) -> None:
        """End it."""
        self.end_stroke()

    def take_tablet(self, event: QTabletEvent) -> bool:
        """Do with a pen, and its pressure, what the left button does; False lets Qt make a mouse event of it."""
        layer = self.active
        if layer is None or self.panning:
            return False
        if event.type() == QEvent.Type.TabletPress and event.button() == Qt.MouseButton.LeftButton:
            return layer.begin_stroke(self._pen(event))
        if layer.in_stroke and event.type() == QEvent.Type.TabletMove:
            layer.move(self._pen(event))
        elif layer.in_stroke and event.type() == QEvent.Type.TabletRelease:
            layer.commit_stroke()
        else:
            return False
        return True

    def answer_key(self, event: QKeyEvent) -> bool:
        """Esc takes a stroke back; what else a key does is the layer's matter."""
        layer = self.active
        if layer is None:
            return False
        if layer.in_stroke and self._key is None:  # the mouse's or the pen's
            if event.key() == Qt.Key.Key_Escape:
                layer.abort_stroke()
            return True
        taken = layer.answer_key(event, self._canvas.view_scale)
        self._key = event.key() if layer.in_stroke else None
        return taken

    def release_key(self, event: QKeyEvent) -> bool:
        """End the stroke that this key began."""
        if event.key() != self._key or event.isAutoRepeat():
            return False
        self.end_stroke()
        return True

    def end_stroke(self) -> None:
        """End the stroke under way, whatever began it, with what it did."""
        self._key = None
        if self._active is not None:
            self._active.commit_stroke()
