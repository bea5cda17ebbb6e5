"""DenseNet-BC: every layer sees all that came before it at its scale (Huang, Liu, van der Maaten & Weinberger 2017).

Bottlenecks of four times the growth rate, compression by half between the blocks ("BC", their section 3). Five blocks
instead of the paper's three or four, so that there are features at 1, 1/2, … 1/16 of the picture's side.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.average_pooling import AveragePool

__all__ = ["BLOCKS", "SCALES", "DenseLayer", "Transition", "densenet_features", "tap_indices"]

BLOCKS = (3, 4, 6, 8, 6)
"""Layers per dense block."""

SCALES = tuple(f"block{number}" for number in range(1, len(BLOCKS) + 1))
"""The taps after which there are features at 1, 1/2, … 1/16 of the picture's side."""

BOTTLENECK = 4
"""A layer's 1×1 convolution has so many times the growth rate of channels (their section 3, "bottleneck layers")."""


class DenseLayer(nn.Module):
    """BN-ReLU-conv1×1-BN-ReLU-conv3×3, appended to its own input: N×C×H×W → N×(C + growth)×H×W (eq. 2)."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, BOTTLENECK * growth, kernel_size=1, bias=False)
        self.norm2 = nn.BatchNorm2d(BOTTLENECK * growth)
        self.conv2 = nn.Conv2d(BOTTLENECK * growth, growth, kernel_size=3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        squeezed = self.conv1(F.relu(self.norm1(x), inplace=True))  # N×C×H×W → N×4·growth×H×W
        grown = self.conv2(F.relu(self.norm2(squeezed), inplace=True))  # → N×growth×H×W
        return torch.cat([x, grown], dim=1)  # xₗ = [x₀, …, xₗ₋₁, Hₗ(…)]: N×(C + growth)×H×W


class Transition(nn.Sequential):
    """1×1 convolution to half the channels, then 2×2 averages: N×C×H×W → N×⌊C/2⌋×⌈H/2⌉×⌈W/2⌉.

    Its BN-ReLU stands before it as a layer of its own: that is what style transfer listens to.
    """

    stride = 2

    def __init__(self, channels: int) -> None:
        super().__init__(nn.Conv2d(channels, channels // 2, kernel_size=1, bias=False), AveragePool(2, 2))


def densenet_features(channels: int, growth: int, blocks: Sequence[int] = BLOCKS) -> nn.Sequential:
    """Return the layers in order; the last ones are the BN-ReLU after the last block.

    Args:
        channels: of the picture.
        growth: channels that every layer adds, the paper's k; the stem has 2k.
        blocks: layers per block; between two blocks the picture's sides are halved.

    """
    layers: list[nn.Module] = [nn.Conv2d(channels, 2 * growth, kernel_size=3, padding=1, bias=False)]
    width = 2 * growth
    for number, count in enumerate(blocks):
        if number:
            layers.append(Transition(width))  # width×H×W → width/2×⌈H/2⌉×⌈W/2⌉
            width //= 2
        for _ in range(count):
            layers.append(DenseLayer(width, growth))  # width×H×W → (width + growth)×H×W
            width += growth
        layers += [nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def tap_indices(blocks: Sequence[int] = BLOCKS) -> dict[str, int]:
    """Return the index of the ReLU behind each block."""
    taps, index = {}, 0
    for number, count in enumerate(blocks):
        index += count + 2 + (number > 0)
        taps[SCALES[number]] = index
    return taps
