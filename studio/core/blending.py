"""The settings of laying a result over its photo: the same for every task whose result covers the photo it was made of.

Free of torch, so that a form shows without it. `compositing.compose` does what they say.
"""

from typing import TYPE_CHECKING, Literal

from studio.core.settings import Settings, setting

if TYPE_CHECKING:
    from studio.core.compositing import Backdrop
    from studio.core.events import DeepPicture, Picture

    Layer = Picture | DeepPicture

__all__ = ["COLOUR", "Blending"]

COLOUR = "Colour"
"""The group of settings that change colours at once."""


class Blending(Settings):
    """Opacity, blend mode and colour of a result; a task's settings inherit these (`class StyleSettings(Blending)`)."""

    strength: float = setting(
        1.0, label="Strength", help="How much of the result covers the photo.", term="opacity of the result",
        low=0.0, high=1.0, step=0.01, effect="instant")  # fmt: skip
    original_colours: float = setting(
        0.0, label="Keep the photo's colours", help="Paints with the photo's own colours.",
        term="share of the photo's chroma in the result", low=0.0, high=1.0, step=0.01, group=COLOUR,
        effect="instant")  # fmt: skip
    saturation: float = setting(
        1.0, label="Saturation", help="Greyer below 1, more colourful above.", term="chroma factor",
        low=0.0, high=2.0, step=0.01, group=COLOUR, effect="instant")  # fmt: skip
    blend: Literal["normal", "luminosity", "soft_light", "multiply", "screen"] = setting(
        "normal", label="Blend", help="How the result is laid over the photo.", term="blend mode",
        group=COLOUR, effect="instant",
        choices={"normal": "Normal", "luminosity": "Luminosity", "soft_light": "Soft light",
                 "multiply": "Multiply", "screen": "Screen"})  # fmt: skip

    @property
    def opacity(self) -> float:
        """How much of the result covers the photo when they are composed, 0–1."""
        return self.strength

    def prepared(self, layer: "Layer", backdrop: "Backdrop") -> "Layer":
        """Return the result as it is laid over its photo: itself, unless a task's settings do something to it first."""
        return layer

    @property
    def is_neutral(self) -> bool:
        """True when the composition is the result itself."""
        plain = (self.original_colours, self.saturation, self.blend) == (0.0, 1.0, "normal")
        return self.opacity == 1.0 and plain
