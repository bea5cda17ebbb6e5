"""An old photo in one go: what hides it is found and filled, then it is mended, then coloured if it is grey."""

from collections.abc import Callable
from typing import TypeAlias

from models.colouring import has_colours
from studio.core.events import DeepPicture, Job, Log, Picture
from studio.core.failures import StudioError
from studio.core.picture_task import HINTS, PictureRequest
from studio.core.recipes import Recipe
from studio.core.restore_settings import RestoreSettings
from studio.jobs.restore.colourise import colourise, uses_colouriser
from studio.jobs.restore.fill import Retouched
from studio.jobs.restore.scratches import scratches

__all__ = ["Enhance", "old_photo"]

Enhance: TypeAlias = Callable[[DeepPicture, RestoreSettings], Job[Retouched]]
"""Mends a picture at its size, with settings whose mode is "enhance"."""


def old_photo(
    request: PictureRequest,
    picture: Picture | DeepPicture,
    settings: RestoreSettings,
    recipe: Recipe | None,
    enhance: Enhance,
) -> Job[Retouched]:
    """Find and fill scratches, mend, colour what is grey; each step takes what the last one made.

    Args:
        request: whose holes stand in place of what would be found, and whose hints count.
        picture: its photo in full depth.
        settings: of the job, and of each step.
        recipe: of a picture that is made again.
        enhance: the second step.

    Raises:
        StudioError: a network cannot be had.

    """
    whole = yield from scratches(request, picture, settings, recipe)
    mended = yield from enhance(whole.layer, settings.model_copy(update={"mode": "enhance"}))
    coloured = yield from _coloured(request, whole.layer, mended.layer, settings, recipe)
    steps = (whole, mended, coloured)
    records = tuple(record for step in steps for record in step.records)
    versions = {name: value for step in steps for name, value in step.versions.items()}
    return Retouched(coloured.layer, records, versions, whole.found)


def _coloured(
    request: PictureRequest, photo: DeepPicture, mended: DeepPicture, settings: RestoreSettings, recipe: Recipe | None
) -> Job[Retouched]:
    """Colour what was mended of a photo, or leave it as it is: what is made again does as was done then."""
    as_it_is = Retouched(mended, (), {})
    if recipe is not None:
        asked = uses_colouriser(settings, recipe)
    else:
        asked = settings.recolour == "always" or (settings.recolour == "grey" and bool(request.all(HINTS)))
    if not asked and (recipe is not None or settings.recolour == "never" or has_colours(photo)):
        return as_it_is
    try:
        return (yield from colourise(request, mended, settings, recipe))
    except StudioError as error:
        if asked:
            raise
        yield Log(f"{error.cause} The photo stays grey.", "warning")  # nobody asked for colours by name
        return as_it_is
