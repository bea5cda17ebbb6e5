"""A batch as a file, so that a queue outlives a crash: what is to be done, then a line for each photo that is over.

Lines are only ever added. A last one that is torn is passed over: what it said is found out again from the pictures.
"""

import json
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from studio.core.atomic import write_error, write_file
from studio.core.controls import Controls
from studio.core.events import Job, Progress
from studio.core.failures import StudioError
from studio.core.images import LoadedPicture, load_picture
from studio.core.library import Library
from studio.core.picture_task import PictureTask
from studio.core.picture_tasks import picture_task_named
from studio.core.recipes import InputRecord
from studio.core.settings import Settings
from studio.jobs.batch import BatchItem, BatchLook, Outcome, made_before, with_outputs

__all__ = ["Batch", "BeginTask", "begin_batch", "find_batches", "forget_batch", "look_again", "note_outcome"]

_FORMAT = 1


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Photos that are made something of with one look.

    Args:
        file: where it is written down.
        lock: held by the program that works on it.
        task: what is done.
        settings: with which settings.
        inputs: what goes in beside the photos; copies are in the library.
        items: the photos.
        ai_mark: say in the files that they were made with AI.
        outcomes: what is over already, by the number of its photo.

    """

    file: Path
    lock: FileLock
    task: PictureTask
    settings: Settings
    inputs: tuple[InputRecord, ...]
    items: tuple[BatchItem, ...]
    ai_mark: bool = True
    outcomes: Mapping[int, Outcome] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class BeginTask:
    """What to begin: the photos, the look, and where results go (`folder` None is the library)."""

    items: tuple[BatchItem, ...]
    look: BatchLook
    library: Library
    folder: Path | None = None
    suffix: str = ".png"
    ai_mark: bool = True


def begin_batch(task: BeginTask, controls: Controls[Any]) -> Job[tuple[Batch, BatchLook]]:
    """Write a batch down, with copies of what goes in beside the photos.

    Raises:
        WriteError: the disk does not take it.

    """
    yield Progress("Preparing the queue")
    look, library = task.look, task.library
    items = with_outputs(task.items, task.folder, look.task.done, task.suffix)
    records = []
    for role, pictures in look.inputs.items():
        for picture in pictures:
            library.keep_input(picture)
            records.append(InputRecord(role=role, name=picture.name, sha256=picture.sha256))
            yield Progress("Preparing the queue")
    file = _folder(library) / f"{look.task.name}-{secrets.token_hex(6)}.jsonl"
    plan = {
        "format": _FORMAT,
        "task": look.task.name,
        "settings": look.settings.model_dump(mode="json"),
        "inputs": [record.model_dump() for record in records],
        "ai_mark": task.ai_mark,
        "items": [[str(item.photo), item.name, item.output and str(item.output)] for item in items],
    }
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(file, error) from error
    write_file(file, json.dumps(plan).encode() + b"\n")
    batch = Batch(file, _lock(file), look.task, look.settings, tuple(records), items, task.ai_mark)
    batch.lock.acquire(timeout=0)
    known = (yield from made_before(library)) if task.folder is None else {}
    return batch, BatchLook(look.task, look.settings, look.inputs, known)


def find_batches(task: tuple[Library, PictureTask], controls: Controls[Any]) -> Job[tuple[Batch, ...]]:
    """Return the batches of a task that nobody works on and that are not done: they were interrupted."""
    yield Progress("Looking for queues")
    library, kind = task
    found = []
    for file in sorted(_folder(library).glob(f"{kind.name}-*.jsonl"), key=_age):
        lock = _lock(file)
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            continue  # another window is at it
        batch = _read(file, lock)
        if batch is not None and len(batch.outcomes) < len(batch.items):
            found.append(batch)
        else:
            _forget(file, lock)
        yield Progress("Looking for queues")
    return tuple(found)


def look_again(task: tuple[Library, Batch], controls: Controls[Any]) -> Job[BatchLook]:
    """Bring back what a batch is made with.

    Raises:
        StudioError: a picture that goes in is nowhere to be found.

    """
    library, batch = task
    inputs: dict[str, tuple[LoadedPicture, ...]] = {}
    for record in batch.inputs:
        yield Progress(f"Opening {record.name}")
        path = library.find_input(record.sha256, record.name)
        if path is None:
            raise StudioError(
                f"The picture “{record.name}”, which goes into this queue, is not in the library any more.",
                "Begin the queue again with that picture.",
            )
        inputs[record.role] = (*inputs.get(record.role, ()), load_picture(path))
    known = (yield from made_before(library)) if any(item.output is None for item in batch.items) else {}
    return BatchLook(batch.task, batch.settings, inputs, known)


def note_outcome(task: tuple[Batch, Mapping[int, Outcome]], controls: Controls[Any]) -> Job[None]:
    """Write down what is over: made, skipped or cancelled. What failed is tried again the next time."""
    yield Progress("Noting")
    batch, outcomes = task
    lines = "".join(f"{json.dumps([number, outcome])}\n" for number, outcome in outcomes.items())
    with suppress(OSError), batch.file.open("a", encoding="ascii") as file:  # it would only be looked for again
        file.write(lines)


def forget_batch(task: Batch, controls: Controls[Any]) -> Job[None]:
    """Put a batch away."""
    yield Progress("Putting away")
    _forget(task.file, task.lock)


def _read(file: Path, lock: FileLock) -> Batch | None:
    """Read a batch; None where it cannot be gone on with: damaged, of a newer version, or of a task that is gone."""
    try:
        first, *rest = file.read_bytes().splitlines()
        plan = json.loads(first)
        kind = picture_task_named(plan["task"])
        if plan["format"] != _FORMAT or kind is None:
            return None
        settings = kind.settings.model_validate(plan["settings"])
        inputs = tuple(InputRecord(**record) for record in plan["inputs"])
        items = tuple(
            BatchItem(Path(photo), name, None if output is None else Path(output))
            for photo, name, output in plan["items"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    outcomes: dict[int, Outcome] = {}
    for line in rest:
        with suppress(ValueError, TypeError):
            number, outcome = json.loads(line)
            outcomes[number] = Outcome(outcome)
    return Batch(file, lock, kind, settings, inputs, items, bool(plan.get("ai_mark", True)), outcomes)


def _folder(library: Library) -> Path:
    return library.root / ".queues"


def _lock(file: Path) -> FileLock:
    return FileLock(file.with_suffix(".lock"), thread_local=False)


def _age(file: Path) -> float:
    with suppress(OSError):
        return file.stat().st_mtime
    return 0.0


def _forget(file: Path, lock: FileLock) -> None:
    lock.release(force=True)
    for path in (file, file.with_suffix(".lock")):
        with suppress(OSError):
            path.unlink()
