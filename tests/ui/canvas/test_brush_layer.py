"""A round brush: what it paints and erases, as wide on the screen whatever the zoom, and step by step back."""

import numpy as np
import pytest
from canvas_kit import RED, drag, pixel, pixels, plain_frame, shown_canvas
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QUndoStack
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.ui.canvas.brush_layer import BrushLayer
from studio.ui.canvas.layers import Pen
from studio.ui.canvas.painted_map import PaintedMap
from studio.ui.canvas.tinted_map import TintedMap

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


def press(canvas, spot, *, modifiers=Qt.KeyboardModifier.NoModifier):
    place = canvas.to_view(QPointF(*spot)).toPoint()
    QTest.mousePress(canvas.viewport(), Qt.MouseButton.LeftButton, modifiers, place)


def release(canvas, spot, *, modifiers=Qt.KeyboardModifier.NoModifier):
    place = canvas.to_view(QPointF(*spot)).toPoint()
    QTest.mouseRelease(canvas.viewport(), Qt.MouseButton.LeftButton, modifiers, place)


SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_shift_and_a_click_draw_a_straight_line_from_the_last_stroke(canvas, brush, undo_stack):
    strokes(canvas, (100, 100), (110, 100))
    press(canvas, (300, 300), modifiers=SHIFT)
    release(canvas, (300, 300), modifiers=SHIFT)
    assert [painted_at(brush, *spot) for spot in ((205, 200), (300, 300), (110, 300))] == [255, 255, 0]
    assert undo_stack.count() == 2
    undo_stack.undo()
    assert (painted_at(brush, 205, 200), painted_at(brush, 105, 100)) == (0, 255)


def test_shift_and_a_drag_change_size_and_hardness_and_paint_nothing(canvas, brush, undo_stack, qtbot):
    press(canvas, (300, 200), modifiers=SHIFT)
    with qtbot.waitSignal(brush.brush_changed):
        brush.move(Pen(QPointF(330, 220), canvas.view_scale, modifiers=SHIFT))
    release(canvas, (330, 220), modifiers=SHIFT)
    assert brush.brush.diameter == pytest.approx(100)
    assert brush.brush.hardness == pytest.approx(0.9)
    assert not brush.map().any()
    assert undo_stack.count() == 0
    QTest.keyClicks(canvas, "{")
    assert brush.brush.hardness == pytest.approx(0.8)


def test_a_pen_presses_and_its_other_end_erases(canvas, brush):
    def stroke(*spots, **pen):
        brush.begin_stroke(Pen(QPointF(*spots[0]), 1.0, **pen))
        for spot in spots[1:]:
            brush.move(Pen(QPointF(*spot), 1.0, **pen))
        brush.commit_stroke()

    stroke((100, 150), (200, 150), (300, 150), pressure=0.2)
    assert [painted_at(brush, 200, y) for y in (150, 162)] == [255, 0]  # 16 px wide instead of 40
    stroke((190, 150), (210, 150), eraser=True)
    assert (painted_at(brush, 200, 150), painted_at(brush, 120, 150)) == (0, 255)
    brush.erases = True  # then the other end paints
    stroke((190, 150), (210, 150), eraser=True)
    assert painted_at(brush, 200, 150) == 255


def test_only_what_a_stroke_changes_is_drawn_again(canvas, brush):
    drawn = []
    brush.paint, paint = lambda painter, option, widget=None: drawn.append(QRectF(option.exposedRect)), brush.paint
    for _ in range(3):  # what the window still has to draw
        QApplication.processEvents()
    drawn.clear()
    brush.begin_stroke(Pen(QPointF(100, 150), 1.0))
    brush.move(Pen(QPointF(110, 150), 1.0))
    QApplication.processEvents()
    brush.paint = paint
    assert drawn
    around = drawn[0]
    for rect in drawn:
        around |= rect
    assert around.width() < 120
    brush.commit_stroke()


def test_a_large_map_looks_the_same_whether_it_is_drawn_in_parts_or_as_a_whole(canvas, brush, undo_stack):
    canvas.set_before(plain_frame(2000, 1500, RED))
    painted = PaintedMap.blank(2000, 1500)
    brush.show_maps(TintedMap(painted, QColor("lime")))
    canvas.viewport().repaint()
    strokes(canvas, (300, 300), (900, 1100))
    in_parts = pixels(canvas.viewport())
    brush.show_maps(TintedMap(painted, QColor("lime")))
    whole = pixels(canvas.viewport())
    assert np.abs(in_parts.astype(int) - whole).max() <= 1
    assert in_parts[..., 1].max() > 100


@pytest.mark.parametrize(
    ("view", "inside", "outside"), [("tint", (100, 142, 10), RED), ("ruby", RED, (198, 19, 32)), ("mask", 255, 0)]
)
def test_a_map_is_seen_as_tint_as_ruby_film_or_as_the_plain_mask(canvas, brush, view, inside, outside):
    painted = PaintedMap.blank(WIDTH, HEIGHT)
    painted.pixels[100:200, 100:200] = 255
    brush.show_maps(TintedMap(painted, QColor(0, 255, 0), view))
    shown = pixels(canvas.viewport())
    for spot, colour in (((150, 150), inside), ((300, 150), outside)):
        place = canvas.to_view(QPointF(*spot)).toPoint()
        assert np.abs(shown[place.y(), place.x()].astype(int) - colour).max() <= 2
