"""The photo laid anew over what was made of it, where other masks say so: nothing is computed again."""

from dataclasses import dataclass, replace
from typing import Any

from studio.core.compositing import result_of
from studio.core.controls import Controls
from studio.core.events import Job, Progress
from studio.core.images import full_depth
from studio.core.masking import Bare, keep_photo, where_photo_stays
from studio.core.picture_task import PictureRequest, PictureResult
from studio.core.recipes import Recipe
from studio.jobs.picture_recipes import settings_of, with_inputs

__all__ = ["ProtectTask", "protect_again"]


@dataclass(frozen=True, slots=True, eq=False)
class ProtectTask:
    """What was made, by which recipe, and what goes in now: other masks, and otherwise the same."""

    bare: Bare
    recipe: Recipe
    request: PictureRequest


def protect_again(task: ProtectTask, controls: Controls[Any]) -> Job[PictureResult | None]:
    """Return what the job would have made with these masks, to the bit; None where something of it was never made."""
    yield Progress("Putting back what is protected")
    bare, request = task.bare, task.request
    height, width = bare.layer.shape[:2]
    stays = where_photo_stays(request, width, height)
    if bare.shown_by(stays):
        return None
    layer = bare.layer
    if stays:
        layer = layer.copy()
        yield Progress("Putting back what is protected")
        keep_photo(layer, full_depth(request.photo), stays)
    recipe = with_inputs(task.recipe, request)
    return replace(result_of(request, layer, settings_of(recipe), recipe), bare=bare)
