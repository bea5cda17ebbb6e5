"""Takes away what damaged a picture, such as noise: a U-Net without activations (Chen et al. 2022, "NAFNet").

Its blocks multiply one half of their maps by the other where others have a nonlinearity (the paper's SimpleGate), and
begin at half the size, where four pixels lie in one (pixel unshuffle), which costs a quarter. The paper's channel
attention looks at the whole picture; here there is none, so that a picture in tiles comes out as in one piece.

How much is to be taken away is an input: a map of one value beside the picture (as in FFDNet, Zhang et al. 2018). At 0
it was taught to leave a picture alone, at 1 to mend the worst.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

__all__ = ["DEPTHS", "Enhancer"]

WIDTH = 32
DEPTHS: Mapping[str, Any] = {"down": (2, 2, 3), "middle": 4, "up": (2, 2, 3)}
"""How many blocks there are on the way down, at the bottom, and on the way up."""
_PIXELS = 2
"""Pixels a side that lie in one where the network begins."""


class Enhancer(nn.Module):
    """Returns a picture of the same size, mended as far as it is asked to.

    Args:
        width: channels at half the size; twice as many at each further halving.
        down: blocks on the way down, level by level.
        middle: blocks at the bottom.
        up: blocks on the way up, from the coarsest level to the finest.

    """

    scale = 1

    def __init__(
        self,
        width: int = WIDTH,
        down: Sequence[int] = DEPTHS["down"],
        middle: int = DEPTHS["middle"],
        up: Sequence[int] = DEPTHS["up"],
    ) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(len(down))]
        self.counts = tuple(down), middle, tuple(up)
        self.head = nn.Conv2d(3 * _PIXELS**2 + 1, width, kernel_size=3, padding=1)
        self.down = nn.ModuleList(Descent(each, count) for each, count in zip(widths, down, strict=True))
        self.middle = _blocks(2 * widths[-1], middle)
        self.up = nn.ModuleList(Ascent(each, count) for each, count in zip(reversed(widths), up, strict=True))
        self.to_pixels = nn.Conv2d(width, 3 * _PIXELS**2, kernel_size=3, padding=1)

    @property
    def multiple(self) -> int:
        """Pixels that a side is padded to a multiple of; tiles must begin at one, or they are halved elsewhere."""
        return int(_PIXELS * 2 ** len(self.down))

    @property
    def held(self) -> int:
        """So many numbers are held at once for each pixel of the input, at most: some twelve maps at half the size."""
        return 3 * int(self.head.out_channels)

    @property
    def reach(self) -> int:
        """So many pixels away a pixel of the input can still change the output, at most.

        Each block looks one pixel of its level further; halving and doubling join all within one pixel of the bottom.
        """
        down, middle, up = self.counts
        pixel = [_PIXELS << level for level in range(len(down) + 1)]
        blocks = sum(count * pixel[level] for level, count in enumerate(down)) + middle * pixel[-1]
        blocks += sum(count * pixel[level] for level, count in zip(reversed(range(len(up))), up, strict=True))
        return blocks + 2 * _PIXELS + pixel[-1]

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Draw the weights (He et al. 2015); every block begins as doing nothing, and so does the network."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.normal_(0.0, module.weight[0].numel() ** -0.5, generator=generator)
                if module.bias is not None:
                    module.bias.zero_()
        self.to_pixels.weight.mul_(0.1)

    def forward(self, pictures: Tensor, strength: Tensor) -> Tensor:
        """N×3×H×W, 0–1, and N strengths, 0–1 → N×3×H×W, about 0–1."""
        height, width = pictures.shape[2:]
        padded = _mirrored(pictures, self.multiple)
        x = F.pixel_unshuffle(padded - 0.5, _PIXELS)  # N×12×H/2×W/2
        amount = strength.view(-1, 1, 1, 1).to(x).expand(-1, 1, *x.shape[2:])
        x = self.head(torch.cat([x, amount], dim=1).to(self.head.weight.dtype))
        skips: list[Tensor] = []
        for level in self.down:
            skip, x = level(x)
            skips.append(skip)
        x = self.middle(x)
        for level in self.up:
            x = level(x, skips.pop())
        change = F.pixel_shuffle(self.to_pixels(x), _PIXELS)
        return pictures + change[:, :, :height, :width].to(pictures.dtype)


class Descent(nn.Module):
    """One level on the way down: blocks, then half the size with twice the channels."""

    def __init__(self, width: int, count: int) -> None:
        super().__init__()
        self.blocks = _blocks(width, count)
        self.halve = nn.Conv2d(width, 2 * width, kernel_size=2, stride=2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """N×C×H×W → N×C×H×W for the way up, and N×2C×H/2×W/2."""
        x = self.blocks(x)
        return x, self.halve(x)


class Ascent(nn.Module):
    """One level on the way up: twice the size with half the channels, what the way down knew, blocks."""

    def __init__(self, width: int, count: int) -> None:
        super().__init__()
        self.widen = nn.Conv2d(2 * width, 4 * width, kernel_size=1, bias=False)
        self.blocks = _blocks(width, count)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """N×2C×H×W and N×C×2H×2W → N×C×2H×2W."""
        made: Tensor = self.blocks(F.pixel_shuffle(self.widen(x), 2) + skip)
        return made


class GatedBlock(nn.Module):
    """NAFNet's block (the paper's figure 3c) without channel attention: two residuals, of space and of channels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm_space, self.norm_channels = ChannelNorm(width), ChannelNorm(width)
        self.widen = nn.Conv2d(width, 2 * width, kernel_size=1)
        self.space = nn.Conv2d(2 * width, 2 * width, kernel_size=3, padding=1, groups=2 * width)
        self.narrow = nn.Conv2d(width, width, kernel_size=1)
        self.mix = nn.Conv2d(width, 2 * width, kernel_size=1)
        self.join = nn.Conv2d(width, width, kernel_size=1)
        self.space_scale = nn.Parameter(torch.zeros(width, 1, 1))
        self.channel_scale = nn.Parameter(torch.zeros(width, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W → N×C×H×W."""
        y = self.narrow(_gated(self.space(self.widen(self.norm_space(x)))))
        x = torch.addcmul(x, y, self.space_scale.to(y.dtype))
        y = self.join(_gated(self.mix(self.norm_channels(x))))
        return torch.addcmul(x, y, self.channel_scale.to(y.dtype))


class ChannelNorm(nn.Module):
    """Layer norm over the channels of each pixel."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W → N×C×H×W."""
        last = x.permute(0, 2, 3, 1)
        weight, bias = self.weight.to(x.dtype), self.bias.to(x.dtype)
        return F.layer_norm(last, last.shape[-1:], weight, bias, eps=1e-6).permute(0, 3, 1, 2)


def _gated(x: Tensor) -> Tensor:
    """N×2C×H×W → N×C×H×W: one half times the other."""
    one, other = x.chunk(2, dim=1)
    return one * other


def _blocks(width: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(GatedBlock(width) for _ in range(count)))


def _mirrored(pictures: Tensor, multiple: int) -> Tensor:
    """Mirror the right and lower border until both sides are multiples; what is too small for that is repeated."""
    down, across = (-side % multiple for side in pictures.shape[2:])
    if not (down or across):
        return pictures
    mode = "reflect" if down < pictures.shape[2] and across < pictures.shape[3] else "replicate"
    return F.pad(pictures, (0, across, 0, down), mode=mode)
