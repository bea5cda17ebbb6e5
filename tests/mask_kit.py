"""A picture task of a few lines that heeds masks and colour hints, and its panel."""

import cv2
import numpy as np
from picture_kit import BrightenSettings, brightened

from studio.core.compositing import result_of
from studio.core.controls import Controls
from studio.core.events import Job, Progress
from studio.core.picture_task import CONTENT, HERE, HINTS, MASK, InputSlot, PictureRequest, PictureResult, PictureTask
from studio.core.samples import sample_photos
from studio.jobs.picture_recipes import RecipeWriter
from studio.ui.picture.panel import PicturePanel

HEED = PictureTask(
    name="heed",
    title="Heed",
    verb="Heed",
    icon="tune",
    tooltip="Make a photo brighter where one says",
    settings_at="picture_kit:BrightenSettings",
    job="mask_kit:heed",
    inputs=(
        InputSlot(CONTENT, "Photo", "the photo", samples=sample_photos),
        InputSlot(MASK, "Protected places", least=0),
        InputSlot(HERE, "Only here", least=0),
        InputSlot(HINTS, "Colour hints", least=0),
    ),
    done="heeded",
)


def heed(request: PictureRequest, controls: Controls[BrightenSettings]) -> Job[PictureResult]:
    """Make the photo white where it may be touched, and lay the hints over it."""
    settings, photo = controls.settings, request.photo.pixels[..., :3]
    yield Progress("Heeding")
    share = np.ones(photo.shape[:2])
    for role in (MASK, HERE):
        for mask in request.all(role):
            white = cv2.resize(mask.pixels[..., 0], share.shape[::-1]) / 255
            share *= white if role == HERE else 1 - white
    layer = photo + (255.0 - photo) * share[..., None]
    for hints in request.all(HINTS):
        alpha = hints.pixels[..., 3:] / 255
        layer += (hints.pixels[..., :3] - layer) * alpha
    layer16 = brightened(np.rint(layer), settings.stops)
    return result_of(request, layer16, settings, RecipeWriter(HEED, request, settings).write(settings))


class HeedPanel(PicturePanel):
    """All that a panel of it needs."""

    task = HEED
    result_title = "Heeded"
