"""The looks that come along, and what “Surprise me” draws from: found by looking at pictures, not by arithmetic."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias, TypeVar

from studio.core.presets import Look
from studio.core.settings import Settings

__all__ = ["LOOKS", "SURPRISES", "built_in_looks", "surprise"]

S = TypeVar("S", bound=Settings)

LOOKS: Mapping[str, tuple[Look, ...]] = {
    "stylize": (
        Look("Faithful", "stylize",
             {"style_weight": 1.5, "content_weight": 3.0, "content_layer_3": 0.5, "stroke_size": 1.0},
             "The photo stays as it is; the painting gives it colours and a fine brush."),
        Look("Painted", "stylize", {},
             "Strokes that follow the photo's shapes: what a painting begins with."),
        Look("Free", "stylize", {"start_from": "noise", "style_weight": 2.5, "content_weight": 4.0, "stroke_size": 1.5},
             "Begun on an empty canvas: the photo shows through the paint."),
    ),
}  # fmt: skip
"""Task → its looks, in the order of their buttons. Each names what it sets otherwise than the defaults."""


@dataclass(frozen=True, slots=True)
class Between:
    """A number between two others, drawn evenly over their ratio where `low` is above 0, in steps of `step`."""

    low: float
    high: float
    step: float = 0.05

    def draw(self, chance: Random) -> float:
        """Return one."""
        if self.low > 0:
            drawn = math.exp(chance.uniform(math.log(self.low), math.log(self.high)))
        else:
            drawn = chance.uniform(self.low, self.high)
        return round(round(drawn / self.step) * self.step, 6)


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of several values; one that stands there twice comes twice as often."""

    values: Sequence[Any]

    def draw(self, chance: Random) -> Any:
        """Return one."""
        return chance.choice(self.values)


Range: TypeAlias = Between | OneOf

_FROM_NOISE = Between(4.0, 6.0)
"""How much content a picture needs that is begun on an empty canvas: with 1.6 nothing was left of a building."""

SURPRISES: Mapping[str, Mapping[str, Range]] = {
    "stylize": {
        "style_weight": Between(1.0, 4.0),
        "content_weight": Between(1.0, 4.0),
        "style_layer_1": Between(0.5, 1.5),
        "style_layer_2": Between(0.5, 2.0),
        "style_layer_3": Between(0.5, 2.0),
        "style_layer_4": Between(0.5, 2.0),
        "style_layer_5": Between(0.5, 2.0),
        "total_variation": Between(0.1, 0.6),
        "stroke_size": Between(0.8, 2.0),
        "start_from": OneOf(("photo", "photo", "noise")),
        "original_colours": OneOf((0.0, 0.0, 0.0, 0.35)),
        "saturation": Between(0.9, 1.2),
    },
}
"""Task → the settings that a surprise changes, and within which ranges it stays a picture one would keep."""


def built_in_looks(task: str, model: type[Settings]) -> tuple[Look, ...]:
    """Return the looks of a task, each complete: what another one sets is at its default where it says nothing."""
    looks = LOOKS.get(task, ())
    defaults, named = model(), dict.fromkeys(name for look in looks for name in look.settings)
    plain = {name: getattr(defaults, name) for name in named}
    return tuple(Look(look.name, task, plain | dict(look.settings), look.help) for look in looks)


def surprise(task: str, settings: S, chance: Random) -> S:
    """Return `settings` with a look that nobody thought of, drawn within the ranges of `SURPRISES`."""
    drawn = {name: values.draw(chance) for name, values in SURPRISES.get(task, {}).items()}
    if drawn.get("start_from") == "noise":
        drawn["content_weight"] = _FROM_NOISE.draw(chance)
    return Look("", task, drawn).applied_to(settings)
