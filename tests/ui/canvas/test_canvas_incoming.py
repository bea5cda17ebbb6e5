import os
from pathlib import Path

import numpy as np
import pytest
from canvas_kit import BLUE, RED, noise, pixels, plain, plain_frame, shown_canvas
from PIL import Image
from PySide6.QtCore import QByteArray, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from studio.core.failures import StudioError
from studio.ui.canvas.drop_overlay import DropOverlay
from studio.ui.canvas.incoming import image_of, look_into, mime_for_picture, picture_of, read_picture
from studio.ui.canvas.side_pane import SidePane


def of_urls(*urls):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(url)) if isinstance(url, Path) else QUrl(url) for url in urls])
    return mime


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "löwe 1.jpg"
    Image.fromarray(noise(20, 10)).save(path)
    return path


def hover(widget, mime, place=(60, 50)):
    """Bring `mime` over the widget; returns whether it is welcome."""
    copy, left, plain_keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(widget, QDragEnterEvent(QPoint(*place), copy, mime, left, plain_keys))
    move = QDragMoveEvent(QPoint(*place), copy, mime, left, plain_keys)
    QApplication.sendEvent(widget, move)
    return move.isAccepted()


def let_go(widget, mime, place=(60, 50)):
    """Drop `mime`; returns whether it was taken."""
    copy, left, plain_keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    drop = QDropEvent(QPointF(*place), copy, mime, left, plain_keys)
    QApplication.sendEvent(widget, drop)
    return drop.isAccepted()


def test_dropped_files_come_out_in_their_order(qtbot, photo, tmp_path):
    canvas = shown_canvas(qtbot)
    overlay = canvas.findChild(DropOverlay)
    unknown = tmp_path / "photo.xyz"
    unknown.write_bytes(photo.read_bytes())
    mime = of_urls(photo, unknown)
    assert hover(canvas.viewport(), mime)
    assert overlay.isVisible()
    assert overlay.lines == ("Drop to queue these photos",)
    assert overlay.geometry() == canvas.rect()
    with qtbot.waitSignal(canvas.files_dropped) as dropped:
        assert let_go(canvas.viewport(), mime)
    assert dropped.args == [[photo, unknown]]
    assert not overlay.isVisible()


def test_the_highlight_goes_when_the_drag_leaves(qtbot, photo):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(100, 100, RED))
    quiet = pixels(canvas)
    hover(canvas.viewport(), of_urls(photo))
    assert not np.array_equal(pixels(canvas), quiet)
    QApplication.sendEvent(canvas.viewport(), QDragLeaveEvent())
    np.testing.assert_array_equal(pixels(canvas), quiet)


def test_refused_things_are_explained_while_they_hover_and_the_words_go_with_them(qtbot, tmp_path):
    canvas = shown_canvas(qtbot)
    overlay = canvas.findChild(DropOverlay)
    notes = tmp_path / "notes.jpg"
    notes.write_text("dear diary,\nnothing but words — today")
    text = QMimeData()
    text.setText("hello")
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    cases = {
        "“pipe.png” is a device, not a picture.": of_urls(pipe),
        "“notes.jpg” is text, not a picture.": of_urls(notes),
        "“gone.png” is not there any more.": of_urls(tmp_path / "gone.png"),
        "That picture is still on the web (example.org).": of_urls("https://example.org/cat.jpg"),
        "That is text, not a picture.": text,
        "There is no picture in that.": QMimeData(),
    }
    for cause, mime in cases.items():
        assert not hover(canvas.viewport(), mime)
        assert overlay.refuses
        assert overlay.lines[0] == cause
        assert len(overlay.lines[1]) > 10
        QApplication.sendEvent(canvas.viewport(), QDragLeaveEvent())
        assert not overlay.isVisible()


def test_folders_come_along_and_text_among_pictures_is_left_out_and_said(qtbot, photo, tmp_path):
    canvas = shown_canvas(qtbot)
    notes = tmp_path / "notes.jpg"
    notes.write_text("dear diary,\nnothing but words — today")
    mime = of_urls(tmp_path, notes, photo)
    assert hover(canvas.viewport(), mime)
    said = []
    canvas.files_dropped.connect(said.append)
    canvas.refused.connect(lambda cause, remedy: said.append(cause))
    assert let_go(canvas.viewport(), mime)
    assert said == [[tmp_path, photo], "“notes.jpg” is text, not a picture."]


def test_a_dropped_refusal_is_told(qtbot, tmp_path):
    canvas = shown_canvas(qtbot)
    mime = of_urls(tmp_path / "gone.png")
    hover(canvas.viewport(), mime)
    with qtbot.waitSignal(canvas.refused) as refused:
        assert not let_go(canvas.viewport(), mime)
    assert refused.args[1] == "Drop the file from where it is now."


@pytest.mark.parametrize("what", ["long name", "long text", "deep text", "link to itself", "pipe"])
def test_names_that_the_disk_refuses_are_explained(tmp_path, what):
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    os.mkfifo(tmp_path / "pipe.png")
    mime = QMimeData()
    if "text" in what:
        mime.setText("/" + ("x" * 5000 if what == "long text" else "x/" * 4000))
    else:
        name = {"long name": "x" * 300 + ".png", "link to itself": "loop.png", "pipe": "pipe.png"}[what]
        mime = of_urls(tmp_path / name)
    words = {"long name": "cannot be read (File name too long)", "pipe": "is a device",
             "link to itself": "cannot be read (Too many levels"}.get(what, "That is text")  # fmt: skip
    refusal = look_into(mime).refusal
    assert words in refusal.cause
    assert len(refusal.cause) < 200


