"""In which arithmetic a painting is made: what the newest version does, and what a recipe says was done then.

Every segment of a chain of branches has its own, since a picture of version 0.1 may be gone on from today.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from models.backbones import Backbone
from studio.core.inference_format import PLAIN, FormatMemo, InferenceFormat, in_format
from studio.core.recipes import Recipe
from studio.jobs.picture_recipes import segments_of

__all__ = ["OF_0_1", "RECORD", "Arithmetic", "arithmetic_of", "format_of_backbone", "kind_of_backbone", "recorded"]

RECORD = "painting"
"""What recipes call it among the versions: one entry for each segment; those of version 0.1 have none."""
_BETWEEN = " | "
_EQUILIBRATED = "equilibrated "
_TRIED_AT = 96
"""Side of the square, px, on which formats are compared."""


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """What could change a pixel beside the settings.

    `equilibrated`: the curvature is probed at every size, the canvas begins in the painting's colours where that lowers
    the loss, detail is painted as it is added, and a size ends when it hardly improves any more. Version 0.1 did none
    of this. `format`: in what the network computes.
    """

    equilibrated: bool = True
    format: InferenceFormat = PLAIN

    def __str__(self) -> str:
        return f"{_EQUILIBRATED if self.equilibrated else ''}{self.format}"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return what `str` wrote; nothing is version 0.1's."""
        equilibrated = text.startswith(_EQUILIBRATED)
        return cls(equilibrated, InferenceFormat.from_text(text.removeprefix(_EQUILIBRATED)))


OF_0_1 = Arithmetic(equilibrated=False)


def arithmetic_of(recipe: Recipe) -> tuple[Arithmetic, ...]:
    """Return the arithmetic of each segment of a recipe."""
    told = recipe.versions.get(RECORD, "").split(_BETWEEN)
    count = len(segments_of(recipe))
    return tuple(Arithmetic.from_text(text) for text in [*told, *[""] * count][:count])


def recorded(history: Recipe | None, *newest: Arithmetic) -> dict[str, str]:
    """Return what a recipe's versions say of a chain that goes on from `history` in the newest arithmetic."""
    chain: Sequence[Arithmetic] = (*(() if history is None else arithmetic_of(history)), *newest)
    return {RECORD: _BETWEEN.join(str(each) for each in chain)}


def format_of_backbone(backbone: Backbone) -> InferenceFormat:
    """Return the format in which this network looks, there and back, fastest here; where it is not known, it is tried.

    On the processor only: on graphics cards none but the plain one has been compared.
    """
    weights = next(backbone.parameters())
    if weights.device.type != "cpu":
        return PLAIN
    picture = torch.rand(1, 3, _TRIED_AT, _TRIED_AT, generator=torch.Generator().manual_seed(0))

    def prepare(format: InferenceFormat) -> Callable[[], Tensor]:
        copy = in_format(deepcopy(backbone), format)

        def look() -> Tensor:
            image = picture.clone().requires_grad_()
            seen = copy(image, copy.scales_within(_TRIED_AT, _TRIED_AT))
            torch.autograd.grad([x.square().mean() for x in seen.values()], image)
            return torch.cat([x.detach().flatten() / x.detach().norm() for x in seen.values()])

        return look

    return FormatMemo.standard().choose(kind_of_backbone(backbone), prepare)


def kind_of_backbone(backbone: Backbone) -> str:
    """Return what such networks are called where their format is kept."""
    return f"painting with {backbone.architecture}"
