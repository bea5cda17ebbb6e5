"""Backbones, the networks that look at a picture: classifiers cut down to their feature layers, with named taps.

A style transfer never needs a classifier, only what the layers see on the way. The layouts are torchvision's, key by
key, so that its weight files load; they are written out here because building torchvision's own models would allocate
half a gigabyte of classifier first. Networks that the studio trains itself (`models.classifiers`) serve as well. Adding
an architecture is one entry in `ARCHITECTURES`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models import slim
from models.average_pooling import AveragePool
from models.classifiers import FAMILIES, FamilyName, Width
from models.darknet import ResLayer
from models.normalisation import IMAGENET_MEAN, IMAGENET_STD
from models.normalised_vgg19 import normalised_features
from models.small_resnet import BasicBlock
from models.weight_files import WeightsError, check_numbers, read_shapes, read_tensors
from models.weight_headers import UnknownNetworkError

__all__ = [
    "ARCHITECTURES",
    "Backbone",
    "Layout",
    "Pooling",
    "WeightsError",
    "WeightsFacts",
    "inspect_weights",
    "load_backbone",
    "recognise",
    "untrained_backbone",
]

Pooling: TypeAlias = Literal["max", "average"]


@dataclass(frozen=True, slots=True)
class Layout:
    """One architecture, ready to be filled with weights.

    `features` are run one after the other. `taps` name the layers after which one may listen (name → index), from the
    finest to the deepest. `scales` are the taps, at most five, on which the five layer sliders act, finest first.
    `mean` and `std` are what the network expects of its input. `prefix` stands before the keys in weight files.
    `margin` pixels are mirrored around the picture first: else its border, which fewer filters see, stays unpainted.
    `partial` allows a file to end early: the network then offers the taps that it has.
    """

    features: nn.Sequential
    taps: Mapping[str, int]
    scales: tuple[str, ...]
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    prefix: str = "features."
    margin: int = 0
    partial: bool = False


class Backbone(nn.Module):
    """A frozen feature network: sRGB picture in, features at the taps asked for out.

    Args:
        layout: the architecture, its weights already in place.
        architecture: its name, one of `ARCHITECTURES`.
        trained: False where the weights are random; shown wherever the network is named.

    """

    _mean: Tensor
    _scale: Tensor

    def __init__(self, layout: Layout, architecture: str, trained: bool) -> None:
        super().__init__()
        self.features = layout.features
        self.architecture = architecture
        self.trained = trained
        self.taps = tuple(layout.taps)
        self.scales = layout.scales
        self._index = dict(layout.taps)
        self._strides = _strides(layout)
        self.margin = layout.margin
        std = torch.tensor(layout.std).view(1, 3, 1, 1)
        self.register_buffer("_mean", torch.tensor(layout.mean).view(1, 3, 1, 1) / std, persistent=False)
        self.register_buffer("_scale", 1.0 / std, persistent=False)
        self.requires_grad_(False).eval()

    def smallest_side(self, tap: str) -> int:
        """Shortest side, in pixels, of a picture in which `tap` still sees more than a point."""
        return max(2 * self._strides[tap], self.margin + 1)

    def depth(self, tap: str) -> int:
        """How many of `features` are run for `tap`."""
        return self._index_of(tap) + 1

    def scales_within(self, height: int, width: int) -> tuple[str, ...]:
        """Return those of `scales` that a picture of this size is large enough for."""
        return tuple(tap for tap in self.scales if self.smallest_side(tap) <= min(height, width))

    def forward(
        self,
        image: Tensor,
        taps: Iterable[str],
        listen: Callable[[str, Tensor], Tensor] | None = None,
        watch: Callable[[], None] | None = None,
    ) -> dict[str, Tensor]:
        """Return the features at `taps`; layers past the deepest of them are not run.

        Args:
            image: N×3×H×W, sRGB, 0–1.
            taps: names out of `self.taps`.
            listen: given each tap's name and features; what it returns goes on to the next layer.
            watch: called before every layer; may raise to give the pass up.

        Raises:
            ValueError: a tap does not exist, or the picture is too small for it.

        """
        wanted = {self._index_of(tap): tap for tap in taps}
        self._check_size(image, wanted.values())
        seen: dict[str, Tensor] = {}
        if not wanted:
            return seen
        x = image * self._scale - self._mean  # (x - μ) / σ: N×3×H×W
        if self.margin:
            x = F.pad(x, [self.margin] * 4, mode="reflect")  # → N×3×(H + 2·margin)×(W + 2·margin)
        dtype, memory_format = self._format()
        x = x.to(dtype=dtype, memory_format=memory_format)
        for index, layer in enumerate(islice(self.features, max(wanted) + 1)):
            if watch is not None:
                watch()
            x = layer(x)  # → N×C×H/s×W/s, s the product of the strides so far
            if index in wanted:
                heard = x.float()  # whatever the layers compute in, a loss keeps all its digits
                seen[wanted[index]] = heard if listen is None else listen(wanted[index], heard)
                x = seen[wanted[index]].to(x.dtype)  # under autocast that is not the weights' own
        return seen

    def _format(self) -> tuple[torch.dtype, torch.memory_format]:
        """Return how the convolutions compute: the number format and the memory format of the first one's weights."""
        weights = next(self.features.parameters())
        plain = weights.is_contiguous() or not weights.is_contiguous(memory_format=torch.channels_last)
        return weights.dtype, torch.preserve_format if plain else torch.channels_last

    def _check_size(self, image: Tensor, taps: Iterable[str]) -> None:
        for tap in taps:
            if min(image.shape[2:]) < self.smallest_side(tap):
                height, width = image.shape[2:]
                raise ValueError(
                    f"{tap} needs a side of {self.smallest_side(tap)} px, the picture has {width}×{height}"
                )

    def _index_of(self, tap: str) -> int:
        try:
            return self._index[tap]
        except KeyError:
            raise ValueError(f"{self.architecture} has no tap {tap}; it has {', '.join(self.taps)}") from None


