"""The restoration lesson's U-Net on any encoder (fast.ai 2019, lesson 7: "Dynamic U-Net"; Ronneberger et al. 2015).

A network that was trained to look at pictures goes down; wherever it halves the picture, a hook keeps what was there
before. On the way up every level is doubled by a pixel shuffle that begins as plain repetition (ICNR, Aitken et al.
2017) and is blurred, so that no checkerboard shows, then joined with what the hook has kept. At the end the picture
itself is joined once more (the "last cross" connection).

A layer of self-attention looks at the whole picture, so this network takes a picture in one piece.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.utils import parametrizations

from models.normalisation import IMAGENET_MEAN, IMAGENET_STD

__all__ = ["DynamicUnet", "Norm", "PixelShuffleICNR", "SelfAttention", "icnr_"]

Norm: TypeAlias = Literal["batch", "weight", "spectral", "none"]

RANGE = (-3.0, 3.0)
"""Of the last sigmoid, in units of the encoder's normalisation: the lesson's; colours end at about ±2.6."""


class DynamicUnet(nn.Module):
    """A U-Net around an encoder.

    Args:
        encoder: layers from the picture to its deepest features, N×3×H×W → N×C×H/s×W/s.
        classes: channels that come out.
        size: height and width of a picture to try the encoder with, which shows where it halves. Pictures of any other
            size may follow.
        norm: of the decoder's convolutions.
        blur: whether what was doubled is averaged over 2×2 pixels.
        attention: whether the third level from the end looks at the whole picture.
        last_cross: whether the picture itself joins before the end.
        bottle: whether the last block is narrow in the middle.
        span: least and greatest value that come out, by a sigmoid; None leaves them free.
        mean: of what the encoder expects, and of what comes out where `span` is given.
        std: likewise.

    """

    scale, reach, multiple, held = 1, None, 1, 600
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        encoder: nn.Sequential,
        classes: int = 3,
        *,
        size: tuple[int, int] = (128, 128),
        norm: Norm = "weight",
        blur: bool = True,
        attention: bool = True,
        last_cross: bool = True,
        bottle: bool = False,
        span: tuple[float, float] | None = RANGE,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
    ) -> None:
        super().__init__()
        self.encoder, self.span = encoder, span
        self.register_buffer("mean", torch.tensor(tuple(mean)).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(tuple(std)).view(1, 3, 1, 1), persistent=False)
        shapes = _shapes_in(encoder, size)
        skips = [index for index in range(len(shapes) - 1) if shapes[index][-1] != shapes[index + 1][-1]]
        if not skips:
            raise ValueError("The encoder never makes the picture smaller: there is nothing to come up from.")
        skips.reverse()  # from the deepest
        self._kept: dict[int, Tensor] = {}
        for index in skips:
            encoder[index].register_forward_hook(partial(self._keep, index))
        self._skips = skips
        deepest = shapes[-1][1]
        conv = partial(_convolution, norm=norm)
        self.bottom = nn.Sequential(
            nn.BatchNorm2d(deepest), nn.ReLU(), conv(deepest, 2 * deepest), conv(2 * deepest, deepest)
        )
        self.up = nn.ModuleList()
        width = deepest
        for number, index in enumerate(skips):
            last, attends = number == len(skips) - 1, attention and number == len(skips) - 3
            self.up.append(UpBlock(width, shapes[index][1], conv, blur=blur, halve=last, attention=attends))
            width = self.up[-1].width  # type: ignore[assignment]
        self.to_full_size = PixelShuffleICNR(width, width) if shapes[skips[-1]][-1] != size[-1] else nn.Identity()
        self.last_cross = last_cross
        if last_cross:
            width += 3
            self.cross = ResidualBlock(width, conv, bottle=bottle)
        self.to_pixels = conv(width, classes, side=1, activation=False)

    def forward(self, pictures: Tensor, strength: Tensor | None = None) -> Tensor:
        """N×3×H×W, 0–1 → N×classes×H×W; with `span` and three classes a picture again, about 0–1.

        It knows no `strength`: it mends what it was taught to mend.
        """
        seen = (pictures - self.mean) / self.std
        x: Tensor = self.bottom(self.encoder(seen))  # N×C×H/s×W/s
        for index, block in zip(self._skips, self.up, strict=True):
            x = block(x, self._kept.pop(index))
        x = self.to_full_size(x)  # N×C×H×W
        if x.shape[2:] != pictures.shape[2:]:
            x = F.interpolate(x, pictures.shape[2:], mode="nearest")
        if self.last_cross:
            x = self.cross(torch.cat([x, seen.to(x.dtype)], dim=1))
        x = self.to_pixels(x)
        if self.span is None:
            return x
        low, high = self.span
        x = low + (high - low) * torch.sigmoid(x.float())
        return x * self.std + self.mean if x.shape[1] == 3 else x

    def _keep(self, index: int, _layer: nn.Module, _inputs: Any, output: Tensor) -> None:
        self._kept[index] = output


class UpBlock(nn.Module):
    """One level up: doubled, joined with what the encoder saw at that size, and two convolutions.

    Args:
        width: channels that come from below.
        seen: channels that the encoder had here.
        conv: makes a convolution.
        blur: see `PixelShuffleICNR`.
        halve: whether it ends with half the channels.
        attention: whether it looks at the whole picture in the end.

    """

    def __init__(
        self, width: int, seen: int, conv: Callable[..., nn.Sequential], *, blur: bool, halve: bool, attention: bool
    ) -> None:
        super().__init__()
        joined = width // 2 + seen
        self.width = joined // 2 if halve else joined
        self.enlarge = PixelShuffleICNR(width, width // 2, blur=blur)
        self.norm = nn.BatchNorm2d(seen)
        self.first, self.second = conv(joined, self.width), conv(self.width, self.width)
        self.attention = SelfAttention(self.width) if attention else nn.Identity()

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        """N×width×H×W and N×seen×H'×W', about twice as large → N×…×H'×W'."""
        x = self.enlarge(x)
        if x.shape[2:] != seen.shape[2:]:  # the encoder rounds odd sides up
            x = F.interpolate(x, seen.shape[2:], mode="nearest")
        joined = torch.relu(torch.cat([x, self.norm(seen)], dim=1))
        made: Tensor = self.attention(self.second(self.first(joined)))
        return made


class PixelShuffleICNR(nn.Module):
    """Doubles a picture: four channels become four pixels (Shi et al. 2016), which are equal at first (`icnr_`).

    `blur` averages each pixel with its neighbours above and to the left (Sugawara et al. 2018).
    """

    def __init__(self, channels: int, width: int, *, blur: bool = False) -> None:
        super().__init__()
        self.blur = blur
        convolution = nn.Conv2d(channels, 4 * width, kernel_size=1)
        nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]
        icnr_(convolution.weight)
        self.convolution = parametrizations.weight_norm(convolution)

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W → N×width×2H×2W."""
        x = F.pixel_shuffle(torch.relu(self.convolution(x)), 2)
        return F.avg_pool2d(F.pad(x, (1, 0, 1, 0), mode="replicate"), 2, stride=1) if self.blur else x


