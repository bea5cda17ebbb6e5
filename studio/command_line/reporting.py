"""What a running job says: as JSON lines for a program, or as a progress bar for a person."""

import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from time import perf_counter
from types import TracebackType
from typing import Any, Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as ProgressBar
from rich.table import Column
from rich.text import Text

from studio.core.events import Event, Log, Metrics, Preview, Progress
from studio.core.failures import Failure
from studio.core.file_names import readable

_NUMBERS_EVERY_S = 30.0
"""A log file of a long run stays readable, and alive."""


class Reporter(AbstractContextManager["Reporter"], Protocol):
    """Whoever is told what a job does."""

    def say(self, event: Event) -> None:
        """Pass on what the job said."""

    def result(self, path: str, **facts: Any) -> None:
        """Say that a result lies at `path`."""

    def failed(self, failure: Failure, photo: str = "") -> None:
        """Say that there will be no result, or none of one photo of a batch."""

    def report(self, sentence: str, counts: Mapping[str, int], failures: Sequence[tuple[str, str, str]]) -> None:
        """Say what became of a batch: in one sentence, in numbers, and name, cause and remedy of what failed."""

    def note(self, message: str) -> None:
        """Say something beside the job."""


def reporter(*, events: bool, started: float, numbers: bool = False) -> Reporter:
    """Return the JSON lines or the progress bar.

    Args:
        events: JSON lines.
        started: the program's start on `perf_counter`'s clock.
        numbers: what is measured is worth a person's attention, too.

    """
    return JsonLines(started) if events else Terminal(numbers=numbers)


class Silent(Reporter):
    """Says nothing: of several processes that work together, one speaks."""

    def __exit__(self, *error: object) -> None:
        """Nothing to put away."""

    def say(self, event: Event) -> None:
        """Leave it to the one that speaks."""

    def result(self, path: str, **facts: Any) -> None:
        """Leave it to the one that speaks."""

    def failed(self, failure: Failure, photo: str = "") -> None:
        """Leave it to the one that speaks."""

    def report(self, sentence: str, counts: Mapping[str, int], failures: Sequence[tuple[str, str, str]]) -> None:
        """Leave it to the one that speaks."""

    def note(self, message: str) -> None:
        """Leave it to the one that speaks."""


class JsonLines(Reporter):
    """One JSON object a line on stdout; `t` counts the seconds since the start."""

    def __init__(self, started: float) -> None:
        self._started = started
        self._listening = True
        self._newest: Progress | None = None

    def __exit__(self, *error: object) -> None:
        """Nothing to put away."""

    def say(self, event: Event) -> None:
        """Write the event; of a preview everything but the pixels."""
        match event:
            case Progress(stage, done, total):
                if event == self._newest:
                    return  # a job that waits yields the same again and again
                self._newest = event
                self._write("progress", stage=stage, done=done, total=total)
            case Preview(picture, step, stage, draft):
                height, width = picture.shape[:2]
                self._write("preview", width=width, height=height, step=step, stage=stage, draft=draft)
            case Metrics(step, values):
                # JSON knows no NaN
                plain = {name: value if math.isfinite(value) else None for name, value in values.items()}
                self._write("metrics", step=step, values=plain)
            case Log(message, level):
                self._write("log", level=level, message=message)

    def result(self, path: str, **facts: Any) -> None:
        """Write the result's path and what is known about it."""
        self._write("result", path=path, **facts)

    def failed(self, failure: Failure, photo: str = "") -> None:
        """Write cause and remedy."""
        self._write("failed", **({"photo": photo} if photo else {}), cause=failure.cause, remedy=failure.remedy)

    def report(self, sentence: str, counts: Mapping[str, int], failures: Sequence[tuple[str, str, str]]) -> None:
        """Write the numbers; each failure is told already."""
        self._write("report", **counts)

    def note(self, message: str) -> None:
        """Write it like a job's own remark."""
        self._write("log", level="info", message=message)

    def _write(self, kind: str, **facts: Any) -> None:
        if not self._listening:
            return
        line = {"t": round(perf_counter() - self._started, 3), "type": kind, **facts}
        try:
            print(json.dumps(line, allow_nan=False), flush=True)
        except BrokenPipeError:  # the listener has gone; the picture is still wanted
            self._listening = False
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Terminal(Reporter):
    """A progress bar on stderr, and the result's path on stdout. In a log file, where there is no bar, plain lines.

    Args:
        numbers: show what is measured, too.

    """

    def __init__(self, *, numbers: bool = False) -> None:
        self._wants_numbers = numbers
        self._told_numbers, self._untold = -math.inf, ""
        self._console = Console(stderr=True, highlight=False)
        self._bar = ProgressBar(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            _Count(),
            TimeRemainingColumn(),
            TextColumn("[dim]{task.fields[numbers]}", table_column=Column(no_wrap=True, overflow="ellipsis")),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task: TaskID | None = None
        self._heading = ""
        self._total: int | None = None

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self._bar.stop()

    def say(self, event: Event) -> None:
        """Move the bar; print remarks above it."""
        match event:
            case Progress():
                self._show(event)
            case Metrics(step, values) if self._wants_numbers:
                self._show_numbers(step, values)
            case Log(message, level):
                self.note(f"Warning: {message}" if level == "warning" else message)

    def result(self, path: str, **facts: Any) -> None:
        """Print where the result lies."""
        self._bar.stop()  # until the next picture of a batch begins
        self._tell_numbers()
        if path and not facts.get("skipped"):
            print(path)

    def failed(self, failure: Failure, photo: str = "") -> None:
        """Leave it to the two lines that every failing command prints, or to the report of a batch."""

    def report(self, sentence: str, counts: Mapping[str, int], failures: Sequence[tuple[str, str, str]]) -> None:
        """Print the sentence, and each failure in a line."""
        self._bar.stop()
        for name, cause, remedy in failures:
            self.note(f"{name}: {cause} {remedy}")
        self.note(f"{sentence}.")

    def note(self, message: str) -> None:
        """Print a line on stderr."""
        self._console.print("\n".join(map(readable, message.splitlines())), markup=False, soft_wrap=True)

    def _show(self, progress: Progress) -> None:
        self._total = total = progress.total or None
        self._bar.start()
        if self._task is None or progress.heading != self._heading:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._heading = progress.heading
            self._task = self._bar.add_task(progress.stage, total=total, in_words=progress.in_words, numbers="")
            if not self._console.is_terminal:
                self.note(progress.heading)
        self._bar.update(self._task, completed=progress.done, total=total, description=progress.stage)

    def _show_numbers(self, step: int, values: Mapping[str, float]) -> None:
        words = " · ".join(f"{name} {value:.4g}" for name, value in values.items())
        if self._task is not None:
            self._bar.update(self._task, numbers=words)
        self._untold = f"Step {step}{f' of {self._total}' if self._total else ''} · {words}"
        if perf_counter() - self._told_numbers >= _NUMBERS_EVERY_S:
            self._tell_numbers()

    def _tell_numbers(self) -> None:
        if self._untold and not self._console.is_terminal:
            self.note(self._untold)
        self._told_numbers, self._untold = perf_counter(), ""


class _Count(MofNCompleteColumn):
    """How many of how many, where that can be read; bytes are told in words."""

    def render(self, task: Task) -> Text:
        return Text() if task.fields["in_words"] else super().render(task)
