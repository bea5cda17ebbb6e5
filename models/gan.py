"""Generators, which make pictures out of nothing but numbers, and the critics that teach them.

Two pairs:

- `DcganGenerator` and `DcganCritic`: those of fast.ai's lesson 12 (2018), layer by layer (Radford et al. 2016).
- `StyledGenerator` and `ResidualCritic`: no norms, grouped residual blocks whose last layer begins at zero, variance
  kept by the weights' scale (Huang et al. 2024, "R3GAN", section 4). A mapping turns z into w, and w scales and shifts
  the features of every stage (FiLM, Perez et al. 2018): what style mixing, directions and dragging act on.

The critic for few pictures stands in `models.projected_critic`.

Pictures are −1…1 here, as in these papers. A critic says N×P: how real each picture looks, in P ways of looking.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.instance_norm import InstanceNorm2d

__all__ = [
    "DcganCritic", "DcganGenerator", "Generator", "Listener", "Norm", "ResidualCritic",
    "StyledGenerator", "Upsampling", "stage_widths",
]  # fmt: skip

Upsampling: TypeAlias = Literal["transposed", "resize"]
Norm: TypeAlias = Literal["batch", "instance", "none"]
CriticEnd: TypeAlias = Literal["convolution", "pool"]
Listener: TypeAlias = Callable[[int, Tensor], Tensor]
"""Given a stage's number and its features, N×C×H×W; what it returns goes on to the next stage."""

FIRST = 4
"""Side of the first stage, px."""
_LEAK = 0.2
_GAIN = math.sqrt(2.0 / (1.0 + _LEAK**2))
"""What a leaky ReLU takes from the standard deviation (He et al. 2015)."""
_WIDTHS = (256, 256, 192, 128, 64, 48, 32)
"""Of the stages of 4, 8, 16 … px."""
_GROUP = 16
_FILM = 0.5
"""Standard deviation that scales and shifts begin with."""


class Generator(nn.Module):
    """What all generators are: z → w → pictures.

    Attributes:
        size: side of its pictures, px.
        latent: how many numbers z has.
        style: how many numbers w has.
        styles: how many stages take a w of their own.
        stages: how many there are to listen to.

    """

    size: int
    latent: int
    style: int
    styles: int
    stages: int

    def map(self, z: Tensor) -> Tensor:
        """Return w, N×style, of z, N×latent, whose numbers are normal: by default the same."""
        return z

    def synthesise(self, w: Tensor, listen: Listener | None = None) -> Tensor:
        """Return pictures, N×3×size×size, about −1…1.

        Args:
            w: N×style, or N×styles×style with one for each stage.
            listen: hears, and may change, what each stage has made.

        """
        raise NotImplementedError

    def style_weights(self) -> Tensor:
        """Return the matrix, …×style, by which w first acts on features."""
        raise NotImplementedError

    def forward(self, z: Tensor) -> Tensor:
        """N×latent → N×3×size×size."""
        return self.synthesise(self.map(z))

    def by_stage(self, w: Tensor) -> Tensor:
        """N×style → N×styles×style: the same for all stages; what is by stage already stays."""
        return w if w.ndim == 3 else w.unsqueeze(1).expand(-1, self.styles, -1)


# -- the lesson's ----------------------------------------------------------------------------------------------------


