"""The schedule editor: a plot to draw on, a table for exact numbers, and one state behind both."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShowEvent, QUndoStack
from PySide6.QtWidgets import QBoxLayout, QPushButton, QToolButton, QWidget

from studio.training.schedule import Phase, Schedule
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.layouts import UNBOUNDED, column, row
from studio.ui.controls.number_box import number_text
from studio.ui.controls.segments import Segments
from studio.ui.icons import set_icon
from studio.ui.panels.train.schedule_editor.presets import PresetsPopup
from studio.ui.panels.train.schedule_editor.state import EditorState
from studio.ui.panels.train.schedule_editor.table import PhaseTable
from studio.ui.theme import Theme, mark, with_even_figures

if TYPE_CHECKING:
    from studio.ui.panels.train.schedule_editor.plot import Scale, SchedulePlot

_PLOT_BESIDE = 480
"""The table stands beside the plot where all of its columns fit, and so much is left for the plot, px."""
_REFUSAL_SHOWN_MS = 6000


class ScheduleEditor(QWidget):
    """Shows a schedule and lets a hand change it.

    Args:
        stack: where edits can be undone, as the window's. None gives the editor a history of its own, with buttons, and
            Ctrl+Z inside it is about the schedule.

    """

    schedule_changed = Signal(Schedule)
    """An edit is done; not for each move of a drag, and not for `set_schedule`."""

    def __init__(self, theme: Theme, stack: QUndoStack | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.undo_stack = stack or QUndoStack(self)
        self._own_history = stack is None
        self.state = EditorState(self.undo_stack, self)
        self.plot: SchedulePlot | None = None
        self._scale: Scale = "linear"
        self._counted = True
        self.presets_button = QPushButton("Presets", self)
        self.presets = PresetsPopup(theme, self)
        self.add_button = self._tool("add", "Add a phase", "Add a phase behind the chosen one")
        self.duplicate_button = self._tool("copy", "Duplicate the phase", "Repeat the chosen phase behind itself")
        self.remove_button = self._tool("delete", "Remove the phase", "Remove the chosen phase (Delete in the table)")
        self.undo_button = self._tool("undo", "Undo", "Undo (Ctrl+Z)")
        self.redo_button = self._tool("redo", "Redo", "Redo (Ctrl+Shift+Z)")
        self.scale_choice = Segments({"linear": "Linear", "log": "Log"}, self)
        self.more_button = QPushButton("More columns", self)
        self.table = PhaseTable(self.state, theme, self)
        self.readout = ElidingLabel(parent=self)
        self._plot_place = column()
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._refusal = QTimer(self, interval=_REFUSAL_SHOWN_MS, singleShot=True)
        self._set_up()
        self._lay_out()
        self._connect()
        self._follow()

    def _tool(self, glyph: str, name: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setIconSize(QSize(self._theme.tokens.icon, self._theme.tokens.icon))
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setAccessibleName(name)
        button.setToolTip(tip)
        set_icon(button, glyph, self._theme)
        return button

    def _set_up(self) -> None:
        self.presets_button.setToolTip("Begin with a proven schedule; length, fastest rate and optimiser stay")
        set_icon(self.presets_button, "chevron_down", self._theme, colour="text_muted")
        self.presets_button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.scale_choice.set_current("linear")
        for button, words in zip(self.scale_choice.buttons, ("linear", "logarithmic"), strict=True):
            button.setAccessibleName(f"{words.capitalize()} axis")
            button.setToolTip(f"Draw the learning rate on a {words} axis")
            button.setFixedWidth(64)
        self.more_button.setCheckable(True)
        self.more_button.setToolTip(
            "Momentum, optimiser, weight decay, picture size, batch, data, resting layers and layer rates of each phase"
        )
        mark(self.more_button, kind="link")
        mark(self.readout, tone="muted")
        self.readout.setFont(with_even_figures(self.readout.font()))

    def _lay_out(self) -> None:
        tokens = self._theme.tokens
        history = (self.undo_button, self.redo_button)
        for button in history:
            button.setVisible(self._own_history)
        header = row(
            self.presets_button, tokens.gap, self.add_button, self.duplicate_button, self.remove_button, tokens.gap,
            *history, None, self.more_button, tokens.gap, self.scale_choice, gap=tokens.gap // 2,
        )  # fmt: skip
        self._body.setSpacing(tokens.gap)
        self._body.addLayout(self._plot_place, 5)
        self._body.addWidget(self.table, 4)
        self.setLayout(column(header, (self._body, 1), self.readout, gap=tokens.gap))

    def _connect(self) -> None:
        self.state.changed.connect(self._follow)
        self.state.selected.connect(self._follow)
        self.state.position_changed.connect(self._follow_position)
        self.state.locks_changed.connect(self._follow)
        self.state.schedule_changed.connect(self.schedule_changed)
        self.state.refused.connect(self._show_refusal)
        self._refusal.timeout.connect(self._follow)
        self.presets_button.clicked.connect(self._open_presets)
        self.presets.chosen.connect(self.state.take_preset)
        self.add_button.clicked.connect(self.state.add)
        self.duplicate_button.clicked.connect(self.state.duplicate)
        self.remove_button.clicked.connect(self.state.remove)
        self.undo_button.clicked.connect(self.undo_stack.undo)
        self.redo_button.clicked.connect(self.undo_stack.redo)
        # what they carry, not the stack itself: its last words come while it is being destroyed
        self.undo_stack.canUndoChanged.connect(self.undo_button.setEnabled)
        self.undo_stack.canRedoChanged.connect(self.redo_button.setEnabled)
        self.scale_choice.chosen.connect(self._set_scale)
        self.more_button.toggled.connect(self._show_more)

    def set_schedule(
        self, schedule: Schedule, examples: int | Callable[[Phase], int], batch: int, size: int, *,
        counted: bool = True,
    ) -> None:  # fmt: skip
        """Show a schedule over so many examples per epoch, with the run's batch and picture size; tells nobody.

        Args:
            schedule: what to show.
            examples: how many make an epoch, or that of each phase.
            batch: where a phase says none.
            size: likewise, px.
            counted: whether `examples` is known rather than assumed; otherwise nothing is said of steps.

        """
        self._counted = counted
        if self.plot is not None:
            self.plot.set_counted(counted)
        if self._own_history and schedule != self.schedule:
            self.undo_stack.clear()
        self.state.set_schedule(schedule, examples, batch, size)

    def set_position(self, step: int | None) -> None:
        """Mark where training is; what lies before cannot change any more. None: it has not begun."""
        self.state.set_position(step)

    def take_rate(self, rate: float) -> None:
        """Make `rate`, as a range test found it, the highest of the schedule, and scale the others with it."""
        self.state.take_rate(rate)

    @property
    def schedule(self) -> Schedule:
        """The schedule as it is now."""
        return self.state.schedule

    def set_scale(self, scale: "Scale") -> None:
        """Draw the learning rate on a linear or a logarithmic axis."""
        self.scale_choice.set_current(scale)
        self._set_scale(scale)

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(1100, 420)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(432, 360)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102
        self._make_plot()
        super().showEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        self._arrange()
        super().resizeEvent(event)

    def event(self, event: QEvent) -> bool:
        """Take undo and redo for the schedule, before the window's own actions do, wherever the focus is in here."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and self._undoes(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if not self._undoes(event):
            super().keyPressEvent(event)
        elif event.matches(QKeySequence.StandardKey.Undo):
            self.undo_stack.undo()
        else:
            self.undo_stack.redo()

    def _undoes(self, event: QKeyEvent) -> bool:
        keys = (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)
        return self._own_history and any(event.matches(key) for key in keys)

    def _make_plot(self) -> None:
        if self.plot is not None:
            return
        from studio.ui.panels.train.schedule_editor.plot import SchedulePlot  # imports pyqtgraph: not before it is seen

        self.plot = SchedulePlot(self.state, self._theme, self)
        self.plot.set_scale(self._scale)
        self.plot.set_counted(self._counted)
        self.plot.hovered.connect(self._show_step)
        self.plot.dragged.connect(self._show_drag)
        self._plot_place.addWidget(self.plot)
        QWidget.setTabOrder(self.scale_choice.buttons[-1], self.plot.rate)
        QWidget.setTabOrder(self.plot.rate, self.plot.momentum)
        QWidget.setTabOrder(self.plot.momentum, self.table)

    def _arrange(self) -> None:
        needed = self.table.natural_width
        beside = self.width() - needed >= _PLOT_BESIDE and not self.more_button.isChecked()
        self.table.setMinimumWidth(needed if beside else 0)
        direction = QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        if self._body.direction() != direction:
            self._body.setDirection(direction)
        # below the plot it takes what its rows need, but never more than the plot
        half = max(3 * self.table.verticalHeader().defaultSectionSize(), (self.height() - 80) // 2)
        self.table.setMaximumHeight(UNBOUNDED if beside else min(self.table.height_for(self.width()), half))
        self.table.setMinimumHeight(0 if beside else self.table.maximumHeight())

    def _set_scale(self, scale: str) -> None:
        self._scale = cast("Scale", scale)
        if self.plot is not None:
            self.plot.set_scale(self._scale)

    def _show_more(self, more: bool) -> None:
        self.more_button.setText("Fewer columns" if more else "More columns")
        self.table.set_more(more)
        self._arrange()

    def _open_presets(self) -> None:
        self.presets.open_below(self.presets_button, self.state.timeline)

    def _follow(self) -> None:
        self.presets_button.setEnabled(self.state.can_replace)
        self.add_button.setEnabled(self.state.can_insert)
        self.duplicate_button.setEnabled(self.state.can_insert)
        self.remove_button.setEnabled(self.state.can_remove)
        self._follow_history()
        self._arrange()
        if not self._refusal.isActive():
            self._show_summary()

    def _follow_position(self) -> None:
        if not self._refusal.isActive():
            self._show_summary()

    def _follow_history(self) -> None:
        self.undo_button.setEnabled(self.undo_stack.canUndo())
        self.redo_button.setEnabled(self.undo_stack.canRedo())

    def _show_summary(self) -> None:
        mark(self.readout, tone="muted")
        timeline = self.state.timeline
        if not self._counted:
            self.readout.setText(_length_of(timeline.schedule))
            return
        words = (
            f"{timeline.total_steps:,} steps · {timeline.total_epochs:.4g} epochs · {timeline.total_draws:,} pictures"
        )
        position = self.state.position
        if position is not None:
            words = f"Step {min(position, timeline.total_steps):,} of {words}"
        self.readout.setText(words)

    def _show_step(self, step: float | None) -> None:
        if self._refusal.isActive():
            return
        timeline = self.state.timeline
        if step is None or not 0 <= step < timeline.total_steps or not self._counted:
            self._show_summary()
            return
        moment = timeline.at(int(step))
        name = moment.phase_name or f"Phase {moment.phase + 1}"
        self.readout.setText(
            f"Step {moment.step:,} · epoch {moment.epoch:.2f} · {name} · "
            f"rate {number_text(float(f'{moment.learning_rate:.3g}'))} · momentum {moment.momentum:.3f}"
        )

    def _show_drag(self, words: str) -> None:
        if not self._refusal.isActive():
            self.readout.setText(words)

    def _show_refusal(self, words: str) -> None:
        mark(self.readout, tone="strong")
        self.readout.setText(words)
        self._refusal.start()


def _length_of(schedule: Schedule) -> str:
    """Return how long a schedule is in its own units: nobody knows yet how many steps an epoch takes."""
    units = ("epochs", "steps")
    sums = {unit: sum(phase.duration for phase in schedule.phases if phase.unit == unit) for unit in units}
    return " and ".join(f"{number_text(length)} {unit}" for unit, length in sums.items() if length)
