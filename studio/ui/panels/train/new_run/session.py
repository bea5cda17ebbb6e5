"""A run being put together: what to train, on what, and how. Everything has a default but the pictures."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from studio.core.failures import Failure
from studio.engine import Engine, JobHandle
from studio.jobs.examine import ExamineTask, examine_data
from studio.training.data.inspection import DataReport
from studio.training.run_folder import RunPlan
from studio.training.run_summary import RunSummary
from studio.training.schedule import Schedule
from studio.training.settings import TrainingSettings
from studio.training.task_kind import InputKind, TaskKind
from studio.ui.picture.settings_state import SettingsState

_EXAMINE = "train.examine"
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif"})


class NewRun(QObject):
    """Collects a `RunPlan`; the data doctor looks at the data as soon as there is any.

    Each kind of training keeps its own settings, schedule and inputs, so that trying another loses nothing.

    Args:
        kinds: what can be trained.
        reader: the engine on which the data is examined.
        undo_stack: receives one step per gesture in the settings.

    """

    kind_changed = Signal(object)
    data_changed = Signal(object)
    inputs_changed = Signal(object)
    settings_changed = Signal(object)
    schedule_changed = Signal(object)
    """The schedule is another, but not by hand: a setting changed on which the default depends."""
    examining = Signal(object)
    """`Progress` of the data doctor."""
    report_changed = Signal(object)
    """A `DataReport`, or None while nothing is known."""
    examination_failed = Signal(object)
    ready_changed = Signal()
    """Something changed on which `missing` or `length_in_words` depends."""

    def __init__(
        self, kinds: Sequence[TaskKind], reader: Engine, undo_stack: QUndoStack, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.kinds, self._reader = tuple(kinds), reader
        self.kind = self.kinds[0]
        self._settings = {
            kind.name: SettingsState(kind.settings(), undo_stack, partial(self._follow_settings, kind))
            for kind in self.kinds
        }
        self._drawn: dict[str, Schedule] = {}
        self._inputs: dict[str, dict[str, Path]] = {kind.name: {} for kind in self.kinds}
        self.data: tuple[Path, ...] = ()
        self.title = ""
        self.report: DataReport | None = None
        self._examination: JobHandle | None = None

    # -- what to train ---------------------------------------------------------------------------------------------

    def choose_kind(self, name: str) -> None:
        """Train this kind instead; the data stays, and is looked at with other eyes."""
        kind = next(kind for kind in self.kinds if kind.name == name)
        if kind is not self.kind:
            needs_other_eyes = kind.data != self.kind.data
            self.kind = kind
            self.kind_changed.emit(kind)
            if needs_other_eyes:
                self._examine()
            self.ready_changed.emit()

    @property
    def inputs(self) -> Mapping[str, Path]:
        """The files that this kind of training asks for, by name, as far as they are chosen."""
        return self._inputs[self.kind.name]

    def set_input(self, name: str, path: Path) -> None:
        """Choose one of the files it asks for, such as the painting."""
        self._inputs[self.kind.name][name] = path.absolute()
        self.inputs_changed.emit(self.inputs)
        self.ready_changed.emit()

    def refuse_input(self, kind: str, name: str, path: Path) -> None:
        """Do without a file that could not be read after all, unless another has been chosen meanwhile."""
        if self._inputs[kind].get(name) == path:
            del self._inputs[kind][name]
            if kind == self.kind.name:
                self.inputs_changed.emit(self.inputs)
                self.ready_changed.emit()

    # -- what to learn from ----------------------------------------------------------------------------------------

    def drop(self, paths: Sequence[Path]) -> None:
        """Take whatever was dropped: a single picture where one is still asked for, and everything else as data."""
        wanted = self._missing_input()
        if wanted is not None and len(paths) == 1 and paths[0].suffix.lower() in _PICTURES:
            self.set_input(wanted.name, paths[0])
        else:
            self.add_data(paths)

    def add_data(self, paths: Sequence[Path]) -> None:
        """Learn from these folders, lists and files too."""
        self._set_data(tuple(dict.fromkeys([*self.data, *(path.absolute() for path in paths)])))

    def remove_data(self, paths: Sequence[Path]) -> None:
        """Learn no longer from these folders, lists and files."""
        gone = set(paths)
        self._set_data(tuple(path for path in self.data if path not in gone))

    def _set_data(self, data: tuple[Path, ...]) -> None:
        if data != self.data:
            self.data = data
            self.data_changed.emit(data)
            self._examine()
            self.ready_changed.emit()

    def examine_again(self) -> None:
        """Look at the data once more: its files may be others by now."""
        self._examine()

    def _examine(self) -> None:
        if self._examination is not None:
            self._examination.drop()
        self._examination = self.report = None
        self.report_changed.emit(None)
        if not self.data:
            return
        deepest = getattr(self.settings, "classes", "") == "deepest"
        task = ExamineTask(self.data, self.settings.size, by_class=self.kind.data == "classes", deepest=deepest)
        self._examination = handle = self._reader.live(_EXAMINE, examine_data, task)
        handle.progressed.connect(self.examining)
        handle.finished.connect(self._take_report)
        handle.failed.connect(self._fail_examining)

    def stop_examining(self) -> None:
        """Do without a report; training itself passes over what is broken."""
        if self._examination is not None:
            self._examination.drop()
            self._examination = None
            self.report_changed.emit(None)
            self.ready_changed.emit()

    @property
    def is_examining(self) -> bool:
        """Whether the data doctor is at work."""
        return self._examination is not None

    def _take_report(self, report: DataReport) -> None:
        self._examination, self.report = None, report
        self.report_changed.emit(report)
        self.ready_changed.emit()

    def _fail_examining(self, failure: Failure) -> None:
        self._examination = None
        self.examination_failed.emit(failure)
        self.ready_changed.emit()

    # -- how -------------------------------------------------------------------------------------------------------

    @property
    def settings(self) -> TrainingSettings:
        """The settings of this kind of training."""
        return self._settings[self.kind.name].current

    def begin_gesture(self) -> None:
        """A slider is grabbed, a number is being typed."""
        self._settings[self.kind.name].begin()

    def end_gesture(self) -> None:
        """The slider is let go: what it changed is one undo step."""
        self._settings[self.kind.name].commit()

    def set_settings(self, settings: TrainingSettings) -> None:
        """Take over `settings` from the form; outside a gesture the change is an undo step of its own."""
        self._settings[self.kind.name].set(settings)

    def _follow_settings(self, kind: TaskKind, before: TrainingSettings, settings: TrainingSettings) -> None:
        self.choose_kind(kind.name)  # another one after the undo of what was done before this one was chosen
        self.settings_changed.emit(settings)
        if not self.is_schedule_drawn and self.schedule != kind.default_schedule(before):
            self.schedule_changed.emit(self.schedule)
        self.ready_changed.emit()

    @property
    def schedule(self) -> Schedule:
        """What was drawn, or else what this kind of training does by default."""
        return self._drawn.get(self.kind.name) or self.kind.default_schedule(self.settings)

    @property
    def is_schedule_drawn(self) -> bool:
        """Whether the schedule is the artist's own."""
        return self.kind.name in self._drawn

    def draw_schedule(self, schedule: Schedule) -> None:
        """Learn by this schedule."""
        if schedule != self.schedule:
            self._drawn[self.kind.name] = schedule
            self.ready_changed.emit()

    def reset_schedule(self) -> None:
        """Learn as this kind of training does by default."""
        if self._drawn.pop(self.kind.name, None) is not None:
            self.schedule_changed.emit(self.schedule)
            self.ready_changed.emit()

    def reset(self) -> None:
        """Set settings and schedule back to where a newcomer starts."""
        self.set_settings(self.kind.settings())
        self.reset_schedule()

    def take_plan(self, plan: RunPlan) -> None:
        """Put together what another run was made of.

        Raises:
            ValueError: its kind or one of its settings is not known here.

        """
        kind = next(kind for kind in self.kinds if kind.name == plan.task)
        settings = kind.settings.model_validate(plan.settings)
        self.choose_kind(kind.name)
        self._inputs[kind.name] = {name: Path(path) for name, path in plan.inputs.items()}
        self.inputs_changed.emit(self.inputs)
        self._set_data(tuple(Path(path) for path in plan.data))
        self.set_settings(settings)
        self._drawn[kind.name] = plan.schedule
        self.schedule_changed.emit(plan.schedule)
        self.ready_changed.emit()

    # -- ready? ----------------------------------------------------------------------------------------------------

    @property
    def missing(self) -> str:
        """What is still needed before it can begin, as a sentence; "" when it can."""
        if not self.data:
            return self.kind.data_help
        if (wanted := self._missing_input()) is not None:
            return f"{wanted.title}: {wanted.help[:1].lower()}{wanted.help[1:]}"
        gone = next((path for path in (*self.data, *self.inputs.values()) if not path.exists()), None)
        if gone is not None:
            return f"{gone.name} is not there any more: remove it, or bring it back."
        if self.report is not None and self.report.usable == 0:
            return "None of these files can be learnt from."
        return ""

    def _missing_input(self) -> InputKind | None:
        return next((wanted for wanted in self.kind.inputs if wanted.name not in self.inputs), None)

    @property
    def total_steps(self) -> int | None:
        """How many steps it will take; None while nobody has counted the pictures."""
        if self.report is None or self.report.usable == 0:
            return None
        timeline = self.schedule.timeline(self.report.usable, batch=self.settings.batch, size=self.settings.size)
        return min(timeline.total_steps, self.settings.steps or timeline.total_steps)

    def seconds(self, runs: Sequence[RunSummary]) -> float | None:
        """Return about how long it will take, judged by the pace of an earlier run of this kind; None without one."""
        steps, mine = self.total_steps, self.settings
        for run in runs:
            if steps is None or run.plan is None or run.plan.task != self.kind.name or not run.images_per_second:
                continue
            size = run.plan.settings.get("size", self.kind.settings().size)
            per_image = (mine.size / size) ** 2 / run.images_per_second  # convolutions cost as many pixels as they see
            return float(steps * mine.batch * per_image)
        return None

    def suggested_title(self) -> str:
        """Return what the run would be called."""
        of = next((path.stem for path in self.inputs.values()), self.data[0].stem if self.data else "")
        return f"{of} {self.kind.title.lower()}".strip()

    def plan(self) -> RunPlan:
        """Return what was put together; call it only when nothing is missing."""
        return RunPlan(
            task=self.kind.name,
            title=self.title.strip() or self.suggested_title(),
            data=tuple(str(path) for path in self.data),
            inputs={name: str(path) for name, path in self.inputs.items()},
            settings=self.settings.model_dump(),
            schedule=self.schedule,
        )
