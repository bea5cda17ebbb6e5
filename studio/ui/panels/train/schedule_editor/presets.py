"""The presets to begin with, each with its curve drawn small; free of pyqtgraph, so that they show at once."""

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QFrame, QWidget

from studio.training.schedule import Timeline
from studio.training.schedule_presets import PRESETS, Preset
from studio.ui.controls.layouts import column
from studio.ui.theme import Theme, mark

_PREVIEW = QSize(72, 34)


class PresetsPopup(QFrame):
    """A list that opens below a button and closes when something is chosen."""

    chosen = Signal(str)
    """The preset's name."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.tiles = {name: _PresetTile(preset, theme, self) for name, preset in PRESETS.items()}
        self.setAccessibleName("Presets")
        mark(self, surface="raised")
        self.setLayout(column(*self.tiles.values(), gap=0, margins=4))
        self._connect()

    def _connect(self) -> None:
        for name, tile in self.tiles.items():
            tile.clicked.connect(lambda _=False, name=name: self._choose(name))

    def open_below(self, button: QWidget, timeline: Timeline) -> None:
        """Show what each preset would make of the present schedule."""
        for tile in self.tiles.values():
            tile.show_instead_of(timeline)
        self.adjustSize()
        place = button.mapToGlobal(QPoint(0, button.height() + 2))
        space = button.screen().availableGeometry()
        place.setX(max(space.left(), min(place.x(), space.right() - self.width())))
        if place.y() + self.height() > space.bottom():
            place.setY(max(space.top(), button.mapToGlobal(QPoint(0, 0)).y() - self.height() - 2))
        self.move(place)
        self.show()
        next(iter(self.tiles.values())).setFocus(Qt.FocusReason.PopupFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Down)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            for tile in self.tiles.values():
                if tile.hasFocus():
                    tile.click()
        else:
            super().keyPressEvent(event)

    def _choose(self, name: str) -> None:
        self.close()
        self.chosen.emit(name)


class _PresetTile(QAbstractButton):
    """One preset: its learning rate over time, its title, and one line about it."""

    def __init__(self, preset: Preset, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._help = preset.help
        self._preset = preset
        self._timeline = preset().timeline(100, batch=1, size=64)
        self.setText(preset.title)
        self.setAccessibleName(preset.title)
        self.setAccessibleDescription(preset.help)
        self.setToolTip(f"{preset.help}\nLength, fastest rate and optimiser stay as they are.")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def show_instead_of(self, timeline: Timeline) -> None:
        made = self._preset.instead_of(timeline)
        self._timeline = made.timeline(timeline.examples, batch=timeline.batch, size=timeline.size)
        self.update()

    def sizeHint(self) -> QSize:
        words = max(self.fontMetrics().horizontalAdvance(self._help), self.fontMetrics().horizontalAdvance(self.text()))
        return QSize(_PREVIEW.width() + words + 40, _PREVIEW.height() + 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        colour, tokens = self._theme.colour, self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse() or self.hasFocus():
            painter.setPen(QPen(colour("focus"), 2) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(colour("hover"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), tokens.radius, tokens.radius)
        box = QRectF(8, (self.height() - _PREVIEW.height()) / 2, _PREVIEW.width(), _PREVIEW.height())
        painter.setPen(QPen(colour("border"), 1))
        painter.setBrush(colour("field"))
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(QPen(colour("accent"), 1.8))
        painter.drawPolyline(_curve_in(self._timeline, box.adjusted(5, 6, -5, -5)))
        self._paint_words(painter, QRectF(box.right() + 12, 0, self.width() - box.right() - 20, self.height()))

    def _paint_words(self, painter: QPainter, room: QRectF) -> None:
        title = QFont(self.font())
        title.setWeight(QFont.Weight.DemiBold)
        painter.setFont(title)
        painter.setPen(self._theme.colour("text"))
        upper, lower = room.adjusted(0, 7, 0, -room.height() / 2), room.adjusted(0, room.height() / 2, 0, -7)
        painter.drawText(upper, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.text())
        painter.setFont(self.font())
        painter.setPen(self._theme.colour("text_muted" if not self.underMouse() else "text"))
        painter.drawText(lower, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self._help)


def _curve_in(timeline: Timeline, box: QRectF) -> QPolygonF:
    steps, rates, _ = timeline.curve(96)
    top = rates.max() or 1.0
    xs = box.left() + steps / timeline.total_steps * box.width()
    ys = box.bottom() - rates / top * box.height()
    return QPolygonF([QPointF(x, y) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)])
