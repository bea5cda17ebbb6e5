"""Who learns in a distillation, and from which pictures: the pupil, crops, and what the pupil itself is painting."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.distillation import Heads, style_gap, tap_widths
from models.slim import TAPS, SlimNetwork, Widths
from models.teachers import Lesson
from studio.training.data.augment import uniform
from studio.training.data.pictures import PictureExamples
from studio.training.data.sampler import seed_of

__all__ = ["STROKES", "Crops", "ImagePool", "Pupil", "chance_of", "sized"]

STROKES = 40
"""After so many a picture in the making is replaced."""


class Pupil(nn.Module):
    """The network, and the heads that translate what it sees into what its teachers see: what learns, as one."""

    def __init__(self, widths: Widths, lessons: Sequence[Lesson]) -> None:
        super().__init__()
        self.network = SlimNetwork(widths, readouts=False)
        self.heads = Heads(lessons, tap_widths(widths, TAPS))

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """N×3×H×W, 0–1 → features by tap."""
        seen: dict[str, Tensor] = self.network(pictures)
        return seen

    def painted(self, pictures: Tensor, styles: Tensor, ages: Tensor) -> Tensor:
        """Give pictures one stroke each towards `styles`, all N×3×S×S; strokes become finer with the N `ages`."""
        with torch.no_grad():
            wanted = self(styles)
        with torch.enable_grad():
            pictures = pictures.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(style_gap(self.heads, self(pictures), wanted), pictures)
        size = gradient.square().mean((1, 2, 3), keepdim=True).sqrt().clamp_min(1e-12)
        stroke = (0.03 * (1 - ages.float() / STROKES) + 0.003).view(-1, 1, 1, 1)
        return (pictures.detach() - stroke * (gradient / size).clamp(-4, 4)).clamp(0, 1)


class Crops(PictureExamples):
    """Crops of photos and paintings, estranged as pictures in the making are."""

    def draw(self, index: int, generator: torch.Generator, size: int) -> tuple[Tensor, ...]:
        """Return a crop, 3×S×S, and its lot, 0–1, which decides whether a picture in the making comes along."""
        (crop,) = super().draw(index, generator, size)
        return _estranged(crop, generator), torch.rand((), generator=generator)

    def batch(self, count: int, size: int, *seed: int | str) -> Tensor:
        """Return `count` crops, N×3×S×S, that depend on the seed alone."""
        chance = chance_of(*seed)
        order = torch.randint(len(self), (count,), generator=chance).tolist()
        return torch.stack([self.draw(index, chance, size)[0] for index in order])


def _estranged(crop: Tensor, generator: torch.Generator) -> Tensor:
    """Turn a crop, swap or invert its colours, bend its tones, add fine or coarse noise, blur: each now and then."""
    crop = torch.rot90(crop, int(torch.randint(4, (), generator=generator)), (1, 2))
    if uniform(generator) < 0.15:
        crop = crop[torch.randperm(3, generator=generator)]
    if uniform(generator) < 0.3:
        crop = crop ** uniform(generator, 0.6, 1.7)
    if uniform(generator) < 0.03:
        crop = 1 - crop
    if uniform(generator) < 0.15:
        side, grain = crop.shape[-1], 2 ** int(torch.randint(3, (), generator=generator))
        noise = torch.randn(1, 3, side // grain, side // grain, generator=generator)
        crop = crop + sized(noise, side)[0] * uniform(generator, 0.01, 0.2)
    elif uniform(generator) < 0.05:
        crop = F.avg_pool2d(F.pad(crop, (2, 2, 2, 2), mode="reflect"), 5, 1)
    return crop.clamp(0, 1)


@dataclass(slots=True)
class ImagePool:
    """Pictures that the pupil is painting, each towards the style of a crop; `ages` count the strokes so far."""

    pictures: Tensor
    styles: Tensor
    ages: Tensor
    turn: int = 0

    def advance(self, count: int, pupil: Pupil, fresh: Tensor) -> Tensor:
        """Give the next `count` pictures one stroke each, put crops out of `fresh` where a life is over; return them.

        Chance comes from torch's own generator.
        """
        chosen = [(self.turn + offset) % len(self.pictures) for offset in range(count)]
        self.turn = (self.turn + count) % len(self.pictures)
        fresh = sized(fresh, self.pictures.shape[-1])
        for index in chosen:
            if self.ages[index] >= STROKES:
                picture, style = torch.randint(len(fresh), (2,)).tolist()
                self.pictures[index], self.styles[index], self.ages[index] = fresh[picture], fresh[style].flip(2), 0
                if torch.rand(()) < 0.2:
                    self.pictures[index] = torch.rand(self.pictures[index].shape)
        self.pictures[chosen] = pupil.painted(self.pictures[chosen], self.styles[chosen], self.ages[chosen])
        self.ages[chosen] += 1
        return self.pictures[chosen]


def chance_of(*seed: int | str) -> torch.Generator:
    """Return a generator that depends on `seed` alone."""
    return torch.Generator().manual_seed(seed_of(*seed) % 2**63)


def sized(pictures: Tensor, side: int) -> Tensor:
    """N×3×S×S → N×3×side×side."""
    if pictures.shape[-1] == side:
        return pictures
    return F.interpolate(pictures, size=(side, side), mode="bilinear")
