"""The drawable curves: learning rate above, momentum below, phases as spans whose borders and ends can be dragged.

Importing this file imports pyqtgraph; the editor does so when it is first shown.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QToolTip, QWidget

from studio.training.schedule import Curve, Phase
from studio.ui.controls.layouts import column
from studio.ui.controls.number_box import number_text
from studio.ui.panels.train.schedule_editor.edits import CurveName, Point, rounded, value_at
from studio.ui.panels.train.schedule_editor.plot_paint import (
    CAPTION,
    TICKS_HEIGHT,
    Scene,
    paint_captions,
    paint_marks,
    paint_spans,
    paint_unit,
)
from studio.ui.panels.train.schedule_editor.state import EditorState
from studio.ui.plots.plot import AxisWords, Plot, line_colour, line_pen
from studio.ui.theme import Theme
from studio.ui.tokens import Tokens

Scale: TypeAlias = Literal["linear", "log"]

_REACH = 9.0
"""How near the mouse must come to a handle, px; to a border a little less."""
_MOMENTUM_TOP = 0.999
_DECADES = 6
"""How far a logarithmic axis goes down at most; rates below (and 0) lie on its floor."""


@dataclass(frozen=True, slots=True)
class Border:
    """The end of a phase: what is dragged sideways."""

    phase: int


Grip: TypeAlias = Point | Border

_HOW: dict[type, str] = {
    Point: "Drag up or down. With Alt it leaves what is joined to it.",
    Border: "Drag to the side: one phase gains what the other gives.",
}


class SchedulePlot(QWidget):
    """Both curves over the same steps.

    Args:
        state: what is drawn, and what a drag changes.

    """

    hovered = Signal(object)
    """The step under the mouse, or None."""
    dragged = Signal(str)
    """What a drag has made of it so far, in words."""

    def __init__(self, state: EditorState, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rate = PhasePlot("learning_rate", "Learning rate", state, theme, self)
        self.momentum = PhasePlot("momentum", "Momentum", state, theme, self)
        self.rate.axes["bottom"].setStyle(showValues=False)
        self.rate.axes["bottom"].setHeight(2)
        self.momentum.plotItem.setXLink(self.rate.plotItem)
        self.setLayout(column((self.rate, 5), (self.momentum, 4), gap=0))
        self._connect()

    def _connect(self) -> None:
        for plot in (self.rate, self.momentum):
            plot.hovered.connect(self.hovered)
            plot.dragged.connect(self.dragged)

    def set_scale(self, scale: Scale) -> None:
        """Draw the learning rate on a linear or a logarithmic axis."""
        self.rate.set_scale(scale)

    def set_counted(self, counted: bool) -> None:
        """Say which steps there are; or do not, because nobody knows yet how many."""
        self.momentum.counted = counted
        self.momentum.axes["bottom"].setStyle(showValues=counted)
        self.momentum.viewport().update()


class PhasePlot(Plot):
    """One curve of the schedule.

    A handle is dragged up and down, a border to the side; with Alt held a handle leaves what is joined to it. Escape
    gives a drag up. A click chooses a phase, as do the arrow keys.
    """

    hovered = Signal(object)
    dragged = Signal(str)

    def __init__(self, curve: CurveName, title: str, state: EditorState, theme: Theme, parent: QWidget) -> None:
        self._curve: CurveName = curve
        self._title = title
        self._state = state
        self._scale: Scale = "linear"
        self._under: Grip | None = None
        self._held: Grip | None = None
        self._painted_now: float | None = None
        self.counted = True
        self._line = pg.PlotCurveItem(antialias=True)
        super().__init__(theme, f"{title} over the steps", AxisWords(), AxisWords(title), parent)
        self._prepare()
        self._connect()
        self._follow()
        self.show_all()

    def _prepare(self) -> None:
        self.setCacheMode(self.CacheModeFlag.CacheNone)  # phases are drawn as background, and change
        self.setMinimumHeight(96)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.plotItem.addItem(self._line)
        for axis in self.axes.values():
            axis.setZValue(-1)  # a steady rate lies exactly on a line of the grid
        self.axes["bottom"].setHeight(TICKS_HEIGHT)
        self.setToolTip("")
        self.setAccessibleDescription(
            "Arrow keys choose a phase; its exact numbers are in the table. Plus and minus zoom, Home shows everything."
        )

    def _connect(self) -> None:
        self._state.changed.connect(self._follow)
        self._state.schedule_changed.connect(self._follow)
        self._state.selected.connect(self._repaint)
        self._state.position_changed.connect(self._follow_position)
        self.view.sigRangeChanged.connect(self._repaint)
        self.view.sigResized.connect(self._fit)

    def set_scale(self, scale: Scale) -> None:
        """Draw it on a linear or a logarithmic axis."""
        self._scale = scale
        self.set_log(scale == "log")
        self._follow()
        self.show_all()

    def show_all(self) -> None:  # noqa: D102
        low, high = self._limits()
        total = self._state.timeline.total_steps
        self.view.drags_y = False
        self.view.setRange(xRange=(0, total * 1.03), yRange=(low, high), padding=0, disableAutoRange=True)
        self.whole_button.hide()

    # -- what is drawn ------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        steps, rates, momenta = self._state.timeline.curve(800)
        self._line.setData(steps, self._heights(rates if self._curve == "learning_rate" else momenta))
        self._fit()
        self._repaint()

    def _fit(self) -> None:
        """Show everything, unless somebody has zoomed, or is just dragging."""
        if not self._state.in_hand and self.whole_button.isHidden():
            self.show_all()

    def _follow_position(self) -> None:
        """Of a million steps, most do not move the marker by a pixel."""
        now = self._now()
        if (now is None) != (self._painted_now is None) or abs((now or 0) - (self._painted_now or 0)) >= 0.5:
            self._repaint()

    def _now(self) -> float | None:
        position, total = self._state.position, self._state.timeline.total_steps
        return None if position is None else self._place(min(position, total), 0).x()

    def _repaint(self) -> None:
        self.viewport().update()

    def _style_lines(self, tokens: Tokens) -> None:
        if hasattr(self, "_line"):
            self._line.setPen(line_pen(self._colour, 2.0))

    @property
    def _colour(self) -> QColor:
        return line_colour(self._theme.tokens, 0 if self._curve == "learning_rate" else 1)

    def _values(self) -> Curve:
        ends = (getattr(phase, self._curve) for phase in self._state.schedule.phases)
        return np.array([value for ramp in ends for value in (ramp.start, ramp.end)])

    def _limits(self) -> tuple[float, float]:
        """Return the lower and upper end of the left axis, in its own units."""
        values = self._values()
        if self._scale == "log":
            top = math.log10(max(values.max(), 1e-12))
            above = values[values > values.max() * 10.0**-_DECADES]
            bottom = math.log10(above.min()) if above.size else top - 2
            if (values < 10.0 ** (bottom - 1e-9)).any():  # something lies deeper, or at 0: room for the way there
                bottom -= 1
            return self._below_captions(bottom - max(0.25, (top - bottom) * 0.12), top)
        if self._curve == "momentum":
            low = max(0.0, math.floor((values.min() - 0.05) * 10) / 10)
            return low - 0.06 * (1.0 - low), 1.0 + 0.06 * (1.0 - low)
        top = float(values.max()) or 1e-3
        return self._below_captions(-0.06 * top, top)

    def _below_captions(self, low: float, top: float) -> tuple[float, float]:
        """Return an axis from `low` on which `top` lies just below the phases' names."""
        taken = min(0.5, (CAPTION + 8) / max(self._area().height(), 1.0))
        return low, low + (top - low) / (1 - taken)

    def _heights(self, values: Curve) -> Curve:
        if self._scale == "linear":
            return values
        return np.asarray(np.log10(np.maximum(values, 10.0 ** self._limits()[0])))

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:  # noqa: D102
        super().drawBackground(painter, rect)
        paint_spans(painter, self._scene(), self._theme)

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:  # noqa: D102
        super().drawForeground(painter, rect)
        scene = self._scene()
        self._painted_now = scene.now
        paint_marks(painter, scene, self._theme)
        if self._curve == "learning_rate":
            paint_captions(painter, scene, self._theme, self.font())
        elif self.counted:  # the lower one says what both count
            paint_unit(painter, scene, self._theme, self.font(), "steps")

    def _scene(self) -> Scene:
        state, lit = self._state, self._held or self._under
        return Scene(
            area=self._area(),
            spans=tuple(self._spans()),
            chosen=state.selection,
            captions=tuple((_name(phase, i), _length(phase)) for i, phase in enumerate(state.schedule.phases)),
            handles=tuple((place, point == lit) for point, place in self._handles()),
            lit_border=lit.phase if isinstance(lit, Border) else None,
            now=self._now(),
            colour=self._colour,
        )

    # -- where things are ---------------------------------------------------------------------------------------------

    def _area(self) -> QRectF:
        """Return the place between the axes, px."""
        return QRectF(self.view.sceneBoundingRect())

    def _place(self, step: float, height: float) -> QPointF:
        return QPointF(self.view.mapViewToScene(QPointF(step, height)))

    def _spans(self) -> list[tuple[float, float]]:
        """Return where each phase begins and ends, px."""
        count = len(self._state.schedule.phases)
        xs = [self._place(self._state.timeline.phase_start(i), 0).x() for i in range(count + 1)]
        return list(pairwise(xs))

    def _handles(self) -> Iterator[tuple[Point, QPointF]]:
        """Yield every end that can be dragged and its place, px; ends that are joined have one handle."""
        timeline, schedule = self._state.timeline, self._state.schedule
        for index in range(self._state.past, len(schedule.phases)):
            begin, end = Point(index, self._curve, "start"), Point(index, self._curve, "end")
            before = Point(index - 1, self._curve, "end")
            joined = index > self._state.past and value_at(schedule, before) == value_at(schedule, begin)
            if not joined:
                yield begin, self._spot(begin, timeline.phase_start(index))
            yield end, self._spot(end, timeline.phase_start(index + 1))

    def _spot(self, point: Point, step: int) -> QPointF:
        return self._place(step, float(self._heights(np.array(value_at(self._state.schedule, point)))))

    def place_of(self, grip: Grip) -> QPointF:
        """Return where a handle, or the middle of a border, is on this widget, px.

        Raises:
            KeyError: it cannot be taken now.

        """
        if isinstance(grip, Border):
            x, area = self._spans()[grip.phase][1], self._area()
            return QPointF(x, area.top() + CAPTION / 2)
        return dict(self._handles())[grip]

    def _grip_at(self, at: QPointF) -> Grip | None:
        if not self._area().adjusted(-_REACH, -_REACH, _REACH, _REACH).contains(at):
            return None
        near = [(math.hypot(place.x() - at.x(), place.y() - at.y()), point) for point, place in self._handles()]
        distance, nearest = min(near, key=lambda found: found[0], default=(math.inf, None))
        if nearest is not None and distance <= _REACH:
            return nearest
        spans = self._spans()
        movable = range(self._state.past, len(spans))
        border = min(movable, key=lambda i: abs(spans[i][1] - at.x()), default=None)
        if border is not None and abs(spans[border][1] - at.x()) <= _REACH - 3:
            return Border(border)
        return None

    def _step_at(self, at: QPointF) -> float:
        return float(self.view.mapSceneToView(at).x())

    def _value_at(self, at: QPointF, point: Point) -> float:
        """Return the value at a height, as a hand means it: near a neighbour's value it is that value."""
        height = float(self.view.mapSceneToView(at).y())
        for value in self._neighbours(point):
            if abs(self._place(0, float(self._heights(np.array(value)))).y() - at.y()) <= 3:
                return value
        if self._curve == "momentum":
            return min(max(round(height, 2), 0.0), _MOMENTUM_TOP)
        if self._scale == "log":
            return rounded(10.0**height, 2)
        nothing = abs(self._place(0, 0).y() - at.y()) <= 3
        return 0.0 if nothing else rounded(max(height, 0.0), 2)

    def _neighbours(self, point: Point) -> Iterator[float]:
        """Yield the values that an end may want to meet: across its border, and at its ramp's other end."""
        schedule = self._state.schedule
        across = point.phase + (1 if point.end == "end" else -1)
        if 0 <= across < len(schedule.phases):
            yield value_at(schedule, Point(across, self._curve, "start" if point.end == "end" else "end"))
        yield value_at(schedule, Point(point.phase, self._curve, "start" if point.end == "end" else "end"))

    # -- the hand -----------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        at = self.mapToScene(event.position().toPoint())
        if event.button() != Qt.MouseButton.LeftButton or not self._area().adjusted(-9, -9, 9, 9).contains(at):
            super().mousePressEvent(event)
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._choose_at(at)
        self._held = self._grip_at(at)
        if self._held is None:
            super().mousePressEvent(event)
            return
        self._state.begin()
        self._repaint()
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        at = self.mapToScene(event.position().toPoint())
        if self._held is None:
            super().mouseMoveEvent(event)
            self._hover(at if not event.buttons() else None)
        else:
            self._drag(self._held, at, alone=bool(event.modifiers() & Qt.KeyboardModifier.AltModifier))

    def _drag(self, held: Grip, at: QPointF, *, alone: bool) -> None:
        if isinstance(held, Border):
            self._state.move_border(held.phase, self._step_at(at))
        else:
            self._state.move_point(held, self._value_at(at, held), alone=alone)
        self.dragged.emit(self._words_of(held))

    def _words_of(self, grip: Grip) -> str:
        """Return what a grip holds now: a length on each side, or a value."""
        schedule = self._state.schedule
        if isinstance(grip, Border):
            return " · ".join(
                f"{_name(phase, index)}: {_length(phase)}"
                for index, phase in enumerate(schedule.phases)
                if index in (grip.phase, grip.phase + 1)
            )
        where = "begins" if grip.end == "start" else "ends"
        what = "rate" if grip.curve == "learning_rate" else "momentum"
        value = number_text(value_at(schedule, grip))
        return f"{_name(schedule.phases[grip.phase], grip.phase)} {where} at {what} {value}"

    def viewportEvent(self, event: QEvent) -> bool:
        """Explain what is under the mouse when it rests there."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            grip = self._grip_at(self.mapToScene(event.pos()))
            words = "" if grip is None else f"{self._words_of(grip)}\n{_HOW[type(grip)]}"
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return bool(super().viewportEvent(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        if self._held is None or event.button() != Qt.MouseButton.LeftButton:
            super().mouseReleaseEvent(event)
            return
        held, self._held = self._held, None
        self._state.end("Phase Length" if isinstance(held, Border) else self._title)
        self._hover(self.mapToScene(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:  # noqa: D102
        super().leaveEvent(event)
        self._hover(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        key, plain = event.key(), event.modifiers() == Qt.KeyboardModifier.NoModifier
        if key == Qt.Key.Key_Escape and self._held is not None:
            self._held = None
            self._state.cancel()
        elif plain and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self._state.select(self._state.selection + (1 if key == Qt.Key.Key_Right else -1))
        else:
            super().keyPressEvent(event)

    def _choose_at(self, at: QPointF) -> None:
        for index, (left, right) in enumerate(self._spans()):
            if left <= at.x() < right:
                self._state.select(index)

    def _hover(self, at: QPointF | None) -> None:
        grip = None if at is None else self._grip_at(at)
        if grip != self._under:
            self._under = grip
            self._repaint()
        shapes = {type(None): Qt.CursorShape.ArrowCursor, Border: Qt.CursorShape.SplitHCursor}
        self.viewport().setCursor(shapes.get(type(grip), Qt.CursorShape.SizeVerCursor))
        inside = at is not None and self._area().contains(at)
        self.hovered.emit(self._step_at(at) if at is not None and inside else None)


def _name(phase: Phase, index: int) -> str:
    return phase.name or f"Phase {index + 1}"


def _length(phase: Phase) -> str:
    unit = phase.unit if phase.duration != 1 else phase.unit[:-1]
    return f"{phase.duration:,.6g} {unit}"
