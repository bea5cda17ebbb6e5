"""The rectangle of a crop: what the mouse and the keys do to it, and that it never leaves the picture."""

from math import cos, radians, sin

import pytest
from canvas_kit import RED, drag, mouse, pixel, plain_frame, shown_canvas, wheel
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.ui.canvas.crop_layer import CropLayer
from studio.ui.canvas.layers import Pen

WIDTH, HEIGHT = 600, 400
SHIFT, ALT, CTRL = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
)


def corners_of(width, height, degrees=0.0):
    """The corners of a picture turned about its middle, clockwise."""
    c, s = cos(radians(degrees)), sin(radians(degrees))
    halves = [(-width / 2, -height / 2), (width / 2, -height / 2), (width / 2, height / 2), (-width / 2, height / 2)]
    return [QPointF(width / 2 + x * c - y * s, height / 2 + x * s + y * c) for x, y in halves]


@pytest.fixture
def canvas(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(WIDTH, HEIGHT, RED))
    canvas.zoom_to(1.0)
    return canvas


@pytest.fixture
def crop(canvas):
    crop = CropLayer()
    canvas.layers.add(crop)
    canvas.layers.activate(crop)
    place(crop, 100, 80, 300, 200)
    return crop


def place(crop, *rect, **more):
    crop.place(QRectF(*rect), corners_of(WIDTH, HEIGHT), **more)


def pull(canvas, start, end, modifiers=Qt.KeyboardModifier.NoModifier):
    """Drag from one position of the picture to another, with keys held."""
    view = canvas.viewport()
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    steps = (
        (QEvent.Type.MouseButtonPress, start, left, left),
        (QEvent.Type.MouseMove, middle, none, left),
        (QEvent.Type.MouseMove, end, none, left),
        (QEvent.Type.MouseButtonRelease, end, left, none),
    )
    for kind, spot, button, held in steps:
        place = canvas.to_view(QPointF(*spot))
        QApplication.sendEvent(view, QMouseEvent(kind, place, view.mapToGlobal(place), button, held, modifiers))


def shape(crop):
    return tuple(round(v, 6) for v in crop.crop.getRect())


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ((100, 80), (130, 70), (130, 70, 270, 210)),  # upper left corner
        ((250, 80), (999, 60), (100, 60, 300, 220)),  # upper edge: only up and down
        ((400, 80), (420, 100), (100, 100, 320, 180)),
        ((400, 180), (390, 0), (100, 80, 290, 200)),
        ((400, 280), (500, 300), (100, 80, 400, 220)),
        ((250, 280), (0, 300), (100, 80, 300, 220)),
        ((100, 280), (90, 290), (90, 80, 310, 210)),
        ((100, 180), (50, 0), (50, 80, 350, 200)),
        ((250, 180), (270, 150), (120, 50, 300, 200)),  # the inside moves it
    ],
)
def test_eight_handles_and_a_move(canvas, crop, start, end, expected):
    pull(canvas, start, end)
    assert shape(crop) == expected


def test_the_edge_stays_under_the_pointer_without_a_jump(canvas, crop):
    pull(canvas, (404, 180), (424, 180))
    assert shape(crop) == (100, 80, 320, 200)


def test_it_slides_along_the_edge_of_the_picture(canvas, crop):
    pull(canvas, (250, 180), (900, 200))
    assert shape(crop) == (300, 100, 300, 200)
    pull(canvas, (600, 300), (900, 340))
    assert shape(crop) == (300, 100, 300, 240)


def test_a_locked_shape_is_kept_by_corners_and_edges(canvas, crop):
    place(crop, 100, 80, 300, 200, aspect=1.5)
    pull(canvas, (400, 280), (430, 280))
    assert shape(crop) == (100, 80, 330, 220)
    pull(canvas, (265, 300), (265, 320))  # the lower edge: as much wider on both sides
    assert shape(crop) == (85, 80, 360, 240)
    pull(canvas, (445, 320), (999, 999))  # as far as it goes: 320 px below, so 480 px wide
    assert shape(crop) == (85, 80, 480, 320)


def test_shift_keeps_the_shape_it_has_and_alt_its_centre(canvas, crop):
    pull(canvas, (400, 280), (460, 300), SHIFT)
    assert shape(crop) == (100, 80, 360, 240)
    pull(canvas, (460, 200), (450, 200), ALT)
    assert shape(crop) == (110, 80, 340, 240)


def test_an_edge_is_not_pulled_past_the_one_opposite(canvas, crop):
    pull(canvas, (400, 180), (20, 180))
    assert shape(crop) == (100, 80, 1, 200)


def test_handles_are_as_large_on_the_screen_at_every_zoom(canvas, crop):
    for zoom in (0.5, 1.5, 8.0):
        canvas.zoom_to(zoom)
        canvas.place(QPointF(400, 180), QPointF(320, 240))
        edge, shapes = canvas.to_view(QPointF(400, 180)), []
        for dx in range(-14, 15):
            mouse(canvas.viewport(), QEvent.Type.MouseMove, edge.x() + dx, edge.y(), Qt.MouseButton.NoButton)
            shapes.append(canvas.viewport().cursor().shape())
        assert 18 <= shapes.count(Qt.CursorShape.SizeHorCursor) <= 21
        assert shapes[0] == Qt.CursorShape.SizeAllCursor
        assert shapes[-1] == Qt.CursorShape.ArrowCursor


def test_outside_of_it_a_drag_moves_the_picture(canvas, crop):
    canvas.zoom_to(2.0)
    canvas.place(QPointF(0, 180), QPointF(0, 240))
    spot = canvas.to_picture(QPointF(20, 240))
    drag(canvas.viewport(), (20, 240), (60, 250))
    assert shape(crop) == (100, 80, 300, 200)
    assert (canvas.to_picture(QPointF(60, 250)) - spot).manhattanLength() < 0.01
    wheel(canvas.viewport(), 320, 240, 3)
    assert canvas.zoom == pytest.approx(2 * 1.2**3)


