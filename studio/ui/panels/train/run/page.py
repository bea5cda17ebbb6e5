"""The page of one run: what it can by now, how it learns, and what can be turned; fed by looks at its folder."""

from functools import partial
from pathlib import Path
from time import perf_counter

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from studio.core.events import Progress
from studio.jobs.runs import RunSnapshot
from studio.training.run_log import Series
from studio.training.run_summary import RunSummary
from studio.training.schedule import Schedule, counted
from studio.training.settings import TrainingSettings
from studio.training.task_kind import TaskKind
from studio.ui.controls.layouts import column, holding, row, scrolling, splitter
from studio.ui.controls.mnemonics import literal
from studio.ui.controls.segments import Segments
from studio.ui.panels.train.run.figures import RunFigures, RunFiguresLine
from studio.ui.panels.train.run.header import STATES, RunHeader
from studio.ui.panels.train.run.reading import (
    CHECKED,
    GRADIENTS,
    NOT_QUALITY,
    contested_of,
    figures_of,
    marks_of,
    numbers_of,
    samples_of,
    scales_of,
    settings_of,
    total_of,
)
from studio.ui.panels.train.run.samples_view import FrameLoader, SamplesView
from studio.ui.panels.train.run.side import RunSide
from studio.ui.panels.train.schedule_editor import ScheduleEditor
from studio.ui.panels.train.session import RunAction, TrainSession
from studio.ui.plots.curves import Curves
from studio.ui.theme import Theme, mark

COLUMN, _NARROWEST_COLUMN = 288, 240
_LOW = 780
_FEED_S = 0.005
_EXAMPLES = 1000
"""An epoch's, for the schedule's axis, until the run says how many there are."""


