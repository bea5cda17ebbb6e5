"""Generators of the CycleGAN and pix2pix of their authors (github.com/junyanz/pytorch-CycleGAN-and-pix2pix), and back.

Their files hold a plain state dict, whose keys count the layers of nested `nn.Sequential`s. From these and their shapes
all is read off: how many blocks or halvings, how wide, which norm, whether there was dropout. A convolution's bias that
stands before instance norm is taken away again by it, and left out here; so are the running means that instance norm
kept before PyTorch 0.4, and never used.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from models.cyclegan import Layer, ResnetGenerator, Translator
from models.pix2pix import UnetGenerator
from models.weight_headers import WeightsError

__all__ = ["from_junyanz", "recognised", "to_junyanz"]

Shapes = Mapping[str, tuple[int, ...]]

_BEFORE_BLOCKS = 10
"""So many of the ResNet's layers come before its blocks: padding and three convolutions, each with norm and ReLU."""
_BATCH = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def recognised(shapes: Shapes) -> tuple[str, dict[str, Any]] | None:
    """Return which network it is and what it is built with, from names and shapes; None where it is none of theirs."""
    found = _resnet(shapes) or _unet(shapes)
    if found is None:
        return None
    with torch.device("meta"):
        network: Translator = (ResnetGenerator if found[0] == "resnet" else UnetGenerator)(**found[1])
    wanted = network.state_dict()
    for ours, theirs, layer in _places(network):
        weight = shapes.get(f"{theirs.convolution}.weight")
        if weight != tuple(wanted[f"{ours}.convolve.{_convolution_in(layer)}.weight"].shape):
            return None
        if isinstance(layer.norm, nn.BatchNorm2d) and f"{theirs.norm}.running_mean" not in shapes:
            return None  # an instance norm that has learnt
    return found


