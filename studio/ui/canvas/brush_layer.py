"""A brush over the picture: what is painted is a map of the picture, seen as a tint."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import hypot

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen, QUndoCommand, QUndoStack
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from studio.ui.canvas.brush import Brush, Stroke
from studio.ui.canvas.layers import CanvasLayer, Pen
from studio.ui.canvas.painted_map import PackedTiles, PaintedMap, Region, Tiles, size_of_map
from studio.ui.canvas.tinted_map import TintedMap

__all__ = ["FINEST", "WIDEST", "BrushLayer", "MapChange"]

FINEST, WIDEST = 4.0, 400.0
"""Of the brush, in logical pixels of the screen."""
_LONGER_SIDE = 512
"""Of a map that is only weighed, px: eyes and letters are larger than one of its pixels."""
_TINT = QColor(255, 92, 48)
_KEY_STEP, _HARDER = 1.2, 0.1
_STILL = 4.0
"""So far, in logical pixels, a hand may tremble in a click."""
_FROM_HARD_TO_SOFT = 200.0
"""Logical pixels that a hand moves up or down from the hardest to the softest brush."""
_RING = 3.0


class BrushLayer(CanvasLayer):
    """Paints and erases; as large on the screen whatever the zoom, so that one zooms in to paint finely.

    Alt, or a pen's other end, erases instead. Shift and a click draw a straight line from where the last stroke ended;
    Shift and a drag make the brush wider and narrower, up and down harder and softer. The keys [ and ] change its size,
    { and } its hardness; Esc leaves. Every stroke is a step of undo.
    """

    painted = Signal(object)
    """A `PaintedMap` is another: by a stroke, or its undo."""
    map_changed = Signal(object, object)
    """A `PaintedMap` is another in this `Region`: in the middle of a stroke, too."""
    brush_changed = Signal()
    """By a key, or by Shift and a drag."""
    diameter_changed = Signal(float)
    """The same, in logical pixels of the screen."""
    dismissed = Signal()

    def __init__(self, undo_stack: QUndoStack) -> None:
        super().__init__(undo_stack)
        self.brush, self.erases = Brush(), False
        self.hides_map = False
        """Whether one paints on a map without seeing it."""
        self._active: TintedMap | None = None
        self._others: tuple[TintedMap, ...] = ()
        self._stroke: Stroke | None = None
        self._erasing = False
        self._hover: Pen | None = None
        self._last_end: QPointF | None = None
        self._held: tuple[Pen, Brush] | None = None
        self._sizing = False

    # -- the map

    @property
    def painting(self) -> PaintedMap | None:
        """The map that is painted on."""
        return None if self._active is None else self._active.painted

    def show_maps(self, active: TintedMap | None, others: Sequence[TintedMap] = ()) -> None:
        """Paint on this map from now on, and show others below it."""
        self.abort_stroke()
        if active is None or active.painted is not self.painting:
            self._last_end = None
        self._active, self._others = active, tuple(others)
        self.update()

    def set_map(self, painted: NDArray[np.uint8] | None, width: int, height: int) -> None:
        """Show the map of another picture, H×W, which may have any size; None: nothing is painted yet."""
        size = size_of_map(width, height, _LONGER_SIDE)
        there = PaintedMap.blank(*size) if painted is None else PaintedMap(painted).fitted(*size)
        self.show_painting(there)

    def show_painting(self, painting: PaintedMap) -> None:
        """Paint on this map from now on, which keeps what is painted: undo finds its strokes there."""
        self.show_maps(TintedMap(painting, _TINT))

    def map(self) -> NDArray[np.uint8]:
        """Return what is painted: H×W, 0–255."""
        assert self._active is not None
        return self._active.painted.pixels.copy()

    def wipe(self) -> None:
        """Take everything away, as a stroke does."""
        if (painting := self.painting) is not None:
            self.repaint_map(painting, np.zeros_like(painting.pixels), "Clear")

    def repaint_map(self, painting: PaintedMap, pixels: NDArray[np.uint8], words: str) -> None:
        """Paint all of a map anew, as a stroke does."""
        self.abort_stroke()
        tiles, region = painting.replace(pixels)
        if tiles:
            self._show_change(painting, region)
            self.painted.emit(painting)
            if self._undo_stack is not None:
                self._undo_stack.push(self.change(painting, tiles, words))

    def change(self, painting: PaintedMap, tiles: Tiles, words: str) -> "MapChange":
        """Return the step of undo that brings these tiles back."""
        return MapChange(painting, tiles, words, self._follow)

    def _follow(self, painting: PaintedMap, region: Region) -> None:
        self._show_change(painting, region)
        self.painted.emit(painting)

    def _show_change(self, painting: PaintedMap, region: Region) -> None:
        self.map_changed.emit(painting, region)
        for tinted in (*self._others, *(() if self._active is None else (self._active,))):
            if tinted.painted is painting:
                tinted.refresh(region)
                self.update(self._seen(painting, region))

    def _seen(self, painting: PaintedMap, region: Region) -> QRectF:
        """Return where on the picture a region of the map is seen."""
        rect = self.picture_rect
        across, down = rect.width() / painting.width, rect.height() / painting.height
        left, top = rect.x() + (region.left - 2) * across, rect.y() + (region.top - 2) * down
        width, height = region.right - region.left + 4, region.bottom - region.top + 4
        return QRectF(left, top, width * across, height * down)

    # -- the brush

    @property
    def diameter(self) -> float:
        """Of the brush, in logical pixels of the screen."""
        return self.brush.diameter

    @diameter.setter
    def diameter(self, diameter: float) -> None:
        self.set_brush(replace(self.brush, diameter=diameter))

    def set_brush(self, brush: Brush) -> None:
        """Paint with another brush."""
        before, self.brush = self._ring(), brush
        self._draw_again(before | self._ring())

    def _change_brush(self, brush: Brush) -> None:
        diameter = min(max(brush.diameter, FINEST), WIDEST)
        before = self._ring()
        self.brush = replace(brush, diameter=diameter, hardness=min(max(brush.hardness, 0.0), 1.0))
        self._draw_again(before | self._ring())
        self.brush_changed.emit()
        self.diameter_changed.emit(diameter)

    # -- the hand

    def begin(self, pen: Pen) -> bool:
        """Touch the picture."""
        if self.painting is None:
            return False
        alt = Qt.KeyboardModifier.AltModifier
        self._erasing = self.erases != bool(pen.eraser or pen.modifiers & alt)
        self._held, self._sizing = None, False
        if pen.modifiers & Qt.KeyboardModifier.ShiftModifier:
            self._held = pen, self.brush  # a click, or a drag: that is seen later
        else:
            self._touch(pen)
        return True

    def _touch(self, pen: Pen) -> None:
        assert self.painting is not None
        self._stroke = Stroke(self.painting, self.brush, erases=self._erasing)
        self._go_to(pen)

    def dot(self, spot: QPointF, scale: float) -> None:
        """Set one dab with a sharp edge, as wide as the brush: a stroke of its own."""
        self.abort_stroke()
        if self.painting is None:
            return
        self._erasing = False
        self._stroke = Stroke(self.painting, replace(self.brush, hardness=1.0, opacity=1.0, flow=1.0))
        self._go_to(Pen(spot, scale))
        command = BrushLayer.commit(self)
        if command is not None and self._undo_stack is not None:
            self._undo_stack.push(command)

    def move(self, pen: Pen) -> None:
        """Go on with the stroke, or with the size."""
        if self._held is None:
            self._go_to(pen)
            return
        began, brush = self._held
        way = (pen.spot - began.spot) * pen.scale
        self._sizing |= hypot(way.x(), way.y()) > _STILL
        if self._sizing:
            hardness = brush.hardness - way.y() / _FROM_HARD_TO_SOFT
            self._change_brush(replace(brush, diameter=brush.diameter + 2 * way.x(), hardness=hardness))

    def _go_to(self, pen: Pen) -> None:
        painting, stroke = self.painting, self._stroke
        assert painting is not None
        assert stroke is not None
        rect = self.picture_rect
        across, down = painting.width / rect.width(), painting.height / rect.height()
        radius = max(0.5, self.brush.width_at(pen.pressure) / pen.scale / 2 * across)
        spot = QPointF((pen.spot.x() - rect.x()) * across, (pen.spot.y() - rect.y()) * down)
        region = stroke.go_to(spot.x(), spot.y(), radius, self.brush.strength_at(pen.pressure))
        self._last_end = pen.spot
        self._show_stroke(region)
        self._show_hover(pen)

    def _show_stroke(self, region: Region) -> None:
        if not region.is_empty and self._active is not None:
            self._active.refresh(region)
            self.update(self._seen(self._active.painted, region))
            self.map_changed.emit(self._active.painted, region)

    def commit(self) -> QUndoCommand | None:
        """End the stroke: one step of undo."""
        held, self._held = self._held, None
        if held is not None and not self._sizing:
            self._draw_straight(held[0])
        self._sizing = False
        if (stroke := self._stroke) is None or (painting := self.painting) is None:
            return None
        self._stroke = None
        self._show_stroke(stroke.lift())
        tiles = stroke.tiles()
        if not tiles:
            return None
        self.painted.emit(painting)
        return self.change(painting, tiles, "Erase" if self._erasing else "Paint")

    def _draw_straight(self, pen: Pen) -> None:
        end, self._held = self._last_end, None
        if end is None:
            self._touch(pen)
        else:
            self._touch(replace(pen, spot=end))
            self._go_to(pen)

    def abort(self) -> None:
        """Take it back."""
        stroke, self._stroke = self._stroke, None
        if self._held is not None:
            self._change_brush(self._held[1])
        self._held, self._sizing = None, False
        if stroke is not None:
            self._show_stroke(stroke.abort())

    def cursor_at(self, pen: Pen) -> Qt.CursorShape | None:
        """Show how wide the brush is here."""
        self._show_hover(pen)
        return Qt.CursorShape.CrossCursor

    def answer_key(self, event: QKeyEvent, scale: float) -> bool:
        """[ and ] make the brush smaller and larger, { and } softer and harder; Esc leaves."""
        factor = {"[": 1 / _KEY_STEP, "]": _KEY_STEP}.get(event.text())
        harder = {"{": -_HARDER, "}": _HARDER}.get(event.text())
        if factor is not None:
            self._change_brush(replace(self.brush, diameter=self.brush.diameter * factor))
        elif harder is not None:
            self._change_brush(replace(self.brush, hardness=self.brush.hardness + harder))
        elif event.key() == Qt.Key.Key_Escape:
            self.dismissed.emit()
        else:
            return False
        return True

    @property
    def words(self) -> str:
        """What a screen reader says."""
        return f"Brush, {self.diameter:.0f} pixels wide. The left bracket makes it smaller, the right one larger."

    # -- what is seen

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw what is painted, and the brush's outline: dark in light, so that it is seen on anything."""
        exposed: QRectF = option.exposedRect
        active = () if self._active is None or self.hides_map else (self._active,)
        for tinted in (*self._others, *active):
            tinted.paint(painter, self.picture_rect, exposed)
        self.paint_pointer(painter)

    def paint_pointer(self, painter: QPainter) -> None:
        """Draw the brush's outline."""
        if self._active is not None and self._hover is not None and self.shows_ring:
            self._draw_ring(painter, self._hover.spot, self._radius(self._hover), self._hover.scale)

    @staticmethod
    def _draw_ring(painter: QPainter, spot: QPointF, radius: float, scale: float) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        line = 1.0 / scale
        # lines of a pixel, whose drawing takes a tenth of that of wider ones
        for colour, away in ((QColor(0, 0, 0, 200), line), (QColor(0, 0, 0, 90), -line), (QColor("white"), 0.0)):
            pen = QPen(colour, 1.0)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.drawEllipse(spot, radius + away, radius + away)

    @property
    def shows_ring(self) -> bool:
        """Whether the brush's outline is seen where the pointer is."""
        return self._hover is not None and self.picture_rect.contains(self._hover.spot)

    def _radius(self, pen: Pen) -> float:
        return self.brush.width_at(pen.pressure) / pen.scale / 2

    def _ring(self) -> QRectF:
        if self._hover is None:
            return QRectF()
        half = self._radius(self._hover) + _RING / self._hover.scale
        return QRectF(self._hover.spot - QPointF(half, half), self._hover.spot + QPointF(half, half))

    def _show_hover(self, pen: Pen) -> None:
        before, self._hover = self._ring(), pen
        for place in (before, self._ring()):
            self._draw_again(place)

    def _draw_again(self, place: QRectF) -> None:
        if not place.isEmpty():  # to Qt an empty one is everything
            self.update(place)
            self.pointer_moved.emit()


class MapChange(QUndoCommand):
    """A map became another, and is so already when this is pushed: undone and redone by swapping tiles.

    Args:
        painting: the map.
        tiles: what was there before.
        words: as Edit › Undo and the list of steps call it.
        follow: shows a map of which a region is another.

    """

    def __init__(
        self, painting: PaintedMap, tiles: Tiles, words: str, follow: Callable[[PaintedMap, Region], None]
    ) -> None:
        super().__init__(words)
        self._painting, self._tiles, self._follow, self._done = painting, PackedTiles(tiles), follow, True

    def undo(self) -> None:
        """Bring back what was there before."""
        self._swap()
        self._done = False

    def redo(self) -> None:
        """Bring it about again."""
        if not self._done:
            self._swap()
            self._done = True

    def _swap(self) -> None:
        tiles, region = self._painting.swap(self._tiles.tiles())
        self._tiles = PackedTiles(tiles)
        self._follow(self._painting, region)
