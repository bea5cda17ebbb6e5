"""A good start for a pupil: its convolutions fitted to its teachers' one after the other, in closed form.

Layer by layer, those teacher channels are chosen that best explain all the others; each becomes the target of one of
the pupil's channels, regressed from what the pupil sees one layer below (compare He, Zhang & Sun 2017, channel
pruning by least squares). Minutes of this replace hours of gradient descent; training then refines all layers jointly.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from models.slim import ReflectedConvolution, SlimNetwork
from models.teachers import Teachers

__all__ = ["CURRICULUM", "choose_channels", "fit_layerwise", "regress_before_relu"]

CURRICULUM: Sequence[Sequence[str]] = (
    ("vgg19.relu1_1",),
    ("vgg19.relu1_2",),
    ("vgg19.relu2_1", "squeezenet.relu1"),
    ("vgg19.relu2_2", "squeezenet.fire2"),
    ("vgg19.relu3_1", "squeezenet.fire3"),
    ("squeezenet.fire4",),
    ("squeezenet.fire5",),
    ("squeezenet.fire6",),
    ("squeezenet.fire7", "squeezenet.fire8"),
)
"""For each of the pupil's convolutions the teachers' layers it imitates."""


@torch.no_grad()
def fit_layerwise(
    network: SlimNetwork,
    teachers: Teachers,
    draw: Callable[[], Tensor],
    generator: torch.Generator,
    *,
    batches: int = 48,
    places: int = 48,
) -> None:
    """Fit every convolution of `network` to the teachers' layers of `CURRICULUM`.

    Args:
        network: the pupil, without readouts, one convolution per entry of the curriculum.
        teachers: they are asked once, on all pictures.
        draw: returns a batch of pictures, N×3×S×S.
        generator: chooses the places.
        batches: how many batches are drawn.
        places: how many places of each picture are looked at, at most.

    """
    pictures, chosen = [], dict[int, Tensor]()
    heard: list[list[Tensor]] = [[] for _ in CURRICULUM]
    for _ in range(batches):
        pictures.append(draw())
        responses = teachers.responses(pictures[-1])
        for rows, layers in zip(heard, CURRICULUM, strict=True):
            maps = torch.cat([responses[layer] for layer in layers], dim=1)
            rows.append(_at(maps.flatten(2), _places(chosen, maps.shape[2], places, generator)))
    widths = {layer: response.shape[1] for layer, response in responses.items()}
    wanted = [_in_units([widths[layer] for layer in layers], torch.cat(rows))
              for layers, rows in zip(CURRICULUM, heard, strict=True)]  # fmt: skip
    seen_below = [network.normalise(batch) for batch in pictures]
    lesson = 0
    for layer in network.features:
        if isinstance(layer, ReflectedConvolution):
            target = wanted[lesson]
            best = choose_channels(target.relu(), layer.out_channels)
            positions = chosen[seen_below[0].shape[2]]
            known = torch.cat([_at(_patches(x), positions) for x in seen_below])
            weight, bias = regress_before_relu(known, target[:, best])
            layer.weight.copy_(weight.view_as(layer.weight))
            layer.bias.copy_(bias)
            lesson += 1
        seen_below = [layer(x) for x in seen_below]


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


def regress_before_relu(known: Tensor, wanted: Tensor, rounds: int = 6, ridge: float = 3e-3) -> tuple[Tensor, Tensor]:
    """Return weight and bias so that relu(known·weightᵀ + bias) ≈ relu(wanted), rows×in → rows×out.

    Where the teacher is silent any negative answer is right: there the target follows the answer, and is solved again.
    """
    inputs = torch.cat([known, torch.ones(len(known), 1)], dim=1).double()
    normal = inputs.T @ inputs / len(inputs)
    damping = ridge * normal.diagonal()[:-1].mean() * torch.eye(len(normal), dtype=normal.dtype)
    damping[-1, -1] = 0
    factor = torch.linalg.cholesky(normal + damping + 1e-9 * torch.eye(len(normal), dtype=normal.dtype))
    solution = torch.cholesky_solve(inputs.T @ wanted.double() / len(inputs), factor)
    for _ in range(rounds):
        told = inputs @ solution
        target = torch.where(wanted > 0, wanted.double(), told.clamp_max(0))
        solution = torch.cholesky_solve(inputs.T @ target / len(inputs), factor)
    return solution[:-1].T.float(), solution[-1].float()


def _in_units(widths: Sequence[int], responses: Tensor) -> Tensor:
    """Let every teacher speak equally loudly: rows×C, whose columns belong to layers of these `widths`."""
    parts = [part / part.relu().square().mean().sqrt() for part in torch.split(responses, list(widths), dim=1)]
    return torch.cat(parts, dim=1)


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
