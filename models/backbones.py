"""The networks that look at a picture: pretrained classifiers cut down to their feature layers, with named taps.

A style transfer never needs a classifier, only what the layers see on the way. The layouts are torchvision's, key by
key, so that its weight files load; they are written out here because building torchvision's own models would allocate
half a gigabyte of classifier first. Adding an architecture is one entry in `ARCHITECTURES`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from models import slim
from models.average_pooling import AveragePool
from models.weight_files import WeightsError, read_tensors

__all__ = [
    "ARCHITECTURES",
    "Backbone",
    "Layout",
    "Pooling",
    "WeightsError",
    "load_backbone",
    "recognise",
    "untrained_backbone",
]

Pooling: TypeAlias = Literal["max", "average"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True)
class Layout:
    """One architecture, ready to be filled with weights.

    `features` are run one after the other. `taps` name the layers after which one may listen (name → index), from the
    finest to the deepest. `scales` are the taps, at most five, on which the five layer sliders act, finest first.
    `mean` and `std` are what the network expects of its input. `prefix` stands before the keys in weight files.
    `margin` pixels are mirrored around the picture first: else its border, which fewer filters see, stays unpainted.
    `channels_last` says that the network is faster with its channels side by side in memory.
    `partial` allows a file to end early: the network then offers the taps that it has.
    """

    features: nn.Sequential
    taps: Mapping[str, int]
    scales: tuple[str, ...]
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    prefix: str = "features."
    margin: int = 0
    channels_last: bool = False
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
        self._margin = layout.margin
        self._memory = torch.channels_last if layout.channels_last else torch.contiguous_format
        self.features.to(memory_format=self._memory)  # type: ignore[call-overload]
        std = torch.tensor(layout.std).view(1, 3, 1, 1)
        self.register_buffer("_mean", torch.tensor(layout.mean).view(1, 3, 1, 1) / std, persistent=False)
        self.register_buffer("_scale", 1.0 / std, persistent=False)
        self.requires_grad_(False).eval()

    def smallest_side(self, tap: str) -> int:
        """Shortest side, in pixels, of a picture in which `tap` still sees more than a point."""
        return 2 * self._strides[tap]

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
        x = image * self._scale - self._mean
        if self._margin:
            x = F.pad(x, [self._margin] * 4, mode="reflect")
        x = x.contiguous(memory_format=self._memory)
        for index, layer in enumerate(islice(self.features, max(wanted) + 1)):
            if watch is not None:
                watch()
            x = layer(x)
            if index in wanted:
                x = x if listen is None else listen(wanted[index], x)
                seen[wanted[index]] = x
        return seen

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
        x = torch.relu_(self.squeeze(x))
        return torch.relu_(torch.cat([self.expand1x1(x), self.expand3x3(x)], dim=1))


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
        layers.append(nn.MaxPool2d(2) if pooling == "max" else AveragePool(2, 2))
    return Layout(nn.Sequential(*layers), taps, tuple(f"relu{block}_1" for block in range(1, 6)))


def _normalised_vgg19(pooling: Pooling) -> Layout:
    """VGG-19 with activations normalised to mean 1 and reflected borders, as published for WCT (Li et al. 2017).

    Its files end where their tap is (`relu1_1` … `relu5_1`); RGB→BGR and the mean live in its first, 1×1 convolution.
    """
    layers: list[nn.Module] = [nn.Conv2d(3, 3, kernel_size=1)]
    taps: dict[str, int] = {}
    channels = 3
    for block, (count, width) in enumerate(zip((2, 2, 4, 4, 1), (64, 128, 256, 512, 512), strict=True), start=1):
        for number in range(1, count + 1):
            layers += [nn.ReflectionPad2d(1), nn.Conv2d(channels, width, kernel_size=3), nn.ReLU(inplace=True)]
            taps[f"relu{block}_{number}"] = len(layers) - 1
            channels = width
        layers.append(nn.MaxPool2d(2) if pooling == "max" else AveragePool(2, 2))
    scales = tuple(f"relu{block}_1" for block in range(1, 6))
    zero, one = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    return Layout(nn.Sequential(*layers), taps, scales, mean=zero, std=one, prefix="", partial=True)


def _squeezenet1_1(pooling: Pooling) -> Layout:
    """SqueezeNet 1.1: AlexNet's accuracy in 5 MB, and eleven times faster than VGG-19 on a CPU."""

    def pool() -> nn.Module:
        return nn.MaxPool2d(3, 2, ceil_mode=True) if pooling == "max" else AveragePool(3, 2)

    layers: list[nn.Module] = [
        nn.Conv2d(3, 64, kernel_size=3, stride=2), nn.ReLU(inplace=True), pool(),
        Fire(64, 16, 64), Fire(128, 16, 64), pool(),
        Fire(128, 32, 128), Fire(256, 32, 128), pool(),
        Fire(256, 48, 192), Fire(384, 48, 192), Fire(384, 64, 256), Fire(512, 64, 256),
    ]  # fmt: skip
    taps = {"relu1": 1, "fire2": 3, "fire3": 4, "fire4": 6, "fire5": 7, "fire6": 9, "fire7": 10, "fire8": 11,
            "fire9": 12}  # fmt: skip
    return Layout(
        nn.Sequential(*layers), taps, ("relu1", "fire3", "fire5", "fire7", "fire9"), margin=4, channels_last=True
    )


