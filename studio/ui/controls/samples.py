"""A row of sample pictures: one click, and there is something to play with."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from studio.jobs.browse import Thumbnail
from studio.ui.controls.picture_tile import PictureTile
from studio.ui.theme import Theme


class SampleRow(QWidget):
    """Thumbnails side by side, in as many lines as they need.

    Args:
        side: size of a thumbnail, px.
        hint: what pressing one does, as its tooltip says.
        per_line: how many stand side by side.
        removable: each can be taken away.

    """

    sample_chosen = Signal(str)
    remove_requested = Signal(str)

    def __init__(
        self, side: int, theme: Theme, parent: QWidget | None = None, *, hint: str = "A sample: click to use it",
        per_line: int = 6, removable: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._side, self._theme, self._hint = side, theme, hint
        self._per_line, self._removable = per_line, removable
        self.tiles: list[PictureTile] = []
        self._grid = QGridLayout()
        self._grid.setSpacing(theme.tokens.gap)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setAlignment(Qt.AlignmentFlag.AlignLeft)
        self.setLayout(self._grid)

    def set_samples(self, samples: Sequence[Thumbnail]) -> None:
        """Offer exactly these."""
        for tile in self.tiles:
            self._grid.removeWidget(tile)
            tile.hide()
            tile.deleteLater()
        self.tiles = [self._make_tile(sample) for sample in samples]
        for place, tile in enumerate(self.tiles):
            self._grid.addWidget(tile, *divmod(place, self._per_line))
            tile.show()

    def _make_tile(self, sample: Thumbnail) -> PictureTile:
        tile = PictureTile(self._side, self._theme, removable=self._removable, parent=self)
        tile.set_picture(sample.title, sample.picture, self._hint)
        tile.clicked.connect(lambda: self.sample_chosen.emit(sample.name))
        tile.remove_requested.connect(lambda: self.remove_requested.emit(sample.name))
        return tile
