"""What there is to choose from: the packaged samples, the networks."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from studio.core.controls import Controls
from studio.core.degrade_settings import DegradeSettings
from studio.core.events import Job, Picture, Progress
from studio.core.failures import StudioError
from studio.core.images import load_bytes, load_picture, thumbnail
from studio.core.model_shelf import ModelShelf, ShelfEntry
from studio.core.picture_tasks import DEGRADE
from studio.core.presets import LookFolder
from studio.core.samples import Sample
from studio.core.trained_models import TrainedModels
from studio.jobs.files import bytes_of
from studio.training.tasks.restore_settings import DAMAGES_OFFERED, damages_with

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


@dataclass(frozen=True, slots=True)
class ThumbnailTask:
    """Which picture to show small, and how large its longer side may be, px."""

    path: Path
    side: int = SAMPLE_SIDE


def small_picture(task: ThumbnailTask, controls: Controls[Any]) -> Job[Thumbnail]:
    """Load a small version of one picture."""
    yield Progress(f"Opening {task.path.name}")
    data = yield from bytes_of(task.path)
    coarse = load_bytes(data, task.path.name, max_pixels=(4 * task.side) ** 2)  # JPEGs decode small in no time
    return Thumbnail(task.path.name, task.path.name, task.path, thumbnail(coarse.pixels, task.side))


def list_samples(task: SamplesTask, controls: Controls[Any]) -> Job[tuple[Thumbnail, ...]]:
    """Load small versions of packaged samples."""
    found = []
    for sample in task.samples():
        yield Progress(f"Opening {sample.title}")
        found.append(Thumbnail(sample.name, sample.title, sample.path, _small_sample(sample.path)))
    return tuple(found)


@cache
def _small_sample(path: Path) -> Picture:
    """Load it once for all panels: what comes along does not change."""
    return thumbnail(load_picture(path, max_pixels=(4 * SAMPLE_SIDE) ** 2).pixels, SAMPLE_SIDE)


@dataclass(frozen=True, slots=True)
class PicturesTask:
    """Which pictures to show small; those that are gone or cannot be read are left out."""

    paths: tuple[Path, ...]


def list_pictures(task: PicturesTask, controls: Controls[Any]) -> Job[tuple[Thumbnail, ...]]:
    """Load small versions of pictures of one's own, named by their paths."""
    found = []
    for path in task.paths:
        yield Progress(f"Opening {path.name}")
        with suppress(StudioError):
            small = thumbnail(load_picture(path, max_pixels=4 * SAMPLE_SIDE**2).pixels, SAMPLE_SIDE)
            found.append(Thumbnail(str(path), path.stem, path, small))
    return tuple(found)


def list_offers(task: str, controls: Controls[Any]) -> Job[dict[str, str]]:
    """Find the networks trained for `task`, for settings that offer them: name → label.

    Of backbones those that are not on this computer are offered, too: their labels say so.
    """
    yield Progress("Looking for networks")
    if task == DAMAGES_OFFERED:
        looks = LookFolder.standard().looks(DEGRADE.name)
        recipes = {look.name: look.applied_to(DegradeSettings()).recipe for look in looks}
        return damages_with(recipes)
    if task != "backbone":
        return {model.name: model.label for model in TrainedModels.standard(task).all()}
    lookers = [entry for entry in ModelShelf.standard().entries() if entry.task == "backbone"]
    return {entry.name: _network_label(entry) for entry in lookers if entry.path is not None or entry.url}


def _network_label(entry: ShelfEntry) -> str:
    remark = {"missing": " (untrained)", "damaged": " (damaged)"}.get(entry.state, "")
    return entry.label + remark
