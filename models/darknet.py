"""Darknet: the backbone of YOLOv3 (Redmon & Farhadi 2018, table 1), shaped as in fastai's CIFAR-10 lesson.

Five groups of residual layers. All but the second halve the picture, so that after the stem and the groups there are
features at 1, 1/2, 1/4, 1/8 and 1/16 of its side.
"""

from collections.abc import Sequence

from torch import Tensor, nn

__all__ = ["GROUPS", "SCALES", "ConvLayer", "ResLayer", "darknet_features", "tap_indices"]

GROUPS = (1, 2, 4, 6, 3)
"""Residual layers per group, as in the lesson; YOLOv3's 53 layers have (1, 2, 8, 8, 4)."""

SCALES = ("stem", "group2", "group3", "group4", "group5")
"""The taps after which there are features at 1, 1/2, … 1/16 of the picture's side."""

SLOPE = 0.1
"""Of the leaky ReLU below zero."""


class ConvLayer(nn.Sequential):
    """Convolution without bias, batch norm, LeakyReLU(0.1): N×channels×H×W → N×width×⌈H/stride⌉×⌈W/stride⌉."""

    def __init__(self, channels: int, width: int, *, kernel: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(channels, width, kernel, stride, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(width),
            nn.LeakyReLU(SLOPE, inplace=True),
        )
        self.stride = stride


class ResLayer(nn.Module):
    """x + expand₃ₓ₃(squeeze₁ₓ₁(x)): a bottleneck of half the channels. N×C×H×W → N×C×H×W."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = ConvLayer(channels, channels // 2, kernel=1)
        self.expand = ConvLayer(channels // 2, channels)

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        added: Tensor = self.expand(self.squeeze(x))  # N×C×H×W → N×C/2×H×W → N×C×H×W
        return x + added

    @property
    def last_norm(self) -> nn.BatchNorm2d:
        """What scales the branch before it is added."""
        norm = self.expand[1]
        assert isinstance(norm, nn.BatchNorm2d)
        return norm


def darknet_features(channels: int, width: int, groups: Sequence[int] = GROUPS) -> nn.Sequential:
    """Return the layers in order: N×channels×H×W → N×32·width×⌈H/16⌉×⌈W/16⌉ for five groups.

    Args:
        channels: of the picture.
        width: output channels of the stem; every group doubles them. The lesson has 32.
        groups: residual layers per group.

    """
    layers: list[nn.Module] = [ConvLayer(channels, width)]
    for group, count in enumerate(groups):
        layers.append(ConvLayer(width, 2 * width, stride=1 if group == 1 else 2))  # width×H×W → 2·width×⌈H/2⌉×⌈W/2⌉
        width *= 2
        layers += [ResLayer(width) for _ in range(count)]
    return nn.Sequential(*layers)


def tap_indices(groups: Sequence[int] = GROUPS) -> dict[str, int]:
    """Return the index of the stem and of the last layer of each group."""
    taps, index = {"stem": 0}, 0
    for number, count in enumerate(groups, start=1):
        index += 1 + count
        taps[f"group{number}"] = index
    return taps
