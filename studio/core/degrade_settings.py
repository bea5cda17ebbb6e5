"""What happens to a photo that is degraded: a recipe of the artist's own, or one of those that come along."""

from collections.abc import Mapping

from models.degradation_presets import PRESETS
from models.degradation_steps import Degradation, bounds_of
from models.degradations import KINDS, DegradationRecipe
from studio.core.presets import Look
from studio.core.settings import Settings, setting

__all__ = ["KINDS", "PRESETS", "Degradation", "DegradationRecipe", "DegradeSettings", "bounds_of", "degradation_looks"]


class DegradeSettings(Settings):
    """A recipe, and the number that chance starts from."""

    recipe: DegradationRecipe = setting(
        PRESETS["old-photo"], label="Recipe", help="What happens to the photo: a recipe in a JSON file.",
        term="degradation stack")  # fmt: skip
    seed: int = setting(
        0, label="Chance", help="Another number is other damage of the same kind.", term="seed",
        low=0, high=2**31 - 1, step=1, look=False)  # fmt: skip


_TITLES: Mapping[str, tuple[str, str]] = {
    "old-photo": ("Old photo", "Faded, stained, creased, cracked and torn, as prints come out of a box."),
    "web": ("Web picture", "Blurred, resized, noisy and saved as JPEG, twice over."),
    "watermark": ("Watermark", "A word across it, a date in the corner."),
    "cut-outs": ("Cut-outs", "Large pieces gone."),
    "black-and-white": ("Black and white", "No colours."),
    "edges": ("Line drawing", "Only lines are left."),
    "lesson7-critic": ("Lesson 7", "Small, a poor JPEG, and its quality written on it."),
}
"""Preset → what its button says, and what it does; the others are for training, and the command line's."""


def degradation_looks() -> tuple[Look, ...]:
    """Return the presets that an artist may want to see, as looks."""
    return tuple(Look(title, "degrade", {"recipe": PRESETS[name]}, help) for name, (title, help) in _TITLES.items())
