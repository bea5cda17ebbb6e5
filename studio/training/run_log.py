"""What happened in a run: `RunLog` appends it to events.jsonl, `RunHistory` reads it as it grows.

Every line is `{"t": Unix seconds, "type": …, "step": optimiser steps done, …}`:

    state       state, message?, cause?, remedy?      running | paused | finished | stopped | failed
    extended    steps, total                          it shall take so many steps more, and so many in all
    resumed     message?                              lines above with a greater step are void: they happen again
    metrics     values, epoch, rate, momentum         every step's numbers
    pace        total, examples (of an epoch), images_per_second, data_wait (0–1), memory_mb, seconds_left,
                seconds_left_spread, stage, computer, pixels and seconds (learnt from, gone by in this sitting)
    validation  values, best (bool)
    sample      file
    checkpoint  file, kind ("latest" | "pinned"), best (bool), seconds
    phase       index, name
    settings    values                                settings that changed in mid-run, from this step on
    guard       what, message                         a skipped step, a roll-back, a halved rate or batch
    log         message, level                        a sentence for the user

A killed process may leave half a line: the next one begins a line of its own, and readers pass over what is no JSON.
"""

import json
import math
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from studio.core.atomic import write_error
from studio.training.run_folder import RunState

__all__ = ["Happening", "RunHistory", "RunLog", "Series"]

_PIECE = 4 << 20


class RunLog:
    """Appends to one events.jsonl; whole lines, there at once, synced to the disk with each checkpoint.

    Raises:
        WriteError: the file cannot be opened.

    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("ab", buffering=0)
            if _ends_in_the_middle_of_a_line(path):
                self._file.write(b"\n")
        except OSError as error:
            raise write_error(path, error) from error

    def write(self, kind: str, step: int, **facts: Any) -> None:
        """Append one event; raises as `write_all` does."""
        self.write_all([(kind, step, facts)])

    def write_all(self, events: list[tuple[str, int, Mapping[str, Any]]]) -> None:
        """Append several events in one go: all, or none.

        Raises:
            OSError: the disk is full, or gone.

        """
        now = round(time.time(), 3)
        lines = (
            json.dumps({"t": now, "type": kind, "step": step, **_plain(facts)}, allow_nan=False, ensure_ascii=False)
            for kind, step, facts in events
        )
        # a file's name may hold bytes that are no UTF-8: as backslashes they are JSON's own escapes
        self._append("".join(line + "\n" for line in lines).encode(errors="backslashreplace"))

    def _append(self, data: bytes) -> None:
        whole = self._file.seek(0, os.SEEK_END)
        try:
            while data:  # a nearly full disk takes a part
                data = data[self._file.write(data) :]
        except OSError:
            with suppress(OSError):
                self._file.truncate(whole)
            raise

    def sync(self) -> None:
        """See to it that what was written survives a power cut.

        Raises:
            OSError: the disk is full, or gone.

        """
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __enter__(self) -> Self:
        """Hand itself out."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close, whatever happened."""
        self.close()


class Series:
    """One number's course: steps and values as growing arrays, cheap to append to and to look at."""

    def __init__(self) -> None:
        self._steps = np.empty(256, np.int64)
        self._values = np.empty(256, np.float64)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def steps(self) -> NDArray[np.int64]:
        """A read-only view."""
        return _frozen(self._steps[: self._length])

    @property
    def values(self) -> NDArray[np.float64]:
        """A read-only view; NaN where the number was not finite."""
        return _frozen(self._values[: self._length])

    def append(self, step: int, value: float) -> None:
        """Add a point behind the last."""
        if self._length == len(self._steps):
            # new arrays rather than resized ones: whoever holds a view keeps what it saw
            self._steps = np.concatenate([self._steps, np.empty_like(self._steps)])
            self._values = np.concatenate([self._values, np.empty_like(self._values)])
        self._steps[self._length], self._values[self._length] = step, value
        self._length += 1

    def snapshot(self) -> "Series":
        """Return the course so far, which nothing changes any more; costs nothing, for the arrays are shared."""
        still = Series.__new__(Series)
        still._steps, still._values, still._length = self._steps, self._values, self._length
        return still

    def forget_after(self, step: int) -> None:
        """Drop the points behind `step`."""
        kept = int(np.searchsorted(self._steps[: self._length], step, side="right"))
        if kept < self._length:
            self._steps, self._values = self._steps.copy(), self._values.copy()
            self._length = kept


@dataclass(frozen=True, slots=True)
class Happening:
    """An event other than numbers: its type, step, Unix time and further facts."""

    kind: str
    step: int
    at: float
    facts: Mapping[str, Any] = field(default_factory=dict)


