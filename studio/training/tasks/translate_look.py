"""What surfaces look like: brushwork, grain. Held to that of a real picture of the other world of the same colours.

Critics teach what a place of that world may look like, and for long are taken in by one and the same mark everywhere.
How what a network sees is *spread* over a picture (`models.sliced_wasserstein`) tells the two apart from the first
step; but one picture's spread is that of its colours and its things as well. So each is compared with that of those
seen of late which is most like what was given: a sky with a painted sky. And that is as bright before, and no more
colourful than what was given: else its colours would have to go somewhere, and go to the borders, where a network
knows where it is. What colours the other world has, critics teach.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.backbones import Backbone
from models.critic import LOOKS
from models.painting_init import luma
from models.sliced_wasserstein import sliced_wasserstein

__all__ = ["Look"]

_REMEMBERED = 32
"""Pictures of each world."""
_COARSE, _FINE = 8, 2
"""Colours are compared in pictures so many times smaller; what these lose of so much smaller ones is how busy it is."""
_BUSY = 3.0
"""How much that counts beside the colours."""
_SHIFT = 8
"""The coarsest features see places so many px apart: a picture is moved by up to so many, so that none is favoured."""
_MARGIN = 16
"""At borders, a picture's side through this, nothing is compared."""


class Look:
    """Compares surfaces with those of real pictures, which it remembers.

    Args:
        backbone: sees; its weights stay as they are.

    """

    def __init__(self, backbone: Backbone) -> None:
        self._backbone = backbone
        self._seen: dict[str, list[Tensor]] = {"a": [], "b": []}

    def remember(self, world: str, real: Tensor) -> None:
        """Take pictures, N×3×S×S, 0–1, in; those that were seen longest ago are forgotten."""
        of_this_size = [one for one in self._seen[world] if one.shape == real.shape[1:]]
        newest = (real.detach() * 255.0).round().to("cpu", torch.uint8)
        self._seen[world] = [*of_this_size, *newest][-_REMEMBERED:]

    def distance(self, painted: Tensor, given: Tensor, world: str) -> Tensor:
        """Return how far surfaces of what was painted of what was given are from a world's (scalar).

        Args:
            painted: N×3×S×S, 0–1.
            given: likewise.
            world: of which some were seen.

        """
        known = torch.stack(self._seen[world]).to(painted.device, painted.dtype) / 255.0  # K×3×S×S
        with torch.no_grad():
            alike = known[_unlikeness(given, known).argmin(dim=1)]  # N×3×S×S
            real = self._backbone(_cut(_as_colourful(alike, given)), LOOKS)
        made = self._backbone(_cut(painted), LOOKS)
        parts: list[Tensor] = []
        for tap in LOOKS:
            size = real[tap].square().mean().sqrt() + 1e-4  # so that all taps count alike
            parts.append(sliced_wasserstein(made[tap] / size, real[tap] / size))
        return torch.stack(parts).mean()

    def state_dict(self) -> dict[str, Any]:
        """Return what it remembers."""
        return {world: list(pictures) for world, pictures in self._seen.items()}

    def load_state_dict(self, state: Mapping[str, Sequence[Tensor]]) -> None:
        """Go on where `state_dict()` was taken."""
        self._seen = {world: list(state.get(world, ())) for world in "ab"}


def _unlikeness(pictures: Tensor, known: Tensor) -> Tensor:
    """How different colours, and how busy they are, of N×3×S×S and K×3×S×S: N×K."""
    (colours, busy), (known_colours, known_busy) = _colours(pictures), _colours(known)
    unlike = (colours[:, None] - known_colours[None]).square().mean(dim=2)
    return unlike + _BUSY * (busy[:, None] - known_busy[None]).square()


def _colours(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Colours by their order, N×D, and the mean absolute difference to what is coarse of them, N."""
    coarse, fine = F.avg_pool2d(pictures, _COARSE), F.avg_pool2d(pictures, _FINE)
    ordered = coarse.flatten(2).sort(dim=2).values.flatten(1)
    smooth = F.interpolate(coarse, fine.shape[2:], mode="nearest")
    return ordered, (fine - smooth).abs().mean(dim=(1, 2, 3))


def _as_colourful(pictures: Tensor, given: Tensor) -> Tensor:
    """Make N×3×S×S as bright as what is given, of its mean colour, and at most as colourful."""
    bright, given_bright = luma(pictures), luma(given)
    colour, given_colour = pictures - bright, given - given_bright
    bright = bright + (given_bright - bright).mean(dim=(2, 3), keepdim=True)
    middle, wanted = (of.mean(dim=(2, 3), keepdim=True) for of in (colour, given_colour))
    spread, allowed = (of.std(dim=(1, 2, 3), keepdim=True) for of in (colour - middle, given_colour - wanted))
    paler = (allowed / (spread + 1e-6)).clamp(max=1.0)
    return (bright + wanted + paler * (colour - middle)).clamp(0.0, 1.0)


def _cut(pictures: Tensor) -> Tensor:
    """The middle, moved a little by chance."""
    margin = pictures.shape[-1] // _MARGIN
    down, right = (margin + int(torch.randint(_SHIFT, ())) for _ in range(2))
    height, width = (side - 2 * margin - _SHIFT for side in pictures.shape[2:])
    return pictures[:, :, down : down + height, right : right + width]
