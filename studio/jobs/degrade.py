"""Damages a photo by a recipe, as the loader does it to a training's photos, and writes down what chance drew.

And the other way round: finds the recipe that makes photos look like a scan.
"""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import PIL

from models.degradations import DegradationRecipe, Degraded, degrading
from models.scan_likeness import recipe_like
from studio.core.compositing import result_of
from studio.core.controls import Controls
from studio.core.degrade_settings import DegradeSettings
from studio.core.events import DeepPicture, Job, Picture, Progress
from studio.core.images import load_picture
from studio.core.masking import keep_photo, where_photo_stays
from studio.core.picture_task import PictureRequest, PictureResult
from studio.core.picture_tasks import DEGRADE
from studio.core.resizing import to_16_bits
from studio.jobs.picture_recipes import RecipeWriter
from studio.training.data.sampler import seed_of

__all__ = ["degrade", "like_scan"]

_VERSIONS = {"numpy": np.__version__, "pillow": PIL.__version__}


def degrade(request: PictureRequest, controls: Controls[DegradeSettings]) -> Job[PictureResult]:
    """Degrade the photo: the same file and seed, the same damage, whatever folder it lies in and whoever goes before.

    Transparency stays, resized with the picture. Where a mask says “here”, the photo stays everywhere else.
    """
    settings, pixels = controls.settings, request.photo.pixels
    total = len(settings.recipe.steps)
    yield Progress("Degrading", 0, total)
    working = degrading(pixels, settings.recipe, seed_of(settings.seed, request.photo.sha256))
    try:
        while True:
            yield Progress("Degrading", next(working), total)
    except StopIteration as end:
        made: Degraded = end.value
    damaged = to_16_bits(made.picture)
    keep_photo(damaged, pixels, where_photo_stays(request, *made.picture.shape[1::-1]))
    layer = _with_alpha(damaged, pixels)
    recipe = RecipeWriter(DEGRADE, request, settings, versions=_VERSIONS).write(settings, drawn=made.drawn)
    return result_of(request, layer, settings, recipe)


def like_scan(scan: Path, controls: Controls[Any]) -> Job[DegradationRecipe]:
    """Return the recipe that makes photos look like this scan.

    Raises:
        PictureError: it cannot be opened.

    """
    yield Progress("Looking at the scan")
    picture = load_picture(scan)
    yield Progress("Looking at the scan")
    return recipe_like(picture.pixels)


def _with_alpha(picture: DeepPicture, photo: Picture) -> DeepPicture:
    if photo.shape[2] == 4:
        alpha = cv2.resize(photo[..., 3], picture.shape[1::-1], interpolation=cv2.INTER_AREA)
        picture = np.dstack([picture, alpha * np.uint16(257)])
    return picture
