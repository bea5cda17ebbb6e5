"""Many photos in one command: what is done already is left alone, and what fails is reported at the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

from studio.command_line.exit_codes import DONE, FAILED, INTERRUPTED
from studio.command_line.reporting import Reporter, reporter
from studio.command_line.running import concluded, stoppable
from studio.core.controls import Controls
from studio.core.events import Event, Job, Log, Progress
from studio.core.failures import explain
from studio.core.images import load_picture
from studio.core.library import Library
from studio.core.photo_metadata import MetadataChoice
from studio.core.picture_task import CONTENT, PictureTask
from studio.core.settings import Settings
from studio.core.user_folders import UserFolders
from studio.jobs.batch import (
    BatchItem,
    BatchLook,
    GatherTask,
    ItemMade,
    ItemTask,
    Outcome,
    Report,
    State,
    gather,
    make_item,
    with_outputs,
)  # fmt: skip

_FINE = 1000
"""Parts of a photo that the bar counts."""

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """What to make: photos and what goes in beside them by role, the settings, and where the results go."""

    task: PictureTask
    files: Mapping[str, tuple[Path, ...]]
    settings: Settings
    folder: Path
    suffix: str
    metadata: MetadataChoice = "keep"


class BatchMaker:
    """Makes one picture after the other, reports each, and turns the whole into an exit code.

    Args:
        events: report as JSON lines.
        debug: print the traceback of a failure.
        started: when the program started, on `perf_counter`'s clock.

    """

    def __init__(self, *, events: bool, debug: bool, started: float) -> None:
        self._debug, self._started = debug, started
        self._reporter: Reporter = reporter(events=events, started=started)
        self._said: list[Event] = []
        self._library = Library(UserFolders.standard().library)

    def make(self, order: BatchOrder) -> int:
        """Make all of them; returns the exit code."""
        return concluded(self._reporter, lambda: self._work(order), debug=self._debug)

    def _work(self, order: BatchOrder) -> int:
        others = {role: paths for role, paths in order.files.items() if role != CONTENT}
        inputs = {role: tuple(map(load_picture, paths)) for role, paths in others.items()}
        look = BatchLook(order.task, order.settings, inputs)
        left_out = tuple(path for paths in others.values() for path in paths)
        with stoppable(stop := Controls(Settings())):
            found = self._run(gather(GatherTask(order.files[CONTENT], left_out), stop), stop)
            if found is None:
                return INTERRUPTED
            items = with_outputs(found, order.folder, "" if order.task.pairs else order.task.done, order.suffix)
            states = self._make_each(items, look, order.metadata, stop)
        report = Report.of(zip(items, states, strict=True), order.task.done)
        self._reporter.report(report.sentence, report.by_word, report.failures)
        if report.counts.get(Outcome.WAITING):
            return INTERRUPTED
        return FAILED if report.failures else DONE

    def _make_each(
        self, items: Sequence[BatchItem], look: BatchLook, metadata: MetadataChoice, stop: Controls[Any]
    ) -> list[State]:
        states = [State()] * len(items)
        for number, item in enumerate(items):
            job = make_item(ItemTask(item, look, self._library, metadata=metadata), Controls(look.settings))
            place = _Place(look.task.title, item.name, number, len(items))
            try:
                made = self._run(job, stop, place)
            except Exception as error:
                failure = explain(error)
                states[number] = State(Outcome.FAILED, cause=failure.cause, remedy=failure.remedy)
                self._reporter.failed(failure, photo=item.name)
                continue
            if made is None:
                break
            states[number] = State(Outcome.SKIPPED if made.skipped else Outcome.MADE, made.path)
            self._tell(item, made)
        return states

    def _run(self, job: Job[R], stop: Controls[Any], place: "_Place | None" = None) -> R | None:
        """Run one job; None where Ctrl+C came first: what is half made is dropped, and made the next time."""
        try:
            while not stop.finishing:
                event = next(job)
                if event in self._said:
                    continue  # a warning about a network is the same for every photo
                if isinstance(event, Log):
                    self._said.append(event)
                self._reporter.say(event if place is None else place.told(event))
        except StopIteration as end:
            result: R = end.value
            return result
        finally:
            job.close()
        return None

    def _tell(self, item: BatchItem, made: ItemMade) -> None:
        size = {"width": made.width, "height": made.height} if made.width else {}
        seconds = round(perf_counter() - self._started, 3)
        self._reporter.result(str(made.path), photo=item.name, skipped=made.skipped, **size, seconds=seconds)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a photo stands in its batch."""

    title: str
    name: str
    number: int
    total: int

    def told(self, event: Event) -> Event:
        """Count what a job says of one photo as a part of the whole batch."""
        if not isinstance(event, Progress):
            return event
        share = event.share if event.share is not None else event.done / event.total if event.total else 0.0
        stage = f"{self.title} · {self.number + 1} of {self.total} · {self.name} · {event.stage}"
        return Progress(stage, round((self.number + share) * _FINE), self.total * _FINE, in_words=True)
