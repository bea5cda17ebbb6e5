"""The pictures of one slot in the column: what goes in, samples of its kind, and the way to others."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from studio.core.events import Picture
from studio.core.picture_task import InputSlot
from studio.jobs.browse import Thumbnail
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.file_drop import FileDrop
from studio.ui.controls.layouts import column, row
from studio.ui.controls.picture_tile import PictureTile
from studio.ui.controls.samples import SampleRow
from studio.ui.icons import set_icon
from studio.ui.theme import Theme, mark

_TILE = 70
_SAMPLE_TILE = 44


@dataclass(frozen=True, slots=True, eq=False)
class SlotPicture:
    """A picture as a slot shows it: its name, a small RGB version, its size and the like."""

    name: str
    thumbnail: Picture
    facts: str = ""


class SlotView(QWidget):
    """What a panel binds to one slot of its task, whatever it looks like."""

    open_requested = Signal()
    """A picture should be opened from a file."""
    sample_chosen = Signal(str)
    files_dropped = Signal(list)
    picture_dropped = Signal(object)
    """A picture that is no file: its bytes, or pixels."""
    refused = Signal(str, str)
    """Cause and remedy, of what was dropped."""
    recent_chosen = Signal(Path)
    """A picture of one's own, chosen before."""
    recent_removed = Signal(Path)
    """It should not be offered any more."""

    @property
    def joins(self) -> bool:
        """Whether what is being chosen joins what is there; otherwise it takes its place."""
        return False

    def set_pictures(self, pictures: Sequence[SlotPicture]) -> None:
        """Show these, as many as there are places."""
        raise NotImplementedError

    def set_samples(self, samples: Sequence[Thumbnail]) -> None:
        """Offer samples; one click takes one."""
        raise NotImplementedError

    def set_recent(self, pictures: Sequence[Thumbnail]) -> None:
        """Offer pictures of one's own that were chosen before, named by their paths; not every slot does."""


class SlotTile(SlotView):
    """A slot for one picture: its thumbnail, name and size; pressing it, or dropping a file, changes it.

    Args:
        slot: which of the task's pictures it is.
        help: stands where the facts do while there are none.

    """

    def __init__(self, slot: InputSlot, theme: Theme, *, help: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._noun, self._help, self._theme = slot.title.lower(), help, theme
        self.tile = PictureTile(_TILE, theme, parent=self)
        self._name = ElidingLabel(parent=self)
        self._facts = ElidingLabel(parent=self)
        self._open = QPushButton("Open…", self)
        self._samples = SampleRow(_SAMPLE_TILE, theme, self)
        self._drop = FileDrop(self, pictures=True)
        self._lay_out()
        self._connect()
        self.set_samples([])
        self.set_pictures([])

    def _lay_out(self) -> None:
        gap = self._theme.tokens.gap
        mark(self._facts, tone="small")
        set_icon(self._open, "open", self._theme)
        self._open.setAccessibleName(f"Open a {self._noun}")
        self._open.setToolTip(f"Open another {self._noun}")
        words = column(None, self._name, self._facts, None, gap=2)
        head = row(self.tile, (words, 1), self._open, gap=gap)
        self.setLayout(column(head, self._samples, gap=gap))

    def _connect(self) -> None:
        self.tile.clicked.connect(self.open_requested)
        self._open.clicked.connect(self.open_requested)
        self._samples.sample_chosen.connect(self.sample_chosen)
        self._drop.files_dropped.connect(self.files_dropped)
        self._drop.picture_dropped.connect(self.picture_dropped)
        self._drop.refused.connect(self.refused)

    def set_pictures(self, pictures: Sequence[SlotPicture]) -> None:
        """Show the first, or say that there is none."""
        shown = next(iter(pictures), None)
        name = f"No {self._noun} yet" if shown is None else shown.name
        self._name.setText(name)
        self._facts.setText((shown.facts if shown is not None else "") or self._help)
        self.tile.set_picture(name, None if shown is None else shown.thumbnail, f"Open another {self._noun}")

    def set_samples(self, samples: Sequence[Thumbnail]) -> None:
        """Offer samples; one click takes one."""
        self._samples.set_samples(samples)
        self._samples.setVisible(bool(samples))
