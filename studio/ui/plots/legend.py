"""Beside the curves: which there are, to be shown or hidden, and what each is worth under the crosshair."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.layouts import column, holding, scrolling
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.plots.plot import line_colour
from studio.ui.theme import Theme, mark, with_even_figures

_SWATCH = 18
_PAD = 4


@dataclass(frozen=True, slots=True)
class LegendValue:
    """A curve's value in words; `raw` where it differs, `other` of the run it is compared with."""

    value: str = ""
    raw: str = ""
    other: str = ""


class CurveLegend(QWidget):
    """A row for each curve, under a line that says where the values are read."""

    toggled = Signal(str, bool)
    """A curve was shown or hidden by hand."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.rows: dict[str, LegendRow] = {}
        self.place = ElidingLabel(parent=self)
        self.details = ElidingLabel(parent=self)
        self.runs = ElidingLabel(parent=self)
        self.note = WrappingLabel("", self)
        self._noted: Collection[str] = ()
        self._column = column(gap=0)
        self._lay_out()

    def _lay_out(self) -> None:
        mark(self.place, tone="strong")
        for label in (self.details, self.runs, self.note):
            mark(label, tone="small")
        self.note.hide()
        for label in (self.place, self.details):  # the details keep their line while there are none
            label.setFont(with_even_figures(label.font()))
            label.setFixedHeight(self._theme.tokens.row - _PAD)
        self.runs.setVisible(False)
        self._column.setAlignment(Qt.AlignmentFlag.AlignTop)
        rows = scrolling(holding(self._column))
        rows.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setLayout(column(self.place, self.details, self.runs, _PAD, (rows, 1), self.note, gap=0))

    def set_curves(self, curves: Sequence[tuple[str, int]]) -> None:
        """Show exactly these (name, colour), in this order; rows that stay keep their state."""
        wanted = [name for name, _ in curves]
        for name in [name for name in self.rows if name not in wanted]:
            row = self.rows.pop(name)
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        for at, (name, colour) in enumerate(curves):
            if name not in self.rows:
                row = self.rows[name] = LegendRow(name, colour, self._theme)
                row.toggled.connect(lambda shown, name=name: self.toggled.emit(name, shown))
            self._column.insertWidget(at, self.rows[name])
        self._show_note()

    def set_note(self, words: str, names: Collection[str]) -> None:
        """Say something that holds for some curves, below all of them while there is one of these."""
        if (words, names) != (self.note.text(), self._noted):
            self._noted = names
            self.note.setText(words)
            self._show_note()

    def _show_note(self) -> None:
        for name, row in self.rows.items():
            row.set_note(self.note.text() if name in self._noted else "")
        self.note.setVisible(not self.rows.keys().isdisjoint(self._noted))

    def set_compared(self, run: str, names: Collection[str]) -> None:
        """Say which run the dashed curves are of, and which curves it has; "" for none."""
        self.runs.setText(f"dashed: {run}" if run else "")
        self.runs.setVisible(bool(run))
        for name, row in self.rows.items():
            row.set_compared(name in names)

    def read(self, place: str, details: str, readings: Mapping[str, LegendValue]) -> None:
        """Show where the values are read, and the values."""
        for label, words in ((self.place, place), (self.details, details)):
            if words != label.text():
                label.setText(words)
        for name, row in self.rows.items():
            row.set_reading(readings.get(name, LegendValue()))


class LegendRow(QAbstractButton):
    """A box to check in the curve's colour, its name, its value; dashed and below it that of the other run."""

    def __init__(self, name: str, colour: int, theme: Theme) -> None:
        super().__init__()
        self._theme, self._colour = theme, colour
        self._reading = LegendValue()
        self._compared = False
        self._note = ""
        self.setText(name)
        self.setCheckable(True)
        self.setChecked(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFont(with_even_figures(self.font()))
        self.setAccessibleName(f"Curve {name}")
        self._explain()

    @property
    def reading(self) -> LegendValue:
        """The values it shows."""
        return self._reading

    def set_reading(self, reading: LegendValue) -> None:
        """Show these values."""
        if reading != self._reading:
            self._reading = reading
            self._explain()
            self.update()

    def set_note(self, words: str) -> None:
        """Say something about the curve where it is pointed at."""
        self._note = words
        self._explain()

    def set_compared(self, compared: bool) -> None:
        """Keep room for the other run's value, or not."""
        self._compared = compared
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: D102
        row = self._theme.tokens.row
        return QSize(160, row + (row - 6 if self._compared else 0))

    def _explain(self) -> None:
        value, raw, other = self._reading.value, self._reading.raw, self._reading.other
        words = [f"{value} smoothed, {raw} as measured" if raw else value, f"{other} in the other run" if other else ""]
        words.append(self._note.rstrip("."))
        described = ", ".join(word for word in words if word)
        self.setAccessibleDescription(described)
        self.setToolTip(
            "\n".join(part for part in (self.text(), described, "Click to show or hide this curve") if part)
        )

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        first = QRect(0, 0, self.width(), self._theme.tokens.row)
        if self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("hover"))
            painter.drawRoundedRect(QRectF(self.rect()), 4, 4)
        self._paint_swatch(painter, first)
        live = "text" if self.isChecked() else "text_disabled"
        left = _PAD + _SWATCH + 6
        width = self.fontMetrics().horizontalAdvance(self._reading.value)
        self._write(painter, self._reading.value if self.isChecked() else "", first, live)
        painter.setPen(self._theme.colour(live))
        room = first.adjusted(left, 0, -_PAD - width - 8, 0)
        name = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, name)
        if self._compared and self.isChecked():
            second = first.translated(0, self._theme.tokens.row - 6)
            self._write(painter, self._reading.other or "–", second, "text_muted")
            painter.setPen(QPen(line_colour(self._theme.tokens, self._colour), 1.5, Qt.PenStyle.DashLine))
            middle = second.center().y() + 0.5
            painter.drawLine(QPointF(left, middle), QPointF(left + 28, middle))
        if self.hasFocus():
            painter.setPen(QPen(self._theme.colour("focus"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)

    def _paint_swatch(self, painter: QPainter, row: QRect) -> None:
        colour = line_colour(self._theme.tokens, self._colour)
        box = QRectF(_PAD + 2.5, row.center().y() - 5.5, 12, 12)
        painter.setPen(QPen(colour, 1.5))
        painter.setBrush(colour if self.isChecked() else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 3, 3)
        if self.isChecked():
            painter.setPen(QPen(self._theme.colour("field"), 1.8))
            painter.drawPolyline([box.topLeft() + QPointF(*at) for at in ((2.8, 6.2), (5.2, 8.6), (9.4, 3.6))])

    def _write(self, painter: QPainter, words: str, row: QRect, colour: str) -> None:
        painter.setPen(self._theme.colour(colour))
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(row.adjusted(0, 0, -_PAD, 0), flags, words)
