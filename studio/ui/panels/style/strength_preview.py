"""What Strength means to the painting that is shown: opacity, or for a fast style the strength that it was painted in.

A fast style paints every strength anew, which takes a moment. Until then its last painting is faded to the strength
that is wanted: nearly the same picture, and at once.
"""

from dataclasses import dataclass
from typing import Self

from studio.core.recipes import Recipe
from studio.core.style_settings import StyleSettings

__all__ = ["StrengthPreview"]


@dataclass(frozen=True, slots=True)
class StrengthPreview:
    """Of one painting: the strength a fast style painted it in, or None where it was painted live."""

    painted_in: float | None = None

    @classmethod
    def of(cls, recipe: Recipe | None, settings: StyleSettings) -> Self:
        """Return that of a painting made by `recipe`; of a draft, which has none, by the settings of now."""
        made_with = settings.model_dump() if recipe is None else recipe.settings
        return cls(float(made_with["strength"]) if made_with.get("method") == "instant" else None)

    def to_compose(self, settings: StyleSettings) -> StyleSettings:
        """Return the settings with which the painting is laid over the photo, `strength` being its opacity."""
        if self.painted_in is None:
            return settings.model_copy(update={"method": "live"})
        opacity = min(1.0, settings.strength / self.painted_in) if self.painted_in > 0 else 1.0
        return settings.model_copy(update={"method": "live", "strength": opacity})

    def of_picture(self, settings: StyleSettings) -> StyleSettings:
        """Return the settings that belong to the painting as it is, for a file that shall bring it back."""
        return settings if self.painted_in is None else settings.model_copy(update={"strength": self.painted_in})
