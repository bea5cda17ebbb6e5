"""The plot of many curves: draws of each no more points than there are pixels, and keeps to the end as runs grow."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from studio.ui.plots.axis_mapping import Along, AxisMapping, time_unit
from studio.ui.plots.line_renderer import LineRenderer, Stroke
from studio.ui.plots.minmax_pyramid import Floats
from studio.ui.plots.overlay import PlacedMark, PlotMark, PlotOverlay
from studio.ui.plots.plot import SMOOTH_UP_TO, AxisWords, Plot, line_colour, whole_number
from studio.ui.plots.smoothed_series import SmoothedSeries
from studio.ui.theme import Theme
from studio.ui.tokens import Tokens

_FAINT = 0.32
"""How much of its colour the raw line keeps. Mixed, not transparent: what overlaps itself would show stripes."""
_DASH, _DASH_AND_GAP = 8, 13
_OUTLIERS = 0.5
"""Per cent of a line's points at either end that may lie outside, so that one spike does not flatten the rest."""
_DOTS_UP_TO = 60
_Kind = Literal["raw", "other", "strong"]
_KINDS: tuple[_Kind, ...] = ("raw", "other", "strong")
_AXES: dict[Along, AxisWords] = {
    "step": AxisWords("Step", write=whole_number), "time": AxisWords("Time"), "epoch": AxisWords("Epoch"),
}  # fmt: skip


@dataclass(slots=True, eq=False)
class Curve:
    """A named curve: its numbers, those of the run it is compared with, whether it is smoothed and shown."""

    name: str
    colour: int
    series: SmoothedSeries
    compared: SmoothedSeries | None = None
    smooth: bool = True
    shown: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """Points of a line in the plot's own coordinates; of logarithms where the axis is."""

    x: Floats
    heights: Floats


