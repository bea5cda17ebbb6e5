"""A studio to test: small real pictures, settings that paint in moments, and hands for mouse and keys."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import numpy as np
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QWidget
from thread_kit import running_threads

from studio.app import Studio
from studio.core.model_shelf import ModelShelf
from studio.core.style_settings import StyleSettings
from studio.core.user_folders import UserFolders
from studio.ui.controls.rows.number import NumberRow
from studio.ui.controls.settings_form import SettingsForm
from studio.ui.picture.panel import PicturePanel

UNTRAINED = "squeezenet1_1:untrained"
QUICK = StyleSettings(size=64, steps=4, backbone=UNTRAINED)
"""Done in a moment."""
LONG = StyleSettings(size=64, steps=2000, backbone=UNTRAINED)
"""Goes on until it is stopped."""
PATIENCE = 60_000
"""Milliseconds that a busy machine may take; nothing waits that long on an idle one."""


def write_photo(path: Path, width: int = 96, height: int = 64) -> Path:
    """Write a photo of a kind: a sky, a sun, a hill."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    sky = np.stack([90 + y, 140 + y * 0.7, 230 - y], -1)
    sun = ((x - width * 0.7) ** 2 + (y - height * 0.3) ** 2) < (height * 0.15) ** 2
    hill = y > height * (0.75 - 0.15 * np.sin(x / width * 6))
    picture = np.where(sun[..., None], (250, 220, 120), sky)
    picture = np.where(hill[..., None], (40, 90, 50), picture)
    return _write(path, picture)


def write_painting(path: Path, seed: int = 1, side: int = 80) -> Path:
    """Write a painting of a kind: bold stripes of a few colours."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    colours = rng.integers(0, 256, (5, 3))
    angle = rng.uniform(0, np.pi)
    bands = (x * np.cos(angle) + y * np.sin(angle) + 4 * np.sin(x / 5 + y / 7)) / 6
    return _write(path, colours[np.floor(bands).astype(int) % 5])


def _write(path: Path, picture: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(path)
    return path


@contextmanager
def open_studio(
    home: Path, size: tuple[int, int] | None = (1200, 800), models: ModelShelf | None = None
) -> Iterator[Studio]:
    """Show a studio's window; afterwards it is closed, and nothing of it may be left running."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    studio = Studio(application, UserFolders.within(home), models)
    closed: list[None] = []
    studio.window.closed.connect(lambda: closed.append(None))
    if size is not None:
        studio.window.resize(*size)
    studio.window.show()
    try:
        yield studio
    finally:
        studio.window.close_without_asking()
        began = monotonic()
        while not closed and monotonic() - began < PATIENCE / 1000:
            QTest.qWait(10)  # what still trains is paused, and saved first
        assert closed
        studio.window.deleteLater()
        studio.theme.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        assert running_threads() == []


def open_pair(panel: PicturePanel, photo: Path, *paintings: Path) -> None:
    """Open a photo, and paintings to go with it."""
    panel.open_pictures([photo])
    panel.open_as("style", paintings)


def drop_files(widget: QWidget, *files: Path) -> bool:
    """Drag files from the desktop over the widget and let go; returns whether they were taken."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    return drop_mime(widget, mime)


def drop_mime(widget: QWidget, mime: QMimeData) -> bool:
    """Drag whatever it is over the widget and let go; returns whether it was taken."""
    copy, left, no_keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    middle = QPoint(widget.width() // 2, widget.height() // 2)
    QApplication.sendEvent(widget, QDragEnterEvent(middle, copy, mime, left, no_keys))
    drop = QDropEvent(QPointF(middle), copy, mime, left, no_keys)
    QApplication.sendEvent(widget, drop)
    return drop.isAccepted()


def type_number(form: SettingsForm, setting: str, value: object) -> None:
    """Open the setting's group, click its number, type another one, press Enter."""
    row = form.row(setting)
    assert isinstance(row, NumberRow)
    form.set_open_groups({row.info.group})
    entry = row.box.lineEdit()
    QTest.mouseClick(entry, Qt.MouseButton.LeftButton)
    entry.selectAll()
    QTest.keyClicks(entry, str(value))
    QTest.keyClick(entry, Qt.Key.Key_Return)


def drag_slider(slider: QWidget, share: float, moves: int = 6, between: Callable[[], None] | None = None) -> None:
    """Take the slider's handle where it is, and pull it to a share of its length, in several moves."""
    left, no_keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    target = QPoint(round(8 + share * (slider.width() - 16)), slider.height() // 2)
    begin = QPoint(slider.width() // 2, target.y())
    QTest.mousePress(slider, left, no_keys, begin)
    for move in range(1, moves + 1):
        at = begin + (target - begin) * move / moves
        QTest.mouseMove(slider, at)
        _move_held(slider, at)
        if between is not None:
            between()
    QTest.mouseRelease(slider, left, no_keys, target)


def _move_held(widget: QWidget, at: QPoint) -> None:
    """Move with the button held: QTest.mouseMove alone tells of no button."""
    left = Qt.MouseButton.LeftButton
    place = QPointF(at)
    event = QMouseEvent(
        QEvent.Type.MouseMove, place, widget.mapToGlobal(place), Qt.MouseButton.NoButton, left,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


@contextmanager
def answering_file_dialog(*files: Path, filter_with: str = "") -> Iterator[list[str]]:
    """Answer the next file dialog as a person does: choose the format, type the name, press Enter.

    Yields:
        a list that will hold the name that the dialog proposed.

    """
    proposed: list[str] = []

    def answer() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QFileDialog) or not dialog.isVisible():
            return
        entry = dialog.findChild(QLineEdit, "fileNameEdit")
        if not proposed:
            proposed.append(entry.text())
        if not files:
            QTest.keyClick(dialog, Qt.Key.Key_Escape)
            return
        for wanted in (name for name in dialog.nameFilters() if filter_with and filter_with in name):
            dialog.selectNameFilter(wanted)
        entry.setText(" ".join(f'"{file}"' for file in files) if len(files) > 1 else str(files[0]))
        QTest.keyClick(entry, Qt.Key.Key_Return)

    clock = QTimer(interval=20)
    clock.timeout.connect(answer)
    clock.start()
    try:
        yield proposed
    finally:
        clock.stop()
    assert proposed, "no file dialog was opened"


def pixels_of(widget: QWidget) -> np.ndarray:
    """Return what the widget shows, H×W×3."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()
