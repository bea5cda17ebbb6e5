"""A run is a folder: what was wanted, what happened, what came of it. Whoever starts, watches or steers one uses this.

run.json        the plan: task, data, settings, schedule
events.jsonl    what happened, one event a line, only ever appended (`run_log`)
samples/        what it could do at which step
checkpoints/    where it can go on from
trials.json     what was tried before the first step, and what was chosen (`trials`)
model.safetensors, model.md    the finished network and its card
orders/         what somebody wants of it (`run_orders`)
heartbeat.json  which process works on it, touched every few seconds
"""

import json
import os
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticSerializationError

from studio import __version__
from studio.core.atomic import write_error, write_file
from studio.core.failures import StudioError, first_line
from studio.core.file_names import readable
from studio.training.run_commands import RunCommands
from studio.training.schedule import DataPaths, Schedule

__all__ = [
    "Heartbeat", "RunChangedError", "RunFolder", "RunPlan", "RunState",
    "TrainRequest", "TrainedRun", "defaults_of_0_1", "runs_in",
]  # fmt: skip

RunState: TypeAlias = Literal["new", "running", "paused", "interrupted", "finished", "stopped", "failed"]
"""`paused` goes on when asked. `interrupted`: its process is gone without a word. `stopped`: ended early, and kept."""

SILENT_S = 30.0
"""A run on another machine whose heart has not beaten for so long is taken for dead."""

FORGOTTEN_S = 600.0
"""So is one on this machine, even where there is a process of its number: after a restart that is another one's."""

BEAT_S = 2.0

_DEFAULTS_OF_0_1 = {"split": False, "fair_check": False, "sample_every": 100, "validate_every": 250}
"""What settings meant that version 0.1 did not have, or had with another default."""

_DEFAULTS_OF_0_1_BY_TASK = {"fast-style": {"ground": False, "lattice": 0.0, "plain": 0.0}}


class RunPlan(BaseModel):
    """What is wanted of a run: all of run.json. Paths are absolute, as the run may go on from anywhere."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[2] = 2
    task: str
    """The name of a `TaskKind`."""
    title: str = ""
    data: DataPaths
    """What to learn from, by the names of the task's data slots."""
    inputs: Mapping[str, str] = Field(default_factory=dict)
    """Other files the task asks for, by name, such as the painting of a fast style."""
    settings: Mapping[str, Any] = Field(default_factory=dict)
    """Values for the task's settings; what is missing has its default."""
    schedule: Schedule
    extended: tuple[int, ...] = ()
    """The steps at which somebody let it learn for longer than was planned."""
    created: str = Field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    version: str = __version__

    @model_validator(mode="before")
    @classmethod
    def _from_the_first_format(cls, given: Any) -> Any:
        """Version 0.1 wrote one list of data, took folders that divide it for classes, and had other defaults."""
        if not isinstance(given, dict) or given.get("format") != 1:
            return given
        return given | {"format": 2, "settings": {**defaults_of_0_1(given.get("task")), **given.get("settings", {})}}


def defaults_of_0_1(task: object) -> dict[str, Any]:
    """Return what the settings of a task meant in version 0.1 where its plans and checkpoints say nothing of them."""
    return {**_DEFAULTS_OF_0_1, **_DEFAULTS_OF_0_1_BY_TASK.get(str(task), {})}


class RunChangedError(StudioError):
    """Data or settings of a run are not those it was last worked on with; the user decides whether they are wanted."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Who works on a run, and when it was last heard of (Unix seconds)."""

    host: str
    process: int
    at: float

    @property
    def alive(self) -> bool:
        """Whether that process still works: asked of the system where it is this machine's, else by its age."""
        age = time.time() - self.at
        if self.host == socket.gethostname():
            return age < FORGOTTEN_S and _is_running(self.process)
        return age < SILENT_S


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """The training job's task: begin or go on with the run in `folder`.

    Args:
        folder: the run's.
        accept_changes: data or settings that differ from the checkpoint's are wanted.
        extend: so many steps more than it has taken; 0 goes on as planned.
        keep: end it where it stands, and keep the network.

    """

    folder: Path
    accept_changes: bool = False
    extend: int = 0
    keep: bool = False


@dataclass(frozen=True, slots=True)
class TrainedRun:
    """How a sitting of training ended; `model` is there once the run is finished or was kept early."""

    folder: Path
    state: RunState
    step: int
    model: Path | None = None


