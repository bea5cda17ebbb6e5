"""Writes what the canvas shows: the painting composed over its photo in full depth, to a file of the artist's."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.compositing import compose
from studio.core.controls import Controls
from studio.core.events import DeepPicture, Job, Picture, Progress
from studio.core.images import LoadedPicture, save_picture
from studio.core.recipes import Recipe
from studio.core.style_settings import StyleSettings


@dataclass(frozen=True, slots=True, eq=False)
class ExportTask:
    """What to write where: the painting over its photo under `settings`, with the recipe that says so."""

    path: Path
    photo: LoadedPicture
    painting: Picture | DeepPicture
    settings: StyleSettings
    recipe: Recipe
    ai_mark: bool = True


def export_picture(task: ExportTask, controls: Controls[Any]) -> Job[Path]:
    """Compose and write one picture; the suffix chooses the format (PNG, JPEG, TIFF with 16 bits, WebP)."""
    yield Progress(f"Saving {task.path.name}")
    picture = compose(task.photo.pixels, task.painting, task.settings)
    recipe = task.recipe.model_copy(update={"settings": task.settings.model_dump()})
    save_picture(task.path, picture, recipe=recipe, icc_profile=task.photo.icc_profile, ai_mark=task.ai_mark)
    return task.path
