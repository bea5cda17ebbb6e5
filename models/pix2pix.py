"""pix2pix: translation that is learnt from pairs (Isola et al. 2017).

The generator shall paint what belongs to the picture, and a critic, which sees both, shall not tell the two apart:

    L_cGAN(G, D) = E_{x,y}[log D(x, y)] + E_x[log(1 − D(x, G(x)))]      (equation 1; here by least squares or hinge)
    L_L1(G)      = E_{x,y}[‖y − G(x)‖₁]                                 (equation 3)
    L            = L_cGAN + λ·L_L1, λ = 100                             (equation 4)

The critic is `models.cyclegan.PatchCritic` of six channels. The paper's generator is a U-Net: every halving passes what
it sees to the doubling on its other side, so that edges need not go through the bottleneck. Its noise is dropout in the
first doublings.
"""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from models.cyclegan import Layer, Norm, Through, Translator, Walk

__all__ = ["UnetGenerator", "conditioned"]

_WIDEST = 8
"""Times the first layer's channels."""


class UnetGenerator(Translator):
    """The paper's U-Net (appendix 6.1.1).

    Args:
        width: channels of the first layer; the paper's has 64.
        depth: how often the picture is halved: 8 brings 256 pixels down to one, 7 is for 128.
        norm: the paper's is batch norm over batches of one, which is instance norm.
        dropout: whether half of what the first three doublings make is left out while it learns.

    """

    def __init__(self, width: int = 64, depth: int = 7, norm: Norm = "instance", dropout: bool = True) -> None:
        super().__init__()
        self.multiple = 2**depth
        wide = [3, *(width * min(2**level, _WIDEST) for level in range(depth))]

        def halving(level: int) -> Layer:
            plain = level in (0, depth - 1)  # neither the first nor the last is normalised, which would leave nothing
            convolution = nn.Conv2d(wide[level], wide[level + 1], 4, stride=2, padding=1, bias=plain)
            before = [nn.LeakyReLU(0.2)] if level else []
            return Layer(
                *before, convolution, channels=wide[level + 1], reach=2, norm=None if plain else norm, stride=2
            )

        def doubling(level: int) -> Layer:
            first = level == 0
            channels = wide[level + 1] * (1 if level == depth - 1 else 2)
            convolution = nn.ConvTranspose2d(channels, wide[level], 4, stride=2, padding=1, bias=first)
            drops = dropout and wide[level] == wide[level + 1] and level < depth - 1
            after = nn.Tanh() if first else nn.Dropout(0.5) if drops else None
            return Layer(nn.ReLU(), convolution, channels=wide[level], reach=1, norm=None if first else norm,
                         rectify=after, grow=2)  # fmt: skip

        self.encoder = nn.ModuleList(halving(level) for level in range(depth))
        self.decoder = nn.ModuleList(doubling(level) for level in reversed(range(depth)))

    def walk(self, x: Tensor, through: Through) -> Walk:  # noqa: D102
        seen: list[Tensor] = []
        for layer in cast(Sequence[Layer], self.encoder):
            x = yield from through(layer, x, None)  # 3×H×W → w×H/2×W/2 → 2w×H/4×W/4 … → 8w×H/2^d×W/2^d
            seen.append(x)
        first, *others = cast(Sequence[Layer], self.decoder)
        x = yield from through(first, seen.pop(), None)  # 8w×H/2^d×W/2^d → 8w×H/2^(d−1)×W/2^(d−1)
        for layer in others:
            x = yield from through(layer, seen.pop(), x)  # what the other side saw, and what came of it: twice as wide
        return x


def conditioned(given: Tensor, painted: Tensor) -> Tensor:
    """Return what a conditional critic sees: N×3×H×W twice → N×6×H×W."""
    return torch.cat([given, painted], dim=1)
