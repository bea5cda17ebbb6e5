"""Degradations as a recipe: an ordered stack of what happens to a picture, each with a probability and ranges.

What chance decides is a function of the seed and of the stack alone: the same in every worker, in any order. A recipe
is JSON that can be shared; `models/degradation_presets.py` has those that come along.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from models.degradation_ageing import BlackAndWhite, Fading, Grain, Halftone, Toning
from models.degradation_damage import Cracks, Creases, Dust, Folds, Scratches, Stains, Tears
from models.degradation_overlays import CutOuts, DateStamp, QualityNumber, Watermark
from models.degradation_plate import Plate
from models.degradation_steps import Bytes, Chance, Degradation
from models.degradation_web import Blur, Jpeg, Noise, Rescale, Shrink, Wrapping
from models.line_drawing import LineDrawing

__all__ = ["KINDS", "AnyDegradation", "DegradationRecipe", "Degraded", "degrade", "degrading"]

AnyDegradation: TypeAlias = Annotated[
    Blur | Rescale | Shrink | Noise | Jpeg | Wrapping
    | BlackAndWhite | Fading | Toning | Grain | Halftone
    | Dust | Scratches | Stains | Creases | Folds | Cracks | Tears
    | QualityNumber | Watermark | DateStamp | CutOuts | LineDrawing,
    Field(discriminator="kind"),
]  # fmt: skip

KINDS: tuple[type[Degradation], ...] = (
    Fading, Toning, BlackAndWhite, Grain, Halftone, Dust, Scratches, Stains, Creases, Folds, Cracks, Tears,
    Blur, Noise, Jpeg, Rescale, Shrink, Wrapping, Watermark, DateStamp, QualityNumber, CutOuts, LineDrawing,
)  # fmt: skip
"""Every kind there is, in the order in which they are offered."""


class DegradationRecipe(BaseModel):
    """What happens to a picture, from the first to the last.

    Attributes:
        name: as it is shown.
        steps: what is done, in this order.
        scale: how many times smaller than the original the picture comes out, where a step resizes it to that.

    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    steps: tuple[AnyDegradation, ...] = ()
    scale: int = Field(default=1, ge=1, le=8)


@dataclass(frozen=True, slots=True, eq=False)
class Degraded:
    """A degraded picture.

    Attributes:
        picture: h×w×3; smaller than the original where the recipe makes it so.
        mask: h×w, 0–255: how much of the picture is hidden by damage or overlays, to be filled in anew.
        drawn: what happened: place and kind of each step that did, and the values that were drawn for it.

    """

    picture: Bytes
    mask: Bytes
    drawn: tuple[dict[str, Any], ...]


def degrade(picture: Bytes, recipe: DegradationRecipe, seed: int) -> Degraded:
    """Return what chance makes of a picture.

    Args:
        picture: H×W×3, sRGB; of a fourth channel nothing is seen. It is not changed.
        recipe: what may happen.
        seed: decides what does; 0 or more. A picture of a set takes one of its own, such as `seed_of("degrade", seed,
            index)`: nothing else tells pictures apart.

    """
    working = degrading(picture, recipe, seed)
    try:
        while True:
            next(working)
    except StopIteration as end:
        made: Degraded = end.value
        return made


def degrading(picture: Bytes, recipe: DegradationRecipe, seed: int) -> Generator[int, None, Degraded]:
    """Do what `degrade` does; yields after each step how many are done, for whoever must go on breathing."""
    plate = Plate(picture, seed, recipe.scale)
    before: dict[str, int] = {}
    drawn: list[dict[str, Any]] = []
    for number, step in enumerate(recipe.steps):
        chance = Chance(seed, step.kind, before.get(step.kind, 0))
        before[step.kind] = before.get(step.kind, 0) + 1
        if chance.happens(step.probability):
            step.apply(plate, chance)
            drawn.append({"step": number, "kind": step.kind, **chance.drawn})
        yield number + 1
    return Degraded(plate.to_bytes(), plate.mask(), tuple(drawn))
