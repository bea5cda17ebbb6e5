import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QLabel, QMainWindow

from studio.ui.shell.shortcuts_sheet import Shortcut, ShortcutsSheet, shortcuts_by_menu
from studio.ui.theme import Theme


@pytest.fixture
def window(qtbot) -> QMainWindow:
    window = QMainWindow()
    qtbot.addWidget(window)
    file_menu = window.menuBar().addMenu("&File")
    for words, keys in (("&Open…", "Ctrl+O"), ("Save &as…", "Ctrl+Shift+S"), ("Rarely used", "")):
        action = QAction(words, window)
        action.setShortcut(QKeySequence(keys))
        file_menu.addAction(action)
    inner = window.menuBar().addMenu("&View").addMenu("Compare")
    split = QAction("Split", window)
    split.setShortcuts([QKeySequence("S"), QKeySequence("Ctrl+1")])
    inner.addAction(split)
    window.menuBar().addMenu("Empty")
    return window


def test_lines_come_from_the_actions_of_every_menu(window: QMainWindow):
    assert shortcuts_by_menu(window.menuBar()) == {
        "File": (Shortcut("Open", ("Ctrl+O",)), Shortcut("Save as", ("Ctrl+Shift+S",))),
        "View": (Shortcut("Split", ("S", "Ctrl+1")),),
    }


def test_sheet_shows_words_and_keys(window: QMainWindow, theme: Theme):
    groups = {**shortcuts_by_menu(window.menuBar()), "Mouse": (Shortcut("Zoom", ("Wheel",)),), "None": ()}
    sheet = ShortcutsSheet(groups, theme, window)
    shown = {label.text() for label in sheet.findChildren(QLabel)}
    assert {"File", "Open", "Ctrl+O", "Split", "S", "Ctrl+1", "Mouse", "Wheel"} <= shown
    assert "None" not in shown


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_F1, Qt.Key.Key_Question])
def test_esc_f1_and_question_mark_close_it(qtbot, window: QMainWindow, theme: Theme, key: Qt.Key):
    sheet = ShortcutsSheet(shortcuts_by_menu(window.menuBar()), theme, window)
    sheet.show()
    qtbot.waitExposed(sheet)
    qtbot.keyClick(sheet, key)
    assert not sheet.isVisible()
