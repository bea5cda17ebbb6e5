"""VGG-19 with mean activation 1 (Gatys et al. 2016, §2), in the layout published for WCT (Li et al. 2017).

RGB→BGR and the mean live in the first, 1×1 convolution: the input is plain RGB, 0–1. Borders are mirrored. Published
files end where their tap is (`relu1_1` … `relu5_1`).
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

from torch import nn

from models.average_pooling import AveragePool

Pooling: TypeAlias = Literal["max", "average"]

WIDTHS = (64, 128, 256, 512, 512)
CONVOLUTIONS = (2, 2, 4, 4, 1)


def normalised_features(
    pooling: Pooling = "max", widths: Sequence[int] = WIDTHS, convolutions: Sequence[int] = CONVOLUTIONS
) -> tuple[nn.Sequential, dict[str, int]]:
    """Return the layers, and the index of the layer that each tap listens to.

    Args:
        pooling: how a scale is halved into the next.
        widths: output channels of the convolutions, block by block.
        convolutions: how many of them each block has.

    """
    layers: list[nn.Module] = [nn.Conv2d(3, 3, kernel_size=1)]
    taps: dict[str, int] = {}
    channels = 3
    for block, (count, width) in enumerate(zip(convolutions, widths, strict=True), start=1):
        if block > 1:
            layers.append(nn.MaxPool2d(2) if pooling == "max" else AveragePool(2, 2))
        for number in range(1, count + 1):
            layers += [nn.ReflectionPad2d(1), nn.Conv2d(channels, width, kernel_size=3), nn.ReLU(inplace=True)]
            taps[f"relu{block}_{number}"] = len(layers) - 1
            channels = width
    return nn.Sequential(*layers), taps
