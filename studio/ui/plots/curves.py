"""The curves of a run: its losses and whatever else it measures, to be read, smoothed, zoomed and compared.

Imports pyqtgraph: to be imported when curves are first shown (see `plot_style`).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QStackedLayout, QWidget

from studio.core.settings import Settings, describe, setting
from studio.ui.controls.empty_state import EmptyState
from studio.ui.controls.layouts import UNBOUNDED, column
from studio.ui.controls.rows.number import NumberRow
from studio.ui.controls.segments import Segments
from studio.ui.plots.axis_mapping import Along, AxisMapping, Knots, clock
from studio.ui.plots.curve_plot import Curve, CurvePlot
from studio.ui.plots.legend import CurveLegend, LegendValue
from studio.ui.plots.overlay import PlotMark
from studio.ui.plots.smoothed_series import SmoothedSeries
from studio.ui.theme import Theme, mark

__all__ = ["AxisMapping", "Curves", "Knots", "PlotMark"]

Points = tuple[NDArray[Any], NDArray[Any]]

_DRAW_MS = 100
_SIDE = 224
_NARROW, _TALL, _LOW = 560, 360, 164
"""Narrower than the first and taller than the second, px, the legend lies below the plot, as low as the third."""
"""Qt's word for "as large as you like"."""


class CurveLook(Settings):
    """How curves are looked at."""

    smoothing: int = setting(
        25, label="Smooth over", help="The strong line is the mean of about so many points; 1 shows them as they are.",
        term="exponential moving average, bias-corrected", low=1, high=2000, step=1, scale="log", unit="points",
    )  # fmt: skip


