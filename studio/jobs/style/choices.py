"""Which fast styles one may choose among, each with the painting that it learnt."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.controls import Controls
from studio.core.events import Job, Picture, Progress
from studio.core.failures import StudioError
from studio.core.images import load_picture, thumbnail
from studio.core.samples import find_sample
from studio.core.trained_models import TrainedModel, TrainedModels
from studio.jobs.browse import SAMPLE_SIDE


@dataclass(frozen=True, slots=True, eq=False)
class FastStyleThumbnail:
    """A fast style one may choose; `picture` is its painting, where that is on this computer."""

    name: str
    title: str
    picture: Picture | None


@dataclass(frozen=True, slots=True, eq=False)
class FastStylesTask:
    """Which fast styles to list: all of `models` (by default the user's), and the one called `used`, wherever it is."""

    used: str = ""
    models: TrainedModels | None = None


def list_fast_styles(task: FastStylesTask, controls: Controls[Any]) -> Job[tuple[FastStyleThumbnail, ...]]:
    """Find which fast styles there are, with small versions of the paintings that they learnt."""
    yield Progress("Looking for fast styles")
    models = task.models or TrainedModels.standard("fast_style")
    styles = {style.name: style for style in models.all()}
    if task.used and task.used not in styles:
        with suppress(StudioError):  # it is gone, or was none: that is told where it is painted with
            styles[task.used] = models.find(task.used)
    found = []
    for style in styles.values():
        yield Progress(f"Opening {style.label}")
        painting = painting_of(style)
        picture = None
        if painting is not None:
            with suppress(StudioError):  # an old run may point to what is no picture any more
                picture = thumbnail(load_picture(painting).pixels, SAMPLE_SIDE)
        found.append(FastStyleThumbnail(style.name, style.label, picture))
    return tuple(found)


def painting_of(style: TrainedModel) -> Path | None:
    """Return the painting that a fast style learnt, if that is on this computer: in its run's plan, or a sample."""
    learnt = style.inputs.get("painting")
    if learnt is not None and learnt.is_file():
        return learnt
    sha256 = style.facts.get("painting_sha256", "")
    return find_sample(sha256) if sha256 else None
