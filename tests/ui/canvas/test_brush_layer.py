"""A round brush: what it paints and erases, as wide on the screen whatever the zoom, and step by step back."""

import numpy as np
import pytest
from canvas_kit import RED, drag, pixel, plain_frame, shown_canvas
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QUndoStack
from PySide6.QtTest import QTest

from studio.ui.canvas.brush_layer import BrushLayer

WIDTH, HEIGHT = 600, 400


@pytest.fixture
def undo_stack(qapp):
    return QUndoStack()


@pytest.fixture
def canvas(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(WIDTH, HEIGHT, RED))
    canvas.zoom_to(1.0)
    return canvas


@pytest.fixture
def brush(canvas, undo_stack):
    brush = BrushLayer(undo_stack)
    canvas.layers.add(brush)
    canvas.layers.activate(brush)
    brush.set_map(None, WIDTH, HEIGHT)
    return brush


def painted_at(brush, x, y):
    painted = brush.map()
    return int(painted[int(y / HEIGHT * painted.shape[0]), int(x / WIDTH * painted.shape[1])])


def strokes(canvas, *spots):
    places = [canvas.to_view(QPointF(*spot)) for spot in spots]
    drag(canvas.viewport(), *((place.x(), place.y()) for place in places))


def test_a_stroke_paints_as_wide_as_the_brush_is_on_the_screen(canvas, brush, undo_stack):
    before = pixel(canvas.viewport(), *canvas.to_view(QPointF(200, 150)).toTuple())
    strokes(canvas, (100, 150), (300, 150))
    assert [painted_at(brush, 200, y) for y in (150, 165, 135)] == [255] * 3
    assert [painted_at(brush, *spot) for spot in ((200, 175), (200, 125), (50, 150))] == [0] * 3
    assert pixel(canvas.viewport(), *canvas.to_view(QPointF(200, 150)).toTuple()) != before
    canvas.zoom_to(4.0, QPointF(300, 300))
    strokes(canvas, (290, 300), (310, 300))
    assert (painted_at(brush, 300, 300), painted_at(brush, 300, 308)) == (255, 0)  # 5 px on either side
    undo_stack.undo()
    assert (painted_at(brush, 300, 300), painted_at(brush, 200, 150)) == (0, 255)
    undo_stack.redo()
    assert painted_at(brush, 300, 300) == 255


def test_what_is_erased_and_wiped_is_gone_until_it_is_undone(canvas, brush, undo_stack):
    strokes(canvas, (100, 150), (300, 150))
    brush.erases = True
    strokes(canvas, (200, 150), (201, 150))
    assert (painted_at(brush, 200, 150), painted_at(brush, 120, 150)) == (0, 255)
    brush.wipe()
    assert not brush.map().any()
    undo_stack.undo()
    assert painted_at(brush, 120, 150) == 255


def test_a_map_comes_back_as_it_was_and_escape_takes_a_stroke_back(canvas, brush):
    strokes(canvas, (100, 150), (300, 150))
    kept = brush.map()
    assert kept.shape == (341, 512)
    brush.set_map(None, WIDTH, HEIGHT)
    brush.set_map(kept, WIDTH, HEIGHT)
    assert np.abs(brush.map().astype(int) - kept).max() <= 1
    view, place = canvas.viewport(), canvas.to_view(QPointF(300, 300)).toPoint()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=place)
    assert painted_at(brush, 300, 300) == 255
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=place)
    assert painted_at(brush, 300, 300) == 0


def test_brackets_change_the_brush(canvas, brush, qtbot):
    with qtbot.waitSignal(brush.diameter_changed):
        QTest.keyClicks(canvas, "]")
    assert brush.diameter == pytest.approx(48.0)
    QTest.keyClicks(canvas, "[[")
    assert brush.diameter == pytest.approx(40 / 1.2)
