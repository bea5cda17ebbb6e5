"""The instant settings at work: what a job made, laid over its photo, ready to draw or written to a file.

What went in is kept in the library, so that a file brings everything back even where it was saved half-way and never
finished.
"""

from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from studio.core import compositing
from studio.core.compositing import Backdrop
from studio.core.controls import Controls
from studio.core.events import DeepPicture, Job, Picture, Progress
from studio.core.frames import Frame, prepare_frame
from studio.core.images import LoadedPicture, metadata_of, save_picture
from studio.core.library import Library
from studio.core.photo_metadata import MetadataChoice
from studio.core.recipes import Recipe
from studio.core.resizing import fit_within, thumbnail, to_8_bits, to_16_bits
from studio.core.settings import Settings
from studio.jobs.picture_recipes import told

DRAFT_PIXELS = 1_500_000
"""What is seen of a picture while a slider moves: at 12 megapixels warmth and saturation take a second or two."""


@dataclass(frozen=True, slots=True, eq=False)
class ComposeTask:
    """The photo as the ground of one picture after another, None for one made up, and the layer to lay over it."""

    ground: Backdrop | None
    layer: Picture | DeepPicture


@dataclass(frozen=True, slots=True, eq=False)
class ExportTask:
    """What to write where: the layer over the first of its `inputs`, the photo, with the recipe that says so.

    Without `settings` the layer lies over its photo already, and the recipe says all. Without inputs the layer is all.
    """

    path: Path
    library: Library
    inputs: tuple[LoadedPicture, ...]
    layer: Picture | DeepPicture
    settings: Settings | None
    recipe: Recipe
    ai_mark: bool = True
    metadata: MetadataChoice = "keep"
    quality: int = 92
    """Of JPEG and WebP files, 1–100."""


def compose(task: ComposeTask, controls: Controls[Settings]) -> Job[Frame]:
    """Lay `task.layer` over its ground with the settings as they are when the work begins."""
    yield Progress("Compositing")
    return prepare_frame(compositing.compose(task.ground, task.layer, controls.settings))


def compose_draft(task: ComposeTask, controls: Controls[Settings]) -> Job[Frame]:
    """Do as `compose` with a smaller version of the layer: what a hand that moves a slider can wait for."""
    yield Progress("Compositing")
    height, width = task.layer.shape[:2]
    small = fit_within(task.layer, round(max(height, width) * min(1.0, sqrt(DRAFT_PIXELS / (height * width)))))
    return prepare_frame(compositing.compose(task.ground, small, controls.settings))


def compose_small(task: ComposeTask, controls: Controls[Settings]) -> Job[Picture]:
    """Lay a small version of the layer over its ground, itself small, as a thumbnail."""
    yield Progress("Compositing")
    return to_8_bits(compositing.compose(task.ground, thumbnail(task.layer), controls.settings))


def export_picture(task: ExportTask, controls: Controls[Any]) -> Job[Path]:
    """Compose and write one picture; the suffix chooses the format (PNG, JPEG, TIFF with 16 bits, WebP)."""
    yield Progress(f"Saving {task.path.name}")
    photo = next(iter(task.inputs), None)
    picture, recipe = to_16_bits(task.layer), task.recipe
    if task.settings is not None and photo is not None:
        picture = compositing.compose(photo.pixels, task.layer, task.settings)
        recipe = _with_settings(recipe, task.settings)
    save_picture(
        task.path, picture, recipe=recipe, icc_profile=photo.icc_profile if photo else None, ai_mark=task.ai_mark,
        photo=metadata_of(photo, task.metadata), quality=task.quality,
    )  # fmt: skip
    for used in task.inputs:
        yield Progress(f"Keeping {used.name}")
        task.library.keep_input(used)
    return task.path


def _with_settings(recipe: Recipe, settings: Settings) -> Recipe:
    """Name the settings of now, and keep those that the picture was started with: it is replayed from them."""
    started = recipe.initial or recipe.settings
    return Recipe.model_validate({**recipe.model_dump(), "settings": told(settings), "initial": started})
