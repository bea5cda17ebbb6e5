"""What a painting costs before it is painted: the evaluations of its stages at the pace that was measured here."""

from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

from studio.core.controls import Controls
from studio.core.cost import Cost, Pace, PaceMemo
from studio.core.events import Job, Progress
from studio.core.style_settings import StyleSettings
from studio.jobs.style.scales import Stage, fitted, stages, stages_from

__all__ = ["INSTANT", "cost_of_painting", "largest_size", "read_pace"]

INSTANT = "fast style"
"""What the pace of fast styles is kept under: they are of one make."""

_CAPTURE = 0.4
"""What the photo and each painting cost at the start of a stage, in evaluations: a pass forward alone."""
_BYTES = {"atelier-slim": 1700, "squeezenet": 1500, "vgg19": 2800, "vgg16": 3900, INSTANT: 110, "": 3900}
"""The most memory a painting takes for each of its pixels, by how the network's name begins; "" is any other one. These
are peaks measured on a processor at 512 to 1280 px, beyond `_BYTES_AT_LEAST` (float32; `test_painting_cost.py` sees to
it that the first one stays true)."""
_BYTES_AT_LEAST = 80_000_000
_SIZES = range(64, 8193, 32)


def read_pace(task: None, controls: Controls[Any]) -> Job[dict[str, Pace]]:
    """Read how fast each network was here."""
    yield Progress("Looking up how fast this computer is")
    return PaceMemo.standard().read()


def cost_of_painting(
    photo: tuple[int, int],
    settings: StyleSettings,
    pace: Mapping[str, Pace],
    paintings: int = 1,
    start: tuple[int, int] | None = None,
) -> Cost:
    """Return what a painting costs.

    Args:
        photo: its height and width.
        settings: those that it is painted with.
        pace: what was measured, network → its pace (see `read_pace`).
        paintings: how many are mixed.
        start: height and width of a painting that is gone on from; None begins anew.

    """
    height, width = fitted(*photo, settings.size)
    instant = settings.method == "instant"
    known = pace.get(INSTANT if instant else settings.backbone) or Pace({})
    if instant:
        plan: tuple[Stage, ...] = (Stage(height, width, 1),)
    else:
        plan = stages(*photo, settings.size, settings.steps)
        plan = plan if start is None else stages_from(plan, *start)
    captures = 0.0 if instant else _CAPTURE * (1 + paintings)
    each = [known.at(stage.height * stage.width) for stage in plan]
    seconds = [(stage.steps + captures) * one for stage, one in zip(plan, each, strict=True) if one is not None]
    memory = _BYTES_AT_LEAST + height * width * _bytes_of(INSTANT if instant else settings.backbone)
    return Cost(width, height, sum(seconds) if len(seconds) == len(plan) else None, memory, known.room)


def largest_size(
    photo: tuple[int, int], settings: StyleSettings, pace: Mapping[str, Pace], *, seconds: float | None = None
) -> int:
    """Return the longer side, px, of the largest painting that there is memory for, and time where that is given."""

    def is_too_much(size: int) -> bool:
        cost = cost_of_painting(photo, settings.model_copy(update={"size": size}), pace)
        too_long = seconds is not None and cost.seconds is not None and cost.seconds > seconds
        return too_long or not cost.fits

    return _SIZES[max(0, bisect_left(_SIZES, True, key=is_too_much) - 1)]


def _bytes_of(network: str) -> int:
    return next(value for name, value in _BYTES.items() if network.startswith(name))
