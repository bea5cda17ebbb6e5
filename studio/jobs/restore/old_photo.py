"""An old photo in one go: what hides it is found and filled, then it is mended."""

from collections.abc import Callable
from typing import TypeAlias

from studio.core.events import DeepPicture, Job, Picture
from studio.core.picture_task import PictureRequest
from studio.core.recipes import Recipe, WeightsRecord
from studio.core.restore_settings import RestoreSettings
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
    """Find and fill scratches, then mend; each step takes what the last one made.

    Args:
        request: whose holes stand in place of what would be found.
        picture: its photo in full depth.
        settings: of the job, and of each step.
        recipe: of a picture that is made again.
        enhance: the third step.

    Raises:
        StudioError: a network cannot be had.

    """
    whole = yield from scratches(request, picture, settings, recipe)
    mended = yield from enhance(whole.layer, settings.model_copy(update={"mode": "enhance"}))
    records: tuple[WeightsRecord, ...] = (*whole.records, *mended.records)
    # colours come here, behind what they are guessed from
    return Retouched(mended.layer, records, {**whole.versions, **mended.versions}, whole.found)