class Fire(nn.Module):
    """SqueezeNet's building block: squeeze to few channels, expand with 1×1 and 3×3 (Iandola et al. 2016, fig. 1).

    Borders are replicated instead of zero: on the few squeezed channels that costs nothing, and no frame is painted.
    """

    def __init__(self, channels: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, kernel_size=1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, kernel_size=1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, kernel_size=3, padding=1, padding_mode="replicate")

    def forward(self, x: Tensor) -> Tensor:
        """N×channels×H×W → N×2·expanded×H×W."""
        x = torch.relu_(self.squeeze(x))  # → N×squeezed×H×W
        return torch.relu_(torch.cat([self.expand1x1(x), self.expand3x3(x)], dim=1))  # → N×2·expanded×H×W


def _vgg(convolutions: Sequence[int], pooling: Pooling, batch_norm: bool = False) -> Layout:
    """VGG (Simonyan & Zisserman 2015, table 1); `convolutions` counts those of each of its five blocks."""
    layers: list[nn.Module] = []
    taps: dict[str, int] = {}
    channels = 3
    for block, (count, width) in enumerate(zip(convolutions, (64, 128, 256, 512, 512), strict=True), start=1):
        for number in range(1, count + 1):
            layers.append(nn.Conv2d(channels, width, kernel_size=3, padding=1))
            if batch_norm:
                layers.append(nn.BatchNorm2d(width))
            layers.append(nn.ReLU(inplace=True))
            taps[f"relu{block}_{number}"] = len(layers) - 1
            channels = width
        layers.append(nn.MaxPool2d(2) if pooling == "max" else AveragePool(2, 2))  # width×H×W → width×H/2×W/2
    return Layout(nn.Sequential(*layers), taps, _first_of_each_block(taps))


def _first_of_each_block(taps: Iterable[str]) -> tuple[str, ...]:
    return tuple(tap for tap in taps if tap.endswith("_1"))


def _normalised_vgg19(pooling: Pooling) -> Layout:
    features, taps = normalised_features(pooling)
    zero, one = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    return Layout(features, taps, _first_of_each_block(taps), mean=zero, std=one, prefix="", partial=True)


def _squeezenet1_1(pooling: Pooling) -> Layout:
    """SqueezeNet 1.1: AlexNet's accuracy in 5 MB, and eleven times faster than VGG-19 on a CPU."""

    def pool() -> nn.Module:
        return nn.MaxPool2d(3, 2, ceil_mode=True) if pooling == "max" else AveragePool(3, 2)

    layers: list[nn.Module] = [
        nn.Conv2d(3, 64, kernel_size=3, stride=2), nn.ReLU(inplace=True), pool(),  # 3×H×W → 64×H/2×W/2 → 64×H/4×W/4
        Fire(64, 16, 64), Fire(128, 16, 64), pool(),  # → 128×H/8×W/8
        Fire(128, 32, 128), Fire(256, 32, 128), pool(),  # → 256×H/16×W/16
        Fire(256, 48, 192), Fire(384, 48, 192), Fire(384, 64, 256), Fire(512, 64, 256),  # → 512×H/16×W/16
    ]  # fmt: skip
    taps = {"relu1": 1, "fire2": 3, "fire3": 4, "fire4": 6, "fire5": 7, "fire6": 9, "fire7": 10, "fire8": 11,
            "fire9": 12}  # fmt: skip
    return Layout(
        nn.Sequential(*layers),
        taps,
        ("relu1", "fire3", "fire5", "fire7", "fire9"),
        margin=4,
    )


