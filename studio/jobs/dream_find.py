"""Pictures looked for in what a generator knows, and pictures dragged by points: both step by step, in sight."""

from typing import Any

import numpy as np
import torch

from models.drag import Drag
from models.pixels import to_picture
from models.projection import Projection, ProjectionSettings
from studio.core.controls import Controls
from studio.core.dream_settings import DreamSettings
from studio.core.events import Job, Metrics, Preview, Progress
from studio.core.recipes import Recipe
from studio.jobs.dream_picture import generator_for, styles_of
from studio.jobs.dream_ways import Dragged, DragTask, Found, LookForTask
from studio.jobs.picture_search import PictureSearch

__all__ = ["GIVEN", "drag_picture", "look_for"]

GIVEN = "given"
"""The stage of the preview that shows the square that is looked for."""
_SHOWN_EVERY = 4


def look_for(task: LookForTask, controls: Controls[Any]) -> Job[Found]:
    """Look for a picture; shows what is found so far, and tells how alike it is ("alike", 0–1).

    Asked to finish, it returns the best so far.

    Raises:
        StudioError: there is no such generator.

    """
    yield Progress("Loading the generator")
    generator = generator_for(task.settings)
    search = PictureSearch(generator)
    best, square = None, search.square_of(task.picture)
    given = to_picture(square)
    yield Preview(given, 0, GIVEN, draft=True)
    for step, best in enumerate(search.nearest(square, ProjectionSettings(steps=task.steps))):
        yield Progress(f"Looking for {task.name}", step, task.steps)
        if step % _SHOWN_EVERY == 0:
            yield Metrics(step, {"alike": best.similarity})
            yield Preview(to_picture(generator.pictures(best.w)), step, recipe=_recipe(_found(task, best)))
        if controls.finishing:
            break
    assert best is not None, "it looks for a step at least"
    return Found(_found(task, best), best.similarity, given)


def _found(task: LookForTask, found: Projection) -> DreamSettings:
    return task.settings.holding(found.w[0].cpu().numpy(), task.name)


def drag_picture(task: DragTask, controls: Controls[Any]) -> Job[Dragged]:
    """Drag a picture by points, until they are where they shall go; every step is shown.

    Tells where the handles are: "handle 0 right", "handle 0 down" …, and how far from their targets: "distance", px.
    Asked to finish, it stays where it is.

    Raises:
        StudioError: there is no such generator, or the point that is held is of another one.

    """
    yield Progress("Dragging")
    generator = generator_for(task.settings)
    w = styles_of(generator, task.settings)
    mask = None
    if task.movable is not None:
        mask = torch.from_numpy(task.movable.astype(np.float32) / 255.0)[None, None].to(generator.device)
    handles, targets = zip(*task.pairs, strict=True)
    drag = Drag(generator.network, w, handles, targets, mask)
    for step in range(task.most):
        if drag.is_there or controls.finishing:
            break
        picture = to_picture(drag.step())
        yield Metrics(step, _told(drag))
        yield Preview(picture, step, recipe=_recipe(_dragged(task, drag).settings))
    return _dragged(task, drag)


def _dragged(task: DragTask, drag: Drag) -> Dragged:
    return Dragged(task.settings.holding(drag.w[0].cpu().numpy(), "Dragged"), tuple(drag.handles), drag.distance)


def _told(drag: Drag) -> dict[str, float]:
    told = {"distance": drag.distance}
    for number, (right, down) in enumerate(drag.handles):
        told |= {f"handle {number} right": right, f"handle {number} down": down}
    return told


def _recipe(settings: DreamSettings) -> Recipe:
    return Recipe(task="dream", settings=settings.model_dump(mode="json"))
