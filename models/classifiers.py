"""Networks that say what a picture shows, in three families, each in three widths.

All take sRGB pictures of any size as they are (0–1) and normalise them themselves. Their `features` are the layers that
`models.backbones` runs when a trained one looks at paintings; their `head` averages over the picture and decides.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import torch
from torch import Tensor, nn

from models import darknet, densenet, small_resnet
from models.normalisation import GREY_MEAN, GREY_STD, IMAGENET_MEAN, IMAGENET_STD

__all__ = ["FAMILIES", "Classifier", "Family", "FamilyName", "Width", "build_classifier", "draw_weights"]

FamilyName: TypeAlias = Literal["resnet", "darknet", "densenet"]
Width: TypeAlias = Literal["narrow", "half", "full"]


@dataclass(frozen=True, slots=True)
class Family:
    """One way of building a classifier.

    Args:
        title: its name among people.
        features: (channels of the picture, base width) → the layers in order, each of which has a `stride` or keeps
            the size.
        widths: the base width of each of its sizes: channels of the first layers, or DenseNet's growth rate.
        taps: after which of the layers one may listen.
        scales: the taps at 1, 1/2, … 1/16 of the picture's side.
        slope: of its ReLUs below zero, which its initialisation depends on.

    """

    title: str
    features: Callable[[int, int], nn.Sequential]
    widths: Mapping[Width, int]
    taps: Mapping[str, int]
    scales: tuple[str, ...]
    slope: float = 0.0


FAMILIES: Mapping[FamilyName, Family] = {
    "resnet": Family(
        "Small ResNet", small_resnet.small_resnet_features, {"narrow": 16, "half": 32, "full": 64},
        small_resnet.tap_indices(), small_resnet.SCALES),
    "darknet": Family(
        "Darknet", darknet.darknet_features, {"narrow": 8, "half": 16, "full": 32},
        darknet.tap_indices(), darknet.SCALES, slope=darknet.SLOPE),
    "densenet": Family(
        "DenseNet", densenet.densenet_features, {"narrow": 8, "half": 16, "full": 32},
        densenet.tap_indices(), densenet.SCALES),
}  # fmt: skip
"""Every family by the name that settings and files use."""


class Classifier(nn.Module):
    """N×C×H×W, sRGB (or grey), 0–1, any H and W → N×classes, the logits.

    Args:
        features: the layers that look.
        channels: 3 for colour, 1 for grey.
        classes: how many answers there are.

    """

    _mean: Tensor
    _std: Tensor

    def __init__(self, features: nn.Sequential, channels: int, classes: int) -> None:
        super().__init__()
        self.features = features
        self.head = nn.Linear(_outputs(features), classes)
        self.channels = channels
        mean, std = normalisation(channels)
        # on the CPU even where the weights are on the meta device, as no file will fill these in
        self.register_buffer("_mean", torch.tensor(mean, device="cpu").view(1, -1, 1, 1), persistent=False)
        self.register_buffer("_std", torch.tensor(std, device="cpu").view(1, -1, 1, 1), persistent=False)

    def forward(self, picture: Tensor) -> Tensor:  # noqa: D102
        return self.decide(self.features(self.normalise(picture)))  # N×C×H×W → N×F×H/16×W/16 → N×classes

    def in_steps(self, picture: Tensor) -> Generator[None, None, Tensor]:
        """Do what `forward` does, yielding between the layers, for whoever shares the thread."""
        x = self.normalise(picture)
        for layer in self.features:
            x = layer(x)
            yield
        return self.decide(x)

    def normalise(self, picture: Tensor) -> Tensor:
        """Return the picture as the first layer expects it."""
        return (picture - self._mean) / self._std  # N×C×H×W, about zero mean and unit variance

    def decide(self, features: Tensor) -> Tensor:
        """N×F×H/16×W/16, the last layer's features → N×classes: adaptive average pooling, then the linear head."""
        logits: Tensor = self.head(features.mean(dim=(2, 3)))  # N×F×H/16×W/16 → N×F → N×classes
        return logits


def build_classifier(
    family: FamilyName, width: Width, *, channels: int, classes: int, generator: torch.Generator | None = None
) -> Classifier:
    """Return an untrained classifier.

    Args:
        family: which kind of network.
        width: how wide; each step has about four times the weights of the one before.
        channels: 3 for colour, 1 for grey.
        classes: how many answers there are, at least 2.
        generator: that its weights are drawn from; torch's own by default.

    Raises:
        ValueError: there is no such network, or the numbers make no sense.

    """
    if family not in FAMILIES or width not in get_args(Width):
        raise ValueError(f"There is no {width} {family}; there are {', '.join(FAMILIES)}.")
    if channels not in (1, 3) or classes < 2:
        raise ValueError(
            f"A classifier sees 1 or 3 channels and knows 2 classes or more, not {channels} and {classes}."
        )
    kind = FAMILIES[family]
    network = Classifier(kind.features(channels, kind.widths[width]), channels, classes)
    draw_weights(network, kind.slope, generator)
    return network


def normalisation(channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the mean and the spread that a picture of so many channels is normalised with."""
    return (IMAGENET_MEAN, IMAGENET_STD) if channels == 3 else (GREY_MEAN, GREY_STD)


@torch.no_grad()
def draw_weights(network: nn.Module, slope: float = 0.0, generator: torch.Generator | None = None) -> None:
    """Draw the weights as He et al. 2015 do (eq. 10, and 15 for leaky ReLUs), as all three papers ask for.

    Batch norm begins as the identity. The decision begins undecided: weights of zero give every class the same chance,
    and unlike inside the network nothing is symmetric behind it.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, a=slope, generator=generator)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()
        elif isinstance(module, nn.Linear):
            nn.init.zeros_(module.weight)
            nn.init.zeros_(module.bias)


def _outputs(features: nn.Sequential) -> int:
    """How many channels come out: what the last batch norm has."""
    norms = [module for module in features.modules() if isinstance(module, nn.BatchNorm2d)]
    return norms[-1].num_features
