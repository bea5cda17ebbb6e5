"""The networks that atelier-slim learns from: ordinary backbones, and what each tap of it has to learn of them.

Two changes keep what a teacher saw in ImageNet but make it teachable. Where windows of three are two apart (the first
convolution and the poolings of SqueezeNet) it is padded alternately at the end and at the beginning, so that every cell
of a feature map looks at the same place as the pupil's cell: otherwise it drifts by half a cell, 8 px at the coarsest
scale. And borders are mirrored instead of filled with zeros.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle

import torch
from torch import Tensor, nn

from models.backbones import Backbone
from models.slim import TAPS

__all__ = ["Lesson", "Teachers", "aligned"]

_SHARES: Mapping[str, Mapping[str, float]] = {
    "squeezenet1_1": {"relu1": 0.5, "fire2": 0.3, "fire3": 0.5, "fire4": 0.7, "fire5": 0.7, "fire7": 0.7, "fire8": 0.4}
}
"""What is learnt of a teacher where that is not each of its scales once, and how much it counts."""
_PROBE = 64


@dataclass(frozen=True, slots=True)
class Lesson:
    """One layer of a teacher that one tap of the pupil learns.

    Args:
        tap: of the pupil.
        layer: of the teacher, "NAME.TAP".
        channels: of that layer.
        weight: its share in the loss.
        calm: side in pixels of the square over which the layer's gradient to the picture is averaged. What is
            finer is the pattern of the teacher's strides, which the pupil had better not learn.
        before: the teacher's layer before it, which the pupil's layer before it imitates at the start; "" if none.

    """

    tap: str
    layer: str
    channels: int
    weight: float = 1.0
    calm: int = 1
    before: str = ""


def aligned(backbone: Backbone) -> Backbone:
    """Change `backbone` so that its maps lie over the pupil's, for pictures whose sides are multiples of 16."""
    backbone.margin = 0
    for module in backbone.modules():
        if isinstance(module, nn.Conv2d):
            module.padding_mode = "reflect"
    sides = cycle([(0, 1, 0, 1), (1, 0, 1, 0)])
    for index, layer in enumerate(backbone.features):
        if isinstance(layer, nn.Conv2d) and (*layer.kernel_size, *layer.stride, *layer.padding) == (3, 3, 2, 2, 0, 0):
            backbone.features[index] = nn.Sequential(nn.ReflectionPad2d(next(sides)), layer)
        elif isinstance(layer, nn.MaxPool2d) and (layer.kernel_size, layer.stride) == (3, 2):
            backbone.features[index] = nn.Sequential(nn.ReplicationPad2d(next(sides)), layer)
    return backbone


class Teachers(nn.Module):
    """All teachers as one frozen network: picture in, features of every layer out that matters to a lesson.

    Args:
        backbones: by name; aligned here. Together they should have layers at all five scales (`missing`).

    """

    def __init__(self, backbones: Mapping[str, Backbone]) -> None:
        super().__init__()
        self._names = tuple(backbones)
        self.backbones = nn.ModuleList(aligned(backbone) for backbone in backbones.values())
        self.lessons = tuple(lesson for name, backbone in backbones.items() for lesson in _lessons(name, backbone))
        self.requires_grad_(False).eval()

    @property
    def missing(self) -> tuple[str, ...]:
        """The pupil's taps that nobody teaches."""
        return tuple(tap for tap in TAPS if all(lesson.tap != tap for lesson in self.lessons))

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """N×3×H×W, 0–1, sides multiples of 16 → features of the lessons' layers and of those before them, by name."""
        wanted = {layer for lesson in self.lessons for layer in (lesson.layer, lesson.before)}
        seen: dict[str, Tensor] = {}
        for name, backbone in zip(self._names, self.backbones, strict=True):
            assert isinstance(backbone, Backbone)
            taps = [tap for tap in backbone.taps if f"{name}.{tap}" in wanted]
            seen.update({f"{name}.{tap}": told for tap, told in backbone(picture, taps).items()})
        return seen


@torch.no_grad()
def _lessons(name: str, backbone: Backbone) -> list[Lesson]:
    """Each tap teaches the pupil's of the same scale; those of scales that the pupil has not teach nothing."""
    shares = _SHARES.get(backbone.architecture) or dict.fromkeys(backbone.scales, 1.0)
    has_strides = any(isinstance(module, nn.Conv2d) and module.stride[0] > 1 for module in backbone.modules())
    lessons = []
    for tap, told in backbone(torch.zeros(1, 3, _PROBE, _PROBE), shares).items():
        stride = _PROBE // told.shape[-1]
        scale, place = stride.bit_length() - 1, backbone.taps.index(tap)
        if scale < len(TAPS):
            before = f"{name}.{backbone.taps[place - 1]}" if place else ""
            calm = stride + 1 if has_strides else 1
            lessons.append(Lesson(TAPS[scale], f"{name}.{tap}", told.shape[1], shares[tap], calm, before))
    return lessons
