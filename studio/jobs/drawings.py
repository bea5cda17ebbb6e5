"""Drawings of a folder of photos, by the same names in another, so that painting drawings can be learnt from both.

So nobody needs to own drawings: what Degrade's pen takes away from photos, a translator learns to bring back.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.controls import Controls
from studio.core.degrade_settings import PRESETS, DegradeSettings
from studio.core.events import Job, Log, Progress
from studio.core.failures import StudioError
from studio.core.library import Library
from studio.core.picture_tasks import DEGRADE
from studio.core.user_folders import UserFolders
from studio.jobs.batch import BatchLook, GatherTask, ItemTask, gather, make_item, with_outputs

__all__ = ["DrawingsTask", "make_drawings"]


@dataclass(frozen=True, slots=True)
class DrawingsTask:
    """Which photos, and the folder that the drawings go to; what is there already is not drawn again."""

    photos: Path
    folder: Path


def make_drawings(task: DrawingsTask, controls: Controls[Any]) -> Job[Path]:
    """Draw every photo of a folder, and return that of the drawings; what cannot be opened is passed over, with a word.

    Raises:
        StudioError: there are no photos, none can be drawn, or the disk does not take them.

    """
    found = yield from gather(GatherTask((task.photos,)), controls)
    items = with_outputs(found, task.folder, "", ".png")
    look = BatchLook(DEGRADE, DegradeSettings(recipe=PRESETS["pen-drawing"]))
    library, failed = Library(UserFolders.standard().library), list[StudioError]()
    for number, item in enumerate(items):
        yield Progress("Drawing", number, len(items))
        drawing = make_item(ItemTask(item, look, library), Controls(look.settings))
        try:
            for _ in drawing:
                yield Progress("Drawing", number, len(items))
        except StudioError as error:
            failed.append(error)
            yield Log(f"{item.name} is not drawn: {error.cause}", "warning")
    if len(failed) == len(items):
        raise failed[0]
    return task.folder
