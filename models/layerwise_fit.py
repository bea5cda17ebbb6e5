"""A good start for a pupil: its convolutions fitted to its teachers' one after the other, in closed form.

Layer by layer, those teacher channels are chosen that best explain all the others; each becomes the target of one of
the pupil's channels, regressed from what the pupil sees one layer below (compare He, Zhang & Sun 2017, channel
pruning by least squares). Minutes of this replace hours of gradient descent; training then refines all layers jointly.
"""

from collections.abc import Callable, Generator, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.slim import TAPS, ReflectedConvolution, SlimNetwork
from models.teachers import Teachers

__all__ = ["choose_channels", "fit_layerwise", "imitated_layers", "regressing_through_relu"]

_SILENT = 1e-8
_ROWS = 4096


def imitated_layers(teachers: Teachers, convolutions: Sequence[int]) -> list[list[str]]:
    """Return for each of the pupil's convolutions the teachers' layers that it imitates.

    The last one of a scale imitates the last lesson of every teacher there, those before it the layers before.

    Args:
        teachers: with their lessons.
        convolutions: how many of them the pupil has at each scale.

    """
    imitated: list[list[str]] = []
    for tap, count in zip(TAPS, convolutions, strict=True):
        last = {lesson.layer.rpartition(".")[0]: lesson for lesson in teachers.lessons if lesson.tap == tap}
        own = [lesson.layer for lesson in last.values()]
        before = [lesson.before for lesson in last.values() if lesson.before] or own
        imitated += [before] * (count - 1) + [own]
    return imitated


@torch.no_grad()
def fit_layerwise(
    network: SlimNetwork,
    teachers: Teachers,
    draw: Callable[[], Tensor],
    generator: torch.Generator,
    *,
    batches: int = 48,
    places: int = 48,
) -> Generator[None, None, None]:
    """Fit every convolution of `network` to the teachers' layers of `imitated_layers`; breathes meanwhile.

    Args:
        network: the pupil, without readouts.
        teachers: they are asked once, on all pictures.
        draw: returns a batch of pictures, N×3×S×S.
        generator: chooses the places.
        batches: how many batches are drawn.
        places: how many places of each picture are looked at, at most.

    """
    imitated = imitated_layers(teachers, [len(scale) for scale in network.widths])
    scales = [scale for scale, widths in enumerate(network.widths) for _ in widths]
    chosen: dict[int, Tensor] = {}
    heard: list[list[list[Tensor]]] = [[[] for _ in layers] for layers in imitated]
    pictures: list[Tensor] = []
    for _ in range(batches):
        pictures.append(draw())
        told = teachers(pictures[-1])
        for rows, layers, scale in zip(heard, imitated, scales, strict=True):
            side = pictures[-1].shape[-1] >> scale
            positions = _places(chosen, side, places, generator)
            for row, name in zip(rows, layers, strict=True):
                maps = F.max_pool2d(told[name], told[name].shape[-1] // side)
                row.append(_at(maps.flatten(2), positions))
        yield
    seen_below = [network.normalise(batch) for batch in pictures]
    left = iter(heard)
    for layer in network.features:
        if isinstance(layer, ReflectedConvolution):
            target = torch.cat([_in_units(torch.cat(rows)) for rows in next(left)], dim=1)
            best = choose_channels(target, layer.out_channels)
            positions = chosen[seen_below[0].shape[2]]
            known = torch.cat([_at(_patches(x), positions) for x in seen_below])
            weight, bias = yield from regressing_through_relu(known, target[:, best])
            layer.weight.copy_(weight.view_as(layer.weight))
            layer.bias.copy_(bias)
        for index, x in enumerate(seen_below):
            seen_below[index] = layer(x)
            yield


def choose_channels(features: Tensor, count: int) -> Tensor:
    """Return `count` channels of rows×C features that explain the rest best, linearly; greedy, one after the other."""
    left = features.T @ features / len(features)
    chosen: list[int] = []
    for _ in range(min(count, len(left))):
        diagonal = left.diagonal().clamp_min(1e-9)
        explained = left.square().sum(0) / diagonal
        explained[chosen] = -1
        best = int(explained.argmax())
        chosen.append(best)
        left = left - torch.outer(left[:, best], left[best]) / diagonal[best]
    # more channels than the teacher has: the first ones twice, which training will tell apart
    chosen += [chosen[index % len(chosen)] for index in range(count - len(chosen))]
    return torch.tensor(chosen)


def regressing_through_relu(
    known: Tensor, wanted: Tensor, rounds: int = 6, ridge: float = 3e-3
) -> Generator[None, None, tuple[Tensor, Tensor]]:
    """Return weight and bias so that relu(known·weightᵀ + bias) ≈ wanted, rows×in → rows×out; breathes meanwhile.

    Where the teacher is silent any negative answer is right: there the target follows the answer, and is solved again.
    """
    parts = [(torch.cat([part, torch.ones(len(part), 1)], dim=1).double(), target.double())
             for part, target in zip(torch.split(known, _ROWS), torch.split(wanted, _ROWS), strict=True)]  # fmt: skip
    size = known.shape[1] + 1
    normal = torch.zeros(size, size, dtype=torch.double)
    for inputs, _ in parts:
        normal += inputs.T @ inputs / len(known)
        yield
    damping = ridge * normal.diagonal()[:-1].mean() * torch.eye(size, dtype=normal.dtype)
    damping[-1, -1] = 0
    factor = torch.linalg.cholesky(normal + damping + 1e-9 * torch.eye(size, dtype=normal.dtype))
    solution = torch.zeros(size, wanted.shape[1], dtype=torch.double)
    for number in range(rounds + 1):
        sums = torch.zeros_like(solution)
        for inputs, target in parts:
            told = torch.where(target > 0, target, (inputs @ solution).clamp_max(0)) if number else target
            sums += inputs.T @ told / len(known)
            yield
        solution = torch.cholesky_solve(sums, factor)
    return solution[:-1].T.float(), solution[-1].float()


def _in_units(told: Tensor) -> Tensor:
    """Let every teacher speak equally loudly, rows×C; one that is silent stays so."""
    return told / told.square().mean().sqrt().clamp_min(_SILENT)


def _places(chosen: dict[int, Tensor], side: int, count: int, generator: torch.Generator) -> Tensor:
    """Return the places looked at in maps of this side, the same for all layers of the scale."""
    if side not in chosen:
        chosen[side] = torch.randperm(side * side, generator=generator)[:count]
    return chosen[side]


def _patches(x: Tensor) -> Tensor:
    """N×C×H×W → N×9C×HW, as a 3×3 convolution with mirrored borders sees it."""
    return F.unfold(F.pad(x, (1, 1, 1, 1), mode="reflect"), 3)


def _at(maps: Tensor, places: Tensor) -> Tensor:
    """N×C×HW → rows×C at the chosen places."""
    return maps[:, :, places].transpose(1, 2).flatten(0, 1)
