import numpy as np
import pytest
from canvas_kit import BLUE, RED, drag, mouse, pixel, pixels, plain_frame, shown_canvas, wheel
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from studio.ui.canvas.side_pane import SidePane
from studio.ui.canvas.tools import Tool


@pytest.fixture
def canvas(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(1000, 800, RED))
    canvas.set_after(plain_frame(500, 400, BLUE))
    return canvas


def divider(canvas):
    assert canvas.divider_x is not None
    return canvas.divider_x


def test_split_shows_the_photo_left_and_the_painting_right(canvas):
    canvas.set_compare_mode("split")
    x = divider(canvas)
    row = pixels(canvas)[400]
    assert x == 320
    assert {tuple(p) for p in row[100 : int(x) - 3]} == {RED}
    assert {tuple(p) for p in row[int(x) + 3 : 540]} == {BLUE}


def test_the_divider_is_dragged_by_its_line_without_a_jump(qtbot, canvas):
    canvas.set_compare_mode("split")
    moves = []
    canvas.split_moved.connect(moves.append)
    drag(canvas.viewport(), (326, 100), (206, 130), steps=6)
    assert divider(canvas) == 200
    assert moves == sorted(moves, reverse=True)
    assert moves[-1] == canvas.split
    assert pixel(canvas, 190, 400) == RED
    assert pixel(canvas, 215, 400) == BLUE
    assert canvas.fitted


def test_the_screen_is_right_after_each_step_of_a_drag(qtbot, canvas):
    """Only a strip is repainted: compare what stands on the screen with a picture painted afresh."""
    canvas.set_compare_mode("split")
    for split in (0.9, 0.1, 0.11, 0.02, 0.5):
        canvas.set_split(split)
        qtbot.wait(1)
        on_screen = canvas.screen().grabWindow(canvas.winId()).toImage()
        if on_screen.isNull():
            pytest.skip("this platform cannot read the screen back")
        fresh = canvas.grab().toImage()
        assert on_screen.convertToFormat(fresh.format()) == fresh


def test_the_divider_can_be_grabbed_within_at_least_12_pixels(canvas):
    canvas.set_compare_mode("split")
    shapes = []
    for dx in range(-12, 13):
        mouse(canvas.viewport(), QEvent.Type.MouseMove, 320 + dx, 60, Qt.MouseButton.NoButton)
        shapes.append(canvas.viewport().cursor().shape())
    assert 12 <= shapes.count(Qt.CursorShape.SplitHCursor) < 24
    assert shapes[0] == shapes[-1] == Qt.CursorShape.ArrowCursor


def test_the_divider_stays_on_the_picture_and_a_double_click_centres_it(canvas):
    canvas.set_compare_mode("split")
    drag(canvas.viewport(), (320, 60), (-500, 60))
    assert canvas.split == 0.0
    assert divider(canvas) == round(canvas.picture_in_view().left())
    mouse(canvas.viewport(), QEvent.Type.MouseButtonDblClick, divider(canvas), 60)
    assert canvas.split == 0.5
    assert canvas.fitted


def test_brackets_move_the_divider(canvas):
    canvas.set_compare_mode("split")
    QTest.keyClick(canvas, Qt.Key.Key_BracketRight)
    assert canvas.split == pytest.approx(0.52)
    QTest.keyClick(canvas, Qt.Key.Key_BraceLeft, Qt.KeyboardModifier.ShiftModifier)
    assert canvas.split == pytest.approx(0.42)


def test_the_divider_stays_in_sight_however_one_zooms_and_pans(canvas):
    canvas.set_compare_mode("split")
    canvas.set_split(0.25)
    for zoom, pan in ((3.0, (0, 0)), (8.0, (500, 300)), (20.0, (-3000, 900)), (0.1, (0, 0))):
        canvas.zoom_to(zoom)
        canvas.pan_by(*pan)
        seen = canvas.picture_in_view()
        assert divider(canvas) == pytest.approx(seen.left() + 0.25 * seen.width(), abs=0.51)
        cut = canvas.to_picture(QPointF(divider(canvas), 0)).x()
        assert canvas._before.span[1] == canvas._after.span[0] == cut


def test_zooming_under_the_divider_keeps_both_pictures_in_register(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(1000, 800, RED))
    canvas.set_after(plain_frame(1000, 800, BLUE))
    canvas.set_compare_mode("split")
    wheel(canvas.viewport(), 320, 240, 8)
    row = pixels(canvas)[400]
    x = int(divider(canvas))
    assert {tuple(p) for p in row[: x - 3]} == {RED}
    assert {tuple(p) for p in row[x + 3 :]} == {BLUE}


def test_side_by_side_shows_both_whole_and_equally_large(canvas):
    canvas.set_compare_mode("side")
    screen = pixels(canvas)
    red, blue = np.all(screen == RED, axis=2), np.all(screen == BLUE, axis=2)
    assert not red[:, 320:].any()
    assert not blue[:, :320].any()
    reds, blues = np.nonzero(red), np.nonzero(blue)
    assert (np.ptp(reds[0]), np.ptp(reds[1])) == (np.ptp(blues[0]), np.ptp(blues[1]))
    assert reds[0].min() == blues[0].min()


def test_side_by_side_moves_together_from_either_half(qtbot, canvas):
    canvas.set_compare_mode("side")
    pane = canvas.findChild(SidePane)
    assert pane.viewport().size() == canvas.viewport().size()
    for view in (pane, canvas):
        zoom = canvas.zoom
        spot = canvas.to_picture(QPointF(100, 200))
        wheel(view.viewport(), 100, 200, 4)
        assert canvas.zoom == pytest.approx(zoom * 1.2**4)
        assert (canvas.to_picture(QPointF(100, 200)) - spot).manhattanLength() * canvas.zoom <= 1.01
        drag(view.viewport(), (150, 150), (120, 190))
        assert pane.transform() == canvas.transform()
        assert pane.mapToScene(50, 60) == canvas.mapToScene(50, 60)


