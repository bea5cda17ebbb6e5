"""Asking a classifier: a picture is dropped, and what it says of it stands beside, the likeliest first."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QDialog, QPushButton, QSizePolicy, QWidget

from studio.core.failures import Failure
from studio.core.verdicts import ClassifyTask, Verdict
from studio.engine import Engine
from studio.jobs.browse import Thumbnail, ThumbnailTask, small_picture
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.file_drop import FileDrop
from studio.ui.controls.layouts import column, row
from studio.ui.controls.picture_tile import PictureTile
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.icons import set_icon
from studio.ui.theme import Theme, mark, with_even_figures

_SIDE = 320
_SIZE = QSize(760, 460)
_ROW, _BAR = 34, 4
_MOST = 8
"""So many classes are named."""
_ASK = "Drop a picture here, or press to choose one."


class AskDialog(QDialog):
    """One classifier, one picture at a time; it may stay open beside the window.

    Args:
        model: the classifier's name on the shelf, its file, or the folder of the run that trained it.
        title: what the artist calls it.
        studio: the engine that asks it.
        pictures: the engine that opens pictures.

    """

    open_requested = Signal()
    """A picture should be chosen from a file."""

    def __init__(
        self, model: str, title: str, studio: Engine, pictures: Engine, theme: Theme, parent: QWidget
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setWindowTitle(f"Ask “{title}”")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(_SIZE)
        self._model, self._studio, self._pictures, self._theme = model, studio, pictures, theme
        self._picture: Path | None = None
        self.tile = PictureTile(_SIDE, theme, parent=self)
        self._name = ElidingLabel(_ASK, self)
        self.words = WrappingLabel("What it says stands here.", self)
        self.chances = ChanceList(theme, self)
        self.open_button = QPushButton("Choose a Picture…", self)
        self.close_button = QPushButton("Close", self)
        self._drop = FileDrop(self)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        gap, margin = self._theme.tokens.gap, self._theme.tokens.margin
        self.tile.set_picture("No picture yet", None, _ASK)
        mark(self._name, tone="muted")
        mark(self.words, tone="strong")
        set_icon(self.open_button, "open", self._theme)
        self.open_button.setToolTip("Ask about a picture from a file")
        self.close_button.setToolTip("Close this window (Escape)")
        for button in (self.open_button, self.close_button):
            button.setAccessibleName(button.text().rstrip("…"))
            button.setAutoDefault(False)
        left = column(self.tile, self._name, None, gap=gap)
        right = column(self.words, (self.chances, 1), gap=gap)
        buttons = row(self.open_button, None, self.close_button, gap=gap)
        self.setLayout(column(row(left, (right, 1), gap=margin + gap), buttons, gap=margin, margins=margin))

    def _connect(self) -> None:
        self._drop.files_dropped.connect(lambda files: self.ask(Path(files[0])))
        self.tile.clicked.connect(self.open_requested)
        self.open_button.clicked.connect(self.open_requested)
        self.close_button.clicked.connect(self.accept)

    @property
    def picture(self) -> Path | None:
        """What it was asked about last."""
        return self._picture

    def ask(self, picture: Path) -> None:
        """Show a picture, and what the classifier says of it; the newest question counts."""
        self._picture = picture
        self.chances.set_chances(())
        self.words.setText("Looking at it…")
        self._name.setText(picture.name)
        opening = self._pictures.live("train.asked picture", small_picture, ThumbnailTask(picture, _SIDE))
        opening.finished.connect(partial(self._show_picture, picture))
        opening.failed.connect(self._show_failure)
        asking = self._studio.live("train.ask", "classify", ClassifyTask((picture,), self._model))
        asking.finished.connect(partial(self._show_verdicts, picture))
        asking.failed.connect(self._show_failure)

    def _show_picture(self, path: Path, found: Thumbnail) -> None:
        if path == self._picture:
            self.tile.set_picture(path.name, found.picture, _ASK)

    def _show_verdicts(self, path: Path, verdicts: Sequence[Verdict]) -> None:
        if path == self._picture and verdicts:
            (verdict,) = verdicts
            sureness = verdict.chances[0][1]
            self.words.setText(f"{verdict.said}, {sureness:.0%} sure".replace("%", " %"))
            self.chances.set_chances(verdict.chances[:_MOST])

    def _show_failure(self, failure: Failure) -> None:
        self.chances.set_chances(())
        self.words.setText(f"{failure.cause} {failure.remedy}")


class ChanceList(QWidget):
    """Classes with bars as long as they are likely."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.chances: tuple[tuple[str, float], ...] = ()
        self.setFont(with_even_figures(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(240, _MOST * _ROW)
        self.setAccessibleName("Classes and how likely they are")

    def set_chances(self, chances: Sequence[tuple[str, float]]) -> None:
        """Show these, in this order."""
        self.chances = tuple(chances)
        told = ", ".join(f"{name} {chance:.1%}" for name, chance in self.chances)
        self.setAccessibleDescription(told)
        self.setToolTip(told)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = painter.fontMetrics()
        figure = metrics.horizontalAdvance("100.0 %")
        for number, (name, chance) in enumerate(self.chances):
            line = QRectF(0, number * _ROW, self.width(), _ROW - _BAR - 4)
            painter.setPen(self._theme.colour("text" if number == 0 else "text_muted"))
            room = int(line.width()) - figure - 12
            words = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room)
            painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
            percent = f"{100 * chance:.1f} %"
            painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, percent)
            groove = QRectF(0, line.bottom() + 1, self.width(), _BAR)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("groove"))
            painter.drawRoundedRect(groove, 2, 2)
            painter.setBrush(self._theme.colour("accent" if number == 0 else "outline"))
            painter.drawRoundedRect(groove.adjusted(0, 0, -groove.width() * (1 - chance), 0), 2, 2)
