"""A range has two ends: moved by hand or typed, never crossed, one gesture a drag."""

import pytest
from accessibility import controls_without_name, controls_without_tooltip
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QApplication

from studio.core.settings import SettingInfo
from studio.ui.controls.rows.range import RangeRow

INFO = SettingInfo("size", "numbers", (2.0, 5.0), "Size", "How large.", 1.0, 9.0, step=0.5, unit="px")


@pytest.fixture
def row(qtbot, theme):
    row = RangeRow(INFO, theme)
    qtbot.addWidget(row)
    row.resize(300, 60)
    with qtbot.waitExposed(row):
        row.show()
    row.told = []
    row.gesture_started.connect(lambda: row.told.append("start"))
    row.value_changed.connect(row.told.append)
    row.gesture_finished.connect(lambda: row.told.append("finish"))
    return row


def type_into(box, text):
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, text)
    QTest.keyClick(box, Qt.Key.Key_Return)


def test_it_shows_both_ends_and_tells_nobody(row):
    row.set_value((3.5, 8.0))
    assert (row.low_box.value(), row.high_box.value()) == (3.5, 8.0)
    assert row.slider.value() == (312, 875)  # of 1000
    assert row.told == []


def test_typing_an_end_is_one_gesture(row):
    type_into(row.high_box, "7.5")
    assert row.told == ["start", (2.0, 7.5), "finish"]
    assert row.value == (2.0, 7.5)


def test_an_end_typed_past_the_other_takes_it_along(row):
    type_into(row.low_box, "8")
    assert row.value == (8.0, 8.0)
    type_into(row.high_box, "3")
    assert row.value == (3.0, 3.0)


def test_dragging_a_handle_moves_that_end_in_steps_and_leaves_the_other_exact(row):
    row.set_value((2.0, 5.25))  # between two steps
    slider = row.slider
    start = QPoint(round(slider.width() * 0.13), slider.height() // 2)
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=start)
    for part in (0.2, 0.3):
        QTest.mouseMove(slider, QPoint(round(slider.width() * part), slider.height() // 2))
        QApplication.processEvents()
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(round(slider.width() * 0.3), slider.height() // 2))
    low, high = row.value
    assert low == pytest.approx(3.4, abs=0.6)
    assert low * 2 == round(low * 2)
    assert high == 5.25
    assert (row.told[0], row.told[-1], row.told.count("start")) == ("start", "finish", 1)


def test_reset_brings_the_default_back(row):
    row.set_value((1.0, 9.0))
    assert row.reset_button.isEnabled()
    row.reset_button.click()
    assert row.value == (2.0, 5.0)
    assert "2.0 to 5.0" in row.reset_button.toolTip()


def test_it_is_reached_and_named_on_the_keyboard(row):
    row.setFocus()
    assert row.low_box.hasFocus()
    assert row.low_box.accessibleName() == "Size: least"
    QTest.keyClick(row.low_box, Qt.Key.Key_Up)
    assert row.value == (2.5, 5.0)
    assert controls_without_name(row) == []
    assert controls_without_tooltip(row, QAbstractSpinBox) == []
