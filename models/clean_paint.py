"""What clean paint is held to beside its Gram matrices: every octave's energy, the range of tones, edges and contours.

Through the network the Gram matrix of any tap, fine or deep, pulls at details of every size alike (docs/painting.md),
so no weight of a tap can be the hand on one size. The bands of a pyramid can: a painting has so much energy in each
octave, in luma and in chroma (Heeger & Bergen 1995, in its second moments). Luma is brought to the energy asked for;
chroma is only kept from having more, which would be speckle.

Beside a contour of the photo nothing is to be lighter or darker than the paint on both sides of it: style and content
both gain by a line there.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.painting_init import gaussian_blur, luma, without_checkerboard
from models.roughness import ground_distance, roughnesses

__all__ = ["OCTAVES", "Contours", "PaintTarget", "contours_of", "edge_keeping_variation", "line_distance", "mixed",
           "octave_energies", "octave_gains", "paint_distance", "paint_target"]  # fmt: skip

OCTAVES = 5
"""Bands of the pyramid: details of about 2–4, 4–8, … 32–64 px."""
OCTAVE_SCALE, TONE_SCALE = 0.5, 1000.0
"""Weights of an octave's distance and of a tone's beside a style weight of 1: no Gram matrix outweighs them."""
LINE_SCALE = 300.0
"""Weight of the lines beside contours: hairlines go, an outline as broad as a brush may stay."""
GROUND_SCALE = 15.0
"""Weight of what plain ground is too rough."""
SMOOTHNESS_SCALE = 0.09
_NARROWEST = 4
"""No band is measured where the picture has fewer pixels than this along its shorter side."""
_FLOORS = (0.2, 0.42, 0.6, 0.7, 0.2)
"""Added to a weight, so that something is left of an octave at 0 and its logarithm is finite. The greater, the less a
slider moves: the middle octaves have neighbours on both sides, into which they spill."""
_SMOOTHED = (1.4, 0.6)
"""By which powers smoothness takes energy from the two finest octaves; more would spill into the third."""
_EDGE = 0.02
"""Differences between neighbours below this count squared, as grain; above it they count once, as edges."""
_CHROMA_EDGES = 2.0
"""How much a step of chroma counts beside one of luma."""
_CONTOUR = 0.08
"""From this step of luma on, within `_BESIDE` pixels, the photo has a contour."""
_BESIDE = 4
"""How far a contour reaches to either side, and how broad the patches are in which the paint beside it is seen, px."""
_CROWD = 16.0
"""Deviation of the neighbourhood, px, in which contours crowd."""
_FEW = 0.02
"""Where contours take up a smaller share of a picture than this, their pixels count no more than if they took it up."""
_RARE = 0.005
"""The share of a painting's pixels that may lie outside its range of tones at either end."""
_SAMPLES = 65_536
_SHARP = 0.7
"""An octave's energy ÷ that of the next coarser one in a sharp painting: 0.5 by edges alone, more with brush marks."""
_TINY = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class PaintTarget:
    """What one painting asks for.

    Attributes:
        energies: octaves×2 (luma, chroma).
        roughnesses: from `roughness.roughnesses`.
        darkest: 1×3×1×1, 0–1.
        brightest: 1×3×1×1, 0–1.

    """

    energies: Tensor
    roughnesses: Tensor
    darkest: Tensor
    brightest: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Contours:
    """Where a photo has contours, 1×1×H×W, 0–1; and by how much its own lines are lighter or darker than all around."""

    where: Tensor
    lighter: Tensor
    darker: Tensor


