"""Draws one frame: picks the mip level, repaints only what is exposed, never copies a pixel."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from studio.core.frames import Frame
from studio.ui.canvas.camera import SHARP_ABOVE
from studio.ui.canvas.colours import CanvasColours

CHECK = 8
"""Side of one square of the checkerboard, in logical pixels, whatever the zoom."""


class FrameItem(QGraphicsItem):
    """A picture in the scene, drawn into `rect` whatever its own resolution.

    The QImages wrap the frame's arrays without copying, so the frame is kept as long as they are.
    """

    def __init__(self, colours: CanvasColours) -> None:
        super().__init__()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)
        self._frame: Frame | None = None
        self._images: tuple[QImage, ...] = ()
        self._rect = QRectF()
        self._span: tuple[float, float] | None = None
        self._pixels_wanted = False
        self._checks = _checkerboard(colours)

    @property
    def frame(self) -> Frame | None:
        """The frame that is drawn."""
        return self._frame

    @property
    def span(self) -> tuple[float, float] | None:
        """The x positions of the scene between which the frame is drawn."""
        return self._span

    def set_colours(self, colours: CanvasColours) -> None:
        """Take other colours for the checkerboard."""
        self._checks = _checkerboard(colours)
        self.update()

    def set_frame(self, frame: Frame | None) -> None:
        """Show `frame` from now on, in the same place."""
        images = tuple(wrap_level(level, frame.has_alpha) for level in frame.levels) if frame else ()
        self._images, self._frame = images, frame  # the old images go before the arrays that they look into
        self.update()

    def set_rect(self, rect: QRectF) -> None:
        """Set where in the scene the frame is drawn."""
        if rect != self._rect:
            self.prepareGeometryChange()
            self._rect = QRectF(rect)

    def set_span(self, span: tuple[float, float] | None) -> None:
        """Draw only what lies between two x positions of the scene; None draws everything.

        Does not repaint: who moves a divider knows the narrow strip that changes.
        """
        self._span = span

    def set_pixels_wanted(self, wanted: bool) -> None:
        """Show sharp pixels above 200 %: for who zoomed in to see them, not for a small picture in a large window."""
        if wanted != self._pixels_wanted:
            self._pixels_wanted = wanted
            self.update()

    def boundingRect(self) -> QRectF:
        """Where the item may draw."""
        return self._rect

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw the exposed part from the mip level that suits the scale."""
        visible = self._visible(option.exposedRect)
        if self._frame is None or visible.isEmpty():
            return
        zoom = painter.deviceTransform().m11()
        level = self._frame.level_for(zoom * self._rect.width() / self._frame.width)
        source, target = self._cut(self._images[level], visible)
        painter.save()
        painter.setClipRect(visible, Qt.ClipOperation.IntersectClip)
        if self._frame.has_alpha:
            self._lay_checks(painter, visible)
        exact = abs(zoom * target.width() / source.width() - 1.0) < 1e-6
        sharp = self._pixels_wanted and zoom > SHARP_ABOVE + 1e-6
        smooth = not (sharp or exact)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(target, self._images[level], QRectF(source))
        painter.restore()

    def _visible(self, exposed: QRectF) -> QRectF:
        visible = exposed & self._rect
        if self._span is None:
            return visible
        left, right = self._span
        return visible & QRectF(left, self._rect.top(), max(0.0, right - left), self._rect.height())

    def _cut(self, image: QImage, visible: QRectF) -> tuple[QRect, QRectF]:
        """Return the pixels of `image` under `visible`, two more on each side for smooth edges, and their place."""
        across, down = image.width() / self._rect.width(), image.height() / self._rect.height()
        from_corner = visible.translated(-self._rect.topLeft())
        pixels = QRectF(
            from_corner.x() * across, from_corner.y() * down, from_corner.width() * across, from_corner.height() * down
        ).toAlignedRect()
        source = pixels.adjusted(-2, -2, 2, 2) & image.rect()
        target = QRectF(source.x() / across, source.y() / down, source.width() / across, source.height() / down)
        return source, target.translated(self._rect.topLeft())

    def _lay_checks(self, painter: QPainter, visible: QRectF) -> None:
        to_view = painter.worldTransform()
        painter.save()
        painter.resetTransform()
        corner = to_view.map(self._rect.topLeft())
        painter.setBrushOrigin(QPointF(round(corner.x()), round(corner.y())))
        painter.fillRect(to_view.mapRect(visible), self._checks)
        painter.restore()


def wrap_level(level: NDArray[np.uint8], has_alpha: bool) -> QImage:
    """Return an image over the bytes of one size of a frame; the array must outlive it."""
    pixel_format = QImage.Format.Format_ARGB32_Premultiplied if has_alpha else QImage.Format.Format_RGB32
    height, width = level.shape[:2]
    return QImage(level.data, width, height, 4 * width, pixel_format)


def _checkerboard(colours: CanvasColours) -> QBrush:
    tile = QImage(2 * CHECK, 2 * CHECK, QImage.Format.Format_RGB32)
    tile.fill(QColor(colours.check_light))
    painter = QPainter(tile)
    painter.fillRect(0, 0, CHECK, CHECK, QColor(colours.check_dark))
    painter.fillRect(CHECK, CHECK, CHECK, CHECK, QColor(colours.check_dark))
    painter.end()
    return QBrush(tile)
