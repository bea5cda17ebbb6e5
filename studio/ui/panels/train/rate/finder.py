"""The range test's answer: the loss over the learning rate, what it suggests, and a click to take a rate."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from studio.training.rate_curve import RateCurve, RateSweep, RateTrial, Spacing
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.layouts import column, row
from studio.ui.controls.number_box import number_text, read_number
from studio.ui.controls.segments import Segments
from studio.ui.theme import Theme, mark, with_even_figures

if TYPE_CHECKING:
    from studio.ui.panels.train.rate.plot import RatePlot

_WAITING = "Tries ever higher learning rates on a copy, and watches where it learns and where it breaks."
_READY = "Click where the loss falls steadily, well before it turns."


class RateFinder(QWidget):
    """Shows the curves of a range test and offers a rate."""

    rate_chosen = Signal(float)
    """Somebody wants to train with this rate."""
    find_requested = Signal()
    """Somebody wants the test to be made."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._curves: dict[str, RateCurve] = {}
        self._trials: tuple[RateTrial, ...] = ()
        self._shown = ""
        self._rate: float | None = None
        self._running = False
        self._trying = ""
        self._spacing: Spacing = "exponential"
        self._names: Segments | None = None
        self.plot: RatePlot | None = None
        self.find_button = QPushButton("Try rates", self)
        self.low_box, self.high_box = (
            QLineEdit(number_text(rate), self) for rate in (RateSweep().low, RateSweep().high)
        )
        self.spacing_choice = Segments({"exponential": "By a factor", "linear": "Evenly"}, self)
        self.scale_choice = Segments({"log": "Log", "linear": "Linear"}, self)
        self.words = ElidingLabel(_WAITING, self)
        self.valley_button = QPushButton("Valley", self)
        self.steepest_button = QPushButton("Steepest", self)
        self.rate_box = QLineEdit(self)
        self.use_button = QPushButton("Use this rate", self)
        self._plot_place = QVBoxLayout()
        self._set_up()
        self._lay_out()
        self._connect()
        self._follow()

    def _set_up(self) -> None:
        self.find_button.setToolTip("Make a learning-rate range test; the run itself is left untouched")
        for box, words in ((self.low_box, "Lowest rate"), (self.high_box, "Highest rate")):
            box.setFixedWidth(64)
            box.setAlignment(Qt.AlignmentFlag.AlignRight)
            box.setFont(with_even_figures(box.font()))
            box.setAccessibleName(words)
            box.setToolTip(f"{words} that is tried")
        self.spacing_choice.set_current(self._spacing)
        tips = ("Each rate is the same factor above the one before (exponential sweep)",
                "Each rate is as much above the one before (linear sweep)")  # fmt: skip
        for choice, tip in zip(self.spacing_choice.buttons, tips, strict=True):
            choice.setAccessibleName(f"Rates rise {choice.text().lower()}")
            choice.setToolTip(tip)
        self.scale_choice.set_current("log")
        for choice, words in zip(self.scale_choice.buttons, ("logarithmic", "linear"), strict=True):
            choice.setAccessibleName(f"{words.capitalize()} rates")
            choice.setToolTip(f"Draw the rates on a {words} axis")
            choice.setFixedWidth(64)
        self.valley_button.setToolTip("The middle of the longest descent: a safe and quick rate")
        self.steepest_button.setToolTip("Where the loss falls fastest")
        for button in (self.valley_button, self.steepest_button):
            mark(button, kind="link")
        self.rate_box.setFixedWidth(112)
        self.rate_box.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.rate_box.setFont(with_even_figures(self.rate_box.font()))
        self.rate_box.setPlaceholderText("rate")
        self.rate_box.setAccessibleName("Learning rate")
        self.rate_box.setToolTip("The chosen learning rate, exactly")
        self.use_button.setToolTip("Make this the highest rate of the schedule; the others keep their proportions")
        mark(self.use_button, kind="primary")
        mark(self.words, tone="muted")

    def _lay_out(self) -> None:
        gap = self._theme.tokens.gap
        asked: list[QWidget] = []
        for words, box in (("from", self.low_box), ("to", self.high_box)):
            asked += [_caption(words, box, self), box]
        self._header = row(self.find_button, *asked, self.spacing_choice, None, self.scale_choice, gap=gap)
        rate = (_caption("Learning rate", self.rate_box, self), self.rate_box, self.use_button)
        footer = row(self.valley_button, self.steepest_button, None, *rate, gap=gap)
        self.setLayout(column(self._header, (self._plot_place, 1), self.words, footer, gap=gap))

    def _connect(self) -> None:
        self.find_button.clicked.connect(self.find_requested)
        self.spacing_choice.chosen.connect(self._set_spacing)
        self.scale_choice.chosen.connect(self._set_scale)
        self.valley_button.clicked.connect(self._take_valley)
        self.steepest_button.clicked.connect(self._take_steepest)
        self.rate_box.editingFinished.connect(self._read_rate)
        self.use_button.clicked.connect(self._use)

    @property
    def sweep(self) -> RateSweep:
        """Which rates shall be tried.

        Raises:
            ValueError: what was typed is no range of rates.

        """
        low, high = read_number(self.low_box.text()), read_number(self.high_box.text())
        return RateSweep(low, high, spacing=self._spacing)

    # -- what it is told ----------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """A test has begun: forget the last one."""
        self._curves, self._trials, self._rate = {}, (), None
        self._trying = ""
        self._running = True
        self._show_networks()
        self._follow()

    def add(self, values: Mapping[str, float]) -> None:
        """Take in one step of a running test: the values of its `Metrics`."""
        for network in {name.rpartition(".")[0] for name in values}:
            step = {name: values[f"{network}.{name}"] for name in ("rate", "loss", "smoothed")}
            before = self._curves.get(network) or RateCurve(network, np.empty(0), np.empty(0), np.empty(0))
            self._curves[network] = RateCurve(
                network,
                np.append(before.rates, step["rate"]),
                np.append(before.losses, step["loss"]),
                np.append(before.smoothed, step["smoothed"]),
            )
            if before.rates.size == 0:
                self._shown = network
                self._show_networks()
        self._follow()

    def show_trial(self, words: str) -> None:
        """The curve is known; what it suggests is being tried."""
        self._trying = words
        self._follow()

    def set_curves(self, curves: Sequence[RateCurve], trials: Sequence[RateTrial] = ()) -> None:
        """Show a finished test.

        Proposed is the rate with which the trials came furthest. Where none were made nobody has tried what the curve
        suggests: of one network alone nothing is proposed then, of several the first one's suggestion.
        """
        self._trials, self._trying = tuple(trials), ""
        self._curves = {curve.network: curve for curve in curves}
        self._shown = curves[0].network if curves else ""
        self._running = False
        self._show_networks()
        self._propose()
        self._follow()

    def stop(self) -> None:
        """The test ended without an answer; what was measured stays."""
        self._running = False
        self._follow()

    @property
    def rate(self) -> float | None:
        """The rate that is chosen now."""
        return self._rate

    def set_rate(self, rate: float) -> None:
        """Choose a rate, without using it yet."""
        self._rate = rate
        self._follow()

    # -- inside -------------------------------------------------------------------------------------------------------

    @property
    def _curve(self) -> RateCurve | None:
        return self._curves.get(self._shown)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102
        self._make_plot()
        super().showEvent(event)

    def _make_plot(self) -> None:
        if self.plot is not None:
            return
        from studio.ui.panels.train.rate.plot import RatePlot  # imports pyqtgraph: not before it is seen

        self.plot = RatePlot(self._theme, self)
        self.plot.rate_picked.connect(self.set_rate)
        self._plot_place.addWidget(self.plot)
        QWidget.setTabOrder(self.scale_choice.buttons[-1], self.plot)
        QWidget.setTabOrder(self.plot, self.valley_button)
        self._follow()

    def _show_networks(self) -> None:
        """Offer a choice where there are several networks."""
        if self._names is not None:
            self._names.deleteLater()
            self._names = None
        if len(self._curves) < 2:
            return
        names = {network: network.replace("_", " ").capitalize() for network in self._curves}
        self._names = Segments(names, self)
        for button in self._names.buttons:
            button.setAccessibleName(f"Curve of the {button.text().lower()}")
            button.setToolTip(f"Show how the {button.text().lower()} took the rates")
            button.setMinimumWidth(88)
        self._names.set_current(self._shown)
        self._names.chosen.connect(self._show_network)
        self._header.insertWidget(self._header.indexOf(self.scale_choice), self._names)

    def _show_network(self, network: str) -> None:
        self._shown = network
        if not self._running:
            self._propose()
        self._follow()

    def _propose(self) -> None:
        curve = self._curve
        if self._trials:
            self._rate = min(self._trials, key=lambda trial: trial.loss).rate
        else:
            self._rate = curve.suggested if curve is not None and len(self._curves) > 1 else None

    def _set_spacing(self, spacing: str) -> None:
        self._spacing = cast(Spacing, spacing)

    def _set_scale(self, scale: str) -> None:
        if self.plot is not None:
            self.plot.set_scale("linear" if scale == "linear" else "log")

    def _take_valley(self) -> None:
        self._take(self._curve.valley if self._curve is not None else None)

    def _take_steepest(self) -> None:
        self._take(self._curve.steepest if self._curve is not None else None)

    def _take(self, rate: float | None) -> None:
        if rate is not None:
            self.set_rate(_brief(rate))

    def _read_rate(self) -> None:
        try:
            rate = read_number(self.rate_box.text())
        except ValueError:
            rate = 0.0
        if rate > 0:
            self._rate = rate
        self._follow()

    def _use(self) -> None:
        if self._rate is not None:
            self.rate_chosen.emit(self._rate)

    def _follow(self) -> None:
        curve = self._curve
        running = self._running
        self.find_button.setEnabled(not running)
        suggested = (curve.valley, curve.steepest) if curve is not None and not running else (None, None)
        for button, name, rate in zip(
            (self.valley_button, self.steepest_button), ("Valley", "Steepest"), suggested, strict=True
        ):
            button.setText(name if rate is None else f"{name} {number_text(_brief(rate))}")
            button.setVisible(rate is not None)
        self.rate_box.setText("" if self._rate is None else number_text(self._rate))
        self.rate_box.setEnabled(curve is not None)
        self.use_button.setEnabled(self._rate is not None and not running)
        self.words.setText(self._sentence(curve, running))
        if self.plot is not None:
            self.plot.show_curve(curve, valley=suggested[0], steepest=suggested[1], chosen=self._rate)

    def _sentence(self, curve: RateCurve | None, running: bool) -> str:
        if curve is None:
            return "Trying the first rate…" if running else _WAITING
        if running and self._trying:
            return self._trying
        if running:
            return f"Trying {number_text(_brief(float(curve.rates[-1])))}…"
        if curve.valley is None and curve.steepest is None:
            return "The loss never falls here: try again with lower or higher rates, or more steps."
        return _compared(self._trials) if self._trials else _READY


def _brief(rate: float) -> float:
    """What a suggestion means is no more exact than two digits."""
    return float(f"{rate:.2g}")


def _compared(trials: Sequence[RateTrial]) -> str:
    """Say which rate came further: the schedule's own, or the one that the curve suggests."""
    own, suggested = trials
    ends = [
        f"{number_text(_brief(trial.rate))} {'diverged' if trial.loss == math.inf else f'came to {trial.loss:.3g}'}"
        for trial in trials
    ]
    better = "curve" if suggested.loss < own.loss else "schedule"
    return f"Tried for {own.steps} steps: the schedule's {ends[0]}, the curve's {ends[1]}. The {better}'s is better."


def _caption(words: str, box: QWidget, parent: QWidget) -> QLabel:
    """Name what a box beside it asks for."""
    caption = QLabel(words, parent)
    caption.setBuddy(box)
    mark(caption, tone="muted")
    return caption
