"""The dialog that saves: the ending decides the format, nothing is replaced or renamed without a word."""

from contextlib import contextmanager

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QSlider, QWidget

from studio.ui.controls.question import Question
from studio.ui.picture.save_dialog import SaveDialog


@pytest.fixture
def dialog(qtbot, theme, tmp_path):
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.show()
    dialog = SaveDialog(tmp_path / "holiday painted", ".png", 92, theme, parent)
    dialog.show()
    yield dialog
    dialog.close()


def types(dialog, name):
    dialog.findChild(QLineEdit, "fileNameEdit").setText(name)
    dialog.accept()


@contextmanager
def answering(button):
    """Press this button of the question that comes; yields what was asked."""
    asked = []

    def answer():
        question = QApplication.activeModalWidget()
        if isinstance(question, Question):
            asked.append(f"{question.text()} {question.informativeText()}")
            next(one for one in question.buttons() if one.text() == button).click()

    clock = QTimer(interval=10)
    clock.timeout.connect(answer)
    clock.start()
    yield asked
    clock.stop()
    assert len(asked) == 1


def test_its_lists_show_that_they_open(dialog):
    for name in ("lookInCombo", "fileTypeCombo"):
        box = dialog.findChild(QComboBox, name)
        sign = box.findChild(QLabel)
        assert sign.isVisible()
        assert not sign.pixmap().isNull()
        dialog.resize(dialog.width() + 200, dialog.height())
        QApplication.processEvents()
        assert box.width() - 24 < sign.geometry().right() < box.width()


def test_what_is_kept_of_the_photo_is_chosen_and_remembered(dialog):
    dialog.metadata = "none"
    assert dialog.metadata == "none"


def test_it_proposes_folder_and_name_in_the_format_of_the_last_time(dialog, tmp_path):
    assert dialog.directory().absolutePath() == str(tmp_path)
    assert dialog.findChild(QLineEdit, "fileNameEdit").text() == "holiday painted"
    assert dialog.selectedNameFilter() == "PNG (*.png)"


@pytest.mark.parametrize(
    ("typed", "kind", "saved"),
    [
        ("mine", "WebP (*.webp)", "mine.webp"),
        ("mine.TIFF", "PNG (*.png)", "mine.TIFF"),
        ("mine v1.2", "JPEG (*.jpg)", "mine v1.2.jpg"),
    ],
)
def test_a_name_gets_the_ending_of_its_kind_unless_it_has_one(dialog, tmp_path, typed, kind, saved):
    dialog.selectNameFilter(kind)
    types(dialog, typed)
    assert not dialog.isVisible()
    assert dialog.path == tmp_path / saved


def test_a_name_that_no_disk_takes_is_left_to_the_one_who_writes(dialog, tmp_path):
    types(dialog, "x" * 300)
    assert dialog.path == tmp_path / f"{'x' * 300}.png"


def test_an_ending_that_is_typed_follows_another_kind(dialog):
    name = dialog.findChild(QLineEdit, "fileNameEdit")
    name.setText("mine.jpeg")
    dialog.selectNameFilter("TIFF, 16 bits (*.tif)")
    dialog.filterSelected.emit("TIFF, 16 bits (*.tif)")
    assert name.text() == "mine.tif"


def test_a_format_that_is_not_written_is_said_and_another_name_may_be_typed(dialog):
    with answering("Another Name") as asked:
        types(dialog, "a.gif")
    assert "GIF files are not written here." in asked[0]
    assert dialog.isVisible()


def test_a_format_that_is_not_written_is_replaced_only_if_one_agrees(dialog, tmp_path):
    with answering("Save as a.png"):
        types(dialog, "a.gif")
    assert dialog.path == tmp_path / "a.png"


def test_a_file_is_replaced_only_if_one_agrees_also_where_the_ending_was_not_typed(dialog, tmp_path):
    (tmp_path / "there.png").touch()
    with answering("Cancel") as asked:
        types(dialog, "there")
    assert "“there.png” is there already" in asked[0]
    assert dialog.isVisible()
    with answering("Replace"):
        types(dialog, "there")
    assert dialog.path == tmp_path / "there.png"


def test_quality_is_asked_for_where_the_format_has_one(dialog):
    slider, name = dialog.findChild(QSlider), dialog.findChild(QLineEdit, "fileNameEdit")
    seen = []
    for typed in ("mine", "mine.jpg", "mine.tif", "mine.webp"):
        name.setText(typed)
        seen.append(slider.isVisible())
    assert seen == [False, True, False, True]
    slider.setValue(70)
    assert dialog.quality == 70
