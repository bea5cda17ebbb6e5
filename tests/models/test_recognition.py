"""Which network is in a file: told by the names and shapes of its weights."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from models.backbones import ARCHITECTURES, WeightsError, inspect_weights, load_backbone, recognise, untrained_backbone


def shapes_of(architecture):
    with torch.device("meta"):
        layout = ARCHITECTURES[architecture]("max")
    return {layout.prefix + name: tuple(value.shape) for name, value in layout.features.state_dict().items()}


def keys_of(convolutions):
    return [f"{number}.{part}" for number in convolutions for part in ("weight", "bias")]


def partial(count):
    """The beginning of a normalised VGG-19: `count` convolutions after the one that turns RGB into BGR."""
    generator = torch.Generator().manual_seed(3)
    widths = ((3, 3, 1), (3, 64, 3), (64, 64, 3), (64, 128, 3), (128, 128, 3), (128, 256, 3))
    numbers = (0, 2, 5, 9, 12, 16)
    tensors = {}
    for number, (inner, outer, side) in list(zip(numbers, widths, strict=True))[: count + 1]:
        tensors[f"{number}.weight"] = torch.randn(outer, inner, side, side, generator=generator) * 0.1
        tensors[f"{number}.bias"] = torch.randn(outer, generator=generator) * 0.1
    return tensors


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_is_recognised_with_and_without_its_classifier(architecture):
    shapes = shapes_of(architecture)
    assert recognise(shapes) == architecture
    if architecture.startswith(("vgg16", "squeezenet")):
        assert recognise(shapes | {"classifier.1.weight": (1000, 512, 1, 1)}) == architecture


@pytest.mark.parametrize(
    ("count", "taps"),
    [(1, ("relu1_1",)), (2, ("relu1_1", "relu1_2")), (3, ("relu1_1", "relu1_2", "relu2_1")),
     (5, ("relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1"))],
)  # fmt: skip
def test_a_normalised_vgg_that_ends_early_offers_only_the_taps_that_it_has(tmp_path, count, taps):
    path = tmp_path / "part.pth"
    torch.save(partial(count), path)
    facts = inspect_weights(path)
    assert (facts.architecture, facts.taps, facts.complete) == ("vgg19_normalised", taps, False)
    backbone = load_backbone(path)
    assert backbone.taps == taps
    assert backbone.scales == tuple(tap for tap in taps if tap.endswith("_1"))
    with pytest.raises(ValueError, match=r"has no tap relu4_1"):
        backbone(torch.rand(1, 3, 32, 32), ["relu4_1"])


def test_its_features_are_those_of_the_formula_borders_mirrored(tmp_path):
    """relu1_1 = ReLU(W₂ ⋆ mirror(W₀·x + b₀) + b₂), relu2_1 behind the second convolution and pooling."""
    path, tensors = tmp_path / "part.pth", partial(3)
    torch.save(tensors, path)
    picture = torch.rand(1, 3, 20, 24, generator=torch.Generator().manual_seed(1))

    def conv(x, number):
        mirrored = F.pad(x, (1, 1, 1, 1), mode="reflect")
        return F.conv2d(mirrored, tensors[f"{number}.weight"], tensors[f"{number}.bias"]).relu()

    bgr = F.conv2d(picture, tensors["0.weight"], tensors["0.bias"])
    relu1_1 = conv(bgr, 2)
    relu2_1 = conv(F.max_pool2d(conv(relu1_1, 5), 2), 9)
    seen = load_backbone(path)(picture, ["relu1_1", "relu2_1"])
    assert torch.allclose(seen["relu1_1"], relu1_1, atol=1e-5)
    assert torch.allclose(seen["relu2_1"], relu2_1, atol=1e-5)


def test_the_first_wrong_shape_is_named(tmp_path):
    tensors = {
        f"features.{name}": value for name, value in untrained_backbone("squeezenet1_1").features.state_dict().items()
    }
    tensors["features.3.squeeze.weight"] = torch.zeros(16, 64, 3, 3)
    tensors["features.4.squeeze.weight"] = torch.zeros(1)
    torch.save(tensors, tmp_path / "a.pth")
    words = r"a.pth is not squeezenet1_1: features.3.squeeze.weight is 16×64×3×3, it should be 16×64×1×1\."
    for use in (inspect_weights, load_backbone):
        with pytest.raises(WeightsError, match=words):
            use(tmp_path / "a.pth")
    del tensors["features.0.bias"]
    torch.save(tensors, tmp_path / "a.pth")
    with pytest.raises(WeightsError, match=r"it has no features.0.bias"):
        inspect_weights(tmp_path / "a.pth")


@pytest.mark.parametrize("stranger", ["linear", "decoder", "vgg13", "nothing"])
def test_strangers_are_called_so(stranger):
    vgg13 = ((0, 3, 64), (2, 64, 64), (5, 64, 128), (7, 128, 128), (10, 128, 256), (12, 256, 256), (15, 256, 512),
             (17, 512, 512), (20, 512, 512), (22, 512, 512))  # fmt: skip
    shapes = {
        "linear": {name: tuple(value.shape) for name, value in nn.Linear(3, 3).state_dict().items()},
        "decoder": dict.fromkeys(keys_of((1, 5, 8, 12, 15)), (64, 128, 3, 3)),
        "vgg13": {f"features.{number}.weight": (outer, inner, 3, 3) for number, inner, outer in vgg13}
        | {f"features.{number}.bias": (outer,) for number, _, outer in vgg13},
        "nothing": {},
    }[stranger]
    with pytest.raises(WeightsError, match=r"it.pth holds none of the networks that are known \(slim, squeezenet1_1"):
        recognise(shapes, "it.pth")
