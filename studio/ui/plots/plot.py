"""Plots that look and behave like the rest of the studio: pyqtgraph in the colours, fonts and manners of the theme.

Importing this file imports pyqtgraph, about 0.2 s on a slow machine. So whoever shows plots imports them when they are
first shown, never at module level on the window's way to its first frame (`tests/ui/plots/test_plot_style.py` looks).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFont, QKeyEvent, QPainter, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QToolButton, QWidget

from studio.ui.icons import set_icon
from studio.ui.theme import Theme, mark, with_even_figures
from studio.ui.tokens import Scheme, Tokens

LINES: dict[Scheme, tuple[str, ...]] = {
    "dark": ("#6fa8dc", "#dd784a", "#a5d7b7", "#cf78a1", "#e8d488", "#a07ef9", "#cb9882", "#35cfcd"),
    "light": ("#1c5c99", "#b84e00", "#004d33", "#93246b", "#4d4300", "#3b1a9c", "#7a4450", "#187a74"),
}
"""Colours of lines, by scheme: the same family in the same place. Any two of the first six stay apart (CIE76 ≥ 15) with
each kind of colour blindness (Machado et al. 2009), mostly by their lightness; all stand out (WCAG ≥ 3) everywhere."""

SMOOTH_UP_TO = 500
"""Noisy lines of more points are drawn without antialiasing: nobody sees it there, and everybody would wait for it."""

_GRID_ALPHA = 150
_LEFT_WIDTH, _BOTTOM_HEIGHT = 64, 40
_ZOOM_STEP = 0.8
_BUTTON = 28


@dataclass(frozen=True, slots=True)
class AxisWords:
    """What an axis shows: its name, its unit, and how a number is written there (number, distance of ticks)."""

    label: str = ""
    unit: str = ""
    write: Callable[[float, float], str] | None = None

    @property
    def title(self) -> str:
        """Name and unit, as drawn along the axis."""
        return f"{self.label} ({self.unit})" if self.label and self.unit else self.label or self.unit


def line_colour(tokens: Tokens, index: int) -> QColor:
    """Return the colour of line `index`; after the eighth they begin again."""
    colours = LINES[tokens.scheme]
    return QColor(colours[index % len(colours)])


def line_pen(colour: QColor, width: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """Return a pen whose width is in pixels, however far one zooms."""
    pen = QPen(colour, width, style)
    pen.setCosmetic(True)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen


def short_number(value: float, spacing: float) -> str:
    """Return a number as an axis shows it: 0.25, 1,500, 40k, 1.2M, 3e-5; `spacing` says how fine it must be."""
    if value == 0:
        return "0"
    size = abs(value)
    if size < 1e-3:
        return _without_padding(f"{value:.{_significant(size, spacing)}e}")
    for unit, finest, sign in ((1e9, 1e7, "G"), (1e6, 1e4, "M"), (1e3, 1e3, "k")):
        if size >= unit and spacing >= finest:
            return f"{value / unit:.{_places(spacing / unit)}f}{sign}".replace(f".0{sign}", sign)
    return f"{value:,.{_places(spacing)}f}"


def whole_number(value: float, spacing: float) -> str:
    """Return a number of things that come one at a time, such as steps; nothing for what lies between them."""
    return short_number(round(value), max(spacing, 1.0)) if abs(value - round(value)) < 1e-6 else ""


class PlotAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis of fixed breadth, so that the picture beside it never jumps, with numbers one can read."""

    def __init__(self, side: str, words: AxisWords) -> None:
        super().__init__(side)
        self.words = words
        self.enableAutoSIPrefix(False)
        self.setCacheMode(self.CacheMode.DeviceCoordinateCache)  # numbers and grid are drawn once, not at each repaint
        self.setStyle(tickLength=0, maxTickLevel=0, autoExpandTextSpace=False, tickTextOffset=6)
        self.setGrid(_GRID_ALPHA)
        self.setWidth(_LEFT_WIDTH) if side == "left" else self.setHeight(_BOTTOM_HEIGHT)
        self.set_words(words)

    def set_words(self, words: AxisWords) -> None:
        """Name the axis otherwise."""
        self.words = words
        self.setLabel(words.title)
        self.picture = None
        self.update()

    def apply_theme(self, tokens: Tokens, font: QFont) -> None:
        """Take the theme's colours and a font."""
        self.labelStyle = {"font-size": f"{tokens.small_size}px"}
        self.label.setFont(font)
        self.setTickFont(font)
        self.setTextPen(QColor(tokens.text_muted))
        self.setPen(QColor(tokens.border))
        self.setTickPen(QColor(tokens.border))
        self.labelStyle["color"] = tokens.text_muted
        self.setLabel(self.words.title)

    def logTickValues(
        self, low: float, high: float, size: float, ticks: Sequence[tuple[float, list[float]]]
    ) -> list[tuple[float, list[float]]]:
        """Label whole powers of ten, and 2 and 5 between them where there is room."""
        decades = range(math.floor(low), math.ceil(high) + 1)
        room = size / max(high - low, 1e-9)  # px for one power of ten
        factors = (1, 2, 5) if room > 90 else (1,)
        every = max(1, math.ceil(28 / max(room, 1e-9)))
        shown = [d + math.log10(f) for d in decades if d % every == 0 for f in factors]
        inside = [value for value in shown if low <= value <= high]
        return [(1.0, inside)] if len(inside) > 1 else [(s, v) for s, v in ticks]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:  # noqa: D102
        write = self.words.write or short_number
        if self.logMode:
            numbers = [10.0**value for value in values]
            return [write(number, _log_spacing(number, spacing)) for number in numbers]
        return [write(value * scale, spacing * scale) for value in values]