@torch.no_grad()
def icnr_(weight: Tensor, scale: int = 2) -> Tensor:
    """Draw a kernel before a pixel shuffle so that all pixels of one are equal (Aitken et al. 2017, "ICNR")."""
    few = torch.empty_like(weight[: weight.shape[0] // scale**2])
    nn.init.kaiming_normal_(few)
    return weight.copy_(few.repeat_interleave(scale**2, dim=0))


class SelfAttention(nn.Module):
    """Every place hears from every other (Zhang et al. 2019, "SAGAN", eq. 1–2); it begins silent."""

    def __init__(self, channels: int) -> None:
        super().__init__()

        def linear(width: int) -> nn.Module:
            return parametrizations.spectral_norm(nn.Conv1d(channels, width, kernel_size=1, bias=False))

        self.query, self.key, self.value = linear(channels // 8), linear(channels // 8), linear(channels)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W → N×C×H×W."""
        places = x.flatten(2)  # N×C×HW
        query, key, value = self.query(places), self.key(places), self.value(places)
        query, key, value = (part.transpose(1, 2) for part in (query, key, value))  # N×HW×…
        heard = F.scaled_dot_product_attention(query, key, value, scale=1.0)
        return self.gamma.to(x.dtype) * heard.transpose(1, 2).reshape(x.shape) + x


class ResidualBlock(nn.Module):
    """Two convolutions whose result is added to what came in."""

    def __init__(self, width: int, conv: Callable[..., nn.Sequential], *, bottle: bool) -> None:
        super().__init__()
        inner = width // 2 if bottle else width
        self.first, self.second = conv(width, inner), conv(inner, width)

    def forward(self, x: Tensor) -> Tensor:
        """N×C×H×W → N×C×H×W."""
        made: Tensor = x + self.second(self.first(x))
        return made


def _convolution(
    channels: int, width: int, *, norm: Norm, side: int = 3, activation: bool = True
) -> nn.Sequential:  # fmt: skip
    """Return a convolution with its activation and norm, in the lesson's order: the norm comes last."""
    convolution: nn.Module = nn.Conv2d(channels, width, side, padding=side // 2, bias=norm != "batch")
    nn.init.kaiming_normal_(convolution.weight)  # type: ignore[arg-type]
    if norm != "batch":
        nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]
    if norm == "weight":
        convolution = parametrizations.weight_norm(convolution)
    elif norm == "spectral":
        convolution = parametrizations.spectral_norm(convolution)
    layers = [convolution, *([nn.ReLU(inplace=True)] if activation else [])]
    return nn.Sequential(*layers, *([nn.BatchNorm2d(width)] if norm == "batch" else []))


@torch.no_grad()
def _shapes_in(encoder: nn.Sequential, size: tuple[int, int]) -> list[tuple[int, ...]]:
    """Return the shape behind each of the encoder's layers, for one picture of this size."""
    was_training = encoder.training
    encoder.eval()
    shapes, x = [], torch.zeros(1, 3, *size, device=next(encoder.parameters()).device)
    for layer in encoder:
        x = layer(x)
        shapes.append(tuple(x.shape))
    encoder.train(was_training)
    return shapes
