"""The dialog that opens pictures shows them small, and waits for nothing that never comes."""

import os
import sys

import pytest
from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QListView, QWidget
from studio_kit import PATIENCE, answering_file_dialog, write_photo

from studio.ui.picture.open_dialog import choose_pictures

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere the system's own dialog opens")


@pytest.fixture
def parent(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.show()
    return parent


def test_pictures_come_in_sight_as_they_are_and_pipes_are_not_offered(parent, theme, pictures, tmp_path):
    write_photo(tmp_path / "photo.png", 192, 128)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    os.mkfifo(tmp_path / "pipe.png")
    seen = {}

    patience = iter(range(PATIENCE // 30))

    def look():
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QFileDialog):
            return
        view = dialog.findChild(QListView, "listView")
        view.grab()  # what is not drawn is not read
        root, model = view.rootIndex(), view.model()
        for row in range(model.rowCount(root)):
            index = model.index(row, 0, root)
            seen[index.data()] = index.data(Qt.ItemDataRole.DecorationRole).availableSizes()
        if seen.get("photo.png") == [QSize(128, 85)] or next(patience, None) is None:
            dialog.reject()

    clock = QTimer(interval=30)
    clock.timeout.connect(look)
    clock.start()
    chosen = choose_pictures(parent, "Open a photo", str(tmp_path), pictures, theme, several=False)
    clock.stop()
    assert chosen == []
    assert seen.keys() == {"photo.png", "broken.jpg"}
    assert seen["photo.png"] == [QSize(128, 85)]  # as large as it is drawn on a screen of twice as many pixels
    assert seen["broken.jpg"] != seen["photo.png"]


def test_several_are_chosen_where_there_is_room_for_them(qtbot, parent, theme, pictures, tmp_path):
    photos = [write_photo(tmp_path / f"{number}.png") for number in range(2)]
    with answering_file_dialog(*photos):
        chosen = choose_pictures(parent, "Add photos", str(tmp_path), pictures, theme, several=True)
    assert chosen == photos
    qtbot.waitUntil(lambda: pictures.is_idle, timeout=PATIENCE)