def test_resizing_side_by_side_keeps_both_halves_equal(canvas):
    canvas.set_compare_mode("side")
    pane = canvas.findChild(SidePane)
    canvas.resize(901, 500)
    assert pane.viewport().size() == canvas.viewport().size()
    assert pane.transform() == canvas.transform()
    assert canvas.fitted
    canvas.set_compare_mode("after")
    assert canvas.viewport().width() == 901
    assert not pane.isVisible()


def test_space_held_shows_the_photo(qtbot, canvas):
    canvas.setFocus()
    assert pixel(canvas, 320, 300) == BLUE
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    assert canvas.peeking
    assert pixel(canvas, 320, 300) == RED
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert pixel(canvas, 320, 300) == BLUE


def test_peeking_ends_when_the_canvas_loses_the_keyboard(qtbot, canvas):
    other = QPushButton("other", canvas)
    other.show()
    canvas.activateWindow()
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus)
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    other.setFocus()
    assert not canvas.peeking


def test_peeking_from_a_split_and_back(canvas):
    canvas.set_compare_mode("split")
    canvas.set_split(0.3)
    canvas.peek(True)
    assert canvas.divider_x is None
    assert pixel(canvas, 500, 400) == RED
    canvas.peek(False)
    assert pixel(canvas, 500, 400) == BLUE
    assert canvas.split == 0.3


def test_modes_are_announced_once_and_unknown_ones_refused(qtbot, canvas):
    said = []
    canvas.compare_changed.connect(said.append)
    for mode in ("split", "split", "side", "after"):
        canvas.set_compare_mode(mode)
    assert said == ["split", "side", "after"]
    with pytest.raises(ValueError, match="no such compare mode"):
        canvas.set_compare_mode("onion")


def test_without_a_painting_every_mode_shows_the_photo(canvas):
    canvas.set_after(None)
    for mode in ("split", "side", "after"):
        canvas.set_compare_mode(mode)
        assert pixel(canvas, 200, 300) == RED
        assert pixel(canvas, 450, 300) == RED
        assert canvas.divider_x is None


def test_the_empty_state_comes_and_goes(qtbot):
    canvas = shown_canvas(qtbot)
    hint = QLabel("Drop a photo here")
    canvas.set_empty_widget(hint)
    assert hint.isVisible()
    canvas.resize(800, 600)
    middle = hint.geometry().center() - canvas.viewport().rect().center()
    assert middle.manhattanLength() <= 2
    canvas.set_before(plain_frame(100, 100, RED))
    assert not hint.isVisible()
    canvas.clear()
    assert hint.isVisible()


def test_the_keyboard_stays_on_the_canvas_when_the_empty_state_goes(qtbot):
    canvas = shown_canvas(qtbot)
    window, other = QWidget(), QPushButton("Beside")
    qtbot.addWidget(window)
    layout = QHBoxLayout(window)
    layout.addWidget(canvas)
    layout.addWidget(other)
    button = QPushButton("Open")
    canvas.set_empty_widget(button)
    QWidget.setTabOrder(button, other)  # where the keyboard would go by itself
    with qtbot.waitExposed(window):
        window.show()
    button.setFocus()
    assert window.focusWidget() is button
    canvas.set_before(plain_frame(100, 100, RED))
    assert window.focusWidget() is canvas
    canvas.setParent(None)  # each is closed by itself


def test_a_tool_put_in_front_gets_the_mouse_first(canvas):
    class Brush(Tool):
        def __init__(self):
            self.stroke = []

        def press(self, event):
            return event.button() == Qt.MouseButton.LeftButton

        def move(self, event):
            self.stroke.append(canvas.to_picture(event.position()))

    canvas.zoom_to(2.0)
    corner = canvas.to_picture(QPointF(0, 0))
    brush = Brush()
    canvas.add_tool(brush)
    drag(canvas.viewport(), (100, 100), (140, 120), steps=4)
    assert brush.stroke == [canvas.to_picture(QPointF(100 + 10 * n, 100 + 5 * n)) for n in (1, 2, 3, 4)]
    assert canvas.to_picture(QPointF(0, 0)) == corner


def test_the_canvas_says_what_it_shows(canvas):
    assert canvas.accessibleName() == "Canvas"
    assert canvas.accessibleDescription() == "Photo and painting, 500 by 400 pixels"
    canvas.set_labels("Damaged", "Restored")
    assert canvas.accessibleDescription() == "Damaged and restored, 500 by 400 pixels"
    canvas.clear()
    assert canvas.accessibleDescription() == "No picture yet"


def test_the_ring_shows_only_to_those_who_came_by_keyboard(qtbot, canvas):
    canvas.activateWindow()
    qtbot.waitUntil(canvas.hasFocus)
    canvas.clearFocus()
    canvas.setFocus(Qt.FocusReason.TabFocusReason)
    assert canvas.hasFocus()
    ringed = pixel(canvas, 0, 0)
    canvas.clearFocus()
    canvas.setFocus(Qt.FocusReason.MouseFocusReason)
    assert pixel(canvas, 0, 0) != ringed


def test_a_peek_that_is_switched_on_stays_when_the_keyboard_goes(qtbot, canvas):
    said = []
    canvas.peek_changed.connect(said.append)
    canvas.activateWindow()
    qtbot.waitUntil(canvas.hasFocus)
    canvas.peek(True)
    canvas.clearFocus()
    assert canvas.peeking
    canvas.peek(False)
    assert said == [True, False]
