"""The drawing as it is seen while a hand draws: laid together where it changes, in the frame that the canvas shows."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF

from studio.core.drawing import laid_over
from studio.core.frames import repaint
from studio.jobs.translate.draw import Sheet
from studio.ui.canvas.painted_map import NOWHERE, PaintedMap, Region

__all__ = ["LiveDrawing"]


class LiveDrawing:
    """A sheet, and the layers that are drawn on it, all of one size."""

    def __init__(self) -> None:
        self.sheet: Sheet | None = None
        self._layers: tuple[PaintedMap, ...] = ()
        self._since = NOWHERE

    def await_sheet(self, layers: Sequence[PaintedMap]) -> None:
        """Draw on these layers, from below, from now on; a sheet that shows them is on its way."""
        self._layers, self._since = tuple(layers), NOWHERE

    def take(self, sheet: Sheet) -> None:
        """Take over the sheet, and what was drawn since it was asked for."""
        self.sheet = sheet
        self.refresh(self._since)

    def clear(self) -> None:
        """There is nothing to draw on."""
        self.sheet, self._layers = None, ()

    def note_change(self, painted: PaintedMap, region: Region) -> QRectF | None:
        """A layer is another in a region: return where that is seen, in shares of width and height; None nowhere."""
        if not any(painted is layer for layer in self._layers):
            return None
        self._since = self._since.joined(region)
        return self.refresh(region)

    def refresh(self, region: Region) -> QRectF | None:
        """Lay the layers together in a region."""
        if self.sheet is None:
            return None
        paper, drawing = self.sheet.paper, self.sheet.drawing
        height, width = paper.shape[:2]
        fits = all((layer.height, layer.width) == (height, width) for layer in self._layers)
        region = region.within(width, height)
        if region.is_empty or not fits:  # a sheet of another size is on its way
            return None
        rows, columns = region.cut
        drawing[rows, columns] = laid_over(
            paper[rows, columns], [layer.pixels[rows, columns] for layer in self._layers]
        )
        repaint(self.sheet.frame, drawing, rows, columns)
        across, down = region.right - region.left, region.bottom - region.top
        return QRectF(region.left / width, region.top / height, across / width, down / height)