class PlotView(pg.ViewBox):  # type: ignore[misc]
    """What lies between the axes. The wheel zooms along x (with Shift along y), a drag moves; there is no menu."""

    moved_by_hand = Signal(bool, bool)
    """Zoomed or moved along x, along y."""

    def __init__(self) -> None:
        super().__init__(enableMenu=False, defaultPadding=0.02)
        self.setMouseEnabled(True, True)
        self.drags_y = False
        """Whether a drag also moves along y: only once y no longer follows the data."""

    def wheelEvent(self, event: object, axis: int | None = None) -> None:  # noqa: D102
        if axis is None:
            axis = 1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 0  # type: ignore[attr-defined]
        super().wheelEvent(event, axis)
        self.moved_by_hand.emit(axis == 0, axis == 1)

    def mouseDragEvent(self, event: object, axis: int | None = None) -> None:  # noqa: D102
        if event.button() == Qt.MouseButton.RightButton:  # type: ignore[attr-defined]
            event.ignore()  # type: ignore[attr-defined]
            return
        if axis is None and not self.drags_y:
            axis = 0
        super().mouseDragEvent(event, axis)
        self.moved_by_hand.emit(axis != 1, axis != 0)

    def zoom(self, factor: float, centre: float | None = None) -> None:
        """Show `factor` times as much along x, around `centre` or the middle."""
        (left, right), _ = self.viewRange()
        self.scaleBy(x=factor, center=QPointF((left + right) / 2 if centre is None else centre, 0))
        self.moved_by_hand.emit(True, False)

    def pan(self, share: float) -> None:
        """Move along x by a share of what is shown."""
        (left, right), _ = self.viewRange()
        self.translateBy(x=(right - left) * share)
        self.moved_by_hand.emit(True, False)


