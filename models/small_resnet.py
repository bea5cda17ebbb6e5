"""A small residual network of basic blocks (He et al. 2016, section 4.2), made for pictures of 28 px and more.

The paper's CIFAR-10 network with one block a stage and five stages instead of three, so that it also serves large
pictures, and style transfer, which wants features at five scales.
"""

import torch
from torch import Tensor, nn

__all__ = ["SCALES", "BasicBlock", "small_resnet_features", "tap_indices"]

STAGES = 5

SCALES = tuple(f"stage{number}" for number in range(1, STAGES + 1))
"""The taps after which there are features at 1, 1/2, … 1/16 of the picture's side."""


class BasicBlock(nn.Module):
    """ReLU(shortcut(x) + two 3×3 convolutions with batch norm) (He et al. 2016, fig. 2 and eq. 1–2).

    Where the shape changes, the shortcut is a strided 1×1 convolution with batch norm (their option B).
    N×channels×H×W → N×width×⌈H/stride⌉×⌈W/stride⌉.
    """

    def __init__(self, channels: int, width: int, *, stride: int = 1) -> None:
        super().__init__()
        self.stride = stride
        self.conv1 = nn.Conv2d(channels, width, kernel_size=3, stride=stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or channels != width:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, width, kernel_size=1, stride=stride, bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        branch = torch.relu_(self.norm1(self.conv1(x)))  # N×channels×H×W → N×width×⌈H/stride⌉×⌈W/stride⌉
        return torch.relu_(self.norm2(self.conv2(branch)) + self.shortcut(x))  # y = F(x) + Wₛx (eq. 2), then ReLU

    @property
    def last_norm(self) -> nn.BatchNorm2d:
        """What scales the branch before it is added."""
        return self.norm2


def small_resnet_features(channels: int, width: int) -> nn.Sequential:
    """Return the layers in order: N×channels×H×W → N×16·width×⌈H/16⌉×⌈W/16⌉.

    Args:
        channels: of the picture.
        width: output channels of the first stage; every later one doubles them and halves the picture.

    """
    layers: list[nn.Module] = [
        nn.Conv2d(channels, width, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
        BasicBlock(width, width),
    ]
    for _ in range(1, STAGES):
        layers.append(BasicBlock(width, 2 * width, stride=2))  # width×H×W → 2·width×⌈H/2⌉×⌈W/2⌉
        width *= 2
    return nn.Sequential(*layers)


def tap_indices() -> dict[str, int]:
    """Return the index of the stem's ReLU and of each stage's block."""
    return {"stem": 2} | {name: 3 + number for number, name in enumerate(SCALES)}
