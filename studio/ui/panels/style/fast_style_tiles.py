"""The fast styles to choose from: a tile for each painting that a network has learnt by heart."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QLabel, QWidget

from studio.core.events import Picture
from studio.ui.controls.drop_hint import DropFrame
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.file_drop import FileDrop
from studio.ui.controls.layouts import column
from studio.ui.controls.picture_tile import PictureTile
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.theme import Theme, mark

__all__ = ["FastStyleOffer", "FastStyleTiles"]

_COLUMNS = 4
_TILE = 70
_HINT = (
    "Each has learnt one painting by heart. The Train panel teaches another. One that is dropped here is painted live."
)


@dataclass(frozen=True, slots=True, eq=False)
class FastStyleOffer:
    """A fast style as the shelf shows it; without a `thumbnail` where its painting is not here."""

    name: str
    label: str
    thumbnail: Picture | None


class FastStyleTiles(QWidget):
    """Tiles of which one is chosen; arrow keys move among them. Paintings that are dropped here are told."""

    chosen = Signal(str)
    """The fast style of this name, by hand or key; never after `set_current`."""
    files_dropped = Signal(list)
    picture_dropped = Signal(object)
    """A picture that is no file: its bytes, or pixels."""
    refused = Signal(str, str)
    """Cause and remedy, of what was dropped."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._current = ""
        self.tiles: dict[str, _StyleTile] = {}
        self._labels: list[QWidget] = []
        self._group = QButtonGroup(self)
        self._title = QLabel("Fast styles", self)
        self._hint = WrappingLabel(_HINT, self)
        mark(self._hint, tone="small")
        self._grid = QGridLayout()
        self._grid.setSpacing(theme.tokens.gap)
        self._grid.setColumnStretch(_COLUMNS, 1)
        self._drop = FileDrop(self, pictures=True)
        DropFrame(self._drop, theme, self)
        self.setLayout(column(self._title, self._grid, self._hint, gap=theme.tokens.gap))
        self._connect()

    def _connect(self) -> None:
        self._drop.files_dropped.connect(self.files_dropped)
        self._drop.picture_dropped.connect(self.picture_dropped)
        self._drop.refused.connect(self.refused)

    def set_offers(self, offers: Sequence[FastStyleOffer]) -> None:
        """Offer exactly these."""
        for widget in (*self.tiles.values(), *self._labels):
            self._grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._labels = []
        self.tiles = {}
        for number, offer in enumerate(offers):
            self._add(offer, 2 * (number // _COLUMNS), number % _COLUMNS)
        self._hint.setText(_HINT if offers else "There is none here yet: the Train panel teaches one.")
        self.set_current(self._current)

    def _add(self, offer: FastStyleOffer, line: int, place: int) -> None:
        tile = _StyleTile(_TILE, self._theme, parent=self)
        tile.set_picture(offer.label, offer.thumbnail, "Paints at once in this painting's manner")
        tile.clicked.connect(lambda: self._choose(offer.name))
        label = ElidingLabel(offer.label, parent=self)
        label.setFixedWidth(_TILE)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        mark(label, tone="small")
        self._group.addButton(tile)
        self._grid.addWidget(tile, line, place, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(label, line + 1, place, Qt.AlignmentFlag.AlignTop)
        self.tiles[offer.name] = tile
        self._labels.append(label)

    @property
    def current(self) -> str:
        """The name of the chosen one, whether it is on offer or not."""
        return self._current

    def set_current(self, name: str) -> None:
        """Show `name` as chosen; tells nobody."""
        self._current = name
        self._group.setExclusive(False)
        for other, tile in self.tiles.items():
            tile.setChecked(other == name)
        self._group.setExclusive(name in self.tiles)

    def _choose(self, name: str) -> None:
        self.set_current(name)
        self.chosen.emit(name)


class _StyleTile(PictureTile):
    """A tile that stays pressed; a frame in the accent's colour says so."""

    def __init__(self, side: int, theme: Theme, *, parent: QWidget) -> None:
        super().__init__(side, theme, parent=parent)
        self.setCheckable(True)

    def _ring(self) -> QPen | None:
        if self.isChecked() and not self.hasFocus():
            return QPen(self._theme.colour("accent"), 2)
        return super()._ring()