def _slim() -> Layout:
    """atelier-slim; always with the averaging it was trained with, which its readouts commute with."""
    features = slim.slim_features()
    return Layout(features, slim.tap_indices(features), slim.TAPS, slim.MEAN, slim.STD)


def _classifier(family: FamilyName, width: Width) -> Layout:
    """A classifier of the studio's own; it halves the picture by strides or averages, whatever pooling is asked for."""
    kind = FAMILIES[family]
    return Layout(kind.features(3, kind.widths[width]), kind.taps, kind.scales)


ARCHITECTURES: Mapping[str, Callable[[Pooling], Layout]] = {
    "slim": lambda _pooling: _slim(),
    "squeezenet1_1": _squeezenet1_1,
    "vgg16": lambda pooling: _vgg((2, 2, 3, 3, 3), pooling),
    "vgg16_bn": lambda pooling: _vgg((2, 2, 3, 3, 3), pooling, batch_norm=True),
    "vgg19": lambda pooling: _vgg((2, 2, 4, 4, 4), pooling),
    "vgg19_normalised": _normalised_vgg19,
} | {
    f"{family}_{width}": lambda _pooling, family=family, width=width: _classifier(family, width)
    for family, kind in FAMILIES.items()
    for width in kind.widths
}
"""Name → builder. Builders run on the meta device: they allocate nothing and draw no random numbers."""


UNTRAINED_BRANCH = 0.2
"""By how much a residual branch is scaled in a network with random weights, so that a dozen of them do not explode."""


def untrained_backbone(architecture: str, *, seed: int = 0, pooling: Pooling = "max") -> Backbone:
    """Return `architecture` with random weights, the same for the same `seed`, on any machine.

    Weights are drawn as He et al. 2015 (eq. 10) do, so that activations keep their size from layer to layer.
    """
    layout = _blueprint(architecture, pooling)
    layout.features.to_empty(device="cpu")
    generator = torch.Generator().manual_seed(seed)
    for module in layout.features.modules():
        if isinstance(module, nn.Conv2d):
            fan_in = module.weight[0].numel()
            module.weight.data.normal_(0.0, (2.0 / fan_in) ** 0.5, generator=generator)
            if module.bias is not None:
                module.bias.data.zero_()
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.weight.data.fill_(1.0)
            module.bias.data.zero_()
    for module in layout.features.modules():
        if isinstance(module, ResLayer | BasicBlock):  # untrained, its norm cannot keep the sums from growing
            module.last_norm.weight.data.fill_(UNTRAINED_BRANCH)
    return Backbone(layout, architecture, trained=False)


def load_backbone(path: Path, architecture: str = "", *, pooling: Pooling = "max") -> Backbone:
    """Return the network whose weights are in `path` (`.pth` or `.safetensors`, torchvision's keys).

    Keys of a classifier are ignored. A file that ends early is accepted where the architecture says so.

    Args:
        path: the weights file.
        architecture: one of `ARCHITECTURES`; "" recognises it by the file's keys.
        pooling: the kind of the pooling layers.

    Raises:
        WeightsError: the file is damaged, holds more than numbers, or is of another network.
        OSError: the file cannot be read.

    """
    tensors = read_tensors(path)
    shapes = {key: tuple(tensor.shape) for key, tensor in tensors.items()}
    architecture = architecture or recognise(shapes, path.name)
    layout = _fitting(shapes, architecture, pooling, path.name)
    _check(tensors, layout, path.name)
    layout.features.to_empty(device="cpu")
    for name, parameter in _numbers(layout).items():
        parameter.copy_(tensors[layout.prefix + name])
    return Backbone(layout, architecture, trained=True)


@dataclass(frozen=True, slots=True)
class WeightsFacts:
    """Which network a weights file holds, the taps it has, and whether these are all that the network could have."""

    architecture: str
    taps: tuple[str, ...]
    complete: bool
    header: Mapping[str, str] = field(default_factory=dict)
    """What a file of Atelier's would say of itself; of other people's networks it was found out."""


