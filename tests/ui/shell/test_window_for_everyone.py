"""By keyboard alone, in words, and on the smallest screen: everyone can use the window."""

import re
from dataclasses import fields
from itertools import pairwise

import pytest
from accessibility import controls_without_name, controls_without_tooltip, focusable_controls
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QScrollBar,
)
from widget_kit import actions_below

from studio.core.failures import Failure
from studio.ui.picture.session import SessionState
from studio.ui.shell.shortcuts_sheet import ShortcutsSheet
from studio.ui.shell.tab_order import tab_stops

CTRL, ALT, SHIFT = (Qt.KeyboardModifier[f"{name}Modifier"] for name in ("Control", "Alt", "Shift"))


def test_every_control_of_the_window_has_a_name_and_explains_itself(painted, until):
    until(lambda: painted.panel("style").shelf._samples.tiles)
    painted.show_failure(Failure("Something failed.", "Try again.", "details"))
    painted.panel("style").form.set_open_groups([row.info.group for row in painted.panel("style").form._rows.values()])
    assert len(list(focusable_controls(painted))) > 60
    assert controls_without_name(painted) == []
    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QAbstractSlider)
    scroll_bars = [bar for bar in controls_without_tooltip(painted, *kinds) if QScrollBar.__name__ not in bar]
    assert scroll_bars == []


def test_tab_alone_reaches_every_control_in_sight(painted, until):
    """What lies in the hand of a mouse lies in that of the keyboard: Tab, and arrows within a group."""
    until(lambda: painted.panel("style").shelf._samples.tiles)
    wanted = {
        widget
        for widget in focusable_controls(painted)
        if widget.isVisible() and widget.isEnabled() and not isinstance(widget, QScrollBar) and takes_tab(widget)
    }
    painted.panel("style").workspace.canvas.setFocus()
    reached = set()
    for _ in range(2 * len(wanted) + 20):
        reached.add(QApplication.focusWidget())
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert len(wanted) > 25
    assert {name_of(widget) for widget in wanted - reached} == set()


def test_tab_follows_the_eye(painted, until):
    """From the rail over the canvas to the column and its buttons, and in the column from above to below."""
    until(lambda: painted.panel("style").shelf._samples.tiles)
    panel = painted.panel("style")
    stops = tab_stops(painted.centralWidget())
    landmarks = [painted.rail._buttons["style"], panel.canvas, panel.workspace.film_strip, panel.start_button]
    assert [widget for widget in stops if widget in landmarks] == landmarks
    in_column = [widget.mapTo(panel.column, QPoint()).y() for widget in stops if panel.column.isAncestorOf(widget)]
    assert all(below > above - 40 for above, below in pairwise(in_column))  # beside each other is no way up
    assert stops[-2:] == [panel.save_button, panel.export_button]


def test_a_click_on_paint_and_stop_leaves_the_keyboard_on_the_canvas(painted, until):
    panel = painted.panel("style")
    panel.canvas.setFocus()
    for button in (panel.start_button, panel.workspace.progress_line._stop, panel.workspace.compare_bar._fit):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert QApplication.focusWidget() is panel.canvas
    until(lambda: panel.session.state is SessionState.FINISHED)


def test_each_panel_has_a_key_that_its_button_names(window):
    names = ["style", "adjust", "restore", "translate", "degrade", "dream", "train", "library", "models"]
    for number, name in enumerate(names, 2):
        QTest.keyClick(window, Qt.Key[f"Key_F{number}"])
        assert window.rail.current == name
        assert f"(F{number})" in window.rail._buttons[name].toolTip()
        assert window.menus.panel_actions[name].isChecked()


def test_in_the_smallest_window_no_panel_needs_sliding(window, qtbot):
    window.resize(1, 1)
    assert (window.width(), window.height()) == QSize(1024, 640).boundedTo(
        window.screen().availableSize() - QSize(32, 48)
    ).toTuple()
    window.setMinimumSize(0, 0)
    window.resize(1024, 640)
    for panel in window.panels:
        window.show_panel(panel.name)
        qtbot.wait(1)
        area = panel.parentWidget().parentWidget()
        assert panel.minimumSizeHint().boundedTo(area.viewport().size()) == panel.minimumSizeHint(), panel.name


def test_on_a_tiny_screen_every_button_can_be_brought_into_sight(window, qtbot):
    """683 × 384 is what a screen of 1366 × 768 has at twice the scale."""
    window.setMinimumSize(0, 0)
    window.resize(683, 384)
    panel = window.panel("style")
    save = panel.export_button
    area = panel.parentWidget().parentWidget()
    area.ensureWidgetVisible(save)
    qtbot.waitUntil(lambda: save.visibleRegion().boundingRect() == save.rect())
    assert area.viewport().rect().contains(QRect(save.mapTo(area.viewport(), QPoint()), save.size()))


def takes_tab(widget):
    group = widget.group() if isinstance(widget, QAbstractButton) else None
    in_group = group is not None and group.exclusive() and group.checkedButton() is not widget
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and not in_group and widget.focusProxy() is None


def name_of(widget):
    return f"{type(widget).__name__} “{widget.accessibleName()}”"


def test_every_command_stands_in_a_menu_and_has_a_key(window):
    in_menus = {action for top in window.menuBar().actions() for action in actions_below(top.menu())}
    for field in fields(window.actions_of_window):
        action = getattr(window.actions_of_window, field.name)
        assert action in in_menus, field.name
        assert action.shortcuts(), field.name


def test_no_key_is_given_twice(window):
    keys = [
        keys.toString() for action in window.findChildren(QAction) for keys in action.shortcuts() if action.isEnabled()
    ]
    assert sorted(keys) == sorted(set(keys))


@pytest.mark.parametrize("key", [Qt.Key.Key_F1, Qt.Key.Key_Question])
def test_the_shortcuts_sheet_lists_every_key_and_closes_with_the_one_that_opened_it(window, until, key):
    QTest.keyClick(window.panel("style").workspace.canvas, key)
    until(lambda: window.findChildren(ShortcutsSheet) and window.findChildren(ShortcutsSheet)[-1].isVisible())
    sheet = window.findChildren(ShortcutsSheet)[-1]
    words = {label.text() for label in sheet.findChildren(QLabel)}
    for action in (window.actions_of_window.save, window.actions_of_window.stop, window.actions_of_window.show_side):
        assert re.sub("[&…]", "", action.text()) in words
        assert action.shortcut().toString() in words
    assert {"Zoom at the pointer", "Wheel", "Show the photo while held"} <= words
    assert controls_without_name(sheet) == []
    QTest.keyClick(sheet, key, SHIFT if key == Qt.Key.Key_Question else Qt.KeyboardModifier.NoModifier)
    until(lambda: not sheet.isVisible())
