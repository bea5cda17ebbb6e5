"""What there is to choose from: the packaged samples, the library's results, the networks."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.controls import Controls
from studio.core.events import Job, Log, Picture, Progress
from studio.core.failures import StudioError
from studio.core.fast_styles import FastStyleShelf
from studio.core.images import load_picture, thumbnail
from studio.core.library import Library
from studio.core.model_shelf import ModelShelf, ShelfEntry
from studio.core.samples import Sample

SAMPLE_SIDE = 192


@dataclass(frozen=True, slots=True, eq=False)
class Thumbnail:
    """A picture one may choose: its name within its kind, words to show, its file, and a small version."""

    name: str
    title: str
    path: Path
    picture: Picture


@dataclass(frozen=True, slots=True, eq=False)
class SamplesTask:
    """Which samples to list, e.g. `sample_paintings`."""

    samples: Callable[[], tuple[Sample, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class LibraryTask:
    """Which library to list; at most the `newest` results."""

    library: Library
    newest: int = 200


@dataclass(frozen=True, slots=True)
class ThumbnailTask:
    """Which picture to show small, and how large its longer side may be, px."""

    path: Path
    side: int = SAMPLE_SIDE


def small_picture(task: ThumbnailTask, controls: Controls[Any]) -> Job[Thumbnail]:
    """Load a small version of one picture."""
    yield Progress(f"Opening {task.path.name}")
    small = thumbnail(load_picture(task.path).pixels, task.side)
    return Thumbnail(task.path.name, task.path.name, task.path, small)


def list_samples(task: SamplesTask, controls: Controls[Any]) -> Job[tuple[Thumbnail, ...]]:
    """Load small versions of packaged samples."""
    found = []
    for sample in task.samples():
        yield Progress(f"Opening {sample.title}")
        small = thumbnail(load_picture(sample.path).pixels, SAMPLE_SIDE)
        found.append(Thumbnail(sample.name, sample.title, sample.path, small))
    return tuple(found)


def list_library(task: LibraryTask, controls: Controls[Any]) -> Job[tuple[Thumbnail, ...]]:
    """List the newest results; one that cannot be read is named and left out."""
    entries = task.library.entries()[: task.newest]
    found = []
    for number, entry in enumerate(entries):
        yield Progress("Reading the library", number, len(entries))
        try:
            found.append(Thumbnail(entry.path.name, entry.title, entry.path, entry.thumbnail()))
        except StudioError as error:
            yield Log(f"{entry.path.name} was left out: {error.cause}", "warning")
    return tuple(found)


def list_networks(task: ModelShelf | None, controls: Controls[Any]) -> Job[dict[str, str]]:
    """Find which networks can be painted with: name → label, which says so where one is untrained."""
    yield Progress("Looking for networks")
    shelf = task or ModelShelf.standard()
    lookers = [entry for entry in shelf.entries() if entry.task == "backbone"]
    return {entry.name: _network_label(entry) for entry in lookers if entry.path is not None or entry.url}


@dataclass(frozen=True, slots=True, eq=False)
class FastStyleThumbnail:
    """A fast style one may choose; `picture` is its painting, where that is on this computer."""

    name: str
    title: str
    picture: Picture | None


@dataclass(frozen=True, slots=True, eq=False)
class FastStylesTask:
    """Which fast styles to list: all of `shelf` (by default the user's), and the one called `used`, wherever it is."""

    used: str = ""
    shelf: FastStyleShelf | None = None


def list_fast_styles(task: FastStylesTask, controls: Controls[Any]) -> Job[tuple[FastStyleThumbnail, ...]]:
    """Find which fast styles there are, with small versions of the paintings that they learnt."""
    yield Progress("Looking for fast styles")
    shelf = task.shelf or FastStyleShelf.standard()
    styles = {style.name: style for style in shelf.styles()}
    if task.used and task.used not in styles:
        with suppress(StudioError):  # it is gone, or was none: that is told where it is painted with
            styles[task.used] = shelf.find(task.used)
    found = []
    for style in styles.values():
        yield Progress(f"Opening {style.label}")
        painting = style.find_painting()
        picture = None
        if painting is not None:
            with suppress(StudioError):  # an old run may point to what is no picture any more
                picture = thumbnail(load_picture(painting).pixels, SAMPLE_SIDE)
        found.append(FastStyleThumbnail(style.name, style.label, picture))
    return tuple(found)


def _network_label(entry: ShelfEntry) -> str:
    remark = {"missing": " (untrained)", "damaged": " (damaged)"}.get(entry.state, "")
    return entry.label + remark
