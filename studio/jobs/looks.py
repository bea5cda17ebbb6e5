"""Looks on their way from and to files: one's own in their folder, and those that are shared."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.atomic import write_file
from studio.core.controls import Controls
from studio.core.events import Job, Progress
from studio.core.failures import StudioError
from studio.core.images import PictureError, read_recipe
from studio.core.picture_task import PictureTask
from studio.core.picture_tasks import picture_task_named
from studio.core.presets import SUFFIX, Look, LookFolder, read_look_file


@dataclass(frozen=True, slots=True)
class LooksTask:
    """Which looks to list, after `keep` is stored and `remove` is removed."""

    folder: LookFolder
    task: PictureTask
    keep: Look | None = None
    remove: Look | None = None


@dataclass(frozen=True, slots=True)
class ReadLook:
    """Which file to take a look from: one that was shared, or a picture that was made with it."""

    path: Path
    task: PictureTask


@dataclass(frozen=True, slots=True)
class WriteLook:
    """Which look to write where, for others."""

    path: Path
    look: Look


def list_looks(task: LooksTask, controls: Controls[Any]) -> Job[tuple[Look, ...]]:
    """Return one's own looks of a task, by name."""
    yield Progress("Reading the looks")
    if task.keep is not None:
        task.folder.keep(task.keep)
    if task.remove is not None:
        task.folder.remove(task.remove)
    return tuple(look.understood(task.task.settings) for look in task.folder.looks(task.task.name))


def read_look(task: ReadLook, controls: Controls[Any]) -> Job[Look]:
    """Read a look from a file, be it one of looks or a picture with a recipe.

    Raises:
        StudioError: it holds none, or one of another task.

    """
    yield Progress(f"Reading {task.path.name}")
    look = _from_picture(task) if task.path.suffix != SUFFIX else None
    look = look or read_look_file(task.path)
    if look.task != task.task.name:
        other = picture_task_named(look.task)
        whose = "another version of Atelier" if other is None else f"the {other.title} panel"
        raise StudioError(f"“{look.name}” is a look of {whose}.", f"Choose one of the {task.task.title} panel.")
    return look.understood(task.task.settings)


def _from_picture(task: ReadLook) -> Look | None:
    try:
        recipe = read_recipe(task.path)
    except PictureError:
        return None
    if recipe is None:
        return None
    return Look.of_recipe(recipe, task.path.stem, task.task.settings)


def write_look(task: WriteLook, controls: Controls[Any]) -> Job[Path]:
    """Write a look as a file for others.

    Raises:
        StudioError: the disk does not take it.

    """
    yield Progress(f"Saving {task.path.name}")
    write_file(task.path, task.look.to_json())
    return task.path
