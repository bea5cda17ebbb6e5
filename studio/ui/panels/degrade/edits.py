"""What a hand does to a degradation recipe: pure functions from one recipe to the next."""

from collections.abc import Sequence
from typing import Any

from studio.core.degrade_settings import KINDS, PRESETS, Degradation, DegradationRecipe

__all__ = ["OWN", "added", "matching_preset", "moved", "removed", "with_value"]

OWN = ""
"""What a recipe of the artist's own is called until it has a name."""


def added(recipe: DegradationRecipe, kind: str) -> DegradationRecipe:
    """Put a degradation of this kind below the others, as it comes along.

    What writes the file stays last: a picture is damaged first and saved then.
    """
    step = next(one for one in KINDS if one.model_fields["kind"].default == kind)()
    place = len(recipe.steps)
    while place and recipe.steps[place - 1].kind in ("jpeg", "wrapping") and kind != "jpeg":
        place -= 1
    return _with_steps(recipe, (*recipe.steps[:place], step, *recipe.steps[place:]))


def removed(recipe: DegradationRecipe, place: int) -> DegradationRecipe:
    """Take the degradation at `place` away."""
    return _with_steps(recipe, (*recipe.steps[:place], *recipe.steps[place + 1 :]))


def moved(recipe: DegradationRecipe, place: int, to: int) -> DegradationRecipe:
    """Take the degradation at `place` to another place; past the ends is at the ends."""
    steps = list(recipe.steps)
    steps.insert(min(max(to, 0), len(steps) - 1), steps.pop(place))
    return _with_steps(recipe, steps)


def with_value(recipe: DegradationRecipe, place: int, name: str, value: Any) -> DegradationRecipe:
    """Set one thing of the degradation at `place`: a probability, a range, a choice."""
    step = recipe.steps[place]
    changed = type(step).model_validate({**step.model_dump(), name: value})
    return _with_steps(recipe, (*recipe.steps[:place], changed, *recipe.steps[place + 1 :]))


def _with_steps(recipe: DegradationRecipe, steps: Sequence[Degradation]) -> DegradationRecipe:
    changed = recipe.model_copy(update={"steps": tuple(steps), "name": OWN})
    name = matching_preset(changed)
    return changed.model_copy(update={"name": name})


def matching_preset(recipe: DegradationRecipe) -> str:
    """Return the preset that does just the same; `OWN` where none does."""
    return next((name for name, one in PRESETS.items() if (one.steps, one.scale) == (recipe.steps, recipe.scale)), OWN)