def test_a_small_one_can_still_be_moved_and_resized(canvas, crop):
    place(crop, 300, 200, 8, 8)
    pull(canvas, (304, 204), (314, 204))
    assert shape(crop) == (310, 200, 8, 8)
    pull(canvas, (318, 208), (328, 228))
    assert shape(crop) == (310, 200, 18, 28)


def test_arrows_move_it_and_with_shift_resize_it(canvas, crop):
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    QTest.keyClick(canvas, Qt.Key.Key_Up, CTRL)
    assert shape(crop) == (101, 70, 300, 200)
    QTest.keyClick(canvas, Qt.Key.Key_Left, SHIFT)
    QTest.keyClick(canvas, Qt.Key.Key_Down, SHIFT | CTRL)
    assert shape(crop) == (101, 70, 299, 210)
    canvas.zoom_to(0.25)  # a step that can be seen
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    assert shape(crop) == (97, 70, 299, 210)


def test_a_key_that_is_held_is_one_stroke(canvas, crop):
    told = []
    crop.stroke_began.connect(lambda: told.append("began"))
    crop.stroke_committed.connect(lambda: told.append("committed"))
    for _ in range(3):
        QTest.keyPress(canvas, Qt.Key.Key_Right)
    QTest.keyRelease(canvas, Qt.Key.Key_Right)
    assert told == ["began", "committed"]
    assert shape(crop) == (103, 80, 300, 200)


def test_enter_accepts_and_escape_dismisses(canvas, crop):
    said = []
    crop.accepted.connect(lambda: said.append("accepted"))
    crop.dismissed.connect(lambda: said.append("dismissed"))
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    QTest.keyClick(canvas, Qt.Key.Key_Enter)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert said == ["accepted", "accepted", "dismissed"]


def test_escape_in_a_drag_takes_only_the_drag_back(canvas, crop):
    said, moves = [], []
    crop.dismissed.connect(lambda: said.append("dismissed"))
    crop.rect_changed.connect(moves.append)
    place = canvas.to_view(QPointF(400, 280))
    mouse(canvas.viewport(), QEvent.Type.MouseButtonPress, place.x(), place.y())
    mouse(canvas.viewport(), QEvent.Type.MouseMove, place.x() + 40, place.y(), Qt.MouseButton.NoButton,
          held=Qt.MouseButton.LeftButton)  # fmt: skip
    assert moves[-1] == QRectF(100, 80, 340, 200)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert moves[-1] == crop.crop == QRectF(100, 80, 300, 200)
    assert said == []


def test_only_the_hand_is_told_of(canvas, crop):
    moves = []
    crop.rect_changed.connect(moves.append)
    place(crop, 0, 0, 50, 50, caption="50 × 50")
    assert moves == []


def test_what_falls_away_is_dimmed(canvas, crop):
    inside, outside = canvas.to_view(QPointF(180, 180)), canvas.to_view(QPointF(50, 180))
    assert pixel(canvas.viewport(), inside.x(), inside.y()) == RED
    assert sum(pixel(canvas.viewport(), outside.x(), outside.y())) < sum(RED) * 0.5
    crop.hide()
    assert pixel(canvas.viewport(), outside.x(), outside.y()) == RED


def test_a_screen_reader_hears_where_it_is_and_what_to_press(canvas, crop):
    place(crop, 100, 80, 300, 200, caption="1200 × 800")
    words = canvas.accessibleDescription()
    assert words.startswith("Photo, 600 by 400 pixels. Crop 1200 × 800, 100 from the left, 80 from the top.")
    assert "Arrow keys move it" in words
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert "101 from the left" in canvas.accessibleDescription()


@given(
    degrees=st.floats(-45, 45),
    moves=st.lists(
        st.tuples(
            st.sampled_from([(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)]),
            st.floats(-200, 800), st.floats(-200, 600), st.sampled_from([None, 0.5, 1.0, 16 / 9]), st.booleans(),
        ),
        max_size=8,
    ),
)  # fmt: skip
def test_it_never_leaves_a_turned_picture_however_it_is_pulled(qapp, degrees, moves):
    crop = CropLayer()
    crop.set_picture_rect(QRectF(0, 0, WIDTH, HEIGHT))
    rect = QRectF(250, 160, 100, 80)
    for (across, down), x, y, aspect, centred in moves:
        crop.place(rect, corners_of(WIDTH, HEIGHT, degrees), aspect=aspect)
        held = crop.crop.center() + QPointF(crop.crop.width() / 2 * across, crop.crop.height() / 2 * down)
        before = crop.crop.width() / crop.crop.height()
        assert crop.begin_stroke(Pen(held, 1000.0))
        crop.move(Pen(QPointF(x, y), 1000.0, modifiers=ALT if centred else Qt.KeyboardModifier.NoModifier))
        crop.commit_stroke()
        rect = crop.crop
        assert min(crop.crop.width(), crop.crop.height()) > 0
        c, s = cos(radians(degrees)), sin(radians(degrees))
        for corner in (crop.crop.topLeft(), crop.crop.topRight(), crop.crop.bottomLeft(), crop.crop.bottomRight()):
            dx, dy = corner.x() - WIDTH / 2, corner.y() - HEIGHT / 2
            assert abs(dx * c + dy * s) <= WIDTH / 2 + 1e-2
            assert abs(-dx * s + dy * c) <= HEIGHT / 2 + 1e-2
        if (across, down) == (0, 0):
            assert crop.crop.width() / crop.crop.height() == pytest.approx(before, rel=1e-6)