class DcganGenerator(Generator):
    """The lesson's generator: doubled from 4 px on, as many channels as the doublings leave.

    Args:
        size: a power of two from 8 on.
        latent: the lesson's nz.
        width: channels before the last layer, the lesson's ngf.
        extra: so many layers more that keep the size.
        upsampling: transposed convolutions, as the lesson, or repeated pixels and a convolution, which draw no
            checkerboard (Odena et al. 2016).
        norm: behind each activation, where the lesson has it.

    Raises:
        ValueError: the size is no power of two.

    """

    styles = 1

    def __init__(
        self, size: int = 64, latent: int = 100, width: int = 64, extra: int = 1,
        upsampling: Upsampling = "transposed", norm: Norm = "batch",
    ) -> None:  # fmt: skip
        super().__init__()
        doublings = _doublings(size)
        self.size, self.latent, self.style = size, latent, latent
        channels = width * 2 ** (doublings - 1)
        steps = [_lesson_step(nn.ConvTranspose2d(latent, channels, FIRST, bias=False), nn.ReLU(True), norm)]
        for _ in range(doublings - 1):
            steps.append(_lesson_step(_doubling(channels, channels // 2, upsampling), nn.ReLU(True), norm))
            channels //= 2
        for _ in range(extra):
            same = nn.ConvTranspose2d(channels, channels, 3, padding=1, bias=False)
            steps[-1].extend(_lesson_step(same, nn.ReLU(True), norm))
        self.steps = nn.ModuleList(steps)
        self.to_pixels = _doubling(channels, 3, upsampling)
        self.stages = len(steps)

    def style_weights(self) -> Tensor:  # noqa: D102
        return next(self.steps[0].parameters()).flatten(1).T

    def synthesise(self, w: Tensor, listen: Listener | None = None) -> Tensor:  # noqa: D102
        x = self.by_stage(w)[:, 0, :, None, None]  # N×latent×1×1
        for stage, step in enumerate(self.steps):
            x = step(x)  # → N×C×4·2^stage×4·2^stage
            x = x if listen is None else listen(stage, x)
        pictures: Tensor = self.to_pixels(x)
        return pictures.tanh()


class DcganCritic(nn.Module):
    """The lesson's critic: halved down to 4 px, twice as many channels each time.

    Args:
        size: a power of two from 8 on.
        width: channels behind the first layer, the lesson's ndf.
        extra: so many layers more that keep the size.
        norm: behind each activation but the first; none for a gradient penalty, which is each picture's own
            (Gulrajani et al. 2017, section 4).
        end: one convolution over all 4×4 places, as in the lesson's code; or their average first, which the lesson
            guessed would work better.

    """

    def __init__(
        self, size: int = 64, width: int = 64, extra: int = 1, norm: Norm = "batch", end: CriticEnd = "convolution"
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [_lesson_step(_halving(3, width), _leaky(), "none")]
        same = (nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(extra))
        layers += [_lesson_step(convolution, _leaky(), norm) for convolution in same]
        for _ in range(_doublings(size) - 1):
            layers.append(_lesson_step(_halving(width, 2 * width), _leaky(), norm))
            width *= 2
        if end == "pool":
            layers += [nn.AdaptiveAvgPool2d(1), nn.Conv2d(width, 1, 1, bias=False)]
        else:
            layers.append(nn.Conv2d(width, 1, FIRST, bias=False))
        self.layers = nn.Sequential(*layers)

    def forward(self, pictures: Tensor) -> Tensor:
        """N×3×size×size, −1…1 → N×1."""
        said: Tensor = self.layers(pictures)
        return said.flatten(1).float()


def _lesson_step(convolution: nn.Module, activation: nn.Module, norm: Norm) -> nn.Sequential:
    """Norms stand behind activations: so does the lesson's code, though it is unusual."""
    channels = next(module.out_channels for module in convolution.modules() if isinstance(module, _CONVOLUTIONS))
    norms: dict[Norm, list[nn.Module]] = {
        "batch": [nn.BatchNorm2d(channels)], "instance": [InstanceNorm2d(channels, affine=True)], "none": [],
    }  # fmt: skip
    return nn.Sequential(convolution, activation, *norms[norm])


_CONVOLUTIONS = (nn.Conv2d, nn.ConvTranspose2d)


def _doubling(channels: int, width: int, upsampling: Upsampling) -> nn.Module:
    if upsampling == "transposed":
        return nn.ConvTranspose2d(channels, width, 4, stride=2, padding=1, bias=False)
    convolution = nn.Conv2d(channels, width, 3, padding=1, padding_mode="replicate", bias=False)
    return nn.Sequential(nn.Upsample(scale_factor=2, mode="nearest"), convolution)


def _halving(channels: int, width: int) -> nn.Conv2d:
    return nn.Conv2d(channels, width, 4, stride=2, padding=1, bias=False)


def _leaky() -> nn.Module:
    return nn.LeakyReLU(_LEAK, inplace=True)


def _doublings(size: int) -> int:
    """Return how often 4 px are doubled to `size`."""
    if size < 2 * FIRST or size & (size - 1):
        raise ValueError(f"The side of a picture is 8, 16, 32, 64 … px, not {size}.")
    return int(math.log2(size // FIRST))


# -- the default -----------------------------------------------------------------------------------------------------


def stage_widths(size: int, share: float = 1.0) -> tuple[int, ...]:
    """Return the channels of the stages of 4, 8 … `size` px: at 64 px 256, 256, 192, 128, 64.

    Args:
        size: a power of two from 8 to 256.
        share: of those channels.

    Raises:
        ValueError: the size is none of these.

    """
    if _doublings(size) >= len(_WIDTHS):
        raise ValueError(f"The side of a picture is at most {FIRST * 2 ** (len(_WIDTHS) - 1)} px, not {size}.")
    return tuple(max(8, round(width * share / 8) * 8) for width in _WIDTHS[: _doublings(size) + 1])


class StyledGenerator(Generator):
    """The default generator.

    Args:
        widths: channels of the stages of 4, 8, 16 … px: see `stage_widths`.
        latent: numbers of z.
        style: numbers of w.
        blocks: residual blocks of each stage.
        norm: of the features that w then scales and shifts (Chen et al. 2019, "self-modulation"); R3GAN has none. A
            critic that sees already wins at once: with batch norm the pictures of a batch stay unlike all the same.

    """

    def __init__(
        self, widths: Sequence[int], latent: int = 64, style: int = 256, blocks: int = 2, norm: Norm = "none"
    ) -> None:
        super().__init__()
        self.size = FIRST * 2 ** (len(widths) - 1)
        self.latent, self.style = latent, style
        self.stages = self.styles = len(widths)
        self.mapping = nn.Sequential(_linear(latent, style), _leaky(), _linear(style, style), _leaky(),
                                     _linear(style, style, gain=1.0))  # fmt: skip
        for layer in (self.mapping[2], self.mapping[4]):  # what comes in is more than 0 on average: w shall not be
            _centre(layer)
        self.basis = _Basis(style, widths[0])
        depth = blocks * len(widths)
        self.films = nn.ModuleList(_Film(style, width, norm) for width in widths[1:])
        self.joins = nn.ModuleList(
            _pointwise(before, width) if before != width else nn.Identity()
            for before, width in pairwise((widths[0], *widths))
        )
        self.bodies = nn.ModuleList(_body(width, blocks, depth) for width in widths)
        self.to_pixels = _pointwise(widths[-1], 3)

    def style_weights(self) -> Tensor:  # noqa: D102
        films = (film for film in self.films if isinstance(film, _Film))
        return torch.cat([self.basis.affine.weight, *(film.affine.weight for film in films)])

    def map(self, z: Tensor) -> Tensor:  # noqa: D102
        w: Tensor = self.mapping(z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + 1e-8))
        return w

    def synthesise(self, w: Tensor, listen: Listener | None = None) -> Tensor:  # noqa: D102
        w = self.by_stage(w)  # N×stages×style
        x = self.basis(w[:, 0])  # N×C₀×4×4
        for stage, (join, body) in enumerate(zip(self.joins, self.bodies, strict=True)):
            if stage:  # narrowed while there are few pixels, then doubled: R3GAN's transition
                x = F.interpolate(join(x), scale_factor=2, mode="bilinear")
                x = self.films[stage - 1](x, w[:, stage])
            x = body(x)  # → N×C×4·2^stage×4·2^stage
            x = x if listen is None else listen(stage, x)
        with torch.autocast(x.device.type, enabled=False):  # a critic would know half precision by its levels
            return F.conv2d(x.float(), self.to_pixels.weight.float())


class ResidualCritic(nn.Module):
    """The default critic: the generator's blocks, from the picture down to 4 px.

    Args:
        widths: channels of the stages of 4, 8, 16 … px, as the generator's.
        blocks: residual blocks of each stage.

    """

    def __init__(self, widths: Sequence[int], blocks: int = 2) -> None:
        super().__init__()
        down = tuple(reversed(widths))
        depth = blocks * len(down)
        self.from_pixels = _pointwise(3, down[0])
        self.bodies = nn.ModuleList(_body(width, blocks, depth) for width in down)
        self.joins = nn.ModuleList(
            _pointwise(width, after) if after != width else nn.Identity() for width, after in pairwise(down)
        )
        self.over = nn.Conv2d(down[-1], down[-1], FIRST, groups=down[-1], bias=False)
        nn.init.normal_(self.over.weight, 0.0, 1.0 / FIRST)
        self.end = _linear(down[-1], 1, gain=1.0)

    def forward(self, pictures: Tensor) -> Tensor:
        """N×3×size×size, −1…1 → N×1."""
        x = self.from_pixels(pictures)
        for stage, body in enumerate(self.bodies):
            x = body(x)
            if stage < len(self.joins):
                x = self.joins[stage](F.avg_pool2d(x, 2))
        said: Tensor = self.end(self.over(x).flatten(1))  # N×C×4×4 → N×C → N×1
        return said.float()


class _Basis(nn.Module):
    """Where all pictures begin: patterns of 4×4 px, each as strong as w says, and as often turned into their opposite.

    So nothing is the same in all pictures (R3GAN's generative basis).
    """

    def __init__(self, style: int, width: int) -> None:
        super().__init__()
        self.patterns = nn.Parameter(torch.randn(1, width, FIRST, FIRST))
        self.affine = nn.Linear(style, width, bias=False)
        nn.init.normal_(self.affine.weight, 0.0, style**-0.5)

    def forward(self, w: Tensor) -> Tensor:
        made: Tensor = self.patterns * self.affine(w)[:, :, None, None]  # N×C×4×4
        return made


class _Film(nn.Module):
    """Features, scaled and shifted as w says (Perez et al. 2018, eq. 2), in units of their norm if they have one."""

    def __init__(self, style: int, width: int, norm: Norm) -> None:
        super().__init__()
        norms: dict[Norm, nn.Module] = {
            "batch": nn.BatchNorm2d(width, affine=False), "instance": InstanceNorm2d(width), "none": nn.Identity(),
        }  # fmt: skip
        self.norm = norms[norm]
        self.affine = _linear(style, 2 * width, gain=_FILM)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        scale, shift = self.affine(w)[:, :, None, None].chunk(2, dim=1)  # N×C×1×1 each
        made: Tensor = self.norm(x) * (1.0 + scale) + shift
        return made


class _ResidualBlock(nn.Module):
    """x + what three convolutions make of it: 1×1, 3×3 in groups, 1×1, the last of which begins at zero.

    Weights are so small that the sum of all `depth` blocks keeps its variance (Zhang et al. 2019, "Fixup").
    """

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        groups = max(1, width // _GROUP) if width % _GROUP == 0 else 1
        self.before = nn.Conv2d(width, width, 1)
        self.across = nn.Conv2d(width, width, 3, padding=1, groups=groups)
        self.behind = nn.Conv2d(width, width, 1, bias=False)
        for convolution in (self.before, self.across):
            _scaled(convolution, _GAIN * depth ** (-1 / 4))
        nn.init.zeros_(self.behind.weight)

    def forward(self, x: Tensor) -> Tensor:
        y = F.leaky_relu(self.before(x), _LEAK)
        y = F.leaky_relu(self.across(y), _LEAK)
        rest: Tensor = self.behind(y)
        return x + rest


def _body(width: int, blocks: int, depth: int) -> nn.Sequential:
    return nn.Sequential(*(_ResidualBlock(width, depth) for _ in range(blocks)))


def _pointwise(channels: int, width: int) -> nn.Conv2d:
    convolution = nn.Conv2d(channels, width, 1, bias=False)
    _scaled(convolution, 1.0)
    return convolution


def _linear(inputs: int, outputs: int, gain: float = _GAIN) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    _scaled(layer, gain)
    return layer


@torch.no_grad()
def _centre(layer: nn.Module) -> None:
    """Let a linear layer hear only how its inputs differ from their mean."""
    assert isinstance(layer, nn.Linear)
    layer.weight.sub_(layer.weight.mean(dim=1, keepdim=True))


def _scaled(layer: nn.Conv2d | nn.Linear, gain: float) -> None:
    """Draw weights that give outputs `gain` times the standard deviation of the inputs; biases begin at zero."""
    nn.init.normal_(layer.weight, 0.0, gain / math.sqrt(layer.weight[0].numel()))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
