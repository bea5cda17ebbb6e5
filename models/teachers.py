"""The networks that atelier-slim learns from: what a teacher shows for a picture, and which tap has to learn it.

Two changes to SqueezeNet keep what it saw in ImageNet but make it teachable. Its poolings are padded alternately at the
beginning and at the end, so that every cell of a feature map looks at the same place as the pupil's cell (otherwise it
drifts by half a cell, 8 px at the coarsest scale). Its borders are mirrored instead of filled with zeros.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models.normalised_vgg19 import WIDTHS, normalised_features
from models.weight_files import read_tensors

__all__ = ["AlignedSqueezeNet", "Lesson", "NormalisedVgg19", "Teachers"]


@dataclass(frozen=True, slots=True)
class Lesson:
    """One layer of a teacher that one tap of the pupil learns; `weight` is its share in the loss."""

    tap: str
    layer: str
    channels: int
    weight: float = 1.0


class NormalisedVgg19(nn.Module):
    """VGG-19 to relu3_1 with mean activation 1 (weights published for WCT, Li et al. 2017).

    Args:
        widths: channels of its three scales; the real network's by default.

    """

    def __init__(self, widths: Sequence[int] = WIDTHS[:3]) -> None:
        super().__init__()
        self._widths = tuple(widths)
        self.features, taps = normalised_features("max", widths, (2, 2, 1))
        self._taps = {index: f"vgg19.{tap}" for tap, index in taps.items()}

    def responses(self, picture: Tensor) -> dict[str, Tensor]:
        """N×3×H×W, 0–1 → what every convolution says before its ReLU; `relu1_2` and `relu2_2` as pooled."""
        seen: dict[str, Tensor] = {}
        x = picture
        for index, layer in enumerate(self.features):
            if index in self._taps:
                pooled = self._pools(index + 1)
                seen[self._taps[index]] = F.max_pool2d(x, 2) if pooled else x
                x = torch.relu(x)  # not in place: the responses were handed out
            else:
                x = layer(x)
        return seen

    def _pools(self, index: int) -> bool:
        return index < len(self.features) and isinstance(self.features[index], nn.MaxPool2d)

    def lessons(self) -> tuple[Lesson, ...]:
        """AxisMapping 1 to 3 are VGG's."""
        return tuple(
            Lesson(f"relu{scale}_1", f"vgg19.relu{scale}_1", width) for scale, width in enumerate(self._widths, start=1)
        )

    def load(self, path: Path) -> None:
        """Read `vgg_normalised_conv3_1.pth`."""
        self.features.load_state_dict(read_tensors(path))


class AlignedFire(nn.Module):
    """SqueezeNet's block (Iandola et al. 2016, fig. 1) with mirrored borders."""

    def __init__(self, channels: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, kernel_size=1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, kernel_size=1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, kernel_size=3)

    def forward(self, x: Tensor) -> Tensor:
        """N×channels×H×W → N×2·expanded×H×W, before the ReLU."""
        x = torch.relu(self.squeeze(x))
        mirrored = F.pad(x, (1, 1, 1, 1), mode="reflect")
        return torch.cat([self.expand1x1(x), self.expand3x3(mirrored)], dim=1)


class AlignedSqueezeNet(nn.Module):
    """SqueezeNet 1.1 to fire8, whose feature maps lie over the pupil's cell by cell.

    Args:
        width: factor on all channels; 1 for the real network.

    """

    # (torchvision's index, number of the fire, input, squeezed, expanded channels)
    _FIRES = ((3, 2, 64, 16, 64), (4, 3, 128, 16, 64), (6, 4, 128, 32, 128), (7, 5, 256, 32, 128),
              (9, 6, 256, 48, 192), (10, 7, 384, 48, 192), (11, 8, 384, 64, 256))  # fmt: skip
    _POOLED_BEFORE: ClassVar = {2: "begin", 4: "end", 6: "begin"}
    _LESSONS = (("relu2_1", "relu1", 64, 0.5), ("relu3_1", "fire2", 128, 0.3), ("relu3_1", "fire3", 128, 0.5),
                ("relu4_1", "fire4", 256, 0.7), ("relu4_1", "fire5", 256, 0.7),
                ("relu5_1", "fire7", 384, 0.7), ("relu5_1", "fire8", 512, 0.4))  # fmt: skip

    _mean: Tensor
    _std: Tensor

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        self._width = width
        self.stem = nn.Conv2d(3, self._channels(64), kernel_size=3, stride=2)
        self.fires = nn.ModuleDict(
            {
                f"fire{number}": AlignedFire(*(self._channels(count) for count in counts))
                for _, number, *counts in self._FIRES
            }
        )
        self.register_buffer("_mean", torch.tensor((0.485, 0.456, 0.406)).view(1, 3, 1, 1))
        self.register_buffer("_std", torch.tensor((0.229, 0.224, 0.225)).view(1, 3, 1, 1))

    def responses(self, picture: Tensor) -> dict[str, Tensor]:
        """N×3×H×W, 0–1, sides multiples of 16 → what stem and fires say before their ReLU."""
        x = (picture - self._mean) / self._std
        x = self.stem(F.pad(x, (0, 1, 0, 1), mode="reflect"))
        seen = {"squeezenet.relu1": x}
        for _, number, *_ in self._FIRES:
            x = torch.relu(x)
            if number in self._POOLED_BEFORE:
                sides = (1, 0, 1, 0) if self._POOLED_BEFORE[number] == "begin" else (0, 1, 0, 1)
                x = F.max_pool2d(F.pad(x, sides, mode="replicate"), kernel_size=3, stride=2)
            x = self.fires[f"fire{number}"](x)
            seen[f"squeezenet.fire{number}"] = x
        return seen

    def lessons(self) -> tuple[Lesson, ...]:
        """AxisMapping 4 and 5 are SqueezeNet's; the finer ones get a second opinion from it."""
        return tuple(
            Lesson(tap, f"squeezenet.{layer}", self._channels(n), share) for tap, layer, n, share in self._LESSONS
        )

    def load(self, path: Path) -> None:
        """Read torchvision's `squeezenet1_1.pth` (its features; the classifier is ignored)."""
        tensors = read_tensors(path, prefix="features.")
        self.stem.load_state_dict({"weight": tensors["features.0.weight"], "bias": tensors["features.0.bias"]})
        for index, number, *_ in self._FIRES:
            prefix = f"features.{index}."
            mine = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
            self.fires[f"fire{number}"].load_state_dict(mine)

    def _channels(self, count: int) -> int:
        return max(2, round(count * self._width))


class Teachers(nn.Module):
    """Both teachers as one frozen network: picture in, features of every lesson's layer out."""

    def __init__(self, vgg: NormalisedVgg19, squeezenet: AlignedSqueezeNet) -> None:
        super().__init__()
        self.vgg = vgg
        self.squeezenet = squeezenet
        self.lessons = vgg.lessons() + squeezenet.lessons()
        self.requires_grad_(False).eval()

    @torch.no_grad()
    def responses(self, picture: Tensor) -> dict[str, Tensor]:
        """Return what every layer says before its ReLU, by name, without gradient."""
        seen: dict[str, Tensor] = self.vgg.responses(picture)
        seen.update(self.squeezenet.responses(picture))
        return seen

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """N×3×H×W, 0–1, sides multiples of 16 → features of the lessons' layers, without gradient."""
        seen = self.responses(picture)
        return {lesson.layer: torch.relu(seen[lesson.layer]) for lesson in self.lessons}
