"""Writes what the canvas shows: the painting composed over its photo in full depth, to a file of the artist's.

What went in is kept in the library, so that the file brings its whole painting back even where the painting was saved
half-way and never finished.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.compositing import compose
from studio.core.controls import Controls
from studio.core.events import DeepPicture, Job, Picture, Progress
from studio.core.images import LoadedPicture, save_picture
from studio.core.library import Library
from studio.core.recipes import Recipe
from studio.core.style_settings import StyleSettings


@dataclass(frozen=True, slots=True, eq=False)
class ExportTask:
    """What to write where: the painting over the first of its `inputs`, the photo, with the recipe that says so."""

    path: Path
    library: Library
    inputs: tuple[LoadedPicture, ...]
    painting: Picture | DeepPicture
    settings: StyleSettings
    recipe: Recipe
    ai_mark: bool = True


def export_picture(task: ExportTask, controls: Controls[Any]) -> Job[Path]:
    """Compose and write one picture; the suffix chooses the format (PNG, JPEG, TIFF with 16 bits, WebP)."""
    yield Progress(f"Saving {task.path.name}")
    photo = task.inputs[0]
    picture = compose(photo.pixels, task.painting, task.settings)
    recipe = _with_settings(task.recipe, task.settings)
    save_picture(task.path, picture, recipe=recipe, icc_profile=photo.icc_profile, ai_mark=task.ai_mark)
    for used in task.inputs:
        yield Progress(f"Keeping {used.name}")
        task.library.keep_input(used)
    return task.path


def _with_settings(recipe: Recipe, settings: StyleSettings) -> Recipe:
    """Name the settings of now, and keep those that the painting was started with: it is replayed from them."""
    newest = settings.model_dump()
    started = recipe.initial or recipe.settings
    return Recipe.model_validate({**recipe.model_dump(), "settings": newest, "initial": started})
