"""Opening and keeping pictures as jobs, so that no window ever waits for a disk."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from studio.core import images
from studio.core.compositing import Backdrop, compose
from studio.core.controls import Controls
from studio.core.events import DeepPicture, Job, Picture, Progress
from studio.core.frames import Frame, prepare_frame
from studio.core.images import LoadedPicture
from studio.core.library import Library
from studio.core.recipes import Recipe
from studio.core.resizing import to_16_bits
from studio.core.settings import Settings

THUMBNAIL_SIDE = 256


@dataclass(frozen=True, slots=True, eq=False)
class LoadTask:
    """What to open: a file, a file's bytes (dropped from a browser), or pasted pixels; `name` is how to call it."""

    path: Path | None = None
    data: bytes | None = None
    pixels: Picture | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if sum(source is not None for source in (self.path, self.data, self.pixels)) != 1:
            raise ValueError("give exactly one of path, data and pixels")


@dataclass(frozen=True, slots=True, eq=False)
class OpenedPicture:
    """A picture in every form that a window needs: to work with, to draw, to list, to lay a painting over."""

    picture: LoadedPicture
    frame: Frame
    thumbnail: Picture
    ground: Backdrop


@dataclass(frozen=True, slots=True, eq=False)
class KeepTask:
    """A finished result for the library, and the pictures that went into it.

    With `settings`, `picture` is a layer that is still to be laid over the first of them.
    """

    library: Library
    picture: Picture | DeepPicture
    recipe: Recipe
    inputs: tuple[LoadedPicture, ...] = field(default=())
    ai_mark: bool = True
    settings: Settings | None = None


def load_picture(task: LoadTask, controls: Controls[Any]) -> Job[OpenedPicture]:
    """Open a picture and make it ready to draw.

    Raises:
        PictureError: it cannot be opened.

    """
    name = task.name or (task.path.name if task.path is not None else "Pasted picture")
    yield Progress(f"Opening {name}")
    if task.path is not None:
        picture = images.load_picture(task.path)
    elif task.data is not None:
        picture = images.load_bytes(task.data, name)
    else:
        assert task.pixels is not None
        picture = images.from_pixels(task.pixels, name)
    yield Progress("Preparing the picture")
    return prepare_opened(picture, name=task.name)


def prepare_opened(picture: LoadedPicture, name: str = "") -> OpenedPicture:
    """Add frame and thumbnail to a loaded picture; `name` replaces its own, where given."""
    named = replace(picture, name=name) if name else picture
    small = images.thumbnail(named.pixels, THUMBNAIL_SIDE)
    return OpenedPicture(named, prepare_frame(named.pixels), small, Backdrop(named.pixels))


def keep_result(task: KeepTask, controls: Controls[Any]) -> Job[Path]:
    """Put a finished result into the library, with copies of its inputs.

    Raises:
        WriteError: the disk does not take it.

    """
    yield Progress("Keeping the result")
    picture = task.picture
    if task.settings is not None:
        picture = compose(task.inputs[0].pixels, picture, task.settings)
    return task.library.keep(to_16_bits(picture), task.recipe, task.inputs, ai_mark=task.ai_mark)