class RunFolder:
    """The paths in one run's folder, and the little that is asked of them everywhere."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.commands = RunCommands(path / "orders")

    @classmethod
    def create(cls, path: Path, plan: RunPlan) -> Self:
        """Make the folder of a new run.

        Raises:
            StudioError: there is a run already, or something else that is not ours to overwrite; or nothing can be
                written there.

        """
        content = _as_json(plan)
        if (path / "run.json").exists():
            raise StudioError(f"There is a run in {path} already.", "Resume it, or choose another folder.")
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise StudioError(f"{path} is not empty.", "Choose a new folder for the run.")
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(path, error) from error
        run = cls(path)
        write_file(run.plan_file, content)
        return run

    @property
    def plan_file(self) -> Path:  # noqa: D102
        return self.path / "run.json"

    @property
    def events_file(self) -> Path:  # noqa: D102
        return self.path / "events.jsonl"

    @property
    def samples(self) -> Path:  # noqa: D102
        return self.path / "samples"

    @property
    def checkpoints(self) -> Path:  # noqa: D102
        return self.path / "checkpoints"

    @property
    def model_file(self) -> Path:  # noqa: D102
        return self.path / "model.safetensors"

    @property
    def card_file(self) -> Path:  # noqa: D102
        return self.path / "model.md"

    @property
    def notes_file(self) -> Path:  # noqa: D102
        return self.path / "notes.md"

    def sample_file(self, step: int) -> Path:
        """Return where the sample of `step` lies."""
        return self.samples / f"{step:08d}.png"

    # -- the plan ----------------------------------------------------------------------------------------------------

    def read_plan(self) -> RunPlan:
        """Return what is wanted of this run.

        Raises:
            StudioError: this is no run's folder, or its run.json cannot be understood.

        """
        try:
            return RunPlan.model_validate_json(self.plan_file.read_bytes())
        except FileNotFoundError as error:
            raise StudioError(
                f"{self.path} is not a run's folder.", "Choose a folder that holds a run.json."
            ) from error
        except (OSError, ValidationError) as error:
            raise StudioError(
                f"{self.plan_file} cannot be read ({first_line(error)}).",
                "Restore it from a copy, or begin a new run.",
            ) from error

    def write_plan(self, plan: RunPlan) -> None:
        """Put `plan` in place of run.json.

        Raises:
            WriteError: that fails.
            StudioError: a name in it is no text.

        """
        write_file(self.plan_file, _as_json(plan))

    # -- who works on it ---------------------------------------------------------------------------------------------

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep every other process from training this run.

        Raises:
            StudioError: one does already.

        """
        lock = FileLock(self.path / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise StudioError(
                f"Another process is training {self.path.name} already.", "Pause it there first, or watch it here."
            ) from error
        except OSError as error:
            raise write_error(self.path / ".lock", error) from error
        self.beat()  # at once: a run that says it works, and whose heart does not beat, counts as dead
        try:
            yield
        finally:
            with suppress(OSError):
                (self.path / "heartbeat.json").unlink(missing_ok=True)
            lock.release()

    def beat(self) -> None:
        """Say that this process works on the run; cheap enough for every `BEAT_S` seconds."""
        beat = {"host": socket.gethostname(), "process": os.getpid(), "at": time.time()}
        temporary = self.path / ".heartbeat.part"
        with suppress(OSError):  # a full disk is noticed where it matters
            temporary.write_text(json.dumps(beat), encoding="utf-8")
            temporary.replace(self.path / "heartbeat.json")

    def heartbeat(self) -> Heartbeat | None:
        """Return who works on the run, or did until it was killed; None where its last process ended in order."""
        try:
            beat = json.loads((self.path / "heartbeat.json").read_text(encoding="utf-8"))
            return Heartbeat(str(beat["host"]), int(beat["process"]), float(beat["at"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def state(self, logged: RunState) -> RunState:
        """Return the run's state now, given the last one in its log: what says "running" may be dead."""
        if logged != "running":
            return logged
        beat = self.heartbeat()
        return "running" if beat is not None and beat.alive else "interrupted"


def runs_in(folders: Sequence[Path]) -> tuple[RunFolder, ...]:
    """Return the runs that lie directly in `folders`, the newest first."""
    found = [plan.parent for folder in folders if folder.is_dir() for plan in folder.glob("*/run.json")]
    return tuple(RunFolder(path) for path in sorted(found, key=_age_of, reverse=True))


def _as_json(plan: RunPlan) -> bytes:
    try:
        return plan.model_dump_json(indent=2).encode()
    except PydanticSerializationError as error:  # lone surrogates: a name of other bytes than UTF-8
        paths = (*chain(*plan.data.values()), *plan.inputs.values(), plan.title)
        name = next((readable(path) for path in paths if readable(path) != path), "A name")
        raise StudioError(
            f"{name} is not a name in UTF-8.", "Rename that file or folder, then choose it again."
        ) from error


def _age_of(path: Path) -> float:
    try:
        return (path / "run.json").stat().st_mtime
    except OSError:
        return 0.0


def _is_running(process: int) -> bool:
    if os.name == "nt":
        return _is_running_on_windows(process)
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, and alive
        return True
    return not _is_zombie(process)


def _is_zombie(process: int) -> bool:
    """A killed child keeps its number until its parent asks for it; Linux says so."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False


def _is_running_on_windows(process: int) -> bool:
    import ctypes

    windows: Any = getattr(ctypes, "windll").kernel32  # noqa: B009 - absent elsewhere, which mypy would refuse
    handle = windows.OpenProcess(0x1000, False, process)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return False
    code = ctypes.c_ulong()
    windows.GetExitCodeProcess(handle, ctypes.byref(code))
    windows.CloseHandle(handle)
    return code.value == 259  # STILL_ACTIVE
