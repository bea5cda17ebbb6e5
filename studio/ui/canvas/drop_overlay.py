"""The sheet above the canvas: what a drop would do, or why it is refused, what is on its way; and the focus ring."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from studio.ui.canvas.colours import CanvasColours

_INSET = 12


class DropOverlay(QWidget):
    """Covers the whole canvas, lets every event through, and is hidden while it has nothing to show."""

    def __init__(self, colours: CanvasColours, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._colours = colours
        self._ring = False
        self._refused = False
        self._lines: tuple[str, ...] = ()
        self._waiting, self._dims = "", False
        self.hide()

    @property
    def lines(self) -> tuple[str, ...]:
        """The words in sight: the offer, or cause and remedy."""
        return self._lines or ((self._waiting,) if self._waiting else ())

    @property
    def refuses(self) -> bool:
        """Whether the words in sight are a refusal."""
        return self._refused and bool(self._lines)

    def set_colours(self, colours: CanvasColours) -> None:
        """Take other colours."""
        self._colours = colours
        self.update()

    def show_offer(self, words: str) -> None:
        """Say what dropping here would do."""
        self._show((words,), refused=False)

    def show_refusal(self, cause: str, remedy: str) -> None:
        """Say why this cannot be dropped, and what to do instead."""
        self._show((cause, remedy), refused=True)

    def show_waiting(self, words: str, *, dims: bool = False) -> None:
        """Say what is on its way, "" when it has come; a picture stays in sight, anything else is dimmed (`dims`)."""
        self._waiting, self._dims = words, dims
        self._refresh()

    def lift(self) -> None:
        """Take the drop highlight away."""
        self._show((), refused=False)

    def set_ring(self, on: bool) -> None:
        """Show or hide the focus ring."""
        self._ring = on
        self._refresh()

    def _show(self, lines: tuple[str, ...], *, refused: bool) -> None:
        if (lines, refused) != (self._lines, self._refused):
            self._lines, self._refused = lines, refused
            self._refresh()

    def _refresh(self) -> None:
        self.setVisible(self._ring or bool(self.lines))
        self.raise_()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw highlight and ring."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._lines:
            self._paint_highlight(painter)
            return
        if self._ring:
            painter.setPen(QPen(QColor(self._colours.accent), 1.0))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        if self._waiting:
            if self._dims:
                self._dim(painter)
            self._paint_words(painter, QColor(self._colours.text_muted))

    def _paint_highlight(self, painter: QPainter) -> None:
        colour = QColor(self._colours.refused if self._refused else self._colours.accent)
        self._dim(painter)
        tint = QColor(colour)
        tint.setAlphaF(0.08)
        painter.setPen(QPen(colour, 2.0))
        painter.setBrush(tint)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(_INSET, _INSET, -_INSET, -_INSET), 8, 8)
        self._paint_words(painter, colour)

    def _dim(self, painter: QPainter) -> None:
        dim = QColor(self._colours.surround)
        dim.setAlphaF(0.55)
        painter.fillRect(self.rect(), dim)

    def _paint_words(self, painter: QPainter, colour: QColor) -> None:
        first = QFont(self.font())
        first.setWeight(QFont.Weight.DemiBold)
        fonts = [first, self.font()][: len(self.lines)]
        room = QRectF(self.rect()).adjusted(4 * _INSET, 4 * _INSET, -4 * _INSET, -4 * _INSET)
        wrap = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignHCenter
        boxes = [
            QFontMetricsF(font).boundingRect(room, int(wrap), line)
            for font, line in zip(fonts, self.lines, strict=True)
        ]
        gap = 4.0
        height = sum(box.height() for box in boxes) + gap * (len(boxes) - 1)
        width = max(box.width() for box in boxes)
        plate = QRectF(0, 0, width + 48, height + 32)
        plate.moveCenter(QRectF(self.rect()).center())
        painter.setPen(QPen(colour, 1.0))
        painter.setBrush(QColor(self._colours.surround))
        painter.drawRoundedRect(plate, 8, 8)
        top = plate.top() + 16
        for number, (font, line, box) in enumerate(zip(fonts, self.lines, boxes, strict=True)):
            painter.setFont(font)
            painter.setPen(QColor(self._colours.text_muted if number else self._colours.text))
            painter.drawText(QRectF(plate.left() + 23, top, plate.width() - 46, box.height() + 1), int(wrap), line)
            top += box.height() + gap