class RunHistory:
    """Reads one events.jsonl and keeps up with it as it grows, from this process or another's.

    `metrics` and `validation` hold a `Series` for each number, "rate" and "momentum" the schedule as it was followed,
    `worked` how many seconds the run had worked at each step, `happenings` everything else in order; `pace` and `state`
    are the newest. What a resumed run does again replaces what it had done before.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0
        self._tail = b""
        self._forget_everything()

    def _forget_everything(self) -> None:
        self.metrics: dict[str, Series] = {}
        self.validation: dict[str, Series] = {}
        self.rate, self.momentum, self.epoch, self.worked = Series(), Series(), Series(), Series()
        self.happenings: list[Happening] = []
        self.pace: Happening | None = None
        self.logged_state: RunState = "new"
        self.step = 0
        self.seconds = 0.0
        """How long the run has worked, all sittings together."""
        self._began: float | None = None

    @property
    def position(self) -> int:
        """How many bytes have been read."""
        return self._position

    def poll(self, limit: int | None = None) -> bool:
        """Read what has been written since; return whether there was anything.

        Args:
            limit: read at most about so many bytes, to leave a busy thread soon; call again while it returns True.

        """
        read, budget = False, math.inf if limit is None else limit
        with suppress(OSError), self._path.open("rb") as file:  # not there yet, or on a disk that is away for a moment
            if file.seek(0, 2) < self._position:  # another file has taken its place
                self._position, self._tail = 0, b""
                self._forget_everything()
                read = True
            file.seek(self._position)
            while budget > 0 and (piece := file.read(int(min(_PIECE, budget)))):
                self._position += len(piece)
                budget -= len(piece)
                *lines, self._tail = (self._tail + piece).split(b"\n")
                for line in lines:
                    self._take(line)
                read = True
        return read

    def snapshot(self) -> Self:
        """Return what is known now, for another thread to look at while this history goes on reading."""
        still = copy(self)
        still.metrics = {name: series.snapshot() for name, series in self.metrics.items()}
        still.validation = {name: series.snapshot() for name, series in self.validation.items()}
        still.rate, still.momentum = self.rate.snapshot(), self.momentum.snapshot()
        still.epoch, still.worked = self.epoch.snapshot(), self.worked.snapshot()
        still.happenings = list(self.happenings)
        return still

    def of_kind(self, kind: str) -> tuple[Happening, ...]:
        """Return the happenings of one type, in order."""
        return tuple(happening for happening in self.happenings if happening.kind == kind)

    def _take(self, line: bytes) -> None:
        try:
            event = json.loads(line)
            kind, step, at = str(event.pop("type")), int(event.pop("step")), float(event.pop("t"))
        except (ArithmeticError, ValueError, KeyError, TypeError, AttributeError):
            return
        self._count_time(kind, at, event)
        match kind:
            case "metrics":
                self._take_metrics(step, event)
            case "validation":
                _append(self.validation, step, event.get("values"))
                self.happenings.append(Happening(kind, step, at, event))
            case "pace":
                self.pace = Happening(kind, step, at, event)
            case "resumed":
                self._forget_after(step)
                self.happenings.append(Happening(kind, step, at, event))
            case "state":
                self.logged_state = event.get("state", self.logged_state)
                self.happenings.append(Happening(kind, step, at, event))
            case _:
                self.happenings.append(Happening(kind, step, at, event))
        self.step = step if kind == "resumed" else max(self.step, step)

    def _count_time(self, kind: str, at: float, event: Mapping[str, Any]) -> None:
        """Add up the time between events of one sitting; what lies between a killed process and the next is no work."""
        begins = kind == "state" and event.get("state") == "running"
        if self._began is not None and not begins:
            self.seconds += max(0.0, at - self._began)
        if kind == "state":
            self._began = at if begins else None
        elif self._began is not None:
            self._began = at

    def _take_metrics(self, step: int, event: Mapping[str, Any]) -> None:
        _append(self.metrics, step, event.get("values"))
        for series, name in ((self.rate, "rate"), (self.momentum, "momentum"), (self.epoch, "epoch")):
            if isinstance(value := event.get(name), int | float):
                series.append(step, float(value))
        self.worked.append(step, self.seconds)

    def _forget_after(self, step: int) -> None:
        schedule = (self.rate, self.momentum, self.epoch, self.worked)
        for series in (*self.metrics.values(), *self.validation.values(), *schedule):
            series.forget_after(step)
        # what was said and done stays told, only what the numbers were is void
        self.happenings = [
            one
            for one in self.happenings
            if one.step <= step or one.kind in {"state", "extended", "resumed", "log", "guard"}
        ]


def _append(table: dict[str, Series], step: int, values: Any) -> None:
    if isinstance(values, dict):
        for name, value in values.items():
            series = table.setdefault(name, Series())
            if len(series) and series.steps[-1] == step:  # a check that a pause cut short is made again
                series.forget_after(step - 1)
            series.append(step, float(value) if isinstance(value, int | float) else math.nan)


def _plain(value: Any) -> Any:
    """JSON knows no NaN: None stands for it."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _ends_in_the_middle_of_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, 2) == 0:
            return False
        file.seek(-1, 2)
        return file.read(1) != b"\n"


def _frozen(view: NDArray[Any]) -> NDArray[Any]:
    view = view.view()
    view.flags.writeable = False
    return view
