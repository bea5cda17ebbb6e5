"""Encoders for U-Nets: torchvision's classifiers without their heads, and the network that comes along."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from models.normalisation import IMAGENET_MEAN, IMAGENET_STD
from models.slim import MEAN, STD, slim_features
from models.unet import DynamicUnet
from models.vision_operators import declare_vision_operators

__all__ = ["SLIM", "encoder_named", "fill_encoder", "unet"]

SLIM = "atelier-slim"
Colours = tuple[float, float, float]


def encoder_named(name: str) -> tuple[nn.Sequential, Colours, Colours]:
    """Return an untrained encoder, 3×H×W → C×H/s×W/s, and the mean and deviation of what it expects.

    Args:
        name: `atelier-slim`, or one of torchvision's models that end in pooling and a linear layer: "resnet34",
            "mobilenet_v2", "vgg16_bn", "densenet121", "efficientnet_b0" …

    Raises:
        ValueError: there is none of that name, or its layers are not in a row.

    """
    if name == SLIM:
        return slim_features(), MEAN, STD
    declare_vision_operators()
    from torchvision import models

    if name not in models.list_models(module=models):
        raise ValueError(f"There is no encoder called “{name}”.")
    whole = models.get_model(name, weights=None)
    if isinstance(features := getattr(whole, "features", None), nn.Sequential):
        return features, IMAGENET_MEAN, IMAGENET_STD
    if isinstance(whole, models.ResNet):
        return nn.Sequential(*list(whole.children())[:-2]), IMAGENET_MEAN, IMAGENET_STD
    raise ValueError(f"{name} cannot be an encoder: its layers do not stand in a row.")


def unet(encoder: str = SLIM, **options: Any) -> DynamicUnet:
    """Return an untrained U-Net around an encoder of this name; `options` are those of `DynamicUnet`."""
    features, mean, std = encoder_named(encoder)
    return DynamicUnet(features, mean=mean, std=std, **options)


def fill_encoder(name: str, encoder: nn.Sequential, tensors: Mapping[str, Tensor]) -> None:
    """Give an encoder the weights of a file in torchvision's layout, or of a slim network's.

    Raises:
        ValueError: they are another network's.

    """
    own = encoder.state_dict()
    names = _names_in_file(name)
    found = {key: tensors.get(names(key)) for key in own}
    wrong = next((key for key, value in found.items() if value is None or value.shape != own[key].shape), None)
    if wrong is not None:
        raise ValueError(f"The weights are not those of {name}: see {names(wrong)}.")
    encoder.load_state_dict({key: value for key, value in found.items() if value is not None})


def _names_in_file(name: str) -> Callable[[str], str]:
    """Return what turns a key of the encoder into that of a file."""
    if not name.startswith(("resnet", "resnext", "wide_resnet")):
        return lambda key: f"features.{key}"
    children = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4")

    def renamed(key: str) -> str:
        number, _, rest = key.partition(".")
        return f"{children[int(number)]}.{rest}"

    return renamed
