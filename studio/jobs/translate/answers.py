"""Nine answers of a pair that knows many, small, to choose one by looking (experimental)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from studio.core.controls import Controls
from studio.core.device import choose_device
from studio.core.events import Job, Picture, Progress
from studio.core.failures import StudioError
from studio.core.resizing import fit_within
from studio.core.translate_settings import TranslateSettings

__all__ = ["SHOWN", "Answer", "AnswersTask", "paint_answers"]

SHOWN = 9
"""So many answers are painted at once."""
_SIDE = 256


@dataclass(frozen=True, slots=True, eq=False)
class AnswersTask:
    """A picture, H×W×3|4; the pair and direction; and the seed of the first answer, ≥ 1."""

    picture: Picture
    settings: TranslateSettings
    first: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What the settings' `code` has to be for it, and what it looks like, H×W×3."""

    code: int
    picture: Picture


def paint_answers(task: AnswersTask, controls: Controls[Any]) -> Job[tuple[Answer, ...]]:
    """Translate a small version of the picture by nine codes.

    Raises:
        StudioError: the pair is not there, has not learnt this way, or knows one answer only.

    """
    yield Progress("Loading the pair…")
    import torch

    from models.pixels import to_picture, to_tensor
    from models.style_code import code_of
    from studio.jobs.translate.networks import find_pair, open_way

    network, _ = open_way(find_pair(task.settings), task.settings.direction)
    if not network.code_size:
        raise StudioError("This pair knows one answer to a picture.", "Train one with “Many answers”.")
    device = choose_device().kind
    small = to_tensor(np.ascontiguousarray(fit_within(task.picture[..., :3], _SIDE))).to(device)
    found: list[Answer] = []
    for seed in range(task.first, task.first + SHOWN):
        yield Progress("Looking for answers", len(found), SHOWN)
        with torch.no_grad():
            made = network(small, code_of(seed, network.code_size).to(device))
        found.append(Answer(seed, to_picture(made)))
    return tuple(found)