def paint_target(painting: Tensor) -> PaintTarget:
    """Measure a painting, 1×3×h×w.

    A painting that was enlarged to this size is empty in the finest octaves. Luma is asked for there as in a sharp one:
    paint would look out of focus.
    """
    pixels = painting.flatten(2)[0]  # 1×3×h×w → 3×hw
    pixels = pixels[:, :: max(1, pixels.shape[1] // _SAMPLES)]
    darkest, brightest = torch.quantile(pixels, pixels.new_tensor([_RARE, 1.0 - _RARE]), dim=1)  # → 2×3
    energies = octave_energies(painting)
    for octave in range(len(energies) - 2, -1, -1):
        energies[octave, 0].clamp_(min=float(energies[octave + 1, 0]) * _SHARP)
    return PaintTarget(energies, roughnesses(painting), darkest.view(1, 3, 1, 1), brightest.view(1, 3, 1, 1))


def mixed(targets: Sequence[PaintTarget], shares: Sequence[float]) -> PaintTarget:
    """Return what several paintings ask for together, each by its share; of octaves as many as all of them have."""
    octaves = min(len(target.energies) for target in targets)

    def mean(parts: list[Tensor]) -> Tensor:
        return torch.stack([share * part for share, part in zip(shares, parts, strict=True)]).sum(dim=0)

    return PaintTarget(
        mean([target.energies[:octaves] for target in targets]),
        mean([target.roughnesses for target in targets]),
        mean([target.darkest for target in targets]),
        mean([target.brightest for target in targets]),
    )


def octave_energies(image: Tensor) -> Tensor:
    """Mean squares of luma and of chroma in each band of a Laplacian pyramid (Burt & Adelson 1983).

    Args:
        image: 1×3×H×W, sRGB, 0–1.

    Returns:
        octaves×2, finest first; fewer than `OCTAVES` of a small picture.

    """
    x, energies = _opponents(image), []
    while True:
        coarse: Tensor = _Blur.apply(x)  # type: ignore[no-untyped-call]  # 1×3×H×W
        luma, *chroma = (x - coarse).square().mean(dim=(0, 2, 3))  # → 3
        energies.append(torch.stack([luma, chroma[0] + chroma[1]]))
        if len(energies) == OCTAVES or min(x.shape[2:]) < 2 * _NARROWEST:
            return torch.stack(energies)
        x = coarse[..., ::2, ::2]  # → 1×3×⌈H/2⌉×⌈W/2⌉


def octave_gains(weights: Sequence[float], smoothness: float, below: int = 0) -> tuple[float, ...]:
    """Return how much energy each octave is to have, where the painting's own is 1.

    Args:
        weights: what the artist asks for, finest first, 1 being the painting's own.
        smoothness: takes away from the two finest.
        below: by how many octaves the picture is smaller than the finished one will be. A stroke then is as many
            octaves finer; what is coarser than the last weight follows that one.

    """
    gains = [math.sqrt((weight + floor) / (1.0 + floor)) for weight, floor in zip(weights, _FLOORS, strict=True)]
    for octave, power in enumerate(_SMOOTHED):
        gains[octave] /= (1.0 + smoothness) ** power
    below = min(below, len(gains) - 1)
    return (*gains[below:], *gains[-1:] * below)


def paint_distance(
    image: Tensor, energies: Tensor, target: PaintTarget, gains: Sequence[float],
    contours: Contours | None = None, ranks: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Return how far a picture is from clean paint: a scalar, 0 where it is.

    Σ ln²(E / gE*) over the octaves' luma and over what their chroma has too much, the mean square of what the tones
    exceed the painting's by, the lines beside contours, and what plain ground is too rough, all weighted.

    Args:
        image: 1×3×H×W.
        energies: its `octave_energies`.
        target: the painting's.
        gains: of each octave, from `octave_gains`.
        contours: of the photo that is painted; None where none is.
        ranks: of its places, from `roughness.ranks_of`; None where none is.

    """
    octaves = min(len(energies), len(target.energies))
    wanted = target.energies[:octaves] * energies.new_tensor(gains[:octaves]).unsqueeze(1)  # octaves×2
    ratios = ((energies[:octaves] + _TINY) / (wanted + _TINY)).log()
    off = ratios[:, 0].square().sum() + ratios[:, 1].clamp_min(0.0).square().sum()
    outside = image - image.clamp(target.darkest, target.brightest)  # 1×3×H×W
    distance = OCTAVE_SCALE * off + TONE_SCALE * outside.square().mean()
    if contours is not None:
        distance = distance + LINE_SCALE * line_distance(image, contours)
    if ranks is not None:  # an octave that is to have more energy may have it everywhere
        allowed = target.roughnesses * max(1.0, *gains)
        distance = distance + GROUND_SCALE * ground_distance(image, ranks, allowed)
    return distance


def contours_of(photo: Tensor) -> Contours:
    """Find the contours of 1×3×H×W: the more alone one stands, the more it counts. Among twigs a line is a stroke."""
    tones = luma(photo)
    steps = _highest(tones, _BESIDE) + _highest(-tones, _BESIDE)
    where = gaussian_blur((steps / _CONTOUR - 1.0).clamp_(0.0, 1.0), _BESIDE / 2)
    around = gaussian_blur(_patches(where), _CROWD / _BESIDE)  # 1×1×⌈H/4⌉×⌈W/4⌉
    where = where * (1.0 - F.interpolate(around, where.shape[2:], mode="bilinear", align_corners=False))
    return Contours(where, *_lines(tones))


def line_distance(image: Tensor, contours: Contours) -> Tensor:
    """Return the mean square, at contours, of what is lighter or darker than all paint around it: a scalar.

    As much as the photo's own lines stand out is free: whiskers, the light in an eye.

    Args:
        image: 1×3×H×W.
        contours: of the photo.

    """
    lighter, darker = _lines(luma(image))
    lines = (lighter - contours.lighter).clamp_min(0.0).square() + (darker - contours.darker).clamp_min(0.0).square()
    return (contours.where * lines).mean() / contours.where.mean().clamp_min(_FEW)


def _lines(tones: Tensor) -> tuple[Tensor, Tensor]:
    """Return by how much 1×1×H×W is lighter and darker than everything around it.

    What is around is seen in patches, two to either side, so that strokes blur into their tone while both sides of a
    contour stay apart.
    """
    patches = without_checkerboard(_patches(tones))
    lightest, darkest = (
        F.interpolate(limit, tones.shape[2:], mode="bilinear", align_corners=False)
        for limit in (_highest(patches, 2), -_highest(-patches, 2))
    )
    return (tones - lightest).clamp_min(0.0), (darkest - tones).clamp_min(0.0)


def _patches(plane: Tensor) -> Tensor:
    """Return the means of squares of `_BESIDE` pixels, 1×1×H×W → 1×1×⌈H/4⌉×⌈W/4⌉."""
    return F.avg_pool2d(plane, _BESIDE, ceil_mode=True, count_include_pad=False)


def _highest(plane: Tensor, reach: int) -> Tensor:
    """Return the greatest value within `reach` pixels, 1×1×H×W → the same."""
    return F.max_pool2d(F.pad(plane, [reach] * 4, mode="replicate"), 2 * reach + 1, stride=1)


def edge_keeping_variation(image: Tensor) -> Tensor:
    """Mean length of the colour gradient (Bresson & Chan 2008, vectorial total variation), rounded off near zero.

    Flat areas are smoothed as by the squared variation, while an edge costs the same sharp or soft, and so stays sharp.
    """
    opponents = _opponents(image)
    colours = torch.cat([opponents[:, :1], _CHROMA_EDGES * opponents[:, 1:]], dim=1)
    across = F.pad(colours[..., :, 1:] - colours[..., :, :-1], (0, 1))  # 1×3×H×W
    down = F.pad(colours[..., 1:, :] - colours[..., :-1, :], (0, 0, 0, 1))
    steps = (across.square() + down.square()).sum(dim=1)  # → 1×H×W
    return SMOOTHNESS_SCALE * ((steps + _EDGE**2).sqrt() - _EDGE).mean()


def _opponents(image: Tensor) -> Tensor:
    """Luma (Rec. 709) and the two axes of chroma that are orthogonal to grey and to one another: 1×3×H×W → the same."""
    axes = image.new_tensor([
        [0.2126, 0.7152, 0.0722],
        [math.sqrt(1 / 2), -math.sqrt(1 / 2), 0.0],
        [-math.sqrt(1 / 6), -math.sqrt(1 / 6), math.sqrt(2 / 3)],
    ])  # fmt: skip
    return F.conv2d(image, axes.view(3, 3, 1, 1))


class _Blur(torch.autograd.Function):
    """[1 4 6 4 1]/16 along both axes, as [1 2 1]/4 twice with repeated borders: symmetric, so its own gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return without_checkerboard(without_checkerboard(x))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return without_checkerboard(without_checkerboard(gradients[0]))
