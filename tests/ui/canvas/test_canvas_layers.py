"""Layers that tools draw on: strokes of mouse, pen and keyboard, undo, and what never reaches a layer."""

import gc
import weakref

import numpy as np
import pytest
from canvas_kit import BLUE, RED, drag, mouse, pixel, pixels, plain_frame, shown_canvas, wheel
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QInputDevice,
    QPainter,
    QPointingDevice,
    QTabletEvent,
    QUndoCommand,
    QUndoStack,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from studio.ui.canvas.layers import CanvasLayer, Pen

WHITE = (255, 255, 255)
LEFT, NO_BUTTON = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


class Sketch(CanvasLayer):
    """A brush that paints white squares, as wide as it is pressed; undo keeps only what a stroke touched."""

    def __init__(self, undo_stack=None, side=20):
        super().__init__(undo_stack)
        self.image, self._side, self.said = QImage(), side, []
        self.painted = QRect()

    def set_picture_rect(self, rect):
        super().set_picture_rect(rect)
        self.image = QImage(rect.size().toSize(), QImage.Format.Format_ARGB32_Premultiplied)
        self.image.fill(0)

    def begin(self, pen):
        self._before, self._dirty = self.image.copy(), QRect()
        self._dab(pen)
        return True

    def move(self, pen):
        self._dab(pen)

    def commit(self):
        self.said.append("commit")
        return _Stroke(self, self._dirty, self._before.copy(self._dirty), self.image.copy(self._dirty))

    def abort(self):
        self.said.append("abort")
        self.image = self._before
        self.update(QRectF(self._dirty))

    def answer_key(self, event, scale):
        if event.key() != Qt.Key.Key_X:
            return False
        self.begin_stroke(self._middle(scale)) if not self.in_stroke else self.move(self._middle(scale))
        return True

    def cursor_at(self, pen):
        return Qt.CursorShape.CrossCursor

    @property
    def words(self):
        return "Sketch"

    def _middle(self, scale):
        return Pen(self.picture_rect.center(), scale)

    def _dab(self, pen):
        self.said.append((round(pen.spot.x()), round(pen.spot.y()), round(pen.pressure, 2), pen.eraser))
        side = max(1, round(self._side * pen.pressure))
        dab = QRect(round(pen.spot.x()) - side // 2, round(pen.spot.y()) - side // 2, side, side) & self.image.rect()
        self._dirty |= dab
        self._fill(dab, QColor(0, 0, 0, 0) if pen.eraser else QColor("white"))

    def _fill(self, place, colour):
        painter = QPainter(self.image)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.fillRect(place, colour)
        painter.end()
        self.update(QRectF(place))

    def put(self, place, tile):
        painter = QPainter(self.image)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.drawImage(place.topLeft(), tile)
        painter.end()
        self.update(QRectF(place))

    def paint(self, painter, option, widget=None):
        self.painted = option.exposedRect.toAlignedRect()
        painter.drawImage(self.painted, self.image, self.painted)


class _Stroke(QUndoCommand):
    def __init__(self, layer, place, before, after):
        super().__init__("Stroke")
        self.layer, self.place, self.before, self.after, self.done = layer, place, before, after, True

    def redo(self):
        if not self.done:
            self.layer.put(self.place, self.after)
        self.done = False

    def undo(self):
        self.layer.put(self.place, self.before)


@pytest.fixture
def canvas(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(600, 400, RED))
    return canvas


@pytest.fixture
def sketch(canvas):
    sketch = Sketch(QUndoStack(canvas))
    canvas.layers.add(sketch)
    canvas.layers.activate(sketch)
    return sketch


def at(canvas, x, y):
    place = canvas.to_view(QPointF(x, y))
    return place.x(), place.y()


def seen(canvas, x, y):
    return pixel(canvas.viewport(), *at(canvas, x, y))


def pen(canvas, kind, x, y, pressure, eraser=False):
    """Send one event of a graphics tablet; returns whether it was taken."""
    device = QPointingDevice(
        "pen", 7, QInputDevice.DeviceType.Stylus,
        QPointingDevice.PointerType.Eraser if eraser else QPointingDevice.PointerType.Pen,
        QInputDevice.Capability.Pressure, 1, 1,
    )  # fmt: skip
    place = QPointF(*at(canvas, x, y))
    button = LEFT if kind != QEvent.Type.TabletMove else NO_BUTTON
    held = NO_BUTTON if kind == QEvent.Type.TabletRelease else LEFT
    event = QTabletEvent(
        kind, device, place, canvas.viewport().mapToGlobal(place), pressure, 0.0, 0.0, 0.0, 0.0, 0.0,
        Qt.KeyboardModifier.NoModifier, button, held,
    )  # fmt: skip
    QApplication.sendEvent(canvas.viewport(), event)
    return event.isAccepted()


def test_a_drag_is_a_stroke_in_the_pictures_own_pixels(canvas, sketch):
    canvas.zoom_to(2.0)
    x, y = at(canvas, 300, 200)
    drag(canvas.viewport(), (x, y), (x + 40, y + 20), steps=2)
    assert sketch.said == [(300, 200, 1.0, False), (310, 205, 1.0, False), (320, 210, 1.0, False), "commit"]
    assert seen(canvas, 300, 200) == WHITE
    assert seen(canvas, 340, 240) == RED


def test_each_stroke_is_one_step_of_the_undo_that_the_layer_was_given(canvas, sketch):
    stack = canvas.findChild(QUndoStack)
    drag(canvas.viewport(), at(canvas, 100, 100), at(canvas, 150, 100))
    drag(canvas.viewport(), at(canvas, 300, 300), at(canvas, 350, 300))
    assert stack.count() == 2
    stack.undo()
    assert (seen(canvas, 125, 100), seen(canvas, 325, 300)) == (WHITE, RED)
    stack.undo()
    assert (seen(canvas, 125, 100), seen(canvas, 325, 300)) == (RED, RED)
    stack.redo()
    assert (seen(canvas, 125, 100), seen(canvas, 325, 300)) == (WHITE, RED)


def test_layers_have_undo_of_their_own(canvas, sketch):
    other = Sketch(QUndoStack(sketch))
    canvas.layers.add(other)
    drag(canvas.viewport(), at(canvas, 100, 100), at(canvas, 150, 100))
    canvas.layers.activate(other)
    drag(canvas.viewport(), at(canvas, 300, 300), at(canvas, 350, 300))
    canvas.findChild(QUndoStack).undo()
    assert (seen(canvas, 125, 100), seen(canvas, 325, 300)) == (RED, WHITE)


def test_a_layer_without_undo_tells_of_its_strokes(canvas):
    layer, told = Sketch(), []
    canvas.layers.add(layer)
    canvas.layers.activate(layer)
    layer.stroke_began.connect(lambda: told.append("began"))
    layer.stroke_committed.connect(lambda: told.append("committed"))
    layer.stroke_aborted.connect(lambda: told.append("aborted"))
    drag(canvas.viewport(), at(canvas, 100, 100), at(canvas, 150, 100))
    mouse(canvas.viewport(), QEvent.Type.MouseButtonPress, *at(canvas, 300, 300))
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert told == ["began", "committed", "began", "aborted"]


def test_escape_takes_a_stroke_back_and_what_follows_of_the_drag_is_nothing(canvas, sketch):
    mouse(canvas.viewport(), QEvent.Type.MouseButtonPress, *at(canvas, 100, 100))
    assert seen(canvas, 100, 100) == WHITE
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    mouse(canvas.viewport(), QEvent.Type.MouseMove, *at(canvas, 200, 100), NO_BUTTON, held=LEFT)
    mouse(canvas.viewport(), QEvent.Type.MouseButtonRelease, *at(canvas, 200, 100))
    assert sketch.said == [(100, 100, 1.0, False), "abort"]
    assert (seen(canvas, 100, 100), seen(canvas, 200, 100)) == (RED, RED)
    assert canvas.findChild(QUndoStack).count() == 0


@pytest.mark.parametrize("how", ["hidden", "removed", "peek", "other layer"])
def test_a_stroke_does_not_outlive_the_sight_of_its_layer(canvas, sketch, how):
    mouse(canvas.viewport(), QEvent.Type.MouseButtonPress, *at(canvas, 100, 100))
    if how == "hidden":
        sketch.hide()
    elif how == "removed":
        canvas.layers.remove(sketch)
    elif how == "peek":
        canvas.peek(True)
    else:
        canvas.layers.activate(None)
    assert sketch.said[-1] == "abort"
    assert not sketch.in_stroke
    mouse(canvas.viewport(), QEvent.Type.MouseButtonRelease, *at(canvas, 100, 100))
    assert seen(canvas, 100, 100) == RED


def test_a_pen_presses_and_its_other_end_erases(canvas, sketch):
    canvas.zoom_to(1.0)
    assert pen(canvas, QEvent.Type.TabletPress, 300, 200, 0.5)
    assert pen(canvas, QEvent.Type.TabletMove, 330, 200, 0.25)
    assert pen(canvas, QEvent.Type.TabletRelease, 330, 200, 0.0)
    assert sketch.said == [(300, 200, 0.5, False), (330, 200, 0.25, False), "commit"]
    assert (seen(canvas, 304, 200), seen(canvas, 334, 200)) == (WHITE, RED)
    pen(canvas, QEvent.Type.TabletPress, 300, 200, 1.0, eraser=True)
    pen(canvas, QEvent.Type.TabletRelease, 300, 200, 0.0, eraser=True)
    assert seen(canvas, 304, 200) == RED
    assert canvas.findChild(QUndoStack).count() == 2


def test_where_no_layer_is_worked_on_a_pen_is_a_mouse(canvas):
    assert not pen(canvas, QEvent.Type.TabletPress, 300, 200, 0.5)
    assert not pen(canvas, QEvent.Type.TabletMove, 330, 200, 0.25)


def test_wheel_middle_button_and_space_never_reach_a_layer(canvas, sketch):
    wheel(canvas.viewport(), 320, 240, 4)
    assert canvas.zoom == pytest.approx(1.2**4 * 608 / 600)
    spot = canvas.to_picture(QPointF(200, 200))
    drag(canvas.viewport(), (200, 200), (240, 210), Qt.MouseButton.MiddleButton)
    assert (canvas.to_picture(QPointF(240, 210)) - spot).manhattanLength() < 0.01
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    assert not canvas.peeking
    assert canvas.viewport().cursor().shape() == Qt.CursorShape.OpenHandCursor
    spot = canvas.to_picture(QPointF(200, 200))
    drag(canvas.viewport(), (200, 200), (230, 260))
    assert (canvas.to_picture(QPointF(230, 260)) - spot).manhattanLength() < 0.01
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert sketch.said == []
    drag(canvas.viewport(), (200, 200), (230, 260), steps=1)
    assert sketch.said[-1] == "commit"


def test_space_held_when_the_keyboard_goes_elsewhere_does_not_stick(qtbot, canvas, sketch):
    other = QPushButton("other", canvas)
    other.show()
    canvas.activateWindow()
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus)
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    other.setFocus()
    drag(canvas.viewport(), at(canvas, 100, 100), at(canvas, 150, 100), steps=1)
    assert sketch.said[-1] == "commit"


