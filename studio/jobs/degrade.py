"""Damages a photo by a recipe, as the loader does it to a training's photos, and writes down what chance drew."""

import cv2
import numpy as np
import PIL

from models.degradations import Degraded, degrading
from studio.core.compositing import result_of
from studio.core.controls import Controls
from studio.core.degrade_settings import DegradeSettings
from studio.core.events import DeepPicture, Job, Picture, Progress
from studio.core.picture_task import PictureRequest, PictureResult
from studio.core.picture_tasks import DEGRADE
from studio.core.resizing import to_16_bits
from studio.jobs.picture_recipes import RecipeWriter
from studio.training.data.sampler import seed_of

__all__ = ["degrade"]

_VERSIONS = {"numpy": np.__version__, "pillow": PIL.__version__}


def degrade(request: PictureRequest, controls: Controls[DegradeSettings]) -> Job[PictureResult]:
    """Degrade the photo: the same file and seed, the same damage, whatever folder it lies in and whoever goes before.

    Transparency stays, resized with the picture.
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
    layer = _with_alpha(made.picture, pixels)
    recipe = RecipeWriter(DEGRADE, request, settings, versions=_VERSIONS).write(settings, drawn=made.drawn)
    return result_of(request, layer, settings, recipe)


def _with_alpha(picture: Picture, photo: Picture) -> DeepPicture:
    if photo.shape[2] == 4:
        alpha = cv2.resize(photo[..., 3], picture.shape[1::-1], interpolation=cv2.INTER_AREA)
        picture = np.dstack([picture, alpha])
    return to_16_bits(picture)
