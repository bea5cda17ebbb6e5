"""The left half of the side-by-side view: the photo, seen through the same eye as the painting beside it."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QGraphicsScene, QGraphicsView, QWidget

from studio.ui.canvas.colours import CanvasColours
from studio.ui.canvas.frame_item import FrameItem
from studio.ui.canvas.marks import paint_label, small_font
from studio.ui.canvas.zoom_pan import make_bare

_INPUT = {
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseButtonRelease,
    QEvent.Type.MouseButtonDblClick,
    QEvent.Type.MouseMove,
    QEvent.Type.TabletPress,
    QEvent.Type.TabletMove,
    QEvent.Type.TabletRelease,
    QEvent.Type.Wheel,
    QEvent.Type.Leave,
    QEvent.Type.NativeGesture,
    QEvent.Type.DragEnter,
    QEvent.Type.DragMove,
    QEvent.Type.DragLeave,
    QEvent.Type.Drop,
    QEvent.Type.ContextMenu,
}


class SidePane(QGraphicsView):
    """A view without a will of its own: zoom and scroll are set by the canvas, and input is handed to the canvas.

    Both viewports have the same size, so a place in one is the same place in the other.

    Args:
        hand_over: takes an input event of this viewport as if it were the canvas's own.
        colours: of the canvas.

    """

    def __init__(self, hand_over: Callable[[QEvent], bool], colours: CanvasColours, parent: QWidget) -> None:
        super().__init__(parent)
        self._hand_over = hand_over
        self._label = ""
        self.paint_pointer: Callable[[QPainter], None] = lambda painter: None
        """Draws where the hand is, in the picture's pixels."""
        self.item = FrameItem(colours)
        scene = QGraphicsScene(self)
        scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        scene.addItem(self.item)
        self.setScene(scene)
        make_bare(self)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Photo")
        self.hide()

    def set_colours(self, colours: CanvasColours) -> None:
        """Take other colours."""
        self.item.set_colours(colours)
        self.setBackgroundBrush(QColor(colours.surround))

    def set_label(self, label: str) -> None:
        """Name what is shown here."""
        self._label = label
        self.setAccessibleName(label)

    def follow(self, leader: QGraphicsView) -> None:
        """Look where `leader` looks."""
        self.setTransform(leader.transform())
        self.setSceneRect(leader.sceneRect())
        self.horizontalScrollBar().setValue(leader.horizontalScrollBar().value())
        self.verticalScrollBar().setValue(leader.verticalScrollBar().value())
        self.viewport().update()

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Draw where the hand is, and write the label."""
        self.paint_pointer(painter)
        picture = self.viewportTransform().mapRect(self.item.boundingRect()) & QRectF(self.viewport().rect())
        painter.save()
        painter.resetTransform()
        paint_label(painter, self._label, picture, False, small_font(self.font()))
        painter.restore()

    def viewportEvent(self, event: QEvent) -> bool:
        """Let the canvas answer whatever the user does here."""
        if event.type() in _INPUT:
            return self._hand_over(event)
        return super().viewportEvent(event)