def test_a_key_held_down_is_one_stroke(canvas, sketch):
    QTest.keyPress(canvas, Qt.Key.Key_X)
    QTest.keyPress(canvas, Qt.Key.Key_X)
    assert sketch.in_stroke
    QTest.keyRelease(canvas, Qt.Key.Key_X)
    assert sketch.said == [(300, 200, 1.0, False), (300, 200, 1.0, False), "commit"]
    assert canvas.findChild(QUndoStack).count() == 1


def test_keys_that_mean_nothing_to_the_layer_still_zoom(canvas, sketch):
    zoom = canvas.zoom
    QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.zoom == pytest.approx(1.25 * zoom)


def test_a_layer_is_drawn_through_in_either_half_of_side_by_side(canvas, sketch):
    canvas.set_after(plain_frame(600, 400, BLUE))
    canvas.set_compare_mode("side")
    x, y = at(canvas, 100, 100)
    for view in (canvas, canvas._pane):
        drag(view.viewport(), (x, y), (x + 10, y), steps=1)
    assert [said[0] for said in sketch.said if said != "commit"] == [100, 100 + round(10 / canvas.view_scale)] * 2
    assert seen(canvas, 100, 100) == WHITE


def test_opacity_visibility_and_order_are_those_of_any_item(canvas, sketch):
    drag(canvas.viewport(), at(canvas, 100, 100), at(canvas, 150, 100))
    sketch.setOpacity(0.5)
    assert np.abs(np.subtract(seen(canvas, 125, 100), (np.array(RED) + 255) / 2)).max() <= 1
    sketch.hide()
    assert seen(canvas, 125, 100) == RED
    assert canvas.layers.active is None
    sketch.show()
    assert canvas.layers.active is sketch


