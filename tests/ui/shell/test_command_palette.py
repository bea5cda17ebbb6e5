"""The palette of commands in the real window, by keyboard alone."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from studio_kit import PATIENCE, write_photo

from studio.ui.shell.command_palette import CommandPalette

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def window(studio, qtbot):
    window = studio.window
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window, timeout=PATIENCE)
    window.panel("style").canvas.setFocus()
    return window


def palette_of(window):
    return next((one for one in window.findChildren(CommandPalette) if one.isVisible()), None)


def finds(window, typed):
    """Press Ctrl+K and type; returns the palette."""
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_K, CTRL)
    palette = palette_of(window)
    assert QApplication.focusWidget() is palette.entry
    QTest.keyClicks(palette.entry, typed)
    return palette


def test_a_command_is_found_shows_its_key_and_is_done(window):
    palette = finds(window, "full")
    assert [(one.name, one.place, one.keys) for one in palette.found[:1]] == [("Full Screen", "View", "F11")]
    QTest.keyClick(palette.entry, Qt.Key.Key_Return)
    assert window.isFullScreen()
    assert palette_of(window) is None
    assert QApplication.focusWidget() is window.panel("style").canvas


def test_escape_leaves_everything_as_it_was_and_gives_the_keyboard_back(window):
    window.show_notice("This stays.", "warning")
    palette = finds(window, "full")
    QTest.keyClick(palette.entry, Qt.Key.Key_Escape)
    assert palette_of(window) is None
    assert QApplication.focusWidget() is window.panel("style").canvas
    assert window.banner.text == "This stays."
    assert not window.isFullScreen()


def test_arrows_walk_along_what_was_found(window):
    palette = finds(window, "open")
    names = [one.name for one in palette.found]
    QTest.keyClick(palette.entry, Qt.Key.Key_Down)
    assert palette.list.currentIndex().row() == 1
    assert palette.list.currentIndex().data() == names[1]
    QTest.keyClick(palette.entry, Qt.Key.Key_Up)
    assert palette.list.currentIndex().row() == 0
    QTest.keyClick(palette.entry, Qt.Key.Key_Escape)


def test_every_command_of_window_and_panel_is_there_and_what_cannot_be_done_comes_last(window):
    palette = finds(window, "")
    names = [one.name for one in palette.found]
    actions = [action for action in window.actions() if action.text()]
    assert {action.text().replace("&", "") for action in actions} <= set(names)
    assert {"Open a photo", "Add a painting", "Stroke size", "Appearance: Dark", "Show Strokes"} <= set(names)
    able = [one.enabled for one in palette.found]
    assert able == sorted(able, reverse=True)
    assert not palette.found[-1].enabled
    palette.list.clicked.emit(palette.list.model().index(len(names) - 1, 0))
    assert palette_of(window) is palette  # it is only shown
    QTest.keyClick(palette.entry, Qt.Key.Key_Escape)


def test_a_setting_in_a_closed_group_is_opened_and_takes_the_keyboard(window, until):
    form = window.panel("style").form
    palette = finds(window, "stroke size")
    QTest.keyClick(palette.entry, Qt.Key.Key_Return)
    row = form.row("stroke_size")
    until(lambda: row.isVisible() and not row.visibleRegion().isEmpty())
    assert row.isAncestorOf(QApplication.focusWidget())


def test_a_button_of_the_panel_in_front_is_pressed(window, until, tmp_path):
    window.show_panel("adjust")
    adjust = window.panel("adjust")
    adjust.open_pictures([write_photo(tmp_path / "photo.png")])
    until(lambda: adjust.has_picture)
    palette = finds(window, "turn le")
    assert (palette.found[0].name, palette.found[0].place) == ("Turn left", "Adjust")
    QTest.keyClick(palette.entry, Qt.Key.Key_Return)
    assert adjust.session.settings.turn == "270"


def test_whatever_takes_the_keyboard_closes_it_and_nonsense_is_said_to_be_none(window):
    palette = finds(window, "zzzz")
    assert palette._none.isVisible()
    assert palette.found == []
    window.panel("style").canvas.setFocus()
    assert palette_of(window) is None
