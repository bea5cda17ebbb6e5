"""What one sees of the Adjust panel, and what a hand does with it."""

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QAbstractButton, QApplication

from studio.ui.canvas.incoming import picture_of


def shows(panel, x, y):
    """The colour on the screen at a position of the picture."""
    place = panel.canvas.to_view(QPointF(x, y))
    return picture_of(panel.canvas.viewport().grab().toImage())[round(place.y()), round(place.x()), :3].astype(int)


def pull(panel, start, end):
    view, left, none = panel.canvas.viewport(), Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    begin, finish = (panel.canvas.to_view(QPointF(*spot)) for spot in (start, end))
    for kind, place, button, held in (
        (QEvent.Type.MouseButtonPress, begin, left, left),
        (QEvent.Type.MouseMove, finish, none, left),
        (QEvent.Type.MouseButtonRelease, finish, left, none),
    ):
        event = QMouseEvent(kind, place, view.mapToGlobal(place), button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(view, event)


def tool(panel, name):
    return next(b for b in panel.column.findChildren(QAbstractButton) if b.accessibleName() == name)