def inspect_weights(path: Path, architecture: str = "") -> WeightsFacts:
    """Find out which network is in `path`, or whether it is `architecture`; raises as `load_backbone` does."""
    shapes = read_shapes(path)
    architecture = architecture or recognise(shapes, path.name)
    layout = _fitting(shapes, architecture, "max", path.name)
    _check(read_tensors(path, prefix=layout.prefix), layout, path.name)
    taps = tuple(layout.taps)
    return WeightsFacts(architecture, taps, complete=len(taps) == len(_blueprint(architecture).taps))


def recognise(shapes: Mapping[str, tuple[int, ...]], file: str = "This file") -> str:
    """Return the architecture that weights with these keys and shapes most resemble.

    Raises:
        WeightsError: they resemble none of them more than they differ; the message calls them `file`.

    """

    def resemblance(architecture: str) -> int:
        layout = _blueprint(architecture)
        wanted = {layout.prefix + name: tuple(value.shape) for name, value in _numbers(layout).items()}
        found = sum(shapes.get(key) == shape for key, shape in wanted.items())
        strange = sum(key.startswith(layout.prefix) and key not in wanted for key in shapes)
        return found - strange - (0 if layout.partial else len(wanted) - found)

    likeness = {architecture: resemblance(architecture) for architecture in ARCHITECTURES}
    best = max(likeness, key=lambda architecture: likeness[architecture])
    if likeness[best] <= 0:
        raise UnknownNetworkError(f"{file} holds none of the networks that are known ({', '.join(ARCHITECTURES)}).")
    return best


def _fitting(shapes: Mapping[str, tuple[int, ...]], architecture: str, pooling: Pooling, file: str) -> Layout:
    """Return the layout, still without numbers, that weights of these shapes fill.

    Raises:
        WeightsError: they do not; the message names the first mismatch.

    """
    layout = _blueprint(architecture, pooling)
    if layout.partial:
        layout = _cut(layout, shapes)
    for name, parameter in _numbers(layout).items():
        key = layout.prefix + name
        if key not in shapes:
            raise WeightsError(f"{file} is not {architecture}: it has no {key}.")
        if shapes[key] != tuple(parameter.shape):
            if _sees_grey(shapes[key], tuple(parameter.shape)):
                raise WeightsError(f"{file} is a {architecture} that knows only grey pictures; painting takes colour.")
            has, wants = _words(shapes[key]), _words(tuple(parameter.shape))
            raise WeightsError(f"{file} is not {architecture}: {key} is {has}, it should be {wants}.")
    return layout


def _check(tensors: Mapping[str, Tensor], layout: Layout, file: str) -> None:
    check_numbers({key: tensors[key] for key in (layout.prefix + name for name in _numbers(layout))}, file)


def _numbers(layout: Layout) -> dict[str, Tensor]:
    """Everything a weights file must hold."""
    state = layout.features.state_dict()
    return {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}


def _blueprint(architecture: str, pooling: Pooling = "max") -> Layout:
    """Return the layout on the meta device, where it takes no memory."""
    if architecture not in ARCHITECTURES:
        raise WeightsError(f"There is no network called {architecture}; there are {', '.join(ARCHITECTURES)}.")
    with torch.device("meta"):
        return ARCHITECTURES[architecture](pooling)


def _cut(layout: Layout, keys: Iterable[str]) -> Layout:
    """Drop the layers past the last convolution that `keys` has, and the taps that go with them."""
    present = {key.removeprefix(layout.prefix).split(".")[0] for key in keys}
    last = max((index for index in layout.taps.values() if str(index - 1) in present), default=-1)
    taps = {tap: index for tap, index in layout.taps.items() if index <= last}
    if not taps:
        return layout
    scales = tuple(tap for tap in layout.scales if tap in taps)
    return replace(layout, features=nn.Sequential(*islice(layout.features, last + 1)), taps=taps, scales=scales)


def _strides(layout: Layout) -> dict[str, int]:
    """How many pixels of the picture one step at each tap spans."""
    stride, after = 1, []
    for layer in layout.features:
        step: int | tuple[int, ...] = getattr(layer, "stride", 1)  # of convolutions, poolings, and our own blocks
        stride *= step if isinstance(step, int) else step[0]
        after.append(stride)
    return {tap: after[index] for tap, index in layout.taps.items()}


def _sees_grey(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Tell whether a convolution of these shapes takes one channel where three are wanted."""
    return len(shape) == 4 and wanted[1] == 3 and shape == (wanted[0], 1, *wanted[2:])


def _words(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "a single number"
