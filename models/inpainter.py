"""Fills holes in a picture: a U-Net that begins with what is smoothest, and learns what that lacks.

What is smoothest is the membrane that is stretched over a hole from its rim (Laplace's equation), solved from coarse
to fine in a pyramid. OpenCV's Telea and Navier–Stokes are hardly nearer to the truth, so even an untrained network is
no worse than they are; what is learnt is a correction inside the hole. Of its bottom blocks each looks further than the
last (dilated convolutions, Yu & Koltun 2016): from one end of a hole to the other.

It works on parts of at most `LARGEST_SIDE` pixels; what large holes need beside it is texture copied from the
surroundings, which `models/patch_filling.py` does.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.scratch_detector import ResidualBlock

__all__ = ["LARGEST_SIDE", "Inpainter", "membrane"]

WIDTHS, BLOCKS, DILATIONS = (32, 64, 96, 160), (1, 1, 2), (1, 2, 4, 1)
LARGEST_SIDE = 384
_PIXELS, _CHANNELS = 2, 4
_SWEEPS = 8


class Inpainter(nn.Module):
    """Returns pictures whose holes are filled; elsewhere they are what they were, bit for bit.

    Args:
        widths: channels at half the size, and at each further halving.
        blocks: how many blocks there are on the way down, and on the way up.
        dilations: of the blocks at the bottom.

    """

    def __init__(
        self,
        widths: Sequence[int] = WIDTHS,
        blocks: Sequence[int] = BLOCKS,
        dilations: Sequence[int] = DILATIONS,
    ) -> None:
        super().__init__()
        self.head = nn.Conv2d(_CHANNELS * _PIXELS**2, widths[0], kernel_size=3, padding=1)
        steps = list(zip(widths, widths[1:], blocks, strict=False))
        self.down = nn.ModuleList(_blocks(width, (1,) * count) for width, _, count in steps)
        self.smaller = nn.ModuleList(nn.Conv2d(width, wider, kernel_size=2, stride=2) for width, wider, _ in steps)
        self.bottom = _blocks(widths[-1], dilations)
        self.larger = nn.ModuleList(nn.Conv2d(wider, 4 * width, kernel_size=1) for width, wider, _ in reversed(steps))
        self.up = nn.ModuleList(_blocks(width, (1,) * count) for width, _, count in reversed(steps))
        self.to_pixels = nn.Conv2d(widths[0], 3 * _PIXELS**2, kernel_size=3, padding=1)

    @property
    def multiple(self) -> int:
        """Pixels that a side is padded to a multiple of."""
        return int(_PIXELS * 2 ** len(self.down))

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Draw the weights (He et al. 2015); it begins with the membrane itself.

        The last layer is zero: a correction drawn by chance is worse than none.
        """
        for name, module in self.named_modules():
            if isinstance(module, nn.Conv2d):
                gain = 0.1 if name.endswith("second") else 1.4 if name.endswith("first") else 1.0
                module.weight.normal_(0.0, gain * module.weight[0].numel() ** -0.5, generator=generator)
                module.bias.zero_()  # type: ignore[union-attr]
        self.to_pixels.weight.zero_()

    def forward(self, pictures: Tensor, holes: Tensor) -> Tensor:
        """N×3×H×W, 0–1, and N×1×H×W, 1 in the holes and 0 elsewhere → N×3×H×W, in the holes about 0–1."""
        height, width = pictures.shape[2:]
        guess = membrane(pictures.float(), holes.float())
        x = torch.cat([guess - 0.5, holes.float()], dim=1)  # N×4×H×W
        down, across = (-side % self.multiple for side in (height, width))
        x = F.pixel_unshuffle(F.pad(x, (0, across, 0, down), mode="replicate"), _PIXELS)  # N×16×H/2×W/2
        x = self.head(x.to(self.head.weight.dtype))
        seen: list[Tensor] = []
        for blocks, smaller in zip(self.down, self.smaller, strict=True):
            x = blocks(x)
            seen.append(x)
            x = smaller(x)
        x = self.bottom(x)
        for larger, blocks in zip(self.larger, self.up, strict=True):
            x = blocks(F.pixel_shuffle(larger(x), 2) + seen.pop())
        # no activation before the last layer: behind one, what grows far below zero is dead and never comes back
        change = F.pixel_shuffle(self.to_pixels(x), _PIXELS)[:, :, :height, :width]
        return torch.where(holes > 0, guess + change.float(), pictures.float())


@torch.no_grad()
def membrane(pictures: Tensor, holes: Tensor, sweeps: int = _SWEEPS) -> Tensor:
    """Fill holes as smoothly as can be: every pixel becomes about the mean of its four neighbours.

    A hole is first filled from a version of half the size, in which it is half as wide, and so on; then Jacobi's
    sweeps smooth what is there. Picture borders reflect.

    Args:
        pictures: N×3×H×W.
        holes: N×1×H×W, 1 in the holes, 0 elsewhere; what the pictures hold there is not heeded.
        sweeps: at each size.

    Returns:
        N×3×H×W; outside the holes unchanged.

    """
    known = (holes <= 0).to(pictures)
    return _stretched(torch.where(known > 0, pictures, torch.zeros_like(pictures)), known, sweeps)


def _stretched(values: Tensor, known: Tensor, sweeps: int) -> Tensor:
    """`values` are 0 where `known` is 0; between, at coarser sizes, where it is not known at all."""
    height, width = values.shape[2:]
    if bool((known > 0).all()):
        return values
    if min(height, width) <= 2:
        mean = values.sum(dim=(2, 3), keepdim=True) / known.sum(dim=(2, 3), keepdim=True).clamp_min(1.0)
        return torch.where(known > 0, values, mean)
    pooled = F.avg_pool2d(torch.cat([values, known], dim=1), 2, ceil_mode=True, count_include_pad=False)
    share = pooled[:, 3:]
    coarse_known = (share > 0).to(values)
    coarse = _stretched(pooled[:, :3] / share.clamp_min(1e-6) * coarse_known, coarse_known, sweeps)
    x = torch.where(known > 0, values, F.interpolate(coarse, (height, width), mode="bilinear", align_corners=False))
    for _ in range(sweeps):
        around = F.pad(x, (1, 1, 1, 1), mode="replicate")
        mean = around[:, :, :-2, 1:-1] + around[:, :, 2:, 1:-1] + around[:, :, 1:-1, :-2] + around[:, :, 1:-1, 2:]
        x = torch.where(known > 0, x, mean / 4)
    return x


def _blocks(width: int, dilations: Sequence[int]) -> nn.Sequential:
    return nn.Sequential(*(ResidualBlock(width, dilation) for dilation in dilations))
