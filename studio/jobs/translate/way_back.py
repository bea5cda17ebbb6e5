"""A picture translated and back again, and how far it is from what it was. Free of torch until it goes."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from studio.core.controls import Controls
from studio.core.events import Job, Picture, Progress
from studio.core.frames import Frame, prepare_frame
from studio.core.resizing import resize, to_8_bits
from studio.core.translate_settings import TranslateSettings
from studio.jobs.restore.invented import as_heat, difference

__all__ = ["THERE", "WayBack", "WayBackTask", "go_and_come_back"]

PIXELS = 1_000_000
"""A larger picture is made so small first: it goes through two networks."""
THERE = "Way back: there"
"""The first half of the job, in words."""
_BACK = {"AtoB": "BtoA", "BtoA": "AtoB"}


@dataclass(frozen=True, slots=True, eq=False)
class WayBackTask:
    """The picture that goes, H×W×3 or 4."""

    picture: Picture


@dataclass(frozen=True, slots=True, eq=False)
class WayBack:
    """What came back.

    Args:
        frame: the picture.
        error: a map over it: clear where it is what it was, from yellow to red where it is not.
        mean: absolute difference in levels of 255, over all pixels and colours.
        share: how much of the picture differs visibly, 0–1.
        size: width and height, px, in which it went.

    """

    frame: Frame
    error: Frame
    mean: float
    share: float
    size: tuple[int, int]


def go_and_come_back(task: WayBackTask, controls: Controls[TranslateSettings]) -> Job[WayBack]:
    """Translate a picture with all strength, and what came of it back.

    Raises:
        StudioError: the pair cannot be had, or knows one way only.

    """
    yield Progress(THERE)
    from models.pixels import to_picture
    from studio.jobs.translate.networks import find_pair, open_way, translated
    from studio.jobs.translate.translate import as_tensor

    settings = controls.settings
    model = find_pair(settings)
    height, width = task.picture.shape[:2]
    share = min(1.0, sqrt(PIXELS / (height * width)))
    there = np.ascontiguousarray(
        resize(to_8_bits(task.picture[..., :3]), max(1, round(width * share)), max(1, round(height * share)))
    )
    made = as_tensor(there)
    for direction, stage, part in (
        (settings.direction, THERE, (0.0, 0.5)), (_BACK[settings.direction], "Way back: and back", (0.5, 1.0)),
    ):  # fmt: skip
        network, _ = open_way(model, direction, settings.code)
        made = yield from translated(network, made.clamp_(0.0, 1.0), stage, part)
    back = to_picture(made)
    levels = difference(there, back)
    heat = as_heat(levels)
    visibly = float((heat[..., 3] > 0).mean())
    return WayBack(prepare_frame(back), prepare_frame(heat), float(levels.mean()), visibly, there.shape[1::-1])
