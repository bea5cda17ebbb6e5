"""The instant settings at work: the newest painting over its photo, ready to draw."""

from dataclasses import dataclass

from studio.core import compositing
from studio.core.compositing import Backdrop
from studio.core.controls import Controls
from studio.core.events import DeepPicture, Job, Picture, Progress
from studio.core.frames import Frame, prepare_frame
from studio.core.style_settings import StyleSettings


@dataclass(frozen=True, slots=True, eq=False)
class ComposeTask:
    """The photo as the ground of one picture after another, and the painting to lay over it."""

    ground: Backdrop
    painting: Picture | DeepPicture


def compose(task: ComposeTask, controls: Controls[StyleSettings]) -> Job[Frame]:
    """Lay `task.painting` over its ground with the settings as they are when the work begins."""
    yield Progress("Compositing")
    photo = task.ground.fitted(*task.painting.shape[:2])
    return prepare_frame(compositing.compose(photo, task.painting, controls.settings))
