"""atelier-slim: the small network inside the package that looks at a picture nearly as VGG-19 and SqueezeNet do.

VGG's shape at a fraction of its cost. VGG spends most of its time on the second convolution of each block, at the full
resolution of that block; here that convolution stands *behind* the pooling, where it costs a quarter. Pooling averages:
the gradient that reaches the picture is then smooth, and a linear map commutes with it, so that what training learnt
about the teachers can be folded into the chain (`models.distillation.fold_heads`).

The coarser taps are read behind a 1×1 convolution. Distances between tapped features, and between their Gram matrices,
are then the distances between the teachers' features, as far as the network learnt them.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.average_pooling import AveragePool

__all__ = ["MEAN", "SLIM_WIDTHS", "STD", "TAPS", "SlimNetwork", "slim_features", "tap_indices"]

Pooling: TypeAlias = Literal["max", "average"]
Widths: TypeAlias = Sequence[Sequence[int]]

SLIM_WIDTHS: Widths = ((24,), (32, 48), (72, 96), (128, 160), (160, 192))
"""Output channels of every 3×3 convolution, scale by scale (1, 1/2, … 1/16 of the picture's side)."""

TAPS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")

FIRST_READOUT = 2
"""The first scale, counted from 0, with a readout of its own: on finer maps it would cost more than it is worth."""

MEAN = (0.45, 0.45, 0.45)
STD = (0.25, 0.25, 0.25)


def slim_features(
    widths: Widths = SLIM_WIDTHS, pooling: Pooling = "average", *, readouts: bool = True
) -> nn.Sequential:
    """Return the layers, in order: per scale pooling, 3×3 convolutions with reflected borders, the tap's readout.

    Args:
        widths: output channels of each convolution, per scale.
        pooling: how a scale is halved into the next. The trained weights were learnt with "average".
        readouts: whether every scale past the second ends with the 1×1 convolution its tap is read behind. While it
            trains, the network has none.

    """
    layers: list[nn.Module] = []
    channels = 3
    for scale, scale_widths in enumerate(widths):
        if scale:
            layers.append(AveragePool(2, 2) if pooling == "average" else nn.MaxPool2d(2))
        for width in scale_widths:
            layers += [ReflectedConvolution(channels, width), nn.ReLU(inplace=True)]
            channels = width
        if readouts and scale >= FIRST_READOUT:
            layers.append(nn.Conv2d(channels, channels, kernel_size=1, bias=False))
    return nn.Sequential(*layers)


def tap_indices(features: nn.Sequential) -> dict[str, int]:
    """Return for each tap the index of the layer it listens to: the last one of its scale."""
    pools = [index for index, layer in enumerate(features) if isinstance(layer, AveragePool | nn.MaxPool2d)]
    return dict(zip(TAPS, [index - 1 for index in [*pools, len(features)]], strict=False))


class ReflectedConvolution(nn.Conv2d):
    """3×3 convolution over a picture that is mirrored at its borders, so that no frame of zeros is seen there.

    A side of a single pixel has nothing to mirror and is repeated instead.
    """

    bias: nn.Parameter

    def __init__(self, channels: int, width: int) -> None:
        super().__init__(channels, width, kernel_size=3)

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W → N×width×H×W."""
        mode = "reflect" if min(x.shape[2:]) > 1 else "replicate"
        return super().forward(F.pad(x, (1, 1, 1, 1), mode=mode))


class SlimNetwork(nn.Module):
    """The network by itself, for training and export; the studio runs the same layers through `models.backbones`."""

    _mean: Tensor
    _std: Tensor

    def __init__(self, widths: Widths = SLIM_WIDTHS, pooling: Pooling = "average", *, readouts: bool = True) -> None:
        super().__init__()
        self.widths = widths
        self.features = slim_features(widths, pooling, readouts=readouts)
        self.register_buffer("_mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("_std", torch.tensor(STD).view(1, 3, 1, 1), persistent=False)
        self._taps = tap_indices(self.features)

    def forward(self, picture: Tensor, taps: Iterable[str] = TAPS) -> dict[str, Tensor]:
        """Return the features at `taps`; layers past the deepest are not run.

        Args:
            picture: N×3×H×W, sRGB, 0–1.
            taps: names out of `TAPS`.

        """
        wanted = {self._taps[tap]: tap for tap in taps}
        seen: dict[str, Tensor] = {}
        x = self.normalise(picture)
        for index in range(max(wanted) + 1):
            x = self.features[index](x)
            if index in wanted:
                # the next in-place ReLU must not reach what was handed out; pooling stands between, so it cannot
                seen[wanted[index]] = x
        return seen

    def normalise(self, picture: Tensor) -> Tensor:
        """Return the picture as the first convolution expects it."""
        return (picture - self._mean) / self._std

    def initialise(self, generator: torch.Generator) -> None:
        """Draw weights as He et al. 2015 (eq. 10) do; readouts begin as the identity."""
        for layer in self.features:
            if isinstance(layer, ReflectedConvolution):
                fan_in = layer.weight[0].numel()
                nn.init.normal_(layer.weight, 0.0, (2.0 / fan_in) ** 0.5, generator=generator)
                nn.init.zeros_(layer.bias)
            elif isinstance(layer, nn.Conv2d):
                nn.init.dirac_(layer.weight)