class RunPage(QWidget):
    """Shows the run that the session watches, and asks the session for whatever a hand wants of it.

    Args:
        session: the state.
        load: reads a sample's picture.

    """

    folder_requested = Signal(object)
    pictures_requested = Signal(object)
    paint_requested = Signal(object)
    time_lapse_requested = Signal(object)
    mirror_requested = Signal(object)
    pin_requested = Signal(object)
    extend_requested = Signal(object)
    use_requested = Signal()
    ask_requested = Signal()
    """The classifier that it left shall say what pictures show."""
    delete_requested = Signal(object)
    """Whoever answers asks first."""

    def __init__(self, session: TrainSession, load: FrameLoader, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._theme = session, theme
        self.header = RunHeader(theme)
        self.figures = RunFiguresLine(theme)
        self.samples = SamplesView(theme, load)
        self.curves = Curves(theme)
        self.schedule = ScheduleEditor(theme)
        self._schedule_place = scrolling(self.schedule)  # in a low window it is higher than its place
        self._schedule_place.setMinimumWidth(self.schedule.minimumSizeHint().width())
        self.side = RunSide(theme)
        self.choice = Segments({"samples": "Samples", "curves": "Curves", "schedule": "Schedule"})
        self._lower = QStackedWidget()
        self._is_low = False
        self._path: Path | None = None
        self._said = ""
        self._numbers: list[tuple[str, Series]] = []
        self._feeder = QTimer(self, singleShot=True, interval=0)
        self._scheduled: tuple[Schedule, tuple[int, ...], int, int] | None = None
        self._lay_out()
        self._connect()

    # -- layout ----------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        gap, margin = self._theme.tokens.gap, self._theme.tokens.margin
        self.choice.name_buttons("Look at")
        tips = ("What it can by now", "How far it errs, step by step", "How fast it learns, step by step")
        for button, tip in zip(self.choice.buttons, tips, strict=True):
            button.setToolTip(tip)
        self.choice.buttons[0].hide()
        self.choice.set_current("curves")
        self.choice.setFixedWidth(270)
        self._lower.addWidget(self.curves)
        self._lower.addWidget(self._schedule_place)
        below = holding(column(self.choice, (self._lower, 1), gap=gap, margins=(0, gap, 0, 0)))
        self._parts = splitter(self.samples, below, sizes=(500, 500), upright=True)
        middle = column(self.header, self.figures, (self._parts, 1), gap=gap, margins=(margin, margin, margin, gap))
        side = holding(column(scrolling(self.side)))
        side.setMinimumWidth(_NARROWEST_COLUMN)
        mark(side, surface="panel")
        self.setLayout(row(splitter(holding(middle), side, sizes=(10_000, COLUMN), growing=0)))

    # -- connections -----------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        session, manager, head = self._session, self._session.manager, self.header
        session.watch.snapshot_taken.connect(self._show_snapshot)
        session.watch.reading.connect(self._show_reading)
        session.comparison.snapshot_taken.connect(self._show_comparison)
        session.compared_changed.connect(self._end_comparison)
        session.shown_changed.connect(self._show_another)
        manager.place_changed.connect(self._show_place)
        manager.progressed.connect(self._show_progress)
        manager.listed.connect(self._offer_comparisons)
        head.pause_requested.connect(session.toggle_pause)
        head.resume_requested.connect(session.toggle_pause)
        head.extend_requested.connect(lambda: self._ask(self.extend_requested.emit))
        head.keep_requested.connect(session.stop_and_keep)
        head.save_requested.connect(lambda: self._ask(manager.save_now))
        head.paint_requested.connect(lambda: self._ask(self.paint_requested.emit))
        head.time_lapse_requested.connect(lambda: self._ask(self.time_lapse_requested.emit))
        head.mirror_requested.connect(lambda: self._ask(self.mirror_requested.emit))
        head.pin_requested.connect(lambda: self._ask(self.pin_requested.emit))
        head.take_over_requested.connect(lambda: self._ask(manager.take_over))
        head.detach_requested.connect(lambda: self._ask(manager.go_on_detached))
        head.folder_requested.connect(lambda: self._ask(self.folder_requested.emit))
        head.pictures_requested.connect(lambda: self._ask(self.pictures_requested.emit))
        head.forget_requested.connect(session.forget_shown)
        head.delete_requested.connect(lambda: self._ask(self.delete_requested.emit))
        head.repeat_requested.connect(session.repeat_shown)
        self._feeder.timeout.connect(self._feed_curves)
        self.choice.chosen.connect(self._choose_lower)
        self.side.turned.connect(lambda values: self._ask(lambda path: manager.steer(path, values)))
        self.side.notes_written.connect(lambda words: self._ask(lambda path: manager.write_notes(path, words)))
        self.side.use_requested.connect(self.use_requested)
        self.side.ask_requested.connect(self.ask_requested)
        self.schedule.schedule_changed.connect(session.redraw_shown)

    def _ask(self, action: object) -> None:
        if self._path is not None and callable(action):
            action(self._path)

    def _choose_lower(self, which: str) -> None:
        places: dict[str, QWidget] = {"samples": self.samples, "curves": self.curves, "schedule": self._schedule_place}
        self._lower.setCurrentWidget(places[which])
        if not self._is_low:
            self.samples.setVisible(which != "schedule")  # which needs room for its table

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where the window is low, samples and curves take turns instead of sharing what little height there is."""
        super().resizeEvent(event)
        if (is_low := self.height() < _LOW) != self._is_low:
            self._is_low = is_low
            self._arrange()

    def _arrange(self) -> None:
        if self._is_low:
            self._lower.addWidget(self.samples)
        else:
            self._parts.insertWidget(0, self.samples)
            self._parts.setSizes([500, 500])
        self.choice.buttons[0].setVisible(self._is_low)
        which = "samples" if self._is_low else "curves"
        self.choice.set_current(which)
        self._choose_lower(which)
        self.samples.show()

    # -- showing the run -------------------------------------------------------------------------------------------

    def _show_another(self, path: Path | None) -> None:
        self.side.forget()  # its notes are written down before they are another run's
        self._path, self._said, self._numbers = path, "", []
        self.curves.clear()
        self.samples.set_samples(())
        self.figures.set_figures(RunFigures())
        if path is not None:
            summary = self._session.manager.summary(path)
            self.header.set_title(summary.title if summary else path.name, str(path))
            self.side.notes.set_words(self._session.manager.read_notes(path))

    def _show_snapshot(self, snapshot: RunSnapshot) -> None:
        kind = self._session.kind_of(snapshot.plan)
        self._say_state(snapshot)
        self._show_numbers(snapshot)
        self.curves.legend.set_note(NOT_QUALITY, contested_of(kind))
        self.samples.set_samples(samples_of(snapshot))
        self.side.set_kind(None if kind is None else kind.settings)
        if kind is not None:
            self._show_settings(snapshot, kind)
        self.side.set_happenings(snapshot.history.happenings)
        self._show_schedule(snapshot, kind)

    def _say_state(self, snapshot: RunSnapshot) -> None:
        place = self._session.manager.place(snapshot.path)
        actions = self._session.actions(snapshot)
        words = self._words_for(snapshot, place)
        if place == "here" and self._session.manager.stands_back:
            words = f"{words} · painting goes first"
        removable = snapshot.path.parent != self._session.manager.folder and place == "nowhere"
        self.header.set_state(words, actions, place, removable=removable)
        kind = self._session.kind_of(snapshot.plan)
        learns = bool({RunAction.STEER, RunAction.RESUME} & set(actions))
        self.header.set_paintable(shown=kind is not None and "emphasis" in kind.settings.model_fields, enabled=learns)
        self.header.time_lapse_action.setEnabled(bool(samples_of(snapshot)))
        self.header.mirror_action.setVisible(kind is not None and kind.product == "generator")
        self.header.mirror_action.setEnabled(snapshot.has_model or snapshot.history.step > 0)
        self.header.set_progress(snapshot.history.step, total_of(snapshot), busy=snapshot.state == "running")
        # what is being followed cannot be redrawn; a run that rests takes another course when it goes on
        self.schedule.setEnabled(RunAction.RESUME in actions)

    def _words_for(self, snapshot: RunSnapshot, place: str) -> str:
        if place == "waiting":
            return "Waits until the run before it is done"
        if place == "here" and snapshot.state != "running":
            return self._said or "Getting ready…"
        if snapshot.state == "running" and place == "elsewhere":
            worker = snapshot.worker
            return f"Training in another process ({worker.host})" if worker else "Training in another process"
        return " ".join([STATES[snapshot.state], *self._trouble_of(snapshot)])

    def _trouble_of(self, snapshot: RunSnapshot) -> list[str]:
        """Return why a run failed and what to do, () for any other."""
        if snapshot.state != "failed" or not (states := snapshot.history.of_kind("state")):
            return []
        return [str(states[-1].facts[name]) for name in ("cause", "remedy") if states[-1].facts.get(name)]

    def _show_numbers(self, snapshot: RunSnapshot) -> None:
        self._numbers = numbers_of(snapshot.history)
        self._feed_curves()
        self.curves.set_scales(scales_of(snapshot.history))
        self.curves.set_marks(marks_of(snapshot.history))
        self.figures.set_figures(figures_of(snapshot))

    def _feed_curves(self) -> None:
        """Hand over the numbers, for a few milliseconds: a million at once would hold up the window."""
        end = perf_counter() + _FEED_S
        while self._numbers and perf_counter() < end:
            name, series = self._numbers.pop(0)
            is_new = name not in self.curves.names
            self.curves.set_series(name, series.steps, series.values, smooth=not name.endswith(CHECKED))
            if is_new and name.endswith(GRADIENTS):
                self.curves.show_curve(name, shown=False)  # of another magnitude: it would flatten the losses
        if self._numbers:
            self._feeder.start()

    def _show_settings(self, snapshot: RunSnapshot, kind: TaskKind) -> None:
        steered: dict[str, object] = {}
        for change in snapshot.history.of_kind("settings"):
            steered |= dict(change.facts.get("values") or {})
        settings = settings_of(kind, {**snapshot.plan.settings, **steered})
        self.side.set_settings(settings, steerable=RunAction.STEER in self._session.actions(snapshot))
        self.side.set_over(snapshot.state in ("finished", "stopped", "failed"))
        if snapshot.has_model:
            self.side.set_use(kind.use)
        else:
            self.side.set_use(kind.trial if snapshot.history.step else "", learns=True)
        self.side.set_can_be_asked(snapshot.has_model and kind.classifies)

    def _show_schedule(self, snapshot: RunSnapshot, kind: TaskKind | None) -> None:
        pace = snapshot.history.pace
        facts = pace.facts if pace is not None else {}
        counts = facts.get("examples_by_phase") or [facts.get("examples") or _EXAMPLES] * len(
            snapshot.plan.schedule.phases
        )
        settings = (kind.settings if kind is not None else TrainingSettings)()
        batch, size = (int(snapshot.plan.settings.get(name, getattr(settings, name))) for name in ("batch", "size"))
        of = (snapshot.plan.schedule, tuple(counts), batch, size)
        if of != self._scheduled:
            self._scheduled = of
            self.schedule.set_schedule(snapshot.plan.schedule, counted(snapshot.plan.schedule, counts), batch, size)
        self.schedule.set_position(snapshot.history.step or None)

    def _show_place(self, path: Path) -> None:
        if path == self._path and self._session.watch.snapshot is not None:
            self._said = ""
            self._say_state(self._session.watch.snapshot)

    def _show_progress(self, path: Path, progress: Progress) -> None:
        snapshot = self._session.watch.snapshot
        if path == self._path and snapshot is not None and snapshot.state != "running":
            self._said = progress.stage
            self._say_state(snapshot)
            self.header.set_progress(progress.done, progress.total, busy=True)

    def _show_reading(self, progress: Progress) -> None:
        self.header.set_progress(progress.done, progress.total, busy=True)

    # -- beside another --------------------------------------------------------------------------------------------

    def _offer_comparisons(self, runs: tuple[RunSummary, ...]) -> None:
        menu = self.header.compare_menu
        menu.clear()
        compared = self._session.comparison.path
        if compared is not None:
            menu.addAction("Nothing", lambda: self._session.compare(None))
            menu.addSeparator()
        for run in runs:
            if run.path != self._path:
                action = menu.addAction(literal(run.title), partial(self._session.compare, run.path))
                action.setCheckable(True)
                action.setChecked(run.path == compared)
        menu.setEnabled(not menu.isEmpty())

    def _show_comparison(self, snapshot: RunSnapshot) -> None:
        series = {name: (one.steps, one.values) for name, one in numbers_of(snapshot.history)}
        self.curves.set_comparison(snapshot.plan.title or snapshot.path.name, series, scales_of(snapshot.history))

    def _end_comparison(self, path: Path | None) -> None:
        if path is None:
            self.curves.set_comparison("", {})
        self._offer_comparisons(self._session.manager.runs)
