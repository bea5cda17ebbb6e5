"""What the canvas tests share: a canvas on the screen, pictures with known pixels, and the pixels that are shown."""

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from studio.core.frames import Frame, prepare_frame
from studio.ui.canvas.incoming import picture_of
from studio.ui.canvas.view import Canvas
from studio.ui.theme import Theme

RED, BLUE, GREEN = (200, 30, 20), (20, 40, 210), (10, 180, 60)


def shown_canvas(qtbot, width=640, height=480):
    """A canvas that is really laid out, in the dark theme."""
    app = QApplication.instance()
    theme = app.findChild(Theme) or Theme(app, "dark")
    canvas = Canvas(theme)
    qtbot.addWidget(canvas)
    canvas.resize(width, height)
    with qtbot.waitExposed(canvas):
        canvas.show()
    return canvas


def plain(width, height, colour):
    return np.full((height, width, len(colour)), colour, np.uint8)


def plain_frame(width, height, colour):
    return prepare_frame(plain(width, height, colour))


def noise(width, height, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def rainbow_pyramid(width, height, colours):
    """A frame whose every mip level has a colour of its own: the screen then tells which level was drawn."""
    levels = []
    for number, (red, green, blue) in enumerate(colours):
        shape = (max(1, height >> number), max(1, width >> number), 4)
        levels.append(np.full(shape, (blue, green, red, 255), np.uint8))
    return Frame(tuple(levels), has_alpha=False)


def pixels(widget: QWidget):
    """What the widget shows now, H×W×3, in device pixels."""
    return picture_of(widget.grab().toImage())[:, :, :3]


def pixel(widget, x, y):
    ratio = widget.devicePixelRatio()
    return tuple(int(v) for v in pixels(widget)[int(y * ratio), int(x * ratio)])


def mouse(widget, kind, x, y, button=Qt.MouseButton.LeftButton, held=None):
    """Send one mouse event as the window system would."""
    release_or_hover = kind == QEvent.Type.MouseButtonRelease
    held = (Qt.MouseButton.NoButton if release_or_hover else button) if held is None else held
    place = QPointF(x, y)
    event = QMouseEvent(kind, place, widget.mapToGlobal(place), button, held, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)


def drag(widget, start, end, button=Qt.MouseButton.LeftButton, steps=4):
    """Press at `start`, move in steps, release at `end`."""
    (x0, y0), (x1, y1) = start, end
    mouse(widget, QEvent.Type.MouseButtonPress, x0, y0, button)
    for step in range(1, steps + 1):
        x, y = x0 + (x1 - x0) * step / steps, y0 + (y1 - y0) * step / steps
        mouse(widget, QEvent.Type.MouseMove, x, y, Qt.MouseButton.NoButton, held=button)
    mouse(widget, QEvent.Type.MouseButtonRelease, x1, y1, button)


def wheel(
    widget,
    x,
    y,
    notches=1.0,
    modifiers=Qt.KeyboardModifier.NoModifier,
    phase=Qt.ScrollPhase.NoScrollPhase,
    scroll=None,
):
    """Turn the wheel by notches, or scroll like a touchpad by `scroll` logical pixels."""
    place = QPointF(x, y)
    delta = QPoint(0, round(120 * notches)) if scroll is None else QPoint(*scroll)
    pixel_delta = QPoint() if scroll is None else QPoint(*scroll)
    event = QWheelEvent(
        place, widget.mapToGlobal(place), pixel_delta, delta, Qt.MouseButton.NoButton, modifiers, phase, False
    )
    QApplication.sendEvent(widget, event)
