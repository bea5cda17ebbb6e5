"""The plot of a range test; importing this file imports pyqtgraph."""

import math
from typing import Literal

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from studio.training.rate_curve import RateCurve
from studio.ui.controls.number_box import number_text
from studio.ui.plots.plot import AxisWords, Plot, line_colour, line_pen
from studio.ui.theme import Theme
from studio.ui.tokens import Tokens

_RAW_ALPHA = 90
_DOT = 5.0


class RatePlot(Plot):
    """Loss over rate, raw and smoothed, with what is suggested and what is chosen.

    A click, or a drag, picks the rate under the mouse; the arrow keys go from one tried rate to the next.
    """

    rate_picked = Signal(float)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        self._curve: RateCurve | None = None
        self._scale: Literal["linear", "log"] = "log"
        self._suggested: dict[str, float] = {}
        self._chosen: float | None = None
        self._raw = pg.PlotCurveItem(antialias=True)
        self._smoothed = pg.PlotCurveItem(antialias=True)
        super().__init__(theme, "Loss over the learning rate", AxisWords("Learning rate"), AxisWords("Loss"), parent)
        self._prepare()

    def _prepare(self) -> None:
        self.setCacheMode(self.CacheModeFlag.CacheNone)
        self.setMinimumHeight(120)
        for axis in self.axes.values():
            axis.setZValue(-1)
        for item in (self._raw, self._smoothed):
            self.plotItem.addItem(item)
        self.axes["bottom"].setLogMode(True)
        self.setAccessibleDescription(
            "Left and right choose a rate. Plus and minus zoom, Shift with arrows moves, Home shows everything."
        )
        self.setToolTip("Click to take a rate")
        self.viewport().setCursor(Qt.CursorShape.CrossCursor)

    def show_curve(
        self, curve: RateCurve | None, *, valley: float | None, steepest: float | None, chosen: float | None
    ) -> None:
        """Draw this curve and these rates."""
        fresh = self._curve is None or curve is None or len(curve.rates) != len(self._curve.rates)
        other = curve is not None and self._curve is not None and curve.network != self._curve.network
        self._curve, self._chosen = curve, chosen
        found = {"valley": valley, "steepest": steepest}
        self._suggested = {name: rate for name, rate in found.items() if rate is not None}
        self._draw()
        if (fresh or other) and self.whole_button.isHidden():
            self.show_all()
        self.viewport().update()

    def set_scale(self, scale: Literal["linear", "log"]) -> None:
        """Draw the rates on a linear or a logarithmic axis."""
        self._scale = scale
        self.axes["bottom"].setLogMode(scale == "log")
        self._draw()
        self.show_all()

    def show_all(self) -> None:  # noqa: D102
        self.view.drags_y = False
        self.whole_button.hide()
        curve = self._curve
        if curve is None or not len(curve.rates):
            self.view.setRange(xRange=(-7, 1), yRange=(0, 1), padding=0, disableAutoRange=True)
            return
        low, high = self._heights_of(curve)
        first, last = float(curve.rates[0]), float(curve.rates[-1])
        if self._scale == "linear":  # the whole sweep would press all that matters against the left
            last = min(last, 1.5 * float(curve.rates[int(np.argmin(curve.smoothed))]))
        across = self._across(np.array([first, max(last, 1.01 * first)]))
        self.view.setRange(xRange=tuple(across.tolist()), yRange=(low, high), padding=0.02, disableAutoRange=True)

    def _heights_of(self, curve: RateCurve) -> tuple[float, float]:
        """Return the range of losses worth showing: the descent, not the explosion, and not the noise alone."""
        losses = curve.smoothed
        start, low, high = float(losses[: max(1, len(losses) // 4)].max()), float(losses.min()), float(losses.max())
        high = min(high, start + 0.6 * max(start - low, 0.2 * abs(start)))
        lacking = max(0.3 * abs(start) - (high - low), 1e-9) / 2
        room = high - low + 2 * lacking
        return low - lacking - 0.12 * room, high + lacking + 0.2 * room

    def _across(self, rates: np.ndarray) -> np.ndarray:
        return np.log10(rates) if self._scale == "log" else rates

    def _draw(self) -> None:
        if self._curve is None:
            self._raw.setData([], [])
            self._smoothed.setData([], [])
            return
        xs = self._across(self._curve.rates)
        self._raw.setData(xs, self._curve.losses)
        self._smoothed.setData(xs, self._curve.smoothed)

    def _style_lines(self, tokens: Tokens) -> None:
        strong = line_colour(tokens, 0)
        faint = QColor(strong)
        faint.setAlpha(_RAW_ALPHA)
        self._raw.setPen(line_pen(faint, 1.0))
        self._smoothed.setPen(line_pen(strong, 2.0))

    # -- marks --------------------------------------------------------------------------------------------------------

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:  # noqa: D102
        super().drawForeground(painter, rect)
        area = QRectF(self.view.sceneBoundingRect())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(area.adjusted(-1, -1, 1, 1))
        font = QFont(self.font())
        font.setPixelSize(self._theme.tokens.small_size)
        painter.setFont(font)
        taken: list[QRectF] = []
        for name, rate in self._suggested.items():
            self._paint_suggestion(painter, area, name, rate, taken)
        if self._chosen is not None:
            self._paint_chosen(painter, area, self._chosen)
        painter.restore()

    def _paint_suggestion(self, painter: QPainter, area: QRectF, name: str, rate: float, taken: list[QRectF]) -> None:
        place = self.place_of(rate)
        pen = QPen(self._theme.colour("text_muted"), 1, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.drawLine(QPointF(place.x(), area.top() + 6), QPointF(place.x(), area.bottom()))
        painter.setPen(QPen(self._theme.colour("field"), 2))
        painter.setBrush(line_colour(self._theme.tokens, 0))
        painter.drawEllipse(place, _DOT, _DOT)
        painter.setPen(self._theme.colour("text_muted"))
        width = QFontMetricsF(painter.font()).horizontalAdvance(name)
        before = rate == min(self._suggested.values()) and len(set(self._suggested.values())) > 1
        fits_before, fits_behind = place.x() - width - 6 > area.left(), place.x() + width + 6 < area.right()
        left = place.x() - width - 6 if (before and fits_before) or not fits_behind else place.x() + 6
        spot = QRectF(left, area.top() + 5, width, 15)
        while any(spot.intersects(other) for other in taken):
            spot.translate(0, 15)
        taken.append(spot)
        painter.drawText(spot, Qt.AlignmentFlag.AlignCenter, name)

    def _paint_chosen(self, painter: QPainter, area: QRectF, rate: float) -> None:
        x = self.place_of(rate).x()
        painter.setPen(QPen(self._theme.colour("accent"), 2))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        words = number_text(float(f"{rate:.2g}"))
        metrics = QFontMetricsF(painter.font())
        box = QRectF(0, 0, metrics.horizontalAdvance(words) + 12, metrics.height() + 4)
        left = min(max(x - box.width() / 2, area.left()), area.right() - box.width())
        box.moveTopLeft(QPointF(left, area.bottom() - box.height() - 4))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("accent"))
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(self._theme.colour("on_accent"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

    def place_of(self, rate: float) -> QPointF:
        """Return where a rate lies on the smoothed curve, px."""
        curve = self._curve
        height = 0.0
        if curve is not None and len(curve.rates):
            height = float(np.interp(math.log(rate), np.log(curve.rates), curve.smoothed))
        x = math.log10(rate) if self._scale == "log" else rate
        return QPointF(self.view.mapViewToScene(QPointF(x, height)))

    # -- the hand -----------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        if event.button() == Qt.MouseButton.LeftButton and self._curve is not None:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._pick(event)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        if event.buttons() & Qt.MouseButton.LeftButton and self._curve is not None:
            self._pick(event)
        else:
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        if event.button() != Qt.MouseButton.LeftButton:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        if plain and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right) and self._curve is not None:
            self._step(1 if event.key() == Qt.Key.Key_Right else -1)
        else:
            super().keyPressEvent(event)

    def _pick(self, event: QMouseEvent) -> None:
        x = float(self.view.mapSceneToView(self.mapToScene(event.position().toPoint())).x())
        assert self._curve is not None
        low, high = float(self._curve.rates[0]), float(self._curve.rates[-1])
        rate = 10.0**x if self._scale == "log" else x
        self.rate_picked.emit(float(f"{min(max(rate, low), high):.2g}"))

    def _step(self, by: int) -> None:
        assert self._curve is not None
        rates = self._curve.rates
        now = self._chosen if self._chosen is not None else float(rates[0])
        at = int(np.argmin(np.abs(np.log(rates / now)))) + by
        self.rate_picked.emit(float(rates[min(max(at, 0), len(rates) - 1)]))
