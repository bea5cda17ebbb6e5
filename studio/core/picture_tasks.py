"""Every kind of work on pictures there is: one line each.

Free of torch and numpy, so that the window and `--help` know them at once.
"""

from studio.core.picture_task import PictureTask
from studio.core.style_settings import STYLIZE

__all__ = ["PICTURE_TASKS", "picture_task_named"]

PICTURE_TASKS: tuple[PictureTask, ...] = (STYLIZE,)


def picture_task_named(name: str) -> PictureTask | None:
    """Return the task that recipes call `name`; None where this version has none of that name."""
    return next((task for task in PICTURE_TASKS if task.name == name), None)
