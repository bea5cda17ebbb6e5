import pytest
from canvas_kit import BLUE, RED, plain_frame, shown_canvas
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QToolButton, QWidget

from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.picture.compare_bar import CompareBar
from studio.ui.theme import Theme


@pytest.fixture
def bar(qtbot):
    app = QApplication.instance()
    window = QWidget()
    window.resize(800, 40)
    qtbot.addWidget(window)
    bar = CompareBar("Painting", app.findChild(Theme) or Theme(app, "dark"), window)
    bar.resize(800, 40)
    bar.set_picture("photo.jpg", 1600, 1067)
    window.show()
    yield bar
    window.close()


def button(bar, name):
    return next(b for b in bar.findChildren(QToolButton) if b.accessibleName() == name)


def test_it_names_the_picture_and_its_size(bar):
    label = bar.findChild(ElidingLabel)
    assert label.text() == "photo.jpg · 1600 × 1067"
    bar.clear_picture()
    assert label.text() == ""
    assert not button(bar, "Fit in window").isEnabled()


def test_it_names_the_result_and_its_own_size_and_leaves_words_out_before_figures(qtbot, bar):
    bar.set_picture("a holiday in the mountains, long ago.jpg", 1600, 1067)
    bar.set_result("256 × 171 → 1024 × 683")
    assert bar._result.text() == "Painting 256 × 171 → 1024 × 683"
    bar.resize(580, 40)
    assert bar._result.text() == "256 × 171 → 1024 × 683"
    assert bar._result.accessibleName() == "Painting 256 × 171 → 1024 × 683"
    photo = bar.findChild(ElidingLabel)
    assert photo.text() == "1600 × 1067"  # of the name nothing would be left that says anything
    assert "long ago" in photo.toolTip()
    bar.resize(660, 40)
    assert "…" in photo.text()
    assert photo.text().endswith(" · 1600 × 1067")
    assert "long ago" in photo.toolTip()
    bar.clear_picture()
    assert bar._result.text() == ""


def test_choosing_a_mode_tells_showing_one_does_not(qtbot, bar):
    said = []
    bar.mode_chosen.connect(said.append)
    bar.set_mode("side")
    assert said == []
    assert button(bar, "Compare: Side by side").isChecked()
    button(bar, "Compare: Split").click()
    assert said == ["split"]


@pytest.mark.parametrize(("zoom", "words"), [(1.0, "100 %"), (0.3349, "33 %"), (0.0249, "2.5 %"), (64.0, "6400 %")])
def test_zoom_is_shown_in_percent_without_moving_its_neighbours(bar, zoom, words):
    width = button(bar, "Zoom").width()
    bar.set_zoom(zoom)
    assert button(bar, "Zoom").text() == words
    assert button(bar, "Zoom").width() == width


def test_the_eye_is_held_by_mouse_or_space(qtbot, bar):
    said = []
    bar.peek_changed.connect(said.append)
    eye = button(bar, "Show the photo")
    QTest.mousePress(eye, Qt.MouseButton.LeftButton)
    QTest.mouseRelease(eye, Qt.MouseButton.LeftButton)
    QTest.keyPress(eye, Qt.Key.Key_Space)
    QTest.keyRelease(eye, Qt.Key.Key_Space)
    assert said == [True, False, True, False]


def test_it_steers_a_canvas_and_follows_it(qtbot, bar):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(1000, 800, RED))
    canvas.set_after(plain_frame(500, 400, BLUE))
    bar.mode_chosen.connect(canvas.set_compare_mode)
    bar.peek_changed.connect(canvas.peek)
    bar.fit_requested.connect(canvas.fit)
    bar.actual_size_requested.connect(canvas.actual_size)
    bar.zoom_chosen.connect(canvas.zoom_to)
    canvas.zoom_changed.connect(bar.set_zoom)
    button(bar, "Actual size").click()
    assert (canvas.zoom, button(bar, "Zoom").text()) == (1.0, "100 %")
    menu = button(bar, "Zoom").findChild(QMenu)
    next(action for action in menu.actions() if action.text() == "400 %").trigger()
    assert (canvas.zoom, button(bar, "Zoom").text()) == (4.0, "400 %")
    button(bar, "Fit in window").click()
    assert canvas.fitted
    button(bar, "Compare: Split").click()
    assert canvas.compare_mode == "split"
    QTest.mousePress(button(bar, "Show the photo"), Qt.MouseButton.LeftButton)
    assert canvas.peeking
    QTest.mouseRelease(button(bar, "Show the photo"), Qt.MouseButton.LeftButton)
    assert not canvas.peeking


def test_every_button_can_be_reached_and_says_what_it_does(bar):
    for part in bar.findChildren(QToolButton):
        assert part.accessibleName()
        assert part.toolTip()
        assert part.focusPolicy() & Qt.FocusPolicy.TabFocus
