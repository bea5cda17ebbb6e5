from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget
from studio_kit import drop_files

from studio.ui.panels.models.weights_drop import WeightsDrop, look_into
from studio.ui.theme import Theme

COPY, LEFT, NO_KEYS = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def panel(qtbot) -> QWidget:
    panel = QWidget()
    panel.resize(500, 400)
    QVBoxLayout(panel).addWidget(QPushButton("within"))
    qtbot.addWidget(panel)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


@pytest.fixture
def drop(panel: QWidget, theme: Theme) -> WeightsDrop:
    return WeightsDrop(panel, theme)


def mime_of(*addresses: Path | str) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(a)) if isinstance(a, Path) else QUrl(a) for a in addresses])
    return mime


def file(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(b"numbers")
    return path


@pytest.mark.parametrize("name", ["a.pth", "a.pt", "a.safetensors", "A.PTH"])
def test_weights_files_are_welcome(tmp_path: Path, name: str):
    path = file(tmp_path, name)
    offer = look_into(mime_of(path))
    assert offer.files == (path,)
    assert offer.refusal is None


@pytest.mark.parametrize(
    ("name", "words"), [("a.png", "is a picture"), ("notes.txt", "is not a network's file"), ("a", "is not a network")]
)
def test_other_files_are_refused_with_the_reason(tmp_path: Path, name: str, words: str):
    offer = look_into(mime_of(file(tmp_path, name)))
    assert offer.files == ()
    assert words in offer.refusal.cause
    assert offer.refusal.remedy


def test_folders_missing_files_and_web_addresses_are_refused(tmp_path: Path):
    assert "is a folder" in look_into(mime_of(tmp_path)).refusal.cause
    assert "not there any more" in look_into(mime_of(tmp_path / "gone.pth")).refusal.cause
    assert "example.org" in look_into(mime_of("https://example.org/a.pth")).refusal.cause
    assert "no file" in look_into(QMimeData()).refusal.cause


def test_drop_takes_networks_and_says_why_the_rest_is_left_out(qtbot, tmp_path: Path, panel, drop: WeightsDrop):
    good, bad = file(tmp_path, "a.pth"), file(tmp_path, "a.png")
    with qtbot.waitSignals([drop.files_dropped, drop.refused]):
        assert drop_files(panel, good, bad)
    with qtbot.waitSignal(drop.files_dropped) as told:
        drop_files(panel, good)
    assert told.args == [[good]]


def test_drop_of_a_wrong_type_is_not_taken(qtbot, tmp_path: Path, panel, drop: WeightsDrop):
    with qtbot.waitSignal(drop.refused), qtbot.assertNotEmitted(drop.files_dropped):
        assert not drop_files(panel, file(tmp_path, "a.txt"))


def test_veil_covers_the_whole_panel_and_says_what_a_drop_would_do(tmp_path: Path, panel, drop: WeightsDrop):
    for path, refuses in ((file(tmp_path, "a.pth"), False), (file(tmp_path, "a.txt"), True)):
        mime = mime_of(path)
        enter = QDragEnterEvent(QPoint(9, 9), COPY, mime, LEFT, NO_KEYS)
        QApplication.sendEvent(panel, enter)
        assert enter.isAccepted()
        assert drop.overlay.isVisible()
        assert drop.overlay.refuses == refuses
        assert drop.overlay.geometry() == panel.rect()
        move = QDragMoveEvent(QPoint(20, 20), COPY, mime, LEFT, NO_KEYS)
        QApplication.sendEvent(panel, move)
        assert move.isAccepted() != refuses
        QApplication.sendEvent(panel, QDragLeaveEvent())
        assert not drop.overlay.isVisible()
