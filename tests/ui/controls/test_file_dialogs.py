"""Dialogs that ask for files and folders look like the studio, and replace nothing without a word."""

import sys

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QLabel, QLineEdit, QToolButton, QWidget
from studio_kit import answering_file_dialog

from studio.ui.controls.file_dialogs import choose_files, choose_folder, choose_new_file
from studio.ui.controls.question import Question

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the system's own dialog opens")


@pytest.fixture
def parent(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.show()
    return parent


def test_a_folder_dialog_has_icons_of_our_own(parent, theme, tmp_path):
    bare = QFileDialog(parent, "", str(tmp_path))
    bare.setOption(QFileDialog.Option.DontUseNativeDialog)
    seen = []

    def look():
        dialog = QApplication.activeModalWidget()
        for name in ("backButton", "forwardButton", "toParentButton", "newFolderButton"):
            ours, qts = (one.findChild(QToolButton, name).icon().pixmap(16).toImage() for one in (dialog, bare))
            seen.append(ours != qts)
        seen.append(dialog.findChild(QComboBox, "lookInCombo").findChild(QLabel).isVisible())
        dialog.reject()

    QTimer.singleShot(0, look)
    assert choose_folder(parent, "Learn from a folder", str(tmp_path), theme) is None
    assert seen == [True] * 5
    with answering_file_dialog(tmp_path):
        assert choose_folder(parent, "Learn from a folder", str(tmp_path.parent), theme) == tmp_path


@pytest.mark.parametrize(("answer", "made"), [("Make Folder", True), ("Cancel", False)])
def test_a_folder_that_is_not_there_is_made_on_demand(parent, theme, tmp_path, answer, made):
    asked, new = [], tmp_path / "results"

    def choose():
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, Question):
            asked.append(dialog.text())
            next(button for button in dialog.buttons() if button.text() == answer).click()
        elif asked:
            dialog.reject()
        elif isinstance(dialog, QFileDialog) and not dialog.findChild(QLineEdit, "fileNameEdit").text():
            dialog.findChild(QLineEdit, "fileNameEdit").setText(str(new))
            QTimer.singleShot(0, dialog.accept)  # in whose course this clock shall go on

    clock = QTimer(interval=10)
    clock.timeout.connect(choose)
    clock.start()
    assert choose_folder(parent, "Where shall the results go?", str(tmp_path), theme) == (new if made else None)
    clock.stop()
    assert asked == ["There is no folder “results” yet. Make it?"]
    assert new.is_dir() == made


def test_files_are_chosen(parent, theme, tmp_path):
    files = [tmp_path / "a.txt", tmp_path / "b.txt"]
    for file in files:
        file.write_text("")
    with answering_file_dialog(*files):
        assert choose_files(parent, "Learn from these", str(tmp_path), "Lists (*.txt)", theme, several=True) == files


@pytest.mark.parametrize(("answer", "chosen"), [("Replace", True), ("Cancel", False)])
def test_a_new_file_gets_its_ending_and_replaces_nothing_without_a_word(parent, theme, tmp_path, answer, chosen):
    proposed, wanted = tmp_path / "photo.atelier", tmp_path / "evening 3.5.atelier"
    wanted.write_text("there already")
    asked, typed = [], []

    def choose():
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, Question):
            asked.append(dialog.text())
            next(button for button in dialog.buttons() if button.text() == answer).click()
        elif isinstance(dialog, QFileDialog) and not (asked or typed):
            typed.append(True)
            name = dialog.findChild(QLineEdit, "fileNameEdit")
            assert name.text() == "photo.atelier"
            name.setText("evening 3.5")
            QTimer.singleShot(0, dialog.accept)  # in whose course this clock shall go on
        elif isinstance(dialog, QFileDialog) and asked:
            dialog.reject()

    clock = QTimer(interval=10)
    clock.timeout.connect(choose)
    clock.start()
    path = choose_new_file(parent, "Save the session", proposed, "Atelier sessions", ".atelier", theme)
    clock.stop()
    assert asked == ["“evening 3.5.atelier” is there already. Replace it?"]
    assert path == (wanted if chosen else None)
