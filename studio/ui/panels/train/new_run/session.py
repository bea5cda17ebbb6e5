"""A run being put together: what to train, on what, and how. Everything has a default but the pictures."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from studio.core.events import Progress
from studio.core.failures import Failure
from studio.core.file_names import is_there
from studio.core.picture_task import InputSlot
from studio.engine import Engine, JobHandle
from studio.jobs.drawings import DrawingsTask
from studio.jobs.examine import ExamineTask
from studio.training.data.inspection import DataReport
from studio.training.data.splits import split_of
from studio.training.run_folder import RunPlan
from studio.training.run_summary import RunSummary
from studio.training.schedule import Phase, Schedule, Timeline
from studio.training.settings import TrainingSettings
from studio.training.task_kind import Suited, TaskKind
from studio.training.time_estimate import Rehearsed, TimeEstimate, estimate
from studio.ui.panels.train.new_run.examiner import DataExaminer, DataPlace
from studio.ui.picture.settings_state import SettingsState

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
    data_changed = Signal()
    inputs_changed = Signal(object)
    settings_changed = Signal(object)
    schedule_changed = Signal(object)
    """The schedule is another, but not by hand: a setting changed on which the default depends."""
    drawing_changed = Signal()
    """Drawings are being made of photos, or can be, or cannot any more."""
    failed = Signal(object)
    """A `Failure`."""
    ready_changed = Signal()
    """Something changed on which `missing` or `length_in_words` depends."""

    def __init__(
        self, kinds: Sequence[TaskKind], reader: Engine, undo_stack: QUndoStack, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.kinds = tuple(kinds)
        self.kind = self.kinds[0]
        self._settings = {
            kind.name: SettingsState(kind.settings(), undo_stack, partial(self._follow_settings, kind))
            for kind in self.kinds
        }
        self._drawn: dict[str, Schedule] = {}
        self._inputs: dict[str, dict[str, Path]] = {kind.name: {} for kind in self.kinds}
        self._data: dict[str, tuple[Path, ...]] = {}
        self._courses: dict[str, str] = {}
        """By kind: which course was taken because it suits the data."""
        self._products: frozenset[str] = frozenset()
        self.title = ""
        self._reader = reader
        self._drawing: JobHandle | None = None
        self.drawn: Progress | None = None
        self.examiner = DataExaminer(reader, self)
        self.examiner.reported.connect(self._suit_course)
        self.examiner.reported.connect(self.ready_changed)
        self.examiner.failed.connect(self.ready_changed)

    # -- what to train ---------------------------------------------------------------------------------------------

    def choose_kind(self, name: str) -> None:
        """Train this kind instead; the data stays, and is looked at with other eyes."""
        kind = next(kind for kind in self.kinds if kind.name == name)
        if kind is not self.kind:
            self.kind = kind
            self.kind_changed.emit(kind)
            self._examine()
            self._suit_course()
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

    @property
    def data(self) -> Mapping[str, tuple[Path, ...]]:
        """Folders, lists and files by slot; those of equal names stay when another kind is chosen."""
        return {slot.name: self._data.get(slot.name, ()) for slot in self.kind.data}

    @property
    def places(self) -> tuple[DataPlace, ...]:
        """Where this kind of training gets its data from: its slots, and the phases with data of their own."""
        own = [DataPlace(slot) for slot in self.kind.data]
        phases = enumerate(self.schedule.phases)
        return (*own, *(DataPlace(one.slot, i) for i, phase in phases for one in own if phase.data.get(one.slot.name)))

    def paths_at(self, place: DataPlace) -> tuple[Path, ...]:
        """Return the folders, lists and files of a place."""
        if place.phase is None:
            return self._data.get(place.slot.name, ())
        return tuple(place.slot.sources(self.schedule.phases[place.phase].data))

    def title_of(self, place: DataPlace) -> str:
        """Return what to call a place; "" where there is no other."""
        slot = place.slot.title if len(self.kind.data) > 1 else ""
        if place.phase is None:
            return slot
        phase = self.schedule.phases[place.phase].name or f"Phase {place.phase + 1}"
        return f"{slot}, only in “{phase}”" if slot else f"Only in “{phase}”"

    @property
    def possible_places(self) -> tuple[DataPlace, ...]:
        """Where there could be data for one phase alone, and is none yet."""
        phases = range(len(self.schedule.phases))
        return tuple(p for i in phases for slot in self.kind.data if (p := DataPlace(slot, i)) not in self.places)

    def drop(self, paths: Sequence[Path]) -> None:
        """Take whatever was dropped: a single picture where one is still asked for, and everything else as data.

        Where there are several slots, folders go to the empty ones, one each; a folder that holds both sides of an
        unpaired set (trainA, trainB) goes to both.
        """
        wanted = self._missing_input()
        if wanted is not None and len(paths) == 1 and paths[0].suffix.lower() in _PICTURES:
            self.set_input(wanted.role, paths[0])
            return
        own = [DataPlace(slot) for slot in self.kind.data]
        splits = [split_of(paths[0], place.slot.name) for place in own] if len(paths) == 1 else []
        sides = {split.taught for split in splits if split is not None}
        empty = [place for place in own if not self.paths_at(place)]
        if len(sides) == len(own) > 1:
            for place in own:
                self.add_data(paths, place)
        elif len(paths) == len(empty) > 1:
            for path, place in zip(paths, empty, strict=True):
                self.add_data([path], place)
        else:
            self.add_data(paths, next(iter(empty), None))

    def add_data(self, paths: Sequence[Path], place: DataPlace | None = None) -> None:
        """Learn from these folders, lists and files too; in the first slot, unless another place is named."""
        place = place or self.places[0]
        self._set_data(place, tuple(dict.fromkeys([*self.paths_at(place), *(path.absolute() for path in paths)])))

    def remove_data(self, paths: Sequence[Path], place: DataPlace | None = None) -> None:
        """Learn no longer from these folders, lists and files."""
        gone, place = set(paths), place or self.places[0]
        self._set_data(place, tuple(path for path in self.paths_at(place) if path not in gone))

    # -- drawings of photos ----------------------------------------------------------------------------------------

    @property
    def photos_to_draw(self) -> Path | None:
        """The folder of which drawings can be made: that of what pairs lead to, where nothing leads to it yet."""
        if self.kind.worlds is None or self.kind.worlds(self.settings) != "pairs":
            return None
        drawings, photos = (self.paths_at(DataPlace(slot)) for slot in self.kind.data)
        return photos[0] if not drawings and len(photos) == 1 and photos[0].is_dir() else None

    def make_drawings(self) -> None:
        """Draw these photos, into a folder beside theirs, and learn from both; or give that up while it is done."""
        if self._drawing is not None:
            self._drawing.drop()
            self._end_drawing()
        elif (photos := self.photos_to_draw) is not None:
            task = DrawingsTask(photos, photos.with_name(f"{photos.name} drawings"))
            self._drawing = handle = self._reader.live("train.drawings", "make_drawings", task)
            handle.progressed.connect(self._show_drawn)
            handle.finished.connect(self._take_drawings)
            handle.failed.connect(self._fail_to_draw)
            self._show_drawn(Progress("Drawing"))

    def _show_drawn(self, progress: Progress | None) -> None:
        self.drawn = progress
        self.drawing_changed.emit()

    def _end_drawing(self) -> None:
        self._drawing = None
        self._show_drawn(None)

    def _take_drawings(self, folder: Path) -> None:
        self._end_drawing()
        if self.photos_to_draw is not None:
            self.add_data([folder], self.places[0])

    def _fail_to_draw(self, failure: Failure) -> None:
        self._end_drawing()
        self.failed.emit(failure)

    def _set_data(self, place: DataPlace, paths: tuple[Path, ...]) -> None:
        if paths == self.paths_at(place):
            return
        if place.phase is None:
            self._data[place.slot.name] = paths
            self._follow_data()
        else:
            self.draw_schedule(self.schedule.with_data(place.phase, {place.slot.name: tuple(map(str, paths))}))
            self.schedule_changed.emit(self.schedule)

    def _follow_data(self) -> None:
        self.data_changed.emit()
        self._examine()
        self.ready_changed.emit()

    def _examine(self) -> None:
        """Look at whatever is there; at what is known already only if it is read otherwise now."""
        size, settings = self.settings.size, self.settings
        self.examiner.follow({
            place: ExamineTask(paths, size, place.slot.reading(settings))
            for place in self.places if (paths := self.paths_at(place))
        })  # fmt: skip
        worlds = self.kind.worlds(settings) if self.kind.worlds is not None else ""
        own = tuple(DataPlace(slot) for slot in self.kind.data) if worlds else ()
        self.examiner.compare(own, paired=worlds == "pairs")

    @property
    def reports(self) -> tuple[DataReport | None, ...]:
        """What is known of each place."""
        return tuple(self.examiner.reports.get(place) for place in self.places)

    def examples_of(self, phase: Phase) -> int | None:
        """Return how many pictures make an epoch of a phase: those of the largest slot; None while nobody knows.

        Of a phase's own data a few may be left out besides: what the run is checked on is never learnt from.
        """
        counts = [
            self.examiner.count(slot, tuple(slot.sources(phase.data)) or self.data[slot.name])
            for slot in self.kind.data
        ]
        known = [self.kind.learnt_from(self.settings, count) for count in counts if count is not None]
        return max(known) if len(known) == len(counts) else None

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
        self._examine()

    def set_settings(self, settings: TrainingSettings) -> None:
        """Take over `settings` from the form; outside a gesture the change is an undo step of its own."""
        self._settings[self.kind.name].set(settings)

    def _follow_settings(self, kind: TaskKind, before: TrainingSettings, settings: TrainingSettings) -> None:
        self.choose_kind(kind.name)  # another one after the undo of what was done before this one was chosen
        self.settings_changed.emit(settings)
        if not self._settings[kind.name].in_gesture:
            self._examine()
        if not self.is_schedule_drawn and self.schedule != self._suited_to(before).schedule:
            self.schedule_changed.emit(self.schedule)
        self.ready_changed.emit()

    @property
    def schedule(self) -> Schedule:
        """What was drawn, or else what this kind of training does by default with so much data."""
        return self._drawn.get(self.kind.name) or self._suited_to(self.settings).schedule

    @property
    def why_so_long(self) -> str:
        """Why the schedule is as long as it is; "" where it is the artist's own, or nobody has counted the data."""
        return "" if self.is_schedule_drawn else self._suited_to(self.settings).why

    def know_networks(self, product: str, *, here: bool) -> None:
        """Learn whether there are networks that something can begin with."""
        self._products = self._products | {product} if here else self._products - {product}
        self._suit_course()

    def _suit_course(self, _place: object = None) -> None:
        """Take the course that suits so much data, as long as no hand has set anything."""
        kind, untouched = self.kind, self.kind.settings()
        if kind.name in self._courses:
            untouched = untouched.moved("course", self._courses[kind.name])
        if self.settings == untouched and not self.is_schedule_drawn and (suited := self._suited_settings()):
            self._settings[kind.name].apply(suited)

    def _suited_settings(self) -> TrainingSettings | None:
        """Return where a newcomer starts with so much data, and note its course; None where that changes nothing."""
        kind, slot = self.kind, self.kind.data[0]
        count = self.examiner.count(slot, self.data[slot.name])
        if kind.suited_course is None or count is None:
            return None
        self._courses[kind.name] = course = kind.suited_course(count, self._products)
        return kind.settings().moved("course", course)

    def _suited_to(self, settings: TrainingSettings) -> Suited:
        slot = self.kind.data[0]
        return self.kind.schedule_for(settings, self.examiner.count(slot, self.data[slot.name]))

    @property
    def is_schedule_drawn(self) -> bool:
        """Whether the schedule is the artist's own."""
        return self.kind.name in self._drawn

    def draw_schedule(self, schedule: Schedule) -> None:
        """Learn by this schedule."""
        if schedule != self.schedule:
            self._drawn[self.kind.name] = schedule
            self._follow_data()

    def reset_schedule(self) -> None:
        """Learn as this kind of training does by default."""
        if self._drawn.pop(self.kind.name, None) is not None:
            self.schedule_changed.emit(self.schedule)
            self._follow_data()

    def reset(self) -> None:
        """Set settings and schedule back to where a newcomer starts."""
        self._courses.pop(self.kind.name, None)
        self.set_settings(self._suited_settings() or self.kind.settings())
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
        self._data |= {slot.name: tuple(slot.sources(plan.data)) for slot in kind.data}
        self.set_settings(settings)
        self._drawn[kind.name] = plan.schedule
        self.schedule_changed.emit(plan.schedule)
        self._follow_data()

    # -- ready? ----------------------------------------------------------------------------------------------------

    @property
    def missing(self) -> str:
        """What is still needed before it can begin, as a sentence; "" when it can."""
        for slot in self.kind.data:
            if not self.data[slot.name]:
                return slot.help if len(self.kind.data) == 1 else f"{slot.title}: {slot.help}"
        if (wanted := self._missing_input()) is not None:
            return f"Still needed: {wanted.help[:1].lower()}{wanted.help[1:]}"
        every = chain(*map(self.paths_at, self.places), self.inputs.values())
        gone = next((path for path in every if not is_there(path)), None)
        if gone is not None:
            return f"{gone.name} is not there any more: remove it, or bring it back."
        if any(report is not None and report.taught == 0 for report in self.reports):
            return "None of these files can be learnt from."
        if (failure := next(iter(self.examiner.failures.values()), None)) is not None:
            return failure.cause
        return ""

    def _missing_input(self) -> InputSlot | None:
        return next((wanted for wanted in self.kind.inputs if wanted.role not in self.inputs), None)

    @property
    def _timeline(self) -> Timeline | None:
        """None while nobody has counted the pictures."""
        if not all(self.examples_of(phase) for phase in self.schedule.phases):
            return None
        return self.schedule.timeline(
            lambda phase: self.examples_of(phase) or 1, batch=self.settings.batch, size=self.settings.size
        )

    @property
    def total_steps(self) -> int | None:
        """How many steps it will take; None while nobody has counted the pictures."""
        if (timeline := self._timeline) is None:
            return None
        return min(timeline.total_steps, self.settings.steps or timeline.total_steps)

    def estimate(self, runs: Sequence[RunSummary], rehearsed: Rehearsed | None = None) -> TimeEstimate | None:
        """Return about how long it will take: as its first steps tell, or earlier runs of this kind here; else None."""
        timeline, steps = self._timeline, self.total_steps
        if timeline is None or steps is None:
            return None
        if rehearsed is not None:
            return rehearsed.of(steps, self.settings)
        return estimate(timeline.work(steps), self.kind, self.settings, runs)

    def suggested_title(self) -> str:
        """Return what the run would be called."""
        of = next((path.stem for path in chain(self.inputs.values(), *self.data.values())), "")
        return f"{of} {self.kind.title.lower()}".strip()

    def plan(self) -> RunPlan:
        """Return what was put together; call it only when nothing is missing."""
        return RunPlan(
            task=self.kind.name,
            title=self.title.strip() or self.suggested_title(),
            data={slot: tuple(map(str, paths)) for slot, paths in self.data.items()},
            inputs={name: str(path) for name, path in self.inputs.items()},
            settings=self.settings.model_dump(),
            schedule=self.schedule,
        )
