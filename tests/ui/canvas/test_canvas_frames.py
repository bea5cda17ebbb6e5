import gc
import weakref

import numpy as np
import pytest
from canvas_kit import BLUE, GREEN, RED, noise, pixel, pixels, plain, plain_frame, shown_canvas
from PySide6.QtCore import QPoint, QPointF, QRect
from PySide6.QtGui import QColor, QImage, QRegion
from PySide6.QtWidgets import QApplication

from studio.core.frames import prepare_frame
from studio.ui.canvas.incoming import picture_of
from studio.ui.theme import Theme


def test_the_painting_lies_exactly_over_the_photo_whatever_its_resolution(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(1200, 800, RED))
    bare = np.all(pixels(canvas) == RED, axis=2)
    for width, height in ((1200, 800), (300, 200), (77, 51), (2400, 1600)):
        canvas.set_after(plain_frame(width, height, BLUE), (1200, 800))
        np.testing.assert_array_equal(np.all(pixels(canvas) == BLUE, axis=2), bare)


def test_actual_size_is_one_pixel_of_the_painting_and_the_photo_is_scaled_to_it(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(2000, 1600, RED))
    canvas.set_after(plain_frame(250, 200, BLUE))
    canvas.actual_size()
    blue = np.all(pixels(canvas) == BLUE, axis=2)
    assert (blue.any(axis=0).sum(), blue.any(axis=1).sum()) == (250, 200)
    canvas.peek(True)
    red = np.all(pixels(canvas) == RED, axis=2)
    assert np.array_equal(red.any(axis=0), blue.any(axis=0))
    assert np.array_equal(red.any(axis=1), blue.any(axis=1))


def test_the_painting_takes_the_place_of_its_photo_on_the_screen(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(2000, 1600, RED))
    canvas.zoom_to(1.0, QPointF(100, 100))
    share = canvas.to_picture(QPointF(320, 240)).x() / 2000
    canvas.set_after(plain_frame(500, 400, BLUE))
    assert canvas.zoom == pytest.approx(4.0)
    assert canvas.to_picture(QPointF(320, 240)).x() / 500 == pytest.approx(share, abs=2e-3)


def test_a_photo_of_three_pixels_fills_the_window_like_any_other(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(3, 3, RED))
    seen = np.all(pixels(canvas) == RED, axis=2)
    assert (seen.any(axis=0).sum(), seen.any(axis=1).sum()) == (448, 448)
    canvas.zoom_in()
    assert canvas.zoom == canvas._fit_zoom()  # there is nothing nearer to see
    canvas.set_after(plain_frame(512, 512, BLUE))
    canvas.fit()
    assert canvas.zoom < 1.0


def test_a_frame_of_another_resolution_moves_nothing(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(1200, 800, RED))
    canvas.set_after(plain_frame(300, 200, BLUE), (1200, 800))
    canvas.zoom_to(3.0, QPointF(100, 100))
    corner = canvas.to_picture(QPointF(0, 0))
    with qtbot.assertNotEmitted(canvas.zoom_changed):
        canvas.set_after(plain_frame(600, 400, GREEN), (1200, 800))
    assert canvas.to_picture(QPointF(0, 0)) == corner
    assert pixel(canvas, 320, 240) == GREEN


