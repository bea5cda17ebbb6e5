"""Sessions as jobs: written while one works, opened at the next start, listed to choose from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from studio.core.controls import Controls
from studio.core.events import DeepPicture, Job, Log, Picture, Progress
from studio.core.failures import StudioError
from studio.core.kept_sessions import KeptSession, kept_sessions, prune_sessions
from studio.core.picture_task import PictureTask
from studio.core.picture_tasks import picture_task_named
from studio.core.recipes import Recipe
from studio.core.resizing import thumbnail
from studio.core.saved_session import SavedFrame, SavedMask, SavedSession
from studio.core.session_reading import read_masks, read_session
from studio.core.session_writing import pack_session, write_session
from studio.core.settings import Settings
from studio.jobs.files import OpenedPicture, prepare_opened
from studio.jobs.masks.files import prepare_mask
from studio.jobs.recall import step_reached, with_networks_here

__all__ = [
    "ListSessionsTask",
    "OpenedMask",
    "OpenedSession",
    "SaveSessionTask",
    "SessionOffer",
    "keep_session",
    "list_sessions",
    "open_last_session",
    "open_masks",
    "open_session",
    "save_session",
]


@dataclass(frozen=True, slots=True, eq=False)
class SaveSessionTask:
    """What to write where: a folder among other kept sessions, or a file."""

    session: SavedSession
    path: Path


@dataclass(frozen=True, slots=True, eq=False)
class OpenedSession:
    """A session ready to be shown; everything by role, and everything but `frames` as a panel holds it."""

    task: PictureTask
    title: str
    inputs: Mapping[str, tuple[OpenedPicture, ...]]
    settings: Settings
    running: bool
    layer: Picture | DeepPicture | None
    recipe: Recipe | None
    made_from: Mapping[str, tuple[OpenedPicture, ...]]
    frames: tuple["OpenedFrame", ...]
    last: "LastPicture | None" = None
    """The picture once more, where no frame of the strip shows it: it was the last to reach the disk."""
    masks: tuple["OpenedMask", ...] = ()
    as_saved: OpenedPicture | None = None
    """In place of `layer`, a file's picture that is shown as it was saved."""


@dataclass(frozen=True, slots=True, eq=False)
class LastPicture:
    """A picture that shall become a frame of the strip, and the evaluation at which it was reached."""

    layer: Picture | DeepPicture
    thumbnail: Picture
    step: int
    settings: Settings
    recipe: Recipe


@dataclass(frozen=True, slots=True, eq=False)
class OpenedFrame:
    """A frame of the film strip, with the settings and the pictures that it was made from."""

    saved: SavedFrame
    settings: Settings
    inputs: Mapping[str, tuple[OpenedPicture, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class OpenedMask:
    """A mask of the list, and what is painted on it; None where that is nothing."""

    saved: SavedMask
    picture: OpenedPicture | None


@dataclass(frozen=True, slots=True)
class ListSessionsTask:
    """Where sessions of one task are kept unasked."""

    root: Path


@dataclass(frozen=True, slots=True, eq=False)
class SessionOffer:
    """A kept session to go on with, and a small version of its picture."""

    kept: KeptSession
    preview: Picture | None


def keep_session(task: SaveSessionTask, controls: Controls[Any]) -> Job[Path]:
    """Bring the folder of a session up to date; older ones go where there are too many.

    Raises:
        WriteError: the disk does not take it.

    """
    is_new = not task.path.exists()
    for _ in write_session(task.session, task.path):
        yield Progress("Keeping the session")
    if is_new:
        prune_sessions(task.path.parent)
    return task.path


def save_session(task: SaveSessionTask, controls: Controls[Any]) -> Job[Path]:
    """Write a session as one file.

    Raises:
        WriteError: the disk does not take it.

    """
    for _ in pack_session(task.session, task.path):
        yield Progress(f"Saving {task.path.name}")
    return task.path


def list_sessions(task: ListSessionsTask, controls: Controls[Any]) -> Job[tuple[SessionOffer, ...]]:
    """List what can be gone on with, the newest first."""
    yield Progress("Looking for sessions")
    return tuple(SessionOffer(kept, kept.preview()) for kept in kept_sessions(task.root))


def open_last_session(task: ListSessionsTask, controls: Controls[Any]) -> Job[OpenedSession | None]:
    """Open the newest session that can be read; None where there is none."""
    for kept in kept_sessions(task.root):
        try:
            return (yield from open_session(kept.path, controls))
        except StudioError as error:
            yield Log(f"{error.cause} {error.remedy}", "warning")
    return None


def open_session(path: Path, controls: Controls[Any]) -> Job[OpenedSession]:
    """Open a session, from a folder or a file.

    Raises:
        StudioError: it cannot be read, or is of a task that this version does not know.

    """
    yield Progress("Opening the session")
    saved = read_session(path)
    task = picture_task_named(saved.task)
    if task is None:
        raise StudioError(f"This session is of the task “{saved.task}”.", "Update Atelier: this version cannot do it.")
    opened = {}
    painted = {mask.picture for mask in saved.masks}
    for sha256, picture in saved.pictures.items():
        yield Progress(f"Opening {picture.name}")
        opened[sha256] = prepare_mask(picture) if sha256 in painted else prepare_opened(picture)

    def pictures_of(keys: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[OpenedPicture, ...]]:
        return {slot.role: tuple(opened[key] for key in keys.get(slot.role, ())) for slot in task.inputs}

    settings = _understood(task, saved.settings)
    if saved.recipe is not None:
        settings = with_networks_here(settings, saved.recipe)
    frames = tuple(
        OpenedFrame(frame, _understood(task, frame.settings), pictures_of(frame.inputs)) for frame in saved.frames
    )
    return OpenedSession(
        task, saved.title, pictures_of(saved.inputs), settings, saved.running, saved.layer, saved.recipe,
        pictures_of(saved.made_from), frames, _last_of(saved, task, settings),
        tuple(OpenedMask(mask, opened.get(mask.picture)) for mask in saved.masks), opened.get(saved.as_saved),
    )  # fmt: skip


def open_masks(path: Path, controls: Controls[Any]) -> Job[tuple[OpenedMask, ...]]:
    """Open the masks of a session alone.

    Raises:
        StudioError: it cannot be read.

    """
    yield Progress("Looking for masks")
    masks, pictures = read_masks(path)
    opened = {}
    for sha256, picture in pictures.items():
        yield Progress(f"Opening {picture.name}")
        opened[sha256] = prepare_mask(picture)
    return tuple(OpenedMask(mask, opened.get(mask.picture)) for mask in masks)


def _last_of(saved: SavedSession, task: PictureTask, settings: Settings) -> LastPicture | None:
    layer, recipe = saved.layer, saved.recipe
    if not task.previews or layer is None or recipe is None or any(one.recipe == recipe for one in saved.frames):
        return None
    small = thumbnail(layer) if saved.preview is None else saved.preview
    made = with_networks_here(_understood(task, recipe.settings), recipe)
    return LastPicture(layer, small, step_reached(recipe, settings), made, recipe)


def _understood(task: PictureTask, told: Mapping[str, Any]) -> Settings:
    """Return settings as far as this version knows them: one name it does not know must not cost all the others."""
    known = {name: value for name, value in told.items() if name in task.settings.model_fields}
    while True:
        try:
            return task.settings.model_validate(known)
        except ValidationError as error:
            wrong = {str(mistake["loc"][0]) for mistake in error.errors() if mistake["loc"]} & known.keys()
            if not wrong:
                return task.settings()
            for name in wrong:
                del known[name]
