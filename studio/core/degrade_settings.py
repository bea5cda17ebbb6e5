"""What happens to a photo that is degraded: a recipe of the artist's own, or one of those that come along."""

from collections.abc import Mapping
from typing import Literal, get_args, get_origin

from models.degradation_presets import PRESETS
from models.degradation_steps import Degradation, bounds_of
from models.degradations import KINDS, DegradationRecipe
from studio.core.settings import SettingInfo, Settings, setting

__all__ = [
    "KINDS", "PRESETS", "PRESET_WORDS", "Degradation", "DegradationRecipe", "DegradeSettings", "parameters",
]  # fmt: skip

PRESET_WORDS: Mapping[str, tuple[str, str]] = {
    "old-photo": ("Old photo", "Faded, stained, creased, cracked and torn, as prints come out of a box."),
    "web": ("Web picture", "Blurred, resized, noisy and saved as JPEG, twice over (Real-ESRGAN)."),
    "watermark": ("Watermark", "A word across it, a date in the corner."),
    "cut-outs": ("Cut-outs", "Large pieces gone."),
    "black-and-white": ("Black and white", "No colours."),
    "edges": ("Line drawing", "Only lines are left."),
    "pen-drawing": ("Pen drawing", "Only bold lines are left, as a hand draws them."),
    "lesson7-critic": ("Lesson 7, critic course", "96 px, a poor JPEG, and its quality written on it."),
    "lesson7-sr": ("Lesson 7, super-resolution", "96 px, JPEG of quality 60."),
    "web-x2": ("Web picture, half as large", "As above, for an enlarger to twice the size."),
    "web-x4": ("Web picture, a quarter as large", "As published: for an enlarger to four times the size."),
    "bicubic-x2": ("Half as large", "Made smaller cleanly, and nothing else."),
    "bicubic-x4": ("A quarter as large", "Made smaller cleanly, and nothing else."),
    "bicubic-x4-jpeg40": ("A quarter as large, JPEG 40", "Made smaller cleanly, then saved as a poor JPEG."),
}
"""Preset → its title, and what it does, in the order in which they are offered."""


class DegradeSettings(Settings):
    """A recipe, and the number that chance starts from."""

    recipe: DegradationRecipe = setting(
        PRESETS["old-photo"], label="Recipe", help="What happens to the photo: a recipe in a JSON file.",
        term="degradation stack")  # fmt: skip
    seed: int = setting(
        0, label="Chance", help="Another number is other damage of the same kind.", term="seed",
        low=0, high=2**31 - 1, step=1, look=False)  # fmt: skip


def parameters(kind: type[Degradation]) -> tuple[SettingInfo, ...]:
    """Return what can be set of a kind of degradation, as a form shows it; a range ("numbers") has two ends."""
    infos = []
    for name, field in kind.model_fields.items():
        default, label, help = field.default, field.title or name, field.description or ""
        bounds = bounds_of(field)
        if bounds is not None:
            infos.append(
                SettingInfo(
                    name, "numbers", default, label, help, bounds["least"], bounds["most"],
                    step=bounds["step"], unit=bounds["unit"], scale=bounds["scale"],
                )
            )  # fmt: skip
        elif field.annotation is float:
            infos.append(SettingInfo(name, "number", default, label, help, 0.0, 1.0, step=0.05))
        elif get_origin(field.annotation) is Literal and len(get_args(field.annotation)) > 1:
            choices = {word: word[:1].upper() + word[1:] for word in get_args(field.annotation)}
            infos.append(SettingInfo(name, "choice", default, label, help, None, None, choices=choices))
    return tuple(infos)
