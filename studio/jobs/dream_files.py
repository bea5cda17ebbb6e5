"""What is kept of dreams as files: directions with names, albums, walks. Free of torch until a generator is written."""

from pathlib import Path
from typing import Any

from models.weight_headers import safetensors_metadata
from studio.core.atomic import write_file
from studio.core.controls import Controls
from studio.core.dream_album import DreamAlbum
from studio.core.dream_settings import Walk
from studio.core.events import Job, Progress
from studio.core.failures import StudioError
from studio.core.named_directions import HEADER, Direction, directions_in_header, read_directions, to_json
from studio.core.trained_models import TrainedModels
from studio.core.walk_files import read_walk, write_walk
from studio.jobs.dream_tasks import AlbumTask, BookTask, WriteTask
from studio.jobs.dream_ways import WalkFileTask

__all__ = ["keep_walk", "list_directions", "open_album", "open_directions", "open_walk", "write_directions"]


def open_album(task: AlbumTask, controls: Controls[Any]) -> Job[DreamAlbum]:
    """Return the album of a generator.

    Raises:
        StudioError: it could not be kept.

    """
    yield Progress("Opening the album")
    if task.keep is not None:
        task.shelf.keep(task.generator, task.keep)
    return task.shelf.of(task.generator)


def list_directions(task: BookTask, controls: Controls[Any]) -> Job[tuple[Direction, ...]]:
    """Return the directions of a generator: one's own, then those that its file brings along.

    Raises:
        StudioError: they could not be kept.

    """
    yield Progress("Reading the directions")
    if task.keep is not None:
        task.book.keep(task.generator, task.keep)
    own = task.book.of(task.generator)
    names = {direction.name for direction in own}
    try:
        facts = TrainedModels.standard("generator").find(task.generator).facts
    except StudioError:  # whoever works with it is told
        return own
    return (*own, *(one for one in directions_in_header(facts, task.generator) if one.name not in names))


def open_directions(path: Path, controls: Controls[Any]) -> Job[tuple[Direction, ...]]:
    """Read a file of directions; a generator's file is one as well.

    Raises:
        StudioError: it holds none.

    """
    yield Progress(f"Reading {path.name}")
    if path.suffix.lower() == ".safetensors":
        found = directions_in_header(TrainedModels.standard("generator").find(str(path)).facts, path.name)
        if not found:
            raise StudioError(f"“{path.name}” brings no directions along.", "Choose another file.")
        return found
    return read_directions(path)


def write_directions(task: WriteTask, controls: Controls[Any]) -> Job[Path]:
    """Write directions for others.

    Raises:
        StudioError: the place does not take them, or the generator cannot be had.

    """
    yield Progress(f"Saving {task.path.name}")
    told = to_json(task.directions, task.generator)
    if task.path.suffix.lower() == ".safetensors":
        from safetensors.torch import save

        from models.weight_files import read_tensors

        model = TrainedModels.standard("generator").find(task.generator)
        header = dict(safetensors_metadata(model.path)) | {HEADER: told.decode()}
        told = save(read_tensors(model.path), header)
    write_file(task.path, told)
    return task.path


def keep_walk(task: WalkFileTask, controls: Controls[Any]) -> Job[Path]:
    """Write a walk.

    Raises:
        StudioError: the place cannot be written to.

    """
    yield Progress("Saving the walk")
    write_walk(task.path, task.walk)
    return task.path


def open_walk(path: Path, controls: Controls[Any]) -> Job[Walk]:
    """Read a walk.

    Raises:
        StudioError: it cannot be read, or is none.

    """
    yield Progress("Opening the walk")
    return read_walk(path)
