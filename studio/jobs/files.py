"""Opening and keeping pictures as jobs, so that no window ever waits for a disk."""

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from studio.core import images
from studio.core.compositing import Backdrop, compose
from studio.core.controls import Controls
from studio.core.errands import patiently
from studio.core.events import DeepPicture, Job, Picture, Progress
from studio.core.frames import Frame, prepare_frame
from studio.core.images import LoadedPicture
from studio.core.library import Library
from studio.core.recipes import Recipe
from studio.core.resizing import to_16_bits
from studio.core.settings import Settings

THUMBNAIL_SIDE = 256
_PATIENCE_S = 15.0
"""How long a disk may take to say what a file is: those that sleep need up to ten seconds to wake."""


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

    @property
    def called(self) -> str:
        """The name to show while it is being opened."""
        return self.name or ("Pasted picture" if self.path is None else images.display_name(self.path))


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
    yield Progress(f"Opening {task.called}")
    if task.path is not None:
        picture = images.load_bytes((yield from bytes_of(task.path)), images.display_name(task.path), path=task.path)
    elif task.data is not None:
        picture = images.load_bytes(task.data, task.called)
    else:
        assert task.pixels is not None
        picture = images.from_pixels(task.pixels, task.called)
    yield Progress("Preparing the picture")
    return prepare_opened(picture, name=task.name)


def bytes_of(path: Path) -> Job[bytes]:
    """Read a picture's file, wherever it lies: no other job waits for a slow disk, and nobody for ever for a dead one.

    Raises:
        PictureError: it cannot be read.
        StudioError: its disk does not answer.

    """
    words = f"Opening {images.display_name(path)}"
    yield from patiently(partial(images.check_file, path), words, _PATIENCE_S)
    return (yield from patiently(partial(images.read_file, path), words))


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
    if task.settings is not None and task.inputs:
        picture = compose(task.inputs[0].pixels, picture, task.settings)
    return task.library.keep(to_16_bits(picture), task.recipe, task.inputs, ai_mark=task.ai_mark)