class Plot(pg.PlotWidget):  # type: ignore[misc]
    """An empty plot in the studio's colours and fonts.

    Click it, then: the wheel or + and − zoom, Shift + arrows move, Home shows everything again, as does the button
    that appears in the corner. Subclasses colour their lines in `_style_lines`.

    Args:
        name: what screen readers call it.
        x: the words of the bottom axis.
        y: the words of the left axis.

    """

    def __init__(self, theme: Theme, name: str, x: AxisWords, y: AxisWords, parent: QWidget | None = None) -> None:
        self.view = PlotView()
        self.axes = {"bottom": PlotAxis("bottom", x), "left": PlotAxis("left", y)}
        super().__init__(parent, viewBox=self.view, axisItems=self.axes)
        self._theme = theme
        self.whole_button = QToolButton(self)
        self._set_up(name)
        self._apply_theme(theme.tokens)
        theme.theme_changed.connect(self._apply_theme)
        self.view.moved_by_hand.connect(self._offer_whole)
        self.whole_button.clicked.connect(self.show_all)

    def _set_up(self, name: str) -> None:
        self.setFrameShape(self.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self.setAccessibleDescription("+ and − zoom, Shift with arrows moves, Home shows everything")
        self.hideButtons()
        self.plotItem.setMenuEnabled(False)
        menu = self.plotItem.ctrlMenu  # never shown, but it must end with the plot, and the Tab key pass it by
        menu.setParent(self, menu.windowFlags())
        for widget in (menu, *menu.findChildren(QWidget)):
            widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plotItem.layout.setContentsMargins(8, 8, 8, 8)
        button = self.whole_button
        button.setFixedSize(_BUTTON, _BUTTON)
        button.setIconSize(QSize(16, 16))
        button.setAccessibleName("Show everything")
        button.setToolTip("Show everything again (Home)")
        mark(button, kind="overlay")
        set_icon(button, "fit", self._theme)
        button.hide()

    def show_all(self) -> None:
        """Show everything, and keep to that as more comes."""
        self.view.drags_y = False
        self.enableAutoRange()
        self.whole_button.hide()

    def set_log(self, log: bool) -> None:
        """Tell the left axis that what is drawn are logarithms (base 10)."""
        self.axes["left"].setLogMode(log)

    def close(self) -> bool:  # noqa: D102 - pyqtgraph's own takes itself apart and cannot be asked twice
        return bool(QWidget.close(self))

    def _offer_whole(self, _along_x: bool, along_y: bool) -> None:
        self.view.drags_y |= along_y
        self.whole_button.show()

    # -- theme ---------------------------------------------------------------------------------------------------------

    def _apply_theme(self, tokens: Tokens) -> None:
        self.setBackground(QColor(tokens.field))
        font = with_even_figures(self.font())
        font.setPixelSize(tokens.small_size)
        for axis in self.axes.values():
            axis.apply_theme(tokens, font)
            axis.setZValue(-1)  # the grid lies below the lines
        self._style_lines(tokens)

    def _style_lines(self, tokens: Tokens) -> None:
        """Colour what is drawn; for subclasses."""

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        """Draw a ring around what lies between the axes while the plot has the focus."""
        super().drawForeground(painter, rect)
        if self.hasFocus():
            painter.setPen(line_pen(self._theme.colour("focus"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.view.sceneBoundingRect()).adjusted(-1, -1, 1, 1))

    # -- hand and keys -------------------------------------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: D102
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()  # the wheel scrolls the panel until the plot has been chosen

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: D102
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: D102
        super().focusOutEvent(event)
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        key = event.key()
        shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.view.zoom(_ZOOM_STEP)
        elif key in (Qt.Key.Key_Minus, Qt.Key.Key_Underscore):
            self.view.zoom(1 / _ZOOM_STEP)
        elif key == Qt.Key.Key_Home:
            self.show_all()
        elif shifted and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.view.pan(0.1 if key == Qt.Key.Key_Right else -0.1)
        else:
            event.ignore()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        if hasattr(self, "whole_button"):  # pyqtgraph resizes while it is built
            self.whole_button.move(self.width() - _BUTTON - 12, 12)


def _places(spacing: float) -> int:
    """Return the digits behind the point that a distance between ticks needs."""
    return max(0, math.ceil(-math.log10(spacing) - 1e-9)) if spacing > 0 else 0


def _significant(size: float, spacing: float) -> int:
    return max(0, math.floor(math.log10(size)) - math.floor(math.log10(spacing) + 1e-9)) if spacing > 0 else 2


def _without_padding(text: str) -> str:
    mantissa, _, power = text.partition("e")
    return f"{mantissa}e{int(power)}"


def _log_spacing(number: float, spacing: float) -> float:
    """Return how fine a number on a logarithmic axis is written: its own power of ten, finer between close ticks."""
    whole = 10.0 ** math.floor(math.log10(number) + 1e-9)
    return whole if spacing >= 1 else whole * 10.0 ** math.floor(math.log10(spacing))