def _slim() -> Layout:
    """atelier-slim; always with the averaging it was trained with, which its readouts commute with."""
    features = slim.slim_features()
    return Layout(features, slim.tap_indices(features), slim.TAPS, slim.MEAN, slim.STD)


ARCHITECTURES: Mapping[str, Callable[[Pooling], Layout]] = {
    "atelier-slim": lambda _pooling: _slim(),
    "squeezenet1_1": _squeezenet1_1,
    "vgg16": lambda pooling: _vgg((2, 2, 3, 3, 3), pooling),
    "vgg16_bn": lambda pooling: _vgg((2, 2, 3, 3, 3), pooling, batch_norm=True),
    "vgg19": lambda pooling: _vgg((2, 2, 4, 4, 4), pooling),
    "vgg19_normalised": _normalised_vgg19,
}
"""Name → builder. Builders run on the meta device: they allocate nothing and draw no random numbers."""


def untrained_backbone(architecture: str, *, seed: int = 0, pooling: Pooling = "max") -> Backbone:
    """Return `architecture` with random weights, the same for the same `seed`, on any machine.

    Weights are drawn as He et al. 2015 (eq. 10) do, so that activations keep their size from layer to layer.
    """
    layout = _build(architecture, pooling)
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
    architecture = architecture or recognise({key: tuple(tensor.shape) for key, tensor in tensors.items()})
    layout = _build(architecture, pooling)
    if layout.partial:
        layout = _cut(layout, tensors)
    for name, parameter in _numbers(layout).items():
        key = layout.prefix + name
        if key not in tensors:
            raise WeightsError(f"{path.name} is not {architecture}: it has no {key}.")
        if tensors[key].shape != parameter.shape:
            has, wants = _shape(tensors[key]), _shape(parameter)
            raise WeightsError(f"{path.name} is not {architecture}: {key} is {has}, it should be {wants}.")
        parameter.copy_(tensors[key])
    return Backbone(layout, architecture, trained=True)


def recognise(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Return the architecture that weights with these keys and shapes most resemble."""

    def resemblance(architecture: str) -> int:
        with torch.device("meta"):
            layout = ARCHITECTURES[architecture]("max")
        wanted = {layout.prefix + name: tuple(value.shape) for name, value in _numbers(layout).items()}
        found = sum(shapes.get(key) == shape for key, shape in wanted.items())
        strange = sum(key.startswith(layout.prefix) and key not in wanted for key in shapes)
        return found - strange - (0 if layout.partial else len(wanted) - found)

    return max(ARCHITECTURES, key=resemblance)


def _numbers(layout: Layout) -> dict[str, Tensor]:
    """Everything a weights file must hold."""
    state = layout.features.state_dict()
    return {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}


def _build(architecture: str, pooling: Pooling) -> Layout:
    if architecture not in ARCHITECTURES:
        raise WeightsError(f"There is no network called {architecture}; there are {', '.join(ARCHITECTURES)}.")
    with torch.device("meta"):
        layout = ARCHITECTURES[architecture](pooling)
    layout.features.to_empty(device="cpu")
    return layout


def _cut(layout: Layout, tensors: Mapping[str, Tensor]) -> Layout:
    """Drop the layers past the last convolution that `tensors` has, and the taps that go with them."""
    present = {int(key.removeprefix(layout.prefix).split(".")[0]) for key in tensors}
    last = max((index for index in layout.taps.values() if index - 1 in present), default=-1)
    taps = {tap: index for tap, index in layout.taps.items() if index <= last}
    if not taps:
        return layout
    scales = tuple(tap for tap in layout.scales if tap in taps)
    return replace(layout, features=nn.Sequential(*islice(layout.features, last + 1)), taps=taps, scales=scales)


def _strides(layout: Layout) -> dict[str, int]:
    """How many pixels of the picture one step at each tap spans."""
    stride, after = 1, []
    for layer in layout.features:
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d | AveragePool):
            step = layer.stride
            stride *= step if isinstance(step, int) else step[0]
        after.append(stride)
    return {tap: after[index] for tap, index in layout.taps.items()}


def _shape(tensor: Tensor) -> str:
    return "×".join(str(length) for length in tensor.shape) or "a single number"