def test_a_texture_without_a_photo_grows_in_place(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.set_after(plain_frame(128, 128, BLUE))
    canvas.zoom_to(4.0, QPointF(300, 200))
    corner = canvas.to_view(QPointF(0, 0))
    canvas.set_after(plain_frame(256, 256, BLUE))
    assert canvas.picture_size == (256, 256)
    assert canvas.zoom == pytest.approx(2.0)
    assert (canvas.to_view(QPointF(0, 0)) - corner).manhattanLength() <= 2.0


def test_the_canvas_keeps_the_pixels_it_draws(qtbot):
    canvas = shown_canvas(qtbot, 300, 200)
    picture = noise(300, 200)
    canvas.set_before(prepare_frame(picture))
    canvas.actual_size()
    gc.collect()
    garbage = [np.full((200, 300, 4), 7, np.uint8) for _ in range(20)]  # takes the memory, had it been given back
    np.testing.assert_array_equal(pixels(canvas), picture)
    assert len(garbage) == 20


def test_200_live_frames_leave_nothing_behind(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(320, 240, RED))
    canvas.set_compare_mode("split")
    alive = weakref.WeakSet()
    for number in range(200):
        frame = plain_frame(160 + number % 3, 120, (number, 10, 10))
        for level in frame.levels:
            alive.add(_Witness.of(level))
        canvas.set_after(frame)
        if number % 10 == 0:
            QApplication.processEvents()
    del frame, level
    gc.collect()
    shown = canvas._after.frame
    assert shown is not None
    assert len(alive) == len(shown.levels)
    canvas.clear()
    del shown
    gc.collect()
    assert len(alive) == 0


class _Witness:
    """Lives as long as an array does: arrays themselves cannot stand in a WeakSet."""

    def __init__(self):
        self.finalizer = None

    @staticmethod
    def of(array):
        witness = _Witness()
        weakref.finalize(array, lambda kept: None, witness)
        return witness


def test_partial_repaints_join_without_seams(qtbot):
    canvas = shown_canvas(qtbot, 400, 300)
    canvas.set_before(prepare_frame(noise(900, 700)))
    for zoom in (0.37, 0.8, 1.0, 1.7, 5.0):
        canvas.zoom_to(zoom)
        whole = pixels(canvas.viewport())
        patched = QImage(400, 300, QImage.Format.Format_RGB32)
        for x in range(0, 400, 57):
            for y in range(0, 300, 41):
                tile = QRect(x, y, 57, 41) & QRect(0, 0, 400, 300)
                canvas.viewport().render(patched, QPoint(x, y), QRegion(tile))
        np.testing.assert_allclose(picture_of(patched).astype(int), whole.astype(int), atol=2)


def test_alpha_shows_a_checkerboard_of_constant_size(qtbot):
    canvas = shown_canvas(qtbot, 320, 240)
    canvas.set_before(prepare_frame(plain(100, 80, (255, 0, 0, 0))))
    for zoom in (1.5, 6.0):
        canvas.zoom_to(zoom)
        corner = canvas.to_view(QPointF(0, 0)).toPoint()
        x, y = max(0, corner.x()), max(0, corner.y())
        row = pixels(canvas)[y + 4, x : x + 96, 0].astype(int)
        runs = np.diff(np.flatnonzero(np.diff(row)))
        assert set(runs) == {8}
    canvas.set_before(prepare_frame(plain(100, 80, (255, 0, 0, 255))))
    assert pixel(canvas, 160, 120) == (255, 0, 0)


def test_half_transparent_pixels_mix_with_the_checkerboard(qtbot):
    canvas = shown_canvas(qtbot, 320, 240)
    canvas.set_before(prepare_frame(plain(100, 80, (255, 0, 0, 128))))
    reds = np.unique(pixels(canvas)[100:140, 140:180].reshape(-1, 3), axis=0)
    squares = {0x6A, 0x58}
    expected = {(round(128 + grey * 127 / 255), round(grey * 127 / 255)) for grey in squares}
    for red, green, blue in reds:
        assert green == blue
        assert min(abs(int(red) - r) + abs(int(green) - g) for r, g in expected) <= 3


def test_clearing_shows_the_empty_surround(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.set_before(plain_frame(100, 100, RED))
    canvas.set_after(plain_frame(100, 100, BLUE))
    canvas.clear()
    assert len(np.unique(pixels(canvas).reshape(-1, 3), axis=0)) == 1
    assert canvas.picture_size == (0, 0)


def test_zooming_without_a_picture_is_harmless(qtbot):
    canvas = shown_canvas(qtbot)
    canvas.fit()
    canvas.actual_size()
    canvas.zoom_by(2.0, QPointF(10, 10))
    canvas.pan_by(10, 10)
    canvas.toggle_actual_size(QPointF(5, 5))
    canvas.set_compare_mode("split")
    canvas.move_divider(10)
    canvas.peek(True)
    assert canvas.zoom == 1.0
    canvas.set_before(plain_frame(100, 100, RED))
    assert canvas.fitted


def test_surround_and_checkerboard_follow_the_theme(qtbot):
    canvas = shown_canvas(qtbot)
    theme = QApplication.instance().findChild(Theme)
    canvas.set_before(prepare_frame(plain(100, 80, (255, 0, 0, 0))))
    try:
        for scheme, darkest in ((theme.tokens.scheme, 0x58), ("light", 0xD6)):
            theme.set_mode(scheme)
            surround = QColor(theme.tokens.canvas)
            assert pixel(canvas, 2, 2) == (surround.red(), surround.green(), surround.blue())
            assert pixels(canvas)[200:280, 280:360].min() == darkest
    finally:
        theme.set_mode("dark")
