"""A row of sample pictures: one click, and there is something to play with."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from studio.jobs.browse import Thumbnail
from studio.ui.controls.layouts import row
from studio.ui.controls.picture_tile import PictureTile
from studio.ui.theme import Theme


class SampleRow(QWidget):
    """Thumbnails side by side.

    Args:
        side: size of a thumbnail, px.

    """

    sample_chosen = Signal(str)

    def __init__(self, side: int, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side, self._theme = side, theme
        self.tiles: list[PictureTile] = []
        self._row = row(gap=theme.tokens.gap)
        self._row.setAlignment(Qt.AlignmentFlag.AlignLeft)
        self.setLayout(self._row)

    def set_samples(self, samples: Sequence[Thumbnail]) -> None:
        """Offer exactly these."""
        for tile in self.tiles:
            self._row.removeWidget(tile)
            tile.hide()
            tile.deleteLater()
        self.tiles = [self._make_tile(sample) for sample in samples]

    def _make_tile(self, sample: Thumbnail) -> PictureTile:
        tile = PictureTile(self._side, self._theme, parent=self)
        tile.set_picture(sample.title, sample.picture, "A sample: click to use it")
        tile.clicked.connect(lambda: self.sample_chosen.emit(sample.name))
        self._row.addWidget(tile)
        return tile