def test_peeking_shows_the_photo_without_what_is_drawn_on_it(canvas, sketch):
    drag(canvas.viewport(), at(canvas, 100, 100), at(canvas, 150, 100))
    canvas.peek(True)
    assert seen(canvas, 125, 100) == RED
    canvas.peek(False)
    assert seen(canvas, 125, 100) == WHITE


def test_a_move_repaints_only_what_it_touched(qtbot, canvas, sketch):
    mouse(canvas.viewport(), QEvent.Type.MouseButtonPress, *at(canvas, 100, 100))
    qtbot.wait(1)
    mouse(canvas.viewport(), QEvent.Type.MouseMove, *at(canvas, 300, 200), NO_BUTTON, held=LEFT)
    qtbot.wait(1)
    assert sketch.painted.width() < 40
    assert sketch.painted.contains(300, 200)
    mouse(canvas.viewport(), QEvent.Type.MouseButtonRelease, *at(canvas, 300, 200))


def test_what_lies_on_the_picture_follows_its_size_and_the_pointer_its_tool(canvas, sketch):
    mouse(canvas.viewport(), QEvent.Type.MouseMove, *at(canvas, 100, 100), NO_BUTTON)
    assert canvas.viewport().cursor().shape() == Qt.CursorShape.CrossCursor
    assert canvas.accessibleDescription() == "Photo, 600 by 400 pixels. Sketch"
    canvas.set_before(plain_frame(300, 500, RED))
    assert sketch.picture_rect == QRectF(0, 0, 300, 500)
    late = Sketch()
    canvas.layers.add(late)
    assert late.picture_rect == QRectF(0, 0, 300, 500)
    canvas.layers.activate(None)
    assert canvas.accessibleDescription() == "Photo, 300 by 500 pixels"


def test_a_removed_layer_leaves_nothing_behind(canvas, sketch):
    items, before = len(canvas.scene().items()), pixels(canvas)
    layer = Sketch(QUndoStack(canvas))
    canvas.layers.add(layer)
    canvas.layers.activate(layer)
    drag(canvas.viewport(), at(canvas, 100, 100), at(canvas, 150, 100))
    canvas.layers.remove(layer)
    assert len(canvas.scene().items()) == items
    assert np.array_equal(pixels(canvas), before)
    assert canvas.layers.active is None
    for stack in canvas.findChildren(QUndoStack):
        stack.clear()
    gone = weakref.ref(layer)
    del layer
    gc.collect()
    assert gone() is None