def from_junyanz(network: Translator, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a network's weights out of one of their files.

    Args:
        network: as `recognised` says.
        tensors: of the file.

    Raises:
        WeightsError: something is missing.

    """
    found: dict[str, Tensor] = {}
    wanted = network.state_dict()
    for ours, theirs, layer in _places(network):
        at = f"{ours}.convolve.{_convolution_in(layer)}"
        names = {f"{at}.weight": f"{theirs.convolution}.weight", f"{at}.bias": f"{theirs.convolution}.bias"}
        names |= {f"{ours}.norm.{name}": f"{theirs.norm}.{name}" for name in _BATCH}
        for mine, other in names.items():
            if mine in wanted and other in tensors:
                found[mine] = tensors[other].to(wanted[mine].dtype)
            elif mine in wanted and not other.endswith((".bias", ".num_batches_tracked")):
                raise WeightsError(f"The file does not fit its own layout: {other} is missing.")
            elif mine in wanted:
                found[mine] = wanted[mine].zero_()  # theirs has none
    return found


def to_junyanz(network: Translator) -> dict[str, Tensor]:
    """Return a generator's state dict as theirs have it, in full precision; with zeros for biases that do nothing.

    Raises:
        WeightsError: their layout has no place for this network.

    """
    if not isinstance(network, ResnetGenerator | UnetGenerator):
        raise WeightsError("Only the papers' own generators (ResNet, U-Net) can be written in their authors' layout.")
    weights, found = network.state_dict(), dict[str, Tensor]()
    for ours, theirs, layer in _places(network):
        at = f"{ours}.convolve.{_convolution_in(layer)}"
        found[f"{theirs.convolution}.weight"] = weights[f"{at}.weight"].float()
        if f"{at}.bias" in weights and (theirs.biased or not _is_batch(network)):
            found[f"{theirs.convolution}.bias"] = weights[f"{at}.bias"].float()
        elif not _is_batch(network):
            found[f"{theirs.convolution}.bias"] = torch.zeros(layer.channels)
        if isinstance(layer.norm, nn.BatchNorm2d):
            found |= {f"{theirs.norm}.{name}": weights[f"{ours}.norm.{name}"] for name in _BATCH}
    return {name: value.cpu().contiguous() for name, value in found.items()}


class _Theirs:
    """Where a layer lies in their file.

    Args:
        convolution: the prefix of its convolution.
        norm: the prefix of its norm.
        biased: whether it has a bias whatever the norm.

    """

    def __init__(self, convolution: str, norm: str = "", *, biased: bool = False) -> None:
        self.convolution, self.norm, self.biased = convolution, norm, biased


def _places(network: Translator) -> Iterator[tuple[str, _Theirs, Layer]]:
    """Return for each layer its name here, its place there, and itself."""
    places = dict(_resnet_places(network) if isinstance(network, ResnetGenerator) else _unet_places(network))
    for name, theirs in places.items():
        layer = network.get_submodule(name)
        assert isinstance(layer, Layer)
        yield name, theirs, layer


def _resnet_places(network: ResnetGenerator) -> Iterator[tuple[str, _Theirs]]:
    second = 6 if any(isinstance(module, nn.Dropout) for module in network.modules()) else 5
    for layer, number in enumerate((1, 4, 7)):
        yield f"encoder.{layer}", _Theirs(f"model.{number}", f"model.{number + 1}")
    for block in range(len(network.body)):
        at = f"model.{_BEFORE_BLOCKS + block}.conv_block"
        yield f"body.{block}.first", _Theirs(f"{at}.1", f"{at}.2")
        yield f"body.{block}.second", _Theirs(f"{at}.{second}", f"{at}.{second + 1}")
    after = _BEFORE_BLOCKS + len(network.body)
    for layer, number in enumerate((after, after + 3)):
        yield f"decoder.{layer}", _Theirs(f"model.{number}", f"model.{number + 1}")
    yield "decoder.2", _Theirs(f"model.{after + 7}", biased=True)


def _unet_places(network: Translator) -> Iterator[tuple[str, _Theirs]]:
    assert isinstance(network, UnetGenerator)
    depth, at = len(network.encoder), "model.model"
    yield "encoder.0", _Theirs(f"{at}.0")
    yield f"decoder.{depth - 1}", _Theirs(f"{at}.3", biased=True)
    for level in range(1, depth):
        at += ".1.model" if level == 1 else ".3.model"
        last = level == depth - 1
        yield f"encoder.{level}", _Theirs(f"{at}.1", f"{at}.2")
        yield f"decoder.{depth - 1 - level}", _Theirs(f"{at}.{3 if last else 5}", f"{at}.{4 if last else 6}")


def _resnet(shapes: Shapes) -> tuple[str, dict[str, Any]] | None:
    """Read a ResNet off."""
    width, three, *_ = (*shapes.get("model.1.weight", ()), 0, 0)
    blocks = len({name.split(".")[1] for name in shapes if ".conv_block." in name})
    if not width or three != 3 or not blocks or f"model.{_BEFORE_BLOCKS}.conv_block.1.weight" not in shapes:
        return None
    dropout = f"model.{_BEFORE_BLOCKS}.conv_block.6.weight" in shapes
    dropout = dropout and len(shapes[f"model.{_BEFORE_BLOCKS}.conv_block.6.weight"]) == 4
    norm = "batch" if "model.2.weight" in shapes else "instance"
    return "resnet", {"width": width, "blocks": blocks, "norm": norm, "dropout": dropout}


def _unet(shapes: Shapes) -> tuple[str, dict[str, Any]] | None:
    """Read a U-Net off; dropout leaves no trace, and does nothing where it is used."""
    width, three, *_ = (*shapes.get("model.model.0.weight", ()), 0, 0)
    depth = 1 + sum(name.endswith(".model.1.weight") and name != "model.model.1.weight" for name in shapes)
    if not width or three != 3 or depth < 2:
        return None
    norm = "batch" if "model.model.1.model.2.weight" in shapes else "instance"
    return "unet", {"width": width, "depth": depth, "norm": norm, "dropout": False}


def _convolution_in(layer: Layer) -> int:
    return next(n for n, part in enumerate(layer.convolve) if isinstance(part, nn.Conv2d | nn.ConvTranspose2d))


def _is_batch(network: Translator) -> bool:
    return any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