class Curves(QWidget):
    """Curves with a legend that reads their values, and the ways to look at them.

    However often numbers come, they are drawn at most ten times a second.
    """

    smoothing_changed = Signal(int)
    log_changed = Signal(bool)
    along_changed = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._curves: dict[str, Curve] = {}
        self._compared: dict[str, SmoothedSeries] = {}
        self._compared_name = ""
        self._along: Along = "step"
        self._span = 1
        self.plot = CurvePlot(theme, self)
        self.legend = CurveLegend(theme, self)
        self.along = Segments({"step": "Step", "time": "Time", "epoch": "Epoch"}, self)
        self.heights = Segments({"linear": "Linear", "log": "Log"}, self)
        self.smoothing = NumberRow(describe(CurveLook)[0], theme, self)
        self.empty_state = EmptyState("train", "No numbers yet", "They come with the first steps.", theme, self)
        self._draw = QTimer(self, singleShot=True, interval=_DRAW_MS)
        self._lay_out()
        self._connect()
        self.set_smoothing(CurveLook().smoothing)
        self.set_along("step")
        self.set_log(False)
        self.set_scales(AxisMapping())

    def _lay_out(self) -> None:
        tokens = self._theme.tokens
        mark(self, surface="window")
        self.along.name_buttons("Along")
        self.heights.name_buttons("Heights")
        for segments, tips in (
            (self.along, ("Along the steps", "Along the time the run has worked", "Along passes through the data")),
            (self.heights, ("Equal distances, equal differences", "Equal distances, equal ratios (logarithmic axis)")),
        ):
            for button, tip in zip(segments.buttons, tips, strict=True):
                button.setToolTip(tip)
        ways = (self.smoothing, self.along, self.heights)
        for control in ways:
            control.setFixedWidth(_SIDE)
        self._side = QWidget(self)
        self._side_layout = QBoxLayout(QBoxLayout.Direction.TopToBottom, self._side)
        self._side_layout.setContentsMargins(0, tokens.gap, 0, tokens.gap)
        self._side_layout.setSpacing(tokens.gap)
        self._side_layout.addWidget(self.legend, 1)
        self._side_layout.addLayout(column(None, *ways, gap=tokens.gap))
        content = QWidget(self)
        self._content_layout = layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, content)
        layout.setSpacing(tokens.margin)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self._side)
        self._arrange(narrow=False)
        self._places = QStackedLayout(self)
        self._places.addWidget(self.empty_state)
        self._places.addWidget(content)
        self.setMinimumSize(_SIDE + 240, 240)

    def _arrange(self, *, narrow: bool) -> None:
        """Put the legend beside the plot, or below it where too little would be left of the plot."""
        direction, margin = QBoxLayout.Direction, self._theme.tokens.margin
        self._content_layout.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)
        self._content_layout.setContentsMargins(margin if narrow else 0, 0, margin, 0)
        self._content_layout.setSpacing(0 if narrow else margin)
        self._side_layout.setDirection(direction.LeftToRight if narrow else direction.TopToBottom)
        self._side.setMaximumHeight(_LOW if narrow else UNBOUNDED)
        self._side.setMinimumWidth(0 if narrow else _SIDE)
        self._side.setMaximumWidth(UNBOUNDED if narrow else _SIDE)
        self._is_narrow = narrow

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Find the legend a place where the plot keeps the greater part."""
        super().resizeEvent(event)
        narrow = event.size().width() < _NARROW and event.size().height() > _TALL
        if narrow != self._is_narrow:
            self._arrange(narrow=narrow)

    def _connect(self) -> None:
        self._draw.timeout.connect(self._redraw)
        self.legend.toggled.connect(self._show_or_hide)
        self.plot.cursor_moved.connect(self._read)
        self.smoothing.value_changed.connect(self._take_smoothing)
        self.along.chosen.connect(self._take_along)
        self.heights.chosen.connect(self._take_heights)

    # -- numbers -------------------------------------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """The curves there are, in order."""
        return tuple(self._curves)

    def set_series(self, name: str, steps: NDArray[Any], values: NDArray[Any], *, smooth: bool = True) -> None:
        """Show these as the curve `name`: a new one, or one that has grown or changed.

        Cheap to be called with all of a series each time it grows, if what is handed over is a view of one array: then
        only its end is looked at.

        Args:
            name: what the legend calls it.
            steps: where the values lie, not decreasing.
            values: as many numbers; what is not finite is a gap.
            smooth: False for what is measured seldom, such as a validation: its line goes through its points.

        """
        if self._curve(name, smooth=smooth).series.replace(steps, values):
            self._draw_later()

    def append(self, name: str, steps: NDArray[Any], values: NDArray[Any]) -> None:
        """Add points behind the last of a curve, which may be new."""
        self._curve(name).series.extend(steps, values)
        self._draw_later()

    def keep_only(self, names: Sequence[str]) -> None:
        """Drop every other curve."""
        for name in [name for name in self._curves if name not in names]:
            self.plot.remove(self._curves.pop(name))
        self._list_curves()
        self._draw_later()

    def clear(self) -> None:
        """Drop everything: another run is to be shown."""
        self.keep_only(())
        self.set_comparison("", {})
        self.set_scales(AxisMapping())
        self.set_marks(())
        self.plot.show_all()

    def set_scales(self, scales: AxisMapping) -> None:
        """Say what steps are in time and epochs; what is not known cannot be chosen."""
        self.plot.scales = scales
        kinds: tuple[Along, ...] = ("step", "time", "epoch")
        for kind, button in zip(kinds, self.along.buttons, strict=True):
            button.setEnabled(scales.offers(kind))
        if not scales.offers(self._along):
            self.set_along("step")
        self._draw_later()

    def set_marks(self, marks: Sequence[PlotMark]) -> None:
        """Show these moments as vertical lines."""
        self.plot.set_marks(marks)

    def set_comparison(self, name: str, series: Mapping[str, Points], scales: AxisMapping | None = None) -> None:
        """Draw another run's curves, dashed, in the colours of ours; none of them ends the comparison."""
        for known in [known for known in self._compared if known not in series]:
            del self._compared[known]
        for own, (steps, values) in series.items():
            if own not in self._compared:
                smooth = own not in self._curves or self._curves[own].smooth
                self._compared[own] = SmoothedSeries(self._span if smooth else 1)
            self._compared[own].replace(steps, values)
        self._compared_name = name if series else ""
        self.plot.other_scales = scales or AxisMapping()
        for own in series:
            self._curve(own)
        for own, curve in self._curves.items():
            curve.compared = self._compared.get(own)
        self.legend.set_compared(self._compared_name, self._compared)
        self._draw_later()

    def _curve(self, name: str, *, smooth: bool = True) -> Curve:
        if name not in self._curves:
            taken = {curve.colour for curve in self._curves.values()}
            colour = next(number for number in range(len(taken) + 1) if number not in taken)
            curve = Curve(name, colour, SmoothedSeries(self._span if smooth else 1), self._compared.get(name), smooth)
            self._curves[name] = curve
            self.plot.add(curve)
            self._list_curves()
        return self._curves[name]

    def _list_curves(self) -> None:
        self._places.setCurrentIndex(1 if self._curves else 0)
        self.legend.set_curves([(curve.name, curve.colour) for curve in self._curves.values()])
        self.legend.set_compared(self._compared_name, self._compared)

    # -- the look ------------------------------------------------------------------------------------------------------

    def set_smoothing(self, points: int) -> None:
        """Smooth over so many points; tells nobody."""
        self._span = points
        self.smoothing.set_value(points)
        for curve in self._curves.values():
            for series in (curve.series, curve.compared):
                if series is not None and curve.smooth:
                    series.set_span(points)
        self.plot.refresh()
        self._read(self.plot.cursor)

    def set_log(self, log: bool) -> None:
        """Draw heights on a logarithmic axis or not; tells nobody."""
        self.heights.set_current("log" if log else "linear")
        self.plot.set_logarithmic(log)

    def set_along(self, along: Along) -> None:
        """Let the curves run along steps, time or epochs; tells nobody."""
        self._along = along
        self.along.set_current(along)
        self.plot.set_along(along)

    def _take_smoothing(self, points: int) -> None:
        self.set_smoothing(points)
        self.smoothing_changed.emit(points)

    def _take_along(self, along: Along) -> None:
        self.set_along(along)
        self.along_changed.emit(along)

    def _take_heights(self, heights: str) -> None:
        self.plot.set_logarithmic(heights == "log")
        self.log_changed.emit(heights == "log")

    def show_curve(self, name: str, shown: bool) -> None:
        """Show a curve or hide it, as its box in the legend does."""
        self.legend.rows[name].setChecked(shown)

    def _show_or_hide(self, name: str, shown: bool) -> None:
        self._curves[name].shown = shown
        self.plot.refresh()

    # -- drawing, not too often ----------------------------------------------------------------------------------------

    def _draw_later(self) -> None:
        if not self._draw.isActive():
            self._draw.start()

    def _redraw(self) -> None:
        if self.isVisible():
            self.plot.refresh()
            self._read(self.plot.cursor)

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what came while nobody looked."""
        super().showEvent(event)
        self._draw_later()

    # -- reading values ------------------------------------------------------------------------------------------------

    def _read(self, step: float | None) -> None:
        """Read the values at a step, or the newest."""
        place = self._newest() if step is None else step
        readings = {name: self._reading(curve, place, newest=step is None) for name, curve in self._curves.items()}
        self.legend.read(*self._words_for(step), readings)

    def _newest(self) -> float:
        return max((float(curve.series.steps[-1]) for curve in self._curves.values() if len(curve.series)), default=0.0)

    def _reading(self, curve: Curve, step: float, *, newest: bool) -> LegendValue:
        value, raw = _values_at(curve.series, math.inf if newest else step)
        other = "" if curve.compared is None else _values_at(curve.compared, self._same_place(step))[0]
        return LegendValue(value, raw if raw != value else "", other)

    def _same_place(self, step: float) -> float:
        """Return the other run's step that lies at the same place of the axis."""
        x = self.plot.scales.to_x(np.array([step]), self._along)
        return float(self.plot.other_scales.to_steps(x, self._along)[0])

    def _words_for(self, step: float | None) -> tuple[str, str]:
        """Return where the values are read: the step, and what else is known of that moment."""
        if step is None:
            return "Newest values", ""
        at, scales = np.array([step]), self.plot.scales
        words = [f"epoch {scales.to_x(at, 'epoch')[0]:.2f}"] if scales.offers("epoch") else []
        if scales.offers("time"):
            words.append(clock(float(scales.to_x(at, "time")[0])))
        details = " · ".join(word for word in (*words, self.plot.words_at_cursor()) if word)
        return f"Step {step:,.0f}", details


def _values_at(series: SmoothedSeries, step: float) -> tuple[str, str]:
    """Return in words: the strong line's value, and the value as measured."""
    index = series.nearest(step) if len(series) else -1
    if index < 0:
        return "", ""
    return _figure(float(series.mean_at(np.array([index]))[0])), _figure(float(series.values[index]))


def _figure(value: float) -> str:
    """Return a value with four significant digits."""
    if not math.isfinite(value):
        return "–"
    if value != 0 and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.2e}"
    return f"{value:,.{max(0, 3 - math.floor(math.log10(abs(value) or 1)))}f}"
