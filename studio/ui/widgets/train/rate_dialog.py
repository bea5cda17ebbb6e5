"""Shows how well each learning rate would learn, while it is tried, and takes over the one that is chosen.

Imports pyqtgraph: to be imported when it is first shown (see `plot_style`).
"""

import math
from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from studio.core.events import Progress
from studio.core.failures import Failure
from studio.core.settings import Settings, describe, setting
from studio.training.rate_curve import FoundRates, RateCurve
from studio.ui.theme import Theme, mark
from studio.ui.tokens import Tokens
from studio.ui.train.rate_search import RateSearch
from studio.ui.widgets.choice_box import ChoiceBox
from studio.ui.widgets.plot_style import AxisWords, Plot, line_colour, line_pen
from studio.ui.widgets.rows.number import NumberRow
from studio.ui.widgets.segments import Segments
from studio.ui.widgets.wrapping_label import WrappingLabel

_DRAW_MS = 100


class ChosenRate(Settings):
    """The rate that will be used."""

    rate: float = setting(
        1e-3, label="Learning rate", help="The schedule's fastest rate; the whole schedule is scaled to it.",
        term="maximum learning rate", low=1e-7, high=10.0, step=1e-4, scale="log",
    )  # fmt: skip


class RatePlot(Plot):
    """Loss over rate, both measured and smoothed; a line stands where the chosen rate is, and can be pulled.

    Args:
        theme: where colours come from.
        parent: the widget it lies in.

    """

    rate_moved = Signal(float)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        self._raw = pg.PlotCurveItem(connect="finite")
        self._smooth = pg.PlotCurveItem(connect="finite", antialias=True)
        self._line = pg.InfiniteLine(angle=90, movable=True)
        self._logarithmic = False
        self._numbers: tuple[Sequence[float], Sequence[float], Sequence[float]] = ((), (), ())
        super().__init__(theme, "Loss over the learning rate", AxisWords("Learning rate"), AxisWords("Loss"), parent)
        self.axes["bottom"].setLogMode(True)
        for item in (self._raw, self._smooth, self._line):
            self.plotItem.addItem(item)
        self._line.sigDragged.connect(self._tell_move)
        self._line.hide()

    def set_numbers(self, rates: Sequence[float], losses: Sequence[float], smoothed: Sequence[float]) -> None:
        """Draw these; the axis fits what is worth seeing, which an explosion at the end is not."""
        self._numbers = rates, losses, smoothed
        x = np.log10(np.asarray(rates, np.float64))
        raw, calm = (self._height(numbers) for numbers in (losses, smoothed))
        self._raw.setData(x, raw)
        self._smooth.setData(x, calm)
        finite = calm[np.isfinite(calm)]
        if len(finite):
            low, high = float(finite.min()), float(finite[: max(1, len(finite) // 2)].max())
            room = max(high - low, 1e-3 * abs(low), 1e-6)
            self.setYRange(low - 0.15 * room, high + 0.5 * room, padding=0)

    def set_rate(self, rate: float | None) -> None:
        """Stand the line at a rate; None takes it away."""
        self._line.setVisible(rate is not None)
        if rate is not None:
            self._line.setValue(math.log10(rate))

    def set_logarithmic(self, logarithmic: bool) -> None:
        """Draw heights on a logarithmic axis, or not."""
        self._logarithmic = logarithmic
        self.set_log(logarithmic)
        self.set_numbers(*self._numbers)

    def _height(self, numbers: Sequence[float]) -> np.ndarray:
        values = np.asarray(numbers, np.float64)
        if not self._logarithmic:
            return values
        return np.log10(np.where(values > 0, values, np.nan))

    def _tell_move(self) -> None:
        self.rate_moved.emit(10.0 ** float(self._line.value()))

    def _dress_lines(self, tokens: Tokens) -> None:
        faint = line_colour(tokens, 0)
        faint.setAlphaF(0.35)
        self._raw.setPen(line_pen(faint))
        self._smooth.setPen(line_pen(line_colour(tokens, 0), 2))
        self._line.setPen(line_pen(line_colour(tokens, 1), 2))
        self._line.setHoverPen(line_pen(line_colour(tokens, 1), 3))


class RateDialog(QDialog):
    """Follows a `RateSearch`; closing it ends the search.

    Args:
        search: already started.
        theme: where colours and icons come from.
        parent: the window.

    """

    rate_chosen = Signal(float)

    def __init__(self, search: RateSearch, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Find a Learning Rate")
        self.resize(760, 560)
        self._search, self._theme = search, theme
        self.plot = RatePlot(theme, self)
        self._words = WrappingLabel("Copies of the network try faster and faster rates. Yours is not touched.", self)
        self.network = ChoiceBox({}, theme, self)
        self.heights = Segments({"linear": "Linear", "log": "Log"}, self)
        self.rate = NumberRow(describe(ChosenRate)[0], theme, self)
        self._bar = QProgressBar(self)
        self.suggestions = QLabel(self)
        self.stop_button = QPushButton("That Is Enough", self)
        self.use_button = QPushButton("Use This Rate", self)
        self.close_button = QPushButton("Cancel", self)
        self._draw = QTimer(self, singleShot=True, interval=_DRAW_MS)
        self._chosen = False
        self._lay_out()
        self._connect()
        self._show_networks()

    def _lay_out(self) -> None:
        gap, margin = self._theme.tokens.gap, self._theme.tokens.margin
        mark(self._words, tone="muted")
        mark(self.suggestions, tone="muted")
        mark(self.use_button, kind="primary")
        self.heights.name_buttons("Heights")
        self.heights.set_current("linear")
        self.heights.setFixedWidth(140)
        for button, tip in zip(self.heights.buttons, ("Linear axis", "Logarithmic axis"), strict=True):
            button.setToolTip(f"Draw the loss on a {tip.lower()}")
        self.network.setAccessibleName("Network")
        self.network.setToolTip("Each network is tried on its own")
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("How many rates have been tried")
        for button, tip in (
            (self.stop_button, "End the search with what is known"),
            (self.use_button, "Scale the schedule so that this is its fastest rate"),
            (self.close_button, "Leave the schedule as it is"),
        ):
            button.setToolTip(tip)
            button.setAccessibleName(button.text())
        head = QHBoxLayout()
        head.setSpacing(gap)
        head.addWidget(self.network, 1)
        head.addStretch(1)
        head.addWidget(self.heights)
        buttons = QHBoxLayout()
        buttons.setSpacing(gap)
        buttons.addWidget(self.close_button)
        buttons.addStretch(1)
        buttons.addWidget(self.stop_button)
        buttons.addWidget(self.use_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(margin, margin, margin, margin)
        layout.setSpacing(gap)
        layout.addWidget(self._words)
        layout.addLayout(head)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self._bar)
        layout.addWidget(self.suggestions)
        layout.addWidget(self.rate)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        search = self._search
        search.progressed.connect(self._show_progress)
        search.traced.connect(self._draw_later)
        search.found.connect(self._show_found)
        search.failed.connect(self._show_failure)
        self._draw.timeout.connect(self._redraw)
        self.plot.rate_moved.connect(self._take_moved)
        self.rate.value_changed.connect(self._take_typed)
        self.network.chosen.connect(self._redraw_other)
        self.heights.chosen.connect(lambda heights: self.plot.set_logarithmic(heights == "log"))
        self.stop_button.clicked.connect(search.finish)
        self.use_button.clicked.connect(self._use)
        self.close_button.clicked.connect(self.reject)
        self.finished.connect(lambda _: search.cancel())

    def _show_networks(self) -> None:
        names = list(self._search.traces)
        self.network.setVisible(len(names) > 1)
        if self.network.count() != len(names):
            self.network.set_choices({name: name.capitalize() for name in names})
        running = self._search.is_running
        self.stop_button.setVisible(running)
        self._bar.setVisible(running)
        self.use_button.setEnabled(bool(names) and not running)
        self.rate.setEnabled(bool(names) and not running)

    @property
    def _current(self) -> str:
        return str(self.network.currentData() or next(iter(self._search.traces), ""))

    def _draw_later(self) -> None:
        if not self._draw.isActive():
            self._draw.start()

    def _redraw(self) -> None:
        self._show_networks()
        trace = self._search.traces.get(self._current)
        if trace is not None:
            self.plot.set_numbers(trace.rates, trace.losses, trace.smoothed)

    def _redraw_other(self) -> None:
        self._redraw()
        if self._search.result is not None:
            self._suggest(self._search.result)

    def _show_progress(self, progress: Progress) -> None:
        self._bar.setRange(0, progress.total)
        self._bar.setValue(progress.done)
        self._words.setText(f"{progress.stage}. Copies of the network are used; yours is not touched.")

    def _show_found(self, found: FoundRates) -> None:
        self._redraw()
        self._words.setText("Choose a rate at which the loss still falls well, before it turns up.")
        self._suggest(found)

    def _suggest(self, found: FoundRates) -> None:
        curve = next((one for one in found.curves if one.network == self._current), None)
        rate = None if curve is None else curve.valley or curve.steepest
        self.suggestions.setText(_words_for(curve))
        if rate is not None:
            self.rate.set_value(rate)
            self.plot.set_rate(rate)
        self.use_button.setEnabled(rate is not None)

    def _show_failure(self, failure: Failure) -> None:
        self._show_networks()
        self._words.setText(f"{failure.cause} {failure.remedy}")

    def _take_moved(self, rate: float) -> None:
        self.rate.set_value(float(f"{rate:.3g}"))
        self.use_button.setEnabled(not self._search.is_running)

    def _take_typed(self, rate: float) -> None:
        self.plot.set_rate(rate)

    def _use(self) -> None:
        self.rate_chosen.emit(float(self.rate.value))
        self.accept()


def _words_for(curve: RateCurve | None) -> str:
    if curve is None:
        return ""
    found = [
        f"{words} {rate:.2g}"
        for words, rate in (("middle of the descent", curve.valley), ("steepest at", curve.steepest))
        if rate is not None
    ]
    if not found:
        return "The loss never fell: try again with other pictures or settings, or keep the schedule's rate."
    return "Suggested: " + ", ".join(found)