class CurvePlot(Plot):
    """Draws curves that are handed to it. Arrow keys move the crosshair, Esc takes it away."""

    cursor_moved = Signal(object)
    """The step under the crosshair, or None."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, "Curves", _AXES["step"], AxisWords(), parent)
        self._curves: list[Curve] = []
        self._along: Along = "step"
        self._log = False
        self._unit = 1.0
        self.scales = self.other_scales = AxisMapping()
        self._marks: tuple[PlotMark, ...] = ()
        self._follows_x = self._follows_y = True
        self._cursor: float | None = None
        self.overlay = PlotOverlay(self.viewport(), theme)
        self._renderer = LineRenderer()
        self._soon = QTimer(self, singleShot=True, interval=0)
        self.view.disableAutoRange()
        self.setMouseTracking(True)
        self.setAccessibleDescription("Left and Right read values, + and − zoom, Home shows everything")
        self._connect()

    def _connect(self) -> None:
        self._soon.timeout.connect(self.draw)
        self.view.sigRangeChanged.connect(self._draw_soon)
        self.view.sigResized.connect(self._draw_soon)
        self.view.moved_by_hand.connect(self._stop_following)

    # -- what is shown -------------------------------------------------------------------------------------------------

    @property
    def cursor(self) -> float | None:
        """The step under the crosshair."""
        return self._cursor

    @property
    def unit(self) -> float:
        """How many seconds a unit of the time axis has."""
        return self._unit if self._along == "time" else 1.0

    def add(self, curve: Curve) -> None:
        """Draw one more curve from the next `refresh` on."""
        self._curves.append(curve)

    def remove(self, curve: Curve) -> None:
        """Draw a curve no more."""
        self._curves.remove(curve)

    def set_along(self, along: Along) -> None:
        """Let the curves run along steps, time or epochs."""
        self._along = along
        self.show_all()

    def set_logarithmic(self, log: bool) -> None:
        """Draw the logarithms of the values; those of zero and below are gaps."""
        self._log = log
        self.set_log(log)
        self._follows_y = True
        self.view.drags_y = False
        self.refresh()

    def set_marks(self, marks: Sequence[PlotMark]) -> None:
        """Show exactly these moments."""
        self._marks = tuple(marks)
        self._draw_soon()

    def show_all(self) -> None:
        """Show everything, and keep to that as more comes."""
        self._follows_x = self._follows_y = True
        self.view.drags_y = False
        self.whole_button.hide()
        self.refresh()

    def refresh(self) -> None:
        """Look at the numbers again."""
        low, high = self._extent()
        self._unit, sign = time_unit(high)
        words = AxisWords("Time", sign) if self._along == "time" else _AXES[self._along]
        if words != self.axes["bottom"].words:
            self.axes["bottom"].set_words(words)
        if self._follows_x:
            self._fit(0, low / self.unit, high / self.unit)
        self.draw()

    def draw(self) -> None:
        """Bring what is drawn up to the numbers and to the part that is looked at."""
        (left, right), _ = self.view.viewRange()
        edges = np.linspace(left, right, max(2, self._area().toAlignedRect().width()) + 1) * self.unit
        lines = [(curve, self._lines_of(curve, edges)) for curve in self._curves if curve.shown]
        if self._follows_y:
            self._fit_heights([one for _, own in lines for one in own.values()])
        self._soon.stop()  # what just changed is about to be drawn
        area = self._area().toAlignedRect()
        self.overlay.setGeometry(area)
        self._renderer.clear(area.size(), self.devicePixelRatioF())
        # all that is faint below all that is strong
        self._renderer.draw(
            [self._stroke(curve, kind, own[kind]) for kind in _KINDS for curve, own in lines if kind in own]
        )
        self.overlay.set_picture(self._renderer.image)
        self._place_overlay()

    def _lines_of(self, curve: Curve, edges: Floats) -> dict[_Kind, _Line]:
        """Return what is to be drawn of a curve between these borders of pixels."""
        columns = curve.series.columns(self.scales.to_steps(edges, self._along))
        lines: dict[_Kind, _Line] = {"strong": self._line(self.scales, *curve.series.drawn_mean(columns))}
        if curve.series.is_smoothed:
            lines["raw"] = self._line(self.scales, *curve.series.drawn(columns))
        if curve.compared is not None and self.other_scales.offers(self._along):
            columns = curve.compared.columns(self.other_scales.to_steps(edges, self._along))
            line = self._line(self.other_scales, *curve.compared.drawn_mean(columns))
            if len(line.x):
                lines["other"] = _dashed(line, edges / self.unit)
        return lines

    def _line(self, scales: AxisMapping, steps: Floats, values: Floats) -> _Line:
        return _Line(scales.to_x(steps, self._along) / self.unit, self._heights(values))

    def _stroke(self, curve: Curve, kind: _Kind, line: _Line) -> Stroke:
        """Return a line in pixels, as its kind is drawn."""
        (left, right), (bottom, top) = self.view.viewRange()
        x = (line.x - left) / (right - left) * self.overlay.width()
        y = (top - line.heights) / (top - bottom) * self.overlay.height()
        colour = line_colour(self._theme.tokens, curve.colour)
        if kind == "raw":
            faint = _mixed(colour, self._theme.colour("field"), _FAINT)
            return Stroke(x, y, faint, smooth=len(x) <= SMOOTH_UP_TO)
        if len(x) > SMOOTH_UP_TO and not curve.series.is_smoothed:
            return Stroke(x, y, colour, smooth=False)  # noise is thick by itself
        few = not curve.smooth and len(x) <= _DOTS_UP_TO
        return Stroke(x, y, colour, 1.5 if kind == "other" else 2.0, dots=few and kind == "strong")

    def _heights(self, values: Floats) -> Floats:
        if not self._log:
            return values
        return np.log10(np.where(values > 0, values, np.nan))

    def _extent(self) -> tuple[float, float]:
        """Return the first and last x of everything that shows, in seconds, epochs or steps."""
        ends: list[float] = []
        for curve in self._curves:
            for series, scales in ((curve.series, self.scales), (curve.compared, self.other_scales)):
                if curve.shown and series is not None and len(series) and scales.offers(self._along):
                    ends += scales.to_x(series.steps[[0, -1]], self._along).tolist()
        return (min(ends), max(ends)) if ends else (0.0, 1.0)

    def _fit_heights(self, lines: Sequence[_Line]) -> None:
        """Bring the lines into sight; of noise all but its outliers."""
        ends: list[float] = []
        for line in lines:
            sound = line.heights[np.isfinite(line.heights)]
            if len(sound):
                ends += np.percentile(sound, [_OUTLIERS, 100 - _OUTLIERS]).tolist()
        self._fit(1, min(ends, default=0.0), max(ends, default=1.0))

    def _fit(self, axis: int, low: float, high: float) -> None:
        """Show `low` to `high`, and a little more; what shows them well already stays: each change draws the axes."""
        length = high - low or (1.0 if self._log or axis == 0 else abs(high)) or 1.0
        before, behind = ((0.01, 0.03), (0.05, 0.08))[axis]
        now_low, now_high = self.view.viewRange()[axis]
        fits = (
            low - 3 * before * length <= now_low <= low - 0.3 * before * length
            and high + 0.1 * behind * length <= now_high <= high + 2 * behind * length
        )
        if not fits:
            ends = (low - before * length, high + behind * length)
            (self.view.setYRange if axis else self.view.setXRange)(*ends, padding=0)

    def _stop_following(self, along_x: bool, along_y: bool) -> None:
        self._follows_x &= not along_x
        self._follows_y &= not along_y

    def _draw_soon(self, *_: object) -> None:
        if not self._soon.isActive():
            self._soon.start()

    # -- crosshair and marks -------------------------------------------------------------------------------------------

    def set_cursor(self, step: float | None) -> None:
        """Move the crosshair; tells whoever listens."""
        self._cursor = step
        self._place_cross()
        self.cursor_moved.emit(step)

    def words_at_cursor(self) -> str:
        """Return what is to be said of the marks under the crosshair."""
        return "" if self._cursor is None else self.overlay.words_near(self._pixel_of(self._cursor))

    def _place_overlay(self) -> None:
        x = [(self._pixel_of(mark.step), mark) for mark in self._marks]
        width = self.overlay.width()
        self.overlay.place([PlacedMark(round(at), mark) for at, mark in x if 0 <= at <= width])
        self._place_cross()

    def _place_cross(self) -> None:
        if self._cursor is None:
            self.overlay.set_cross(None)
            return
        _, (bottom, top) = self.view.viewRange()
        dots = []
        for curve in (one for one in self._curves if one.shown and len(one.series)):
            mean = curve.series.mean_at(np.array([curve.series.nearest(self._cursor)]))
            height = float(self._heights(mean)[0])
            if bottom <= height <= top:
                y = (top - height) / (top - bottom) * self.overlay.height()
                dots.append((y, line_colour(self._theme.tokens, curve.colour)))
        self.overlay.set_cross(self._pixel_of(self._cursor), dots)

    def _area(self) -> QRectF:
        """Where the curves are, in pixels of the viewport."""
        return QRectF(self.mapFromScene(self.view.sceneBoundingRect()).boundingRect())

    def _pixel_of(self, step: float) -> float:
        (left, right), _ = self.view.viewRange()
        x = float(self.scales.to_x(np.array([step], np.float64), self._along)[0]) / self.unit
        return float((x - left) / (right - left) * self.overlay.width())

    def _step_at(self, pixel: float) -> float:
        (left, right), _ = self.view.viewRange()
        x = left + (right - left) * pixel / max(1, self.overlay.width())
        return float(self.scales.to_steps(np.array([x * self.unit]), self._along)[0])

    def _nearest_step(self, step: float) -> float | None:
        """Return the step nearest to `step` at which a shown curve has a value."""
        every = [curve.series for curve in self._curves if curve.shown and len(curve.series)]
        steps = [float(series.steps[series.nearest(step)]) for series in every]
        return min(steps, key=lambda one: abs(one - step), default=None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        super().mouseMoveEvent(event)
        area = self._area()
        inside = area.contains(QPointF(event.position()))
        self.set_cursor(self._nearest_step(self._step_at(event.position().x() - area.x())) if inside else None)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: D102
        super().leaveEvent(event)
        self.set_cursor(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_PageUp: -20, Qt.Key.Key_PageDown: 20}
        shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.key() in moves and not shifted:
            self._walk(moves[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Escape and self._cursor is not None:
            self.set_cursor(None)
        else:
            super().keyPressEvent(event)

    def _walk(self, columns: int) -> None:
        """Move the crosshair by columns of pixels, or to the next value where they lie farther apart."""
        width = self.overlay.width()
        at = width / 2 if self._cursor is None else self._pixel_of(self._cursor)
        for distance in range(1, width):
            step = self._nearest_step(self._step_at(min(max(at + columns * distance, 0), width)))
            if step != self._cursor:
                self.set_cursor(step)
                return

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        if hasattr(self, "_soon"):  # pyqtgraph resizes while it is built
            self._draw_soon()

    def _style_lines(self, tokens: Tokens) -> None:
        if hasattr(self, "_soon"):
            self._draw_soon()


def _dashed(line: _Line, edges: Floats) -> _Line:
    """Return a line in dashes by columns of pixels: Qt's own would cost a hundred times as much."""
    columns = (edges[:-1] + edges[1:]) / 2
    heights = np.interp(columns, line.x, line.heights, left=np.nan, right=np.nan)
    return _Line(columns, np.where(np.arange(len(columns)) % _DASH_AND_GAP < _DASH, heights, np.nan))


def _mixed(colour: QColor, ground: QColor, share: float) -> QColor:
    red, green, blue = (
        share * getattr(colour, part)() + (1 - share) * getattr(ground, part)() for part in ("redF", "greenF", "blueF")
    )
    return QColor.fromRgbF(red, green, blue)
