"""The tools with which a mask is made: the brush, shapes that are filled, and spots that one asks about."""

from dataclasses import replace
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen, QPolygonF, QUndoCommand, QUndoStack
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from studio.ui.canvas.brush import Stroke
from studio.ui.canvas.brush_layer import BrushLayer
from studio.ui.canvas.layers import Pen
from studio.ui.canvas.painted_map import Region

__all__ = ["MaskLayer", "MaskTool"]

MaskTool = Literal["brush", "eraser", "rectangle", "lasso", "bucket", "wand", "cutout", "likely", "pick"]

_KEYS: dict[str, MaskTool] = {
    "b": "brush", "e": "eraser", "r": "rectangle", "l": "lasso", "g": "bucket", "w": "wand", "o": "cutout",
    "c": "likely",
    "i": "pick",
}  # fmt: skip
_WORDS = {
    "rectangle": "Rectangle: drag over what is meant",
    "lasso": "Lasso: draw around what is meant",
    "bucket": "Fill: click on an area",
    "wand": "Magic wand: click on a colour",
    "cutout": "Object: drag a rectangle around it",
    "likely": "Likely colours: click on what is to be coloured",
    "pick": "Eyedropper: click on a colour",
}
_LEAST = 2.0
"""Logical pixels: what is smaller is a click."""
_SPACING = 1.5
"""Logical pixels between two corners of a lasso."""
_LINE = 3.0


class MaskLayer(BrushLayer):
    """Paints as its forerunner does, and fills rectangles and lassos; Alt takes away instead of adding.

    What takes longer than a stroke may is asked for: somebody computes it, and paints the map anew. The letters B, E,
    R, L, G, W, O, C and I choose a tool, H hides what is painted.
    """

    asked = Signal(str, QRectF, bool)
    """A tool, where on the picture, and whether what is found there is taken away."""
    tool_chosen = Signal(str)
    """By a key."""
    hiding_asked = Signal()
    """By a key, too: what is painted is to be seen no more, or again."""

    def __init__(self, undo_stack: QUndoStack) -> None:
        super().__init__(undo_stack)
        self.tool: MaskTool = "brush"
        self._path: list[QPointF] = []
        self._scale = 1.0
        self._marked: QPointF | None = None
        """The place whose likely colours were asked for."""

    @property
    def _paints(self) -> bool:
        return self.tool in ("brush", "eraser")

    def set_tool(self, tool: MaskTool) -> None:
        """Work with another tool from now on."""
        self.abort_stroke()
        self.tool, self.erases = tool, tool == "eraser"
        self._path, self._marked = [], None
        self.update()
        self.words_changed.emit()

    def begin(self, pen: Pen) -> bool:
        """Touch the picture: outside of it one pans, unless one paints."""
        if self._paints:
            return super().begin(pen)
        if self.painting is None or not self.picture_rect.contains(pen.spot):
            return False
        self._erasing = bool(pen.eraser or pen.modifiers & Qt.KeyboardModifier.AltModifier)
        self._path = [pen.spot]
        self._scale = pen.scale
        return True

    def move(self, pen: Pen) -> None:
        """Go on with the stroke, or with the shape."""
        if self._paints:
            super().move(pen)
            return
        before, way = self._outline_rect(), (pen.spot - self._path[-1]) * pen.scale
        if self.tool != "lasso":
            self._path = [self._path[0], pen.spot]
        elif way.manhattanLength() >= _SPACING:
            self._path.append(pen.spot)
        self.update(before | self._outline_rect())

    def commit(self) -> QUndoCommand | None:
        """End the stroke, or fill the shape, or ask."""
        if self._paints:
            return super().commit()
        outline, path = self._outline(), self._path
        self.update(self._outline_rect())
        self._path = []
        if self.tool in ("bucket", "wand", "likely", "pick"):
            self.asked.emit(self.tool, QRectF(path[0], path[0]), self._erasing)
        elif max(outline.boundingRect().width(), outline.boundingRect().height()) * self._scale < _LEAST:
            return None  # a click
        elif self.tool == "cutout":
            self.asked.emit(self.tool, outline.boundingRect(), self._erasing)
        else:
            return self._filled(outline)
        return None

    def mark(self, spot: QPointF | None) -> None:
        """Mark a place as the one that is asked about, or none."""
        self._marked = spot
        self.update()

    def dot_marked(self) -> None:
        """Set a dot of the brush's colour where likely colours were asked for."""
        if self._marked is not None:
            self.dot(self._marked, self._scale)

    def _filled(self, outline: QPolygonF) -> QUndoCommand | None:
        painting, rect = self.painting, self.picture_rect
        assert painting is not None
        across, down = painting.width / rect.width(), painting.height / rect.height()
        corners = [((spot.x() - rect.x()) * across, (spot.y() - rect.y()) * down) for spot in outline.toList()]
        stroke = Stroke(painting, replace(self.brush, flow=1.0), erases=self._erasing)
        if self.tool == "rectangle":
            (left, top), _, (right, bottom) = corners[:3]
            self._show_stroke(stroke.fill_rectangle(Region(round(left), round(top), round(right), round(bottom))))
        else:
            self._show_stroke(stroke.fill(corners))
        if not (tiles := stroke.tiles()):
            return None
        self.painted.emit(painting)
        return self.change(painting, tiles, self.tool.capitalize())

    def abort(self) -> None:
        """Take it back."""
        if self._paints:
            super().abort()
        else:
            self.update(self._outline_rect())
            self._path = []

    def answer_key(self, event: QKeyEvent, scale: float) -> bool:
        """Choose a tool by its letter, or hide what is painted; otherwise as the brush does."""
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        if plain and event.text().lower() == "h":
            self.hiding_asked.emit()
            return True
        if not plain or (tool := _KEYS.get(event.text().lower())) is None:
            return super().answer_key(event, scale)
        self.tool_chosen.emit(tool)
        return True

    @property
    def words(self) -> str:
        """What a screen reader says."""
        return super().words if self._paints else _WORDS[self.tool]

    @property
    def shows_ring(self) -> bool:
        """Whether the brush's outline is seen where the pointer is."""
        return (self._paints or self.tool == "likely") and super().shows_ring

    def _outline(self) -> QPolygonF:
        if self.tool in ("rectangle", "cutout") and self._path:
            return QPolygonF(QRectF(self._path[0], self._path[-1]).normalized() & self.picture_rect)
        return QPolygonF(self._path)

    def _outline_rect(self) -> QRectF:
        half = _LINE / self._scale
        return self._outline().boundingRect().adjusted(-half, -half, half, half)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw what is painted, and the shape that is being drawn."""
        super().paint(painter, option, widget)
        if self._marked is not None:
            self._draw_ring(painter, self._marked, self.brush.diameter / self._scale / 2, self._scale)
        if self._path and not self._paints:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for colour, style in (
                (QColor(0, 0, 0, 200), Qt.PenStyle.SolidLine),
                (QColor("white"), Qt.PenStyle.DashLine),
            ):
                pen = QPen(colour, 1.2, style)
                pen.setCosmetic(True)
                painter.setPen(pen)
                painter.drawPolygon(self._outline())
