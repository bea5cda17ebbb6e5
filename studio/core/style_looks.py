"""The looks of a painting and the ranges of a surprise. Free of torch and of Qt.

docs/painting.md tells what was looked at to choose them.
"""

from collections.abc import Mapping
from random import Random
from typing import Any

from studio.core.style_settings import StyleSettings

__all__ = ["STYLE_LOOKS", "STYLE_SURPRISES", "surprise"]

STYLE_LOOKS: Mapping[str, Mapping[str, Any]] = {
    "Faithful": {"style_weight": 1.5, "content_weight": 3.0, "content_layer_3": 0.5, "stroke_size": 1.0},
    "Painted": {},
    "Free": {"style_weight": 2.5, "content_weight": 4.0, "stroke_size": 1.5, "start_from": "noise"},
}
"""Name → what it sets otherwise than the defaults, in the order of their buttons. *Painted* is the default itself."""

STYLE_SURPRISES: Mapping[str, tuple[float, float]] = {
    "style_weight": (1.0, 4.0),
    "content_weight": (1.0, 4.0),
    "style_layer_1": (0.5, 1.5),
    "style_layer_2": (0.5, 2.0),
    "style_layer_3": (0.5, 2.0),
    "style_layer_4": (0.5, 2.0),
    "style_layer_5": (0.5, 2.0),
    "total_variation": (0.1, 0.6),
    "stroke_size": (0.8, 2.0),
}
"""Setting → within which range it stays a picture that one would keep; drawn evenly over the ratio."""


def surprise(settings: StyleSettings, chance: Random) -> StyleSettings:
    """Return `settings` with a look that nobody thought of: the same for the same `chance`.

    One painting in three is begun on soft noise, each from a seed of its own.
    """
    drawn: dict[str, Any] = {
        name: round(low * (high / low) ** chance.random(), 2) for name, (low, high) in STYLE_SURPRISES.items()
    }
    drawn |= {"start_from": chance.choice(("photo", "photo", "noise")), "seed": chance.randrange(1, 2**31)}
    return settings.model_copy(update=drawn)