def test_a_folder_or_several_pictures_are_offered_to_be_queued(qtbot, photo, tmp_path):
    canvas = shown_canvas(qtbot)
    overlay = canvas.findChild(DropOverlay)
    for several, urls in ((False, [photo]), (True, [tmp_path]), (True, [photo, photo.with_name("photo.png")])):
        urls[-1].exists() or urls[-1].write_bytes(photo.read_bytes())
        assert hover(canvas.viewport(), of_urls(*urls))
        assert ("queue" in overlay.lines[0]) is several
        QApplication.sendEvent(canvas.viewport(), QDragLeaveEvent())


def test_the_photos_half_takes_drops_as_well(qtbot, photo):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(100, 100, RED))
    canvas.set_after(plain_frame(100, 100, BLUE))
    canvas.set_compare_mode("side")
    left = canvas.findChild(SidePane).viewport()
    assert hover(left, of_urls(photo))
    assert canvas.findChild(DropOverlay).geometry() == canvas.rect()
    with qtbot.waitSignal(canvas.files_dropped):
        assert let_go(left, of_urls(photo))


def test_pixels_dragged_from_a_browser_win_over_their_address(qtbot):
    canvas = shown_canvas(qtbot)
    picture = noise(30, 20)
    mime = of_urls("https://example.org/cat.jpg")
    mime.setImageData(image_of(picture))
    with qtbot.waitSignal(canvas.picture_pasted) as pasted:
        assert hover(canvas.viewport(), mime)
        assert let_go(canvas.viewport(), mime)
    np.testing.assert_array_equal(pasted.args[0], picture)


def test_ctrl_v_pastes_pixels_and_files(qtbot, photo):
    canvas = shown_canvas(qtbot)
    clipboard = QGuiApplication.clipboard()
    picture = noise(33, 21)
    clipboard.setMimeData(mime_for_picture(picture))
    with qtbot.waitSignal(canvas.picture_pasted) as pasted:
        QTest.keyClick(canvas, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(pasted.args[0], picture)
    clipboard.setMimeData(of_urls(photo))
    with qtbot.waitSignal(canvas.files_dropped) as dropped:
        canvas.paste()
    assert dropped.args == [[photo]]
    clipboard.setText("words")
    with qtbot.waitSignal(canvas.refused) as refused:
        canvas.paste()
    assert "text" in refused.args[0]


@pytest.mark.parametrize("channels", [3, 4])
def test_copied_pictures_keep_every_pixel(channels):
    picture = np.random.default_rng(1).integers(0, 256, (7, 13, channels), np.uint8)
    np.testing.assert_array_equal(read_picture(mime_for_picture(picture)), picture)


@pytest.mark.parametrize(
    ("qt_format", "channels"),
    [
        (QImage.Format.Format_RGB32, 3),
        (QImage.Format.Format_ARGB32, 4),
        (QImage.Format.Format_RGB16, 3),
        (QImage.Format.Format_Grayscale8, 3),
        (QImage.Format.Format_RGBA64, 4),
        (QImage.Format.Format_Indexed8, 3),
    ],
)
def test_any_image_format_becomes_rgb_or_rgba(qt_format, channels):
    grey = image_of(plain(11, 5, (120, 120, 120))).convertToFormat(qt_format)
    picture = picture_of(grey)
    assert picture.shape == (5, 11, channels)
    assert picture.dtype == np.uint8
    assert picture.flags.owndata
    assert np.abs(picture[:, :, :3].astype(int) - 120).max() <= 8
    del grey
    assert np.abs(picture[:, :, :3].astype(int) - 120).max() <= 8


def test_an_unreadable_clipboard_picture_is_explained():
    mime = QMimeData()
    mime.setData("application/x-qt-image", QByteArray(b"broken"))
    with pytest.raises(StudioError, match="cannot be read"):
        read_picture(mime)


def test_suspicious_files_are_left_to_the_loader(tmp_path):
    """Zero bytes, binary rubbish and pictures that begin as text are for the loader to explain."""
    contents = {"empty.png": b"", "rubbish.jpg": bytes(range(256)), "small.ppm": b"P3\n1 1\n255\n255 0 0\n"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        assert look_into(of_urls(tmp_path / name)).files == (tmp_path / name,)


def test_text_is_recognised_even_when_the_peek_cuts_a_letter(tmp_path):
    long = tmp_path / "long.txt"
    long.write_text("é" * 5000, encoding="utf-8")
    (tmp_path / "shifted.txt").write_text("x" + "é" * 5000, encoding="utf-8")
    assert look_into(of_urls(long)).files == ()
    assert look_into(of_urls(tmp_path / "shifted.txt")).files == ()


def test_files_are_looked_into_once_however_long_they_hover(qtbot, photo):
    canvas = shown_canvas(qtbot)
    mime = of_urls(photo)
    assert hover(canvas.viewport(), mime)
    photo.unlink()
    move = QDragMoveEvent(
        QPoint(5, 5), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(canvas.viewport(), move)
    assert move.isAccepted()
