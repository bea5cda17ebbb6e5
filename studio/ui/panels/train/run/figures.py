"""The line of live figures of a run: how far, how fast, how long still; each in its fixed place."""

import math
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QLayout, QSizePolicy, QWidget

from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.layouts import column, row
from studio.ui.theme import Theme, mark, with_even_figures

_WAITS_MUCH = 0.05
"""Share of the time spent waiting for data above which it is worth saying so."""


@dataclass(frozen=True, slots=True)
class RunFigures:
    """What is known of a run now; None where it is not."""

    stage: str = ""
    step: int | None = None
    total: int | None = None
    epoch: float | None = None
    images_per_second: float | None = None
    seconds_left: float | None = None
    seconds_left_spread: float = 0.0
    """Half the width of the interval that the time left lies in, probably."""
    data_wait: float | None = None
    """Share of the time, 0–1."""
    memory_mb: float | None = None


class RunFiguresLine(QWidget):
    """Captions with figures below them; what is not known yet is a dash.

    Where there is no room for all, the less important ones give way.
    """

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.stage = ElidingLabel("", self)
        self.step = _Figure("Step", "8,888,888 / 8,888,888", "Steps done, and in all", self)
        self.epoch = _Figure("Epoch", "8888.88", "How often all pictures have been seen", self)
        self.pace = _Figure("Images/s", "88,888", "Pictures learnt from in a second", self)
        self.left = _Figure("Time left", "88.8–88.8 min", "Between these two, most likely", self)
        self.wait = _Figure("Data wait", "▲ 100 %", "Share of the time spent waiting for pictures to be read", self)
        self.memory = _Figure("Memory", "888.8 GB", "Memory in use on the device that computes", self)
        self._lay_out()
        self.set_figures(RunFigures())

    def _lay_out(self) -> None:
        tokens = self._theme.tokens
        self.stage.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.stage.setMinimumWidth(96)
        mark(self.stage, tone="strong")
        figures = (self.step, self.epoch, self.pace, self.left, self.wait, self.memory)
        margins = (tokens.margin, tokens.gap // 2, tokens.margin, tokens.gap // 2)
        layout = row((self.stage, 1), *figures, gap=2 * tokens.gap, margins=margins)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # `minimumSizeHint` says how narrow
        self.setLayout(layout)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        least = self._room_beside_figures() + sum(self._room_for(one) for one in self._by_weight[:2])
        return QSize(least, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        room = self.width() - self._room_beside_figures()
        for figure in self._by_weight:
            room -= self._room_for(figure)
            figure.setVisible(room >= 0)

    @property
    def _by_weight(self) -> tuple["_Figure", ...]:
        return (self.step, self.left, self.pace, self.epoch, self.wait, self.memory)

    def _room_beside_figures(self) -> int:
        return self.stage.minimumWidth() + 2 * self._theme.tokens.margin

    def _room_for(self, figure: "_Figure") -> int:
        return figure.sizeHint().width() + 2 * self._theme.tokens.gap

    @property
    def text(self) -> str:
        """Everything the line says, as one sentence."""
        figures = (self.step, self.epoch, self.pace, self.left, self.wait, self.memory)
        return " · ".join([self.stage.text(), *(f"{one.caption} {one.text}" for one in figures)])

    def set_figures(self, figures: RunFigures) -> None:
        """Show these."""
        if figures.stage != self.stage.text():
            self.stage.setText(figures.stage)
        self.step.show_text(_steps(figures.step, figures.total))
        self.epoch.show_text("" if figures.epoch is None else f"{figures.epoch:.2f}")
        self.pace.show_text("" if figures.images_per_second is None else _pace(figures.images_per_second))
        self.left.show_text(time_left(figures.seconds_left, figures.seconds_left_spread))
        wait = figures.data_wait
        self.wait.show_text("" if wait is None else f"{wait:.0%}".replace("%", " %"), warns=(wait or 0) > _WAITS_MUCH)
        self.memory.show_text("" if figures.memory_mb is None else _memory(figures.memory_mb))


class _Figure(QWidget):
    """A small caption, and below it a figure that has room for its widest."""

    def __init__(self, caption: str, widest: str, hint: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.caption = caption
        self._hint = hint
        self._caption = QLabel(caption, self)
        self._value = QLabel(self)
        mark(self._caption, tone="small")
        self._value.setFont(with_even_figures(self._value.font()))
        self._value.setFixedWidth(self._value.fontMetrics().horizontalAdvance(widest) + 4)
        for label in (self._caption, self._value):
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setLayout(column(self._caption, self._value, gap=0))
        self.setToolTip(hint)

    @property
    def text(self) -> str:
        """The figure, as it is shown."""
        return self._value.text()

    def show_text(self, text: str, *, warns: bool = False) -> None:
        """Show a figure; one that `warns` says so in its tooltip and with a sign."""
        words = f"▲ {text}" if warns and text else text or "–"
        if words != self._value.text():
            self._value.setText(words)
            self._value.setAccessibleName(f"{self.caption}: {text or 'not known yet'}")
            self.setToolTip(f"{self._hint}\nMore than it should be" if warns else self._hint)


def time_left(seconds: float | None, spread: float = 0.0) -> str:
    """Return "12–15 min", "40 s", "2.5–3 h" or "1.2–1.4 days"; "" where it is not known.

    The ends are rounded to what the spread lets one know: halves and fives, never false digits.
    """
    if seconds is None or not math.isfinite(seconds):
        return ""
    low, high = max(0.0, seconds - spread), seconds + spread
    unit, sign = next(
        (length, sign) for least, length, sign in ((48 * 3600, 86400, "days"), (5400, 3600, "h"), (90, 60, "min"),
                                                   (0, 1, "s")) if high >= least
    )  # fmt: skip
    grain = _grain(high / unit, spread / unit, whole=unit < 3600)
    first, last = (_rounded(end / unit, grain) for end in (low, high))
    return f"{last} {sign}" if first == last else f"{first}–{last} {sign}"


def _grain(value: float, spread: float, *, whole: bool) -> float:
    """Return to what a time is rounded: about a quarter of its spread, and never finer than shows."""
    least = 1.0 if whole else 0.1
    wanted = max(spread / 2, value / 50, least)
    return max((one for one in (0.1, 0.5, 1.0, 5.0, 10.0) if one <= wanted and one >= least), default=least)


def _rounded(value: float, grain: float) -> str:
    rounded = round(value / grain) * grain
    return f"{rounded:.1f}".removesuffix(".0")


def _steps(step: int | None, total: int | None) -> str:
    if step is None:
        return ""
    return f"{step:,} / {total:,}" if total else f"{step:,}"


def _pace(images: float) -> str:
    return f"{images:,.0f}" if images >= 100 else f"{images:.1f}" if images >= 1 else f"{images:.2f}"


def _memory(megabytes: float) -> str:
    return f"{megabytes:,.0f} MB" if megabytes < 1000 else f"{megabytes / 1024:.1f} GB"
