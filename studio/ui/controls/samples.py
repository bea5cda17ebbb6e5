"""A row of sample pictures: one click, and there is something to play with."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.core.events import Picture
from studio.ui.controls.picture_tile import PictureTile
from studio.ui.theme import Theme


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A sample picture: the name it is asked for by, the words it is shown with, and a small RGB thumbnail."""

    name: str
    title: str
    thumbnail: Picture


class SampleRow(QWidget):
    """Thumbnails side by side.

    Args:
        side: size of a thumbnail, px.
        theme: where colours come from.
        parent: the widget it lies in.

    """

    sample_chosen = Signal(str)

    def __init__(self, side: int, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._side, self._theme = side, theme
        self.tiles: list[PictureTile] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.tokens.gap)
        self._row.setAlignment(Qt.AlignmentFlag.AlignLeft)

    def set_samples(self, samples: Sequence[Sample]) -> None:
        """Offer exactly these."""
        for tile in self.tiles:
            self._row.removeWidget(tile)
            tile.hide()
            tile.deleteLater()
        self.tiles = [self._make_tile(sample) for sample in samples]

    def _make_tile(self, sample: Sample) -> PictureTile:
        tile = PictureTile(self._side, self._theme, parent=self)
        tile.set_picture(sample.title, sample.thumbnail, "A sample: click to use it")
        tile.clicked.connect(lambda: self.sample_chosen.emit(sample.name))
        self._row.addWidget(tile)
        return tile
