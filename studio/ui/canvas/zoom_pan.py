"""A view that one looks through: zoom at the pointer, pan, fit, 100 %, by mouse, touchpad, touch and keyboard."""

import sys

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QNativeGestureEvent, QResizeEvent, QTransform, QWheelEvent
from PySide6.QtWidgets import QFrame, QGestureEvent, QGraphicsScene, QGraphicsView, QPinchGesture, QWidget

from studio.ui.canvas import camera
from studio.ui.canvas.tools import PanTool, Tool, scroll_of_wheel, zoom_of_wheel

_KEY_ZOOM = 1.25
_KEY_PAN = 64.0


class ZoomPanView(QGraphicsView):
    """Looks at a picture that lies at the scene's origin, one scene unit to a pixel.

    The eye is a zoom and an integer scroll position, so that a picture's pixels fall on those of the screen. While the
    whole picture is fitted, it stays fitted in every size of the window, until the user zooms.
    """

    zoom_changed = Signal(float)
    """Device pixels per picture pixel: 1.0 is 100 %, on a HiDPI screen as well."""

    part_changed = Signal(float, float)
    """Another part of the picture is seen: its middle, as shares of the picture's width and height."""

    cursor_moved = Signal(int, int)
    """The picture's pixel under the pointer; -1, -1 when it leaves the picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        scene = QGraphicsScene(self)
        scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.setScene(scene)
        make_bare(self)
        if sys.platform != "darwin":  # there a pinch comes as a native gesture already, and would count twice
            self.viewport().grabGesture(Qt.GestureType.PinchGesture)
        self._size = (0, 0)
        self._zoom = 1.0
        self._fitted = True
        self._spot = QPointF()
        self._cursor_pixel = (-1, -1)
        self._tools: list[Tool] = [PanTool(self)]
        self._drag: tuple[Tool, Qt.MouseButton] | None = None

    # -- where the eye is

    @property
    def zoom(self) -> float:
        """Device pixels per picture pixel."""
        return self._zoom

    @property
    def fitted(self) -> bool:
        """Whether the picture is kept fitted to the window."""
        return self._fitted

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height of the picture; (0, 0) while there is none."""
        return self._size

    def to_picture(self, place: QPointF) -> QPointF:
        """Return the position in the picture (in its pixels) at `place` of the viewport."""
        return (place + self._scroll()) / self.view_scale

    def to_view(self, spot: QPointF) -> QPointF:
        """Return where in the viewport a position of the picture is seen."""
        return spot * self.view_scale - self._scroll()

    def picture_in_view(self) -> QRectF:
        """Return the visible part of the picture, in the viewport's coordinates."""
        corner, far = self.to_view(QPointF(0, 0)), self.to_view(QPointF(*self._size))
        return QRectF(corner, far) & QRectF(self.viewport().rect())

    @property
    def view_scale(self) -> float:
        """Logical pixels of the screen per pixel of the picture."""
        return self._zoom / self.viewport().devicePixelRatio()

    def _scroll(self) -> QPointF:
        return QPointF(self.horizontalScrollBar().value(), self.verticalScrollBar().value())

    def _centre(self) -> QPointF:
        return QPointF(self.viewport().width() / 2, self.viewport().height() / 2)

    def _fit_zoom(self) -> float:
        view = self.viewport()
        return camera.fit_zoom(self._size, (view.width(), view.height()), view.devicePixelRatio())

    # -- moving the eye

    def set_picture_size(self, width: int, height: int, *, keep_eye: bool = False) -> None:
        """Look at a picture of another size.

        Args:
            width: of the new picture.
            height: of the new picture.
            keep_eye: the same picture in another resolution: it stays where it is seen. Otherwise it is fitted.

        """
        old, self._size = self._size, (width, height)
        if 0 in self._size:
            return
        if self._fitted or not keep_eye or 0 in old:
            self.fit()
        else:
            across, down = width / old[0], height / old[1]
            spot = QPointF(self._spot.x() * across, self._spot.y() * down)
            self._look(self._zoom / across, spot, self._centre())

    def fit(self) -> None:
        """Show the whole picture, and keep doing so while the window changes its size."""
        self._fitted = True
        if 0 not in self._size:
            self._look(self._fit_zoom(), QPointF(*self._size) / 2, self._centre())

    def actual_size(self) -> None:
        """Show one picture pixel on one pixel of the screen."""
        self.zoom_to(1.0)

    def zoom_to(self, zoom: float, anchor: QPointF | None = None) -> None:
        """Zoom while what lies under `anchor` (a place of the viewport; default its centre) stays there."""
        if 0 in self._size:
            return
        self._fitted = False
        place = self._centre() if anchor is None else anchor
        spot = self._spot if anchor is None else self.to_picture(place)
        self._look(camera.clamp_zoom(zoom, self._fit_zoom()), spot, place)

    def zoom_by(self, factor: float, anchor: QPointF | None = None) -> None:
        """Zoom by a factor."""
        self.zoom_to(self._zoom * factor, anchor)

    def zoom_in(self) -> None:
        """Go a step nearer to what is in the middle."""
        self.zoom_by(_KEY_ZOOM)

    def zoom_out(self) -> None:
        """Go a step back."""
        self.zoom_by(1 / _KEY_ZOOM)

    def toggle_actual_size(self, anchor: QPointF) -> None:
        """Go from fit to 100 % at `anchor`, or back to fit."""
        if self._fitted:
            self.zoom_to(1.0, anchor)
        else:
            self.fit()

    def place(self, spot: QPointF, at: QPointF) -> None:
        """Bring a position of the picture to a place of the viewport, as far as panning goes."""
        if 0 not in self._size:
            self._look(self._zoom, spot, at)

    def pan_by(self, dx: float, dy: float) -> None:
        """Move the eye by logical pixels."""
        centre = self._centre()
        self.place(self.to_picture(centre + QPointF(dx, dy)), centre)

    def _look(self, zoom: float, spot: QPointF, at: QPointF) -> None:
        changed, self._zoom = zoom != self._zoom, zoom
        scale, view = self.view_scale, self.viewport().size()
        width, height = self._size
        self.setTransform(QTransform.fromScale(scale, scale))
        room_x, room_y = view.width() / scale, view.height() / scale  # more than `clamp_origin` ever needs
        self.setSceneRect(QRectF(0, 0, width, height).adjusted(-room_x, -room_y, room_x, room_y))
        centred = zoom <= self._fit_zoom() * (1 + 1e-9)
        x = camera.clamp_origin(spot.x() * scale - at.x(), width * scale, view.width(), centred=centred)
        y = camera.clamp_origin(spot.y() * scale - at.y(), height * scale, view.height(), centred=centred)
        self.horizontalScrollBar().setValue(x)
        self.verticalScrollBar().setValue(y)
        self._spot = self.to_picture(self._centre())
        self.eye_moved()
        if changed:
            self.zoom_changed.emit(zoom)
        middle = self.to_picture(self.picture_in_view().center())
        self.part_changed.emit(middle.x() / width, middle.y() / height)

    def eye_moved(self) -> None:
        """React to a new zoom or scroll position: what hangs on the screen rather than on the picture is redrawn."""
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the picture fitted, or what was in the middle in the middle."""
        super().resizeEvent(event)
        self._look_again()

    def event(self, event: QEvent) -> bool:
        """Keep 100 % at 100 % when the window moves to a screen with other pixels."""
        answer = super().event(event)
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._look_again()
        return answer

    def _look_again(self) -> None:
        if self._fitted:
            self.fit()
        else:
            self.place(self._spot, self._centre())

    # -- mouse, touch and keyboard

    def add_tool(self, tool: Tool) -> None:
        """Put a tool in front of the others: it is asked first."""
        self._tools.insert(0, tool)

    def show_pointer(self, shape: Qt.CursorShape) -> None:
        """Give the pointer its shape over the picture."""
        if self.viewport().cursor().shape() != shape:
            self.viewport().setCursor(shape)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Give the mouse to the first tool that takes it."""
        if self._drag is not None:
            return
        taker = next((tool for tool in self._tools if tool.press(event)), None)
        if taker is not None:
            self._drag = (taker, event.button())
            self.show_pointer(taker.drag_cursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with a drag, or show what could be grabbed here."""
        if self._drag is not None:
            self._drag[0].move(event)
        else:
            self._hover(event.position())
        self._tell_cursor(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the drag that this button began."""
        if self._drag is not None and event.button() == self._drag[1]:
            tool, self._drag = self._drag[0], None
            tool.release(event)
            self._hover(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Let the first tool that means it answer."""
        for tool in self._tools:
            if tool.double_click(event):
                return

    def _hover(self, place: QPointF) -> None:
        shapes = (tool.cursor_at(place) for tool in self._tools)
        self.show_pointer(next((shape for shape in shapes if shape is not None), Qt.CursorShape.ArrowCursor))

    def _tell_cursor(self, place: QPointF | None) -> None:
        pixel = (-1, -1)
        if place is not None and self.picture_in_view().contains(place):
            spot = self.to_picture(place)
            pixel = (min(int(spot.x()), self._size[0] - 1), min(int(spot.y()), self._size[1] - 1))
        if pixel != self._cursor_pixel:
            self._cursor_pixel = pixel
            self.cursor_moved.emit(*pixel)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer; touchpads scroll."""
        factor = zoom_of_wheel(event)
        if factor is None:
            step = scroll_of_wheel(event)
            self.pan_by(step.x(), step.y())
        else:
            self.zoom_by(factor, event.position())
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:
        """Zoom by pinching on touchpads and touch screens; notice when the pointer leaves."""
        if isinstance(event, QNativeGestureEvent):
            return self._native_gesture(event)
        if isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                place = self.viewport().mapFromGlobal(pinch.centerPoint())
                self.zoom_by(pinch.scaleFactor(), place)
                return True
        if event.type() == QEvent.Type.Leave:
            self._tell_cursor(None)
        return super().viewportEvent(event)

    def _native_gesture(self, event: QNativeGestureEvent) -> bool:
        kind = event.gestureType()
        if kind == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_by(1.0 + event.value(), event.position())
        elif kind == Qt.NativeGestureType.SmartZoomNativeGesture:
            self.toggle_actual_size(event.position())
        else:
            return False
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom and pan; every other key goes on to the window."""
        if not self.answer_key(event):
            event.ignore()

    def answer_key(self, event: QKeyEvent) -> bool:
        """Do what a key stands for; False when it means nothing here."""
        plain = event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)
        if plain not in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier):
            return False
        far = 4 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_in()
        elif key == Qt.Key.Key_Minus:
            self.zoom_out()
        elif key == Qt.Key.Key_0:
            self.fit()
        elif key == Qt.Key.Key_1:
            self.actual_size()
        elif key in _ARROWS:
            dx, dy = _ARROWS[key]
            self.pan_by(far * dx, far * dy)
        else:
            return False
        return True


_ARROWS = {
    Qt.Key.Key_Left: (-_KEY_PAN, 0.0),
    Qt.Key.Key_Right: (_KEY_PAN, 0.0),
    Qt.Key.Key_Up: (0.0, -_KEY_PAN),
    Qt.Key.Key_Down: (0.0, _KEY_PAN),
}


def make_bare(view: QGraphicsView) -> None:
    """Make a graphics view a bare window onto its scene: no frame, no scroll bars, nothing that moves by itself."""
    view.setFrameShape(QFrame.Shape.NoFrame)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
    view.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
    view.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
    view.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
    view.viewport().setMouseTracking(True)
