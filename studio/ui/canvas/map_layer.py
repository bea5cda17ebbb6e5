"""A map over the picture: something that was measured of it, as colours."""

from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from studio.core.frames import Frame
from studio.ui.canvas.frame_item import wrap_level
from studio.ui.canvas.layers import CanvasLayer

__all__ = ["MapLayer"]


class MapLayer(CanvasLayer):
    """Lies over the whole picture, whatever its own size; no hand changes it."""

    def __init__(self) -> None:
        super().__init__()
        self.frame: Frame | None = None

    def set_frame(self, frame: Frame | None) -> None:
        """Show another map, or none."""
        self.frame = frame
        self.update()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw the map, softly where the picture is larger."""
        if self.frame is not None:
            scale = painter.worldTransform().m11() * self.picture_rect.width() / self.frame.width
            level = self.frame.levels[self.frame.level_for(scale)]
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self.picture_rect, wrap_level(level, self.frame.has_alpha))
