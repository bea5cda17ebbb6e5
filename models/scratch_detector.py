"""Finds what hides a picture: scratches, dust, cracks and holes, and, told apart from them, writing laid over it.

A small U-Net (Ronneberger et al. 2015) that begins at half the size, where four pixels lie in one: a thin scratch is
still plain to see there, and it costs a quarter. Its blocks are plain residuals of two 3×3 convolutions (He et al.
2016) without norms, so that a tile comes out as it does within the whole picture.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

__all__ = ["DAMAGE", "KINDS", "WRITING", "ResidualBlock", "ScratchDetector", "dice_loss", "found_loss"]

KINDS = DAMAGE, WRITING = "damage", "writing"
"""What it finds, in the order of its channels."""

WIDTHS, BLOCKS = (24, 48, 72, 96), (1, 1, 1, 2)
_PIXELS = 2
_RARE = -3.0
"""The last layer's bias at first: about 5 % of a picture are hidden."""
_SMOOTH = 20.0
"""Of the Dice loss, in pixels."""


class ScratchDetector(nn.Module):
    """Says of every pixel how likely it is hidden.

    Args:
        widths: channels at half the size, and at each further halving.
        blocks: how many blocks there are at each, on the way down and on the way up; the last once.

    """

    scale = 1

    def __init__(self, widths: Sequence[int] = WIDTHS, blocks: Sequence[int] = BLOCKS) -> None:
        super().__init__()
        self.counts = tuple(blocks)
        self.head = nn.Conv2d(3 * _PIXELS**2, widths[0], kernel_size=3, padding=1)
        steps = list(zip(widths, widths[1:], blocks, strict=False))
        self.down = nn.ModuleList(_blocks(width, count) for width, _, count in steps)
        self.smaller = nn.ModuleList(nn.Conv2d(width, wider, kernel_size=2, stride=2) for width, wider, _ in steps)
        self.bottom = _blocks(widths[-1], blocks[-1])
        self.larger = nn.ModuleList(nn.Conv2d(wider, 4 * width, kernel_size=1) for width, wider, _ in reversed(steps))
        self.up = nn.ModuleList(_blocks(width, count) for width, _, count in reversed(steps))
        self.tail = nn.Conv2d(widths[0], len(KINDS) * _PIXELS**2, kernel_size=3, padding=1)

    @property
    def multiple(self) -> int:
        """Pixels that a side is padded to a multiple of; tiles must begin at one, or they are halved elsewhere."""
        return int(_PIXELS * 2 ** len(self.down))

    @property
    def held(self) -> int:
        """About so many numbers are held at once for each pixel of the input."""
        return 3 * int(self.head.out_channels)

    @property
    def reach(self) -> int:
        """So many pixels away a pixel of the input can still change the output, at most."""
        pixel = [_PIXELS << level for level in range(len(self.counts))]
        blocks = sum(2 * count * size for count, size in zip(self.counts, pixel, strict=True))
        blocks += sum(2 * count * size for count, size in zip(self.counts[:-1], pixel, strict=False))
        return blocks + 2 * _PIXELS + pixel[-1]

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Draw the weights (He et al. 2015); the blocks begin as doing little, and nearly nothing is found."""
        for name, module in self.named_modules():
            if isinstance(module, nn.Conv2d):
                gain = 0.1 if name.endswith("second") else 1.4 if name.endswith("first") else 1.0
                module.weight.normal_(0.0, gain * module.weight[0].numel() ** -0.5, generator=generator)
                module.bias.zero_()  # type: ignore[union-attr]
        self.tail.bias.fill_(_RARE)  # type: ignore[union-attr]

    def logits(self, pictures: Tensor) -> Tensor:
        """N×3×H×W, 0–1 → N×2×H×W, of damage and of writing."""
        height, width = pictures.shape[2:]
        x = F.pixel_unshuffle(_mirrored(pictures, self.multiple) - 0.5, _PIXELS)  # N×12×H/2×W/2
        x = self.head(x.to(self.head.weight.dtype))
        seen: list[Tensor] = []
        for blocks, smaller in zip(self.down, self.smaller, strict=True):
            x = blocks(x)
            seen.append(x)
            x = smaller(x)
        x = self.bottom(x)
        for larger, blocks in zip(self.larger, self.up, strict=True):
            x = blocks(F.pixel_shuffle(larger(x), 2) + seen.pop())
        return F.pixel_shuffle(self.tail(F.silu(x)), _PIXELS)[:, :, :height, :width]

    def forward(self, pictures: Tensor, strength: Tensor | None = None) -> Tensor:
        """N×3×H×W, 0–1 → N×2×H×W: how likely each pixel is hidden by damage and by writing, 0–1.

        It knows no `strength`: how much is believed is decided behind it.
        """
        return torch.sigmoid(self.logits(pictures).float())


class ResidualBlock(nn.Module):
    """x + conv(SiLU(conv(SiLU(x)))) (He et al. 2016, "full pre-activation"); the first may be dilated."""

    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, kernel_size=3, padding=dilation, dilation=dilation)
        self.second = nn.Conv2d(width, width, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W → N×C×H×W."""
        made: Tensor = x + self.second(F.silu(self.first(F.silu(x))))
        return made


def found_loss(logits: Tensor, truth: Tensor, *, bce: float = 1.0, dice: float = 1.0) -> dict[str, Tensor]:
    """Return each term's share of the loss; they add up to it.

    Args:
        logits: N×K×H×W.
        truth: the same shape, 0 or 1.
        bce: weight of the binary cross entropy, a mean over all pixels.
        dice: weight of `dice_loss`.

    """
    logits = logits.float()
    entropy = F.binary_cross_entropy_with_logits(logits, truth)
    return {"bce": bce * entropy, "dice": dice * dice_loss(torch.sigmoid(logits), truth)}


def dice_loss(found: Tensor, truth: Tensor) -> Tensor:
    """Return 1 − (2 Σ p t + s) ÷ (Σ p² + Σ t² + s), the mean over pictures and kinds (Milletari et al. 2016).

    Both N×K×H×W, 0–1. Sums run over a picture's pixels: over the batch's, one large hole would count as much as all
    thin scratches, and what is found beside them would cost nearly nothing. s (`_SMOOTH`) is a few specks of dust:
    less, and a picture without damage would ask for nothing but silence.
    """
    both = (found * truth).sum(dim=(2, 3))
    either = found.square().sum(dim=(2, 3)) + truth.square().sum(dim=(2, 3))
    return (1.0 - (2.0 * both + _SMOOTH) / (either + _SMOOTH)).mean()


def _blocks(width: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(ResidualBlock(width) for _ in range(count)))


def _mirrored(pictures: Tensor, multiple: int) -> Tensor:
    """Mirror the right and lower border until both sides are multiples; what is too small for that is repeated."""
    down, across = (-side % multiple for side in pictures.shape[2:])
    if not (down or across):
        return pictures
    mode = "reflect" if down < pictures.shape[2] and across < pictures.shape[3] else "replicate"
    return F.pad(pictures, (0, across, 0, down), mode=mode)
