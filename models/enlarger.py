"""Enlarges pictures two- or fourfold: a small network of attention without parameters (Wan et al. 2024, "SPAN").

Everything happens at the size of the picture that comes in, in six blocks of three 3×3 convolutions; only the last
layer makes s² pixels of each. A block's last map says by itself where there is something to do: what is large in it, an
edge, a texture, is let through (the paper's eq. 5, σ(H) − ½, which needs no weights of its own). Unlike the paper's,
each block adds to what came in, and the network to the picture with every pixel repeated: an untrained one enlarges
already, and no signal has to pass six factors of a quarter first.

It is 0.41 million weights and as many multiplications a pixel. Where it looks is bounded: 21 pixels each way.

A *conditioned* one is told, by a map of one value beside the picture, how much noise and JPEG there is to take away, as
an `Enhancer` is: what is mended before it is enlarged has already lost what the enlarging could have used.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.collapsible import CollapsibleConvolution

__all__ = ["Enlarger"]

WIDTH, BLOCKS = 48, 6


class Enlarger(nn.Module):
    """Makes a picture `scale` times as wide and high.

    Args:
        scale: 2, 3 or 4.
        width: channels.
        blocks: of three convolutions.
        conditioned: whether it is told how much is to be taken away.

    """

    multiple = 1

    def __init__(self, scale: int, width: int = WIDTH, blocks: int = BLOCKS, *, conditioned: bool = False) -> None:
        super().__init__()
        self.scale, self.width, self.conditioned = scale, width, conditioned
        self.head = CollapsibleConvolution(4 if conditioned else 3, width)
        self.blocks = nn.ModuleList(AttentionBlock(width) for _ in range(blocks))
        self.tail = CollapsibleConvolution(width, width)
        self.gather = nn.Conv2d(4 * width, width, kernel_size=1)
        self.to_pixels = CollapsibleConvolution(width, 3 * scale**2)

    @property
    def held(self) -> int:
        """So many numbers are held at once for each pixel of the input, at most: ten maps, thrice what comes out."""
        return 10 * self.width + 9 * self.scale**2

    @property
    def reach(self) -> int:
        """So many pixels away a pixel of the input can still change the output: one for each 3×3 convolution."""
        return 3 * len(self.blocks) + 3

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Draw the weights; the last layer's are small, so that it begins as a plain enlargement."""
        for module in self.modules():
            if isinstance(module, CollapsibleConvolution):
                module.initialise(generator)
        self.gather.weight.normal_(0.0, (4 * self.width) ** -0.5, generator=generator)
        self.gather.bias.zero_()  # type: ignore[union-attr]
        for weight in (self.to_pixels.weight, self.to_pixels.reduce):
            weight.mul_(0.1)

    def forward(self, pictures: Tensor, strength: Tensor | None = None) -> Tensor:
        """N×3×H×W, 0–1, and N strengths, 0–1 → N×3×sH×sW, about 0–1: cut off, what lies outside could not learn.

        One that is not conditioned knows no `strength`: what is to be taken away, an `Enhancer` takes away before.
        """
        given = pictures - 0.5
        if self.conditioned:
            amount = torch.zeros(1) if strength is None else strength
            plane = amount.view(-1, 1, 1, 1).to(given).expand(len(given), 1, *given.shape[2:])
            given = torch.cat([given, plane], dim=1)  # N×4×H×W
        features = self.head(given.to(self.head.weight.dtype))
        x, first, within = features, features, features
        for number, block in enumerate(self.blocks):
            x, within = block(x)
            if number == 0:
                first = x
        x = self.gather(torch.cat([features, self.tail(x), first, within], dim=1))
        detail = F.pixel_shuffle(self.to_pixels(x), self.scale)
        return F.interpolate(pictures, scale_factor=self.scale, mode="nearest") + detail.to(pictures.dtype)


class AttentionBlock(nn.Module):
    """Three convolutions, and the last one's map as the attention to itself: x + (x + H)(σ(H) − ½)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second, self.third = (CollapsibleConvolution(width, width) for _ in range(3))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """N×C×H×W → the same, and the first convolution's map, which the network gathers from its last block."""
        first = self.first(x)
        h = self.third(F.silu(self.second(F.silu(first))))
        return torch.addcmul(x, x + h, torch.sigmoid(h) - 0.5), first
